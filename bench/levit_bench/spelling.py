"""The nearest of known names to one that is misspelt, for messages that refuse it."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

_LONGEST = 80
"""Characters of a text that are compared: names are shorter, and comparing takes time that grows with the square."""
_FEWEST = 3
"""Characters of a beginning: shorter ones begin too many names."""
_SHORT, _ALIKE, _SHORT_ALIKE = 4, 0.6, 0.75
"""Of a word of at most four characters three must be right: `gpu` is no misspelt `cpu`, and `cdua` is `cuda`."""


def nearest(text: str, names: Iterable[str]) -> str | None:
    """The known name that was most probably meant, whatever its case; None where none is near.

    A name of which the text is the beginning is near, too, such as `onnx` of `onnxruntime`: the shortest of them.

    Args:
        text: as it was written.
        names: those that exist.
    """
    written = text[:_LONGEST].lower()
    known = {name.lower(): name for name in names}
    near = get_close_matches(written, known, n=1, cutoff=_SHORT_ALIKE if len(written) <= _SHORT else _ALIKE)
    if not near and len(written) >= _FEWEST:
        near = sorted((name for name in known if name.startswith(written)), key=len)[:1]
    return known[near[0]] if near else None


def did_you_mean(text: str, names: Iterable[str]) -> str:
    """The question that a message asks after it has said what is unknown, with a space before it; empty where no known
    name is near.
    """
    name = nearest(text, names)
    return "" if name is None else f" Did you mean {name!r}?"
