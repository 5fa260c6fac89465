"""What a change is likely due to, by who moved with whom."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from levit_bench.axes import AXES
from levit_bench.judge.trend.series import Series

MANY = 2 / 3
"""Share of the networks from which on a change is that of the machine or of a package, and not theirs."""


class Cause(StrEnum):
    """What a change is likely due to."""

    NETWORK = "one network"
    """Cases of one network moved, and others did not."""
    SETTING = "one setting"
    """The cases with one value of an axis moved, such as those of one runtime, and no others."""
    SOME = "some networks"
    """Several networks moved, and as many or more did not."""
    ALL = "the machine or a package"
    """Nearly all networks moved."""
    UNTOLD = "not told apart"
    """All moved, and all are of one network: it may be the network, the machine or a package."""
    YARDSTICK = "the yardstick"
    """The yardstick alone moved: the machine as a whole became slower or faster, and no ratio did."""
    DRIFT = "drift"
    """Nothing changed at one place."""


def cause_of(moved: Sequence[Series], still: Sequence[Series]) -> Cause:
    """The likely cause, where some series moved and others did not; none of them is a yardstick's."""
    networks = {series.network for series in moved}
    every = networks | {series.network for series in still}
    if len(every) == 1 and not still:
        return Cause.UNTOLD
    if len(networks) >= max(2, MANY * len(every)) and len(moved) >= len(still):
        return Cause.ALL
    if shared_values(moved, still):
        return Cause.SETTING
    return Cause.NETWORK if len(networks) == 1 else Cause.SOME


def shared_values(moved: Sequence[Series], still: Sequence[Series]) -> dict[str, str]:
    """Axes of which all that moved, and none of the others, have one value, such as `runtime`: `onnxruntime`.

    None where only one network moved, which explains more, or where the value has no other network.
    """
    if not still or len({series.network for series in moved}) < 2:
        return {}
    out = {}
    for axis in AXES:
        values = {str(series.points[-1].record.case.value(axis.name)) for series in moved}
        others = {str(series.points[-1].record.case.value(axis.name)) for series in still}
        if len(values) == 1 and not values & others:
            out[axis.name] = next(iter(values))
    return out
