"""How long the preparation of networks still takes, by what is expected of each and by how long the first ones took."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, TypeVar

_Item = TypeVar("_Item")


class PreparationPace(Generic[_Item]):
    """Expected rest of a preparation, which goes at the pace seen so far.

    Args:
        expected_s: processor seconds that each item is expected to take.
        at_once: items that are prepared side by side.
        began_s: when the preparation began, in seconds of any monotonic clock.
    """

    def __init__(self, expected_s: Mapping[_Item, float], at_once: int, began_s: float) -> None:
        self._expected_s = dict(expected_s)
        self._at_once = max(1, at_once)
        self._began_s = began_s
        self._at_work: set[_Item] = set()
        self._done: set[_Item] = set()

    @property
    def done(self) -> int:
        """Items that are finished."""
        return len(self._done)

    def begin(self, item: _Item) -> None:
        """Work on an item begins; it may begin again, alone, where it failed beside others."""
        self._done.discard(item)
        self._at_work.add(item)

    def finish(self, item: _Item) -> None:
        """Work on an item has ended."""
        self._at_work.discard(item)
        self._done.add(item)

    def left_s(self, now_s: float) -> float:
        """Seconds until all are prepared.

        Before the first one is finished, those that are expected; then in proportion to what the finished ones took,
        with those at work half done.
        """
        total_s = sum(self._expected_s.values())
        finished_s = sum(self._expected_s[item] for item in self._done)
        if not finished_s:
            return max(0.0, total_s / min(self._at_once, max(1, len(self._expected_s))) - (now_s - self._began_s))
        behind_s = finished_s + sum(self._expected_s[item] for item in self._at_work) / 2
        return max(0.0, (now_s - self._began_s) / behind_s * (total_s - behind_s))
