"""How panels are spread over figures: as many as are compared by eye on each, and what is compared stays together.

Knows settings; refuses to know how a figure is drawn.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import combinations, pairwise
from typing import NamedTuple

from levit_bench.axes import SETTING
from levit_bench.judge.comparability import differing
from levit_bench.judge.front.panel_limits import PANEL_LIMIT
from levit_bench.judge.front.panels import Panel
from levit_bench.report.words.setting import apart

_FOREIGN = ("set", "machine", "gpu", "allowance", "shell", "torch", "device", "precision", "weights", "form")
_FAMILIAR = ("threads", "streams", "batch", "allocator", "runtime")
_OTHERS = tuple(axis.name for axis in SETTING if axis.name not in (*_FOREIGN, *_FAMILIAR))
BREAKS = (*_FOREIGN, *_OTHERS, *_FAMILIAR)
"""Fields by which pages are divided, the most foreign first: what is compared most often stays together."""
SPARSE = 2
"""Times the fewest pages there could be, beyond which pages that each show one thing are too many."""


class Page(NamedTuple):
    """The panels of one figure."""

    panels: tuple[Panel, ...]
    heading: str
    """What they share and those of other pages do not, and which page it is; empty where there is one page."""


def paginate(panels: Sequence[Panel], limit: int = PANEL_LIMIT) -> list[Page]:
    """One page where all panels fit; else pages divided by the fields that give the fewest.

    Where no fields divide them well, such as nine batches, pages of equal size follow the panels' order.
    """
    shown = [panel for panel in panels if panel.points]
    if len(shown) <= limit:
        return [Page(tuple(shown), "")]
    groups = _divided(shown, limit) or _chunks(shown, limit)
    return [
        Page(tuple(group), f"{words} (page {number} of {len(groups)})" if words else f"page {number} of {len(groups)}")
        for number, group in enumerate(groups, 1)
        for words in [apart(group, shown)]
    ]


def _divided(panels: Sequence[Panel], limit: int) -> list[list[Panel]]:
    """The fewest groups of equal fields that fit a page each; none where that takes far more pages than needed."""
    apart_in = differing([panel.fields for panel in panels])
    fields = [name for name in BREAKS if name in apart_in]
    choices = (chosen for count in range(1, len(fields) + 1) for chosen in combinations(fields, count))
    divided = [found for chosen in choices if max(map(len, found := _groups(panels, chosen))) <= limit]
    best = min(divided, key=len, default=[])
    return best if len(best) <= SPARSE * math.ceil(len(panels) / limit) else []


def _groups(panels: Iterable[Panel], fields: Sequence[str]) -> list[list[Panel]]:
    """Panels with equal values of these fields, in order."""
    out: dict[tuple[str, ...], list[Panel]] = {}
    for panel in panels:
        found = panel.fields
        out.setdefault(tuple(found[name] for name in fields), []).append(panel)
    return list(out.values())


def _chunks(panels: Sequence[Panel], limit: int) -> list[list[Panel]]:
    """Groups of nearly equal size."""
    count = math.ceil(len(panels) / limit)
    cuts = [round(number * len(panels) / count) for number in range(count + 1)]
    return [list(panels[low:high]) for low, high in pairwise(cuts)]
