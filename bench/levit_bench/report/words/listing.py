"""The first few of many names, and how many more there are."""

from __future__ import annotations

from collections.abc import Sequence

NAMED = 3
"""Names that a sentence lists; of more it gives the number."""


def first_few(words: Sequence[str], most: int = NAMED) -> str:
    """The first names, and the number of the others: `a, b, c and 4 more`."""
    named = ", ".join(words[:most])
    return named if len(words) <= most else f"{named} and {len(words) - most} more"
