"""Division of panels into pages: at most `PANEL_LIMIT` a figure, panels that are compared most often together."""

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
"""Fields by which pages are divided, those compared least often first."""
SPARSE = 2
"""Largest number of pages that fields may give, as a multiple of the fewest possible."""


class Page(NamedTuple):
    """The panels of one figure."""

    panels: tuple[Panel, ...]
    heading: str
    """The fields that set its panels apart from those of other pages, and its number; empty where there is one page."""


def paginate(panels: Sequence[Panel], limit: int = PANEL_LIMIT) -> list[Page]:
    """One page where all panels fit; else pages divided by the fields that give the fewest.

    Where no fields divide them well, such as nine batches, pages of equal size follow the panels' order.
    """
    shown = [panel for panel in panels if panel.points]
    if len(shown) <= limit:
        return [Page(tuple(shown), "")]
    groups = _groups_by_fields(shown, limit) or _chunks(shown, limit)
    return [
        Page(tuple(group), f"{words} (page {number} of {len(groups)})" if words else f"page {number} of {len(groups)}")
        for number, group in enumerate(groups, 1)
        for words in [apart(group, shown)]
    ]


def _groups_by_fields(panels: Sequence[Panel], limit: int) -> list[list[Panel]]:
    """The fewest groups of equal fields that fit a page each; empty beyond `SPARSE` times the fewest pages."""
    apart_in = differing([panel.fields for panel in panels])
    fields = [name for name in BREAKS if name in apart_in]
    choices = (chosen for count in range(1, len(fields) + 1) for chosen in combinations(fields, count))
    divided = [groups for chosen in choices if max(map(len, groups := _groups(panels, chosen))) <= limit]
    best = min(divided, key=len, default=[])
    return best if len(best) <= SPARSE * math.ceil(len(panels) / limit) else []


def _groups(panels: Iterable[Panel], fields: Sequence[str]) -> list[list[Panel]]:
    """Panels with equal values of these fields, in order."""
    out: dict[tuple[str, ...], list[Panel]] = {}
    for panel in panels:
        values = panel.fields
        out.setdefault(tuple(values[name] for name in fields), []).append(panel)
    return list(out.values())


def _chunks(panels: Sequence[Panel], limit: int) -> list[list[Panel]]:
    """Groups of nearly equal size."""
    count = math.ceil(len(panels) / limit)
    cuts = [round(number * len(panels) / count) for number in range(count + 1)]
    return [list(panels[low:high]) for low, high in pairwise(cuts)]
