"""What counts as a difference, as users write it: shares such as `3%`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from levit_bench.errors import UsageError
from levit_bench.numbers.units import parse_percent

if TYPE_CHECKING:
    from levit_bench.judge.verdicts import Rules

MIN_EFFECT = "3%"
"""Smaller differences are none unless something else is said."""


def rules_from(min_effect: str = MIN_EFFECT, margin: str | None = None) -> Rules:
    """The rules that two shares say.

    Args:
        min_effect: smaller differences are none, however sure, such as `"3%"`.
        margin: differences within it count as the same; absent: `min_effect`.

    Raises:
        UsageError: one is no share, or the margin is above the least effect.
    """
    from levit_bench.judge.verdicts import rules_of

    least = _share("--min-effect", min_effect)
    return rules_of(least, least if margin is None else _share("--margin", margin))


def _share(option: str, text: str) -> float:
    try:
        return parse_percent(text)
    except UsageError as error:
        raise UsageError(f"{option}: {error}") from error
