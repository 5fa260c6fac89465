"""Axes that all cases of a table share, for a line above it, and those that tell its rows apart."""

from __future__ import annotations

from collections.abc import Sequence

from levit_bench.axes import varying
from levit_bench.records import Case
from levit_bench.report.words.safe_text import visible


def words_of(cases: Sequence[Case]) -> list[list[str]]:
    """The axes of each case in words; of an axis in which they differ the usual value is said, too.

    So no row has a gap where others have `openvino`.
    """
    also = varying([case.value for case in cases])
    return [case.words(also=also) for case in cases]


def heading(cases: Sequence[Sequence[str]]) -> str | None:
    """The axes that all cases share, such as `all: b1 t1 pinned`; None where there are none, or one case alone.

    Args:
        cases: the axes of each case in words, without the network's name.
    """
    shared = _shared(cases)
    return f"all: {visible(' '.join(shared))}" if shared else None


def rests(cases: Sequence[Sequence[str]]) -> list[str]:
    """The other axes of each case in words; of one case alone, all of them."""
    shared = _shared(cases)
    return [visible(" ".join(word for word in words if word not in shared)) for words in cases]


def _shared(cases: Sequence[Sequence[str]]) -> list[str]:
    if len(cases) < 2:
        return []
    first, *others = cases
    return [word for word in first if all(word in words for words in others)]
