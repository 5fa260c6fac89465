"""One label for each network in all panels that are read together, and different ones for different networks.

The label of a panel's point is unique in its panel alone: a network of one size there may be `net`, and `net@224` where
another panel has two of its sizes; and two versions of a file with one label of the user's may be in two panels.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from levit_bench.judge.front.panels import Panel
from levit_bench.judge.front.points import Point
from levit_bench.judge.network_labels import labels
from levit_bench.records import ImageShape, Record


def labelled_alike(panels: Sequence[Panel], records: Iterable[Record]) -> tuple[Panel, ...]:
    """The panels with labels that are unique among all of their networks; the order of the records does not matter.

    Args:
        panels: those that are read together.
        records: what they were made from; others are passed over.
    """
    infos = {
        (record.case.network, record.case.shape): record.info
        for record in sorted(records, key=lambda record: (record.session, record.info.id))
        if record.info.role == "subject"
    }
    keys = {(point.case.network, point.case.shape): None for panel in panels for point in panel.points}
    known = sorted((key for key in keys if key in infos), key=str)
    label_of = dict(zip(known, labels([infos[key] for key in known]), strict=True))
    return tuple(_relabelled(panel, label_of) for panel in panels)


def _relabelled(panel: Panel, label_of: dict[tuple[str, ImageShape], str]) -> Panel:
    renamed = {p.label: label_of.get((p.case.network, p.case.shape), p.label) for p in panel.points}
    if all(old == new for old, new in renamed.items()):
        return panel
    return msgspec.structs.replace(panel, points=tuple(_renamed(point, renamed) for point in panel.points))


def _renamed(point: Point, names: dict[str, str]) -> Point:
    """The point with other labels, those that it refers to included; some of these may be of no point here."""
    return msgspec.structs.replace(
        point,
        label=names[point.label],
        dominated_by=None if point.dominated_by is None else names.get(point.dominated_by, point.dominated_by),
        rival=None if point.rival is None else names.get(point.rival, point.rival),
        tied_with=tuple(names.get(label, label) for label in point.tied_with),
    )
