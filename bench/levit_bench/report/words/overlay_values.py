"""The values of an overlay in words: what each of its panels has that the others have not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from levit_bench.axes import BY_NAME
from levit_bench.judge.comparability import differing, natural
from levit_bench.judge.front.overlay import Overlay
from levit_bench.judge.front.panels import Panel
from levit_bench.report.words.safe_text import visible


def values_of(overlay: Overlay) -> dict[object, str]:
    """The value of each panel in words by its key, distinct: `openvino`, `4 threads`, `openvino, shipped`.

    Where two panels have the same values of the axes, such as two versions of a runtime, what tells them apart follows.
    """
    by_axes = {panel.key: ", ".join(_word(panel, axis) for axis in overlay.axes) for panel in overlay.panels}
    fields = differing([panel.fields for panel in overlay.panels])
    further = [name for name in fields if name not in overlay.axes]
    times = list(by_axes.values())
    return {
        panel.key: by_axes[panel.key]
        if times.count(by_axes[panel.key]) == 1
        else " ".join([by_axes[panel.key], *(visible(panel.fields[name]) for name in further)])
        for panel in overlay.panels
    }


def _word(panel: Panel, axis: str) -> str:
    """A value of an axis: a name as it is, a number with what is counted."""
    text = visible(panel.fields[axis])
    return BY_NAME[axis].phrase(text) if BY_NAME[axis].is_numeric else text


def all_values(overlays: Sequence[Overlay]) -> list[str]:
    """The values of all overlays of a page, each once, in natural order."""
    return sorted({word for overlay in overlays for word in values_of(overlay).values()}, key=natural)


def front_over_all(overlays: Sequence[Overlay]) -> str:
    """What the front over all values is called: `front over all runtimes`."""
    return f"front over all {' and '.join(BY_NAME[axis].plural for axis in overlays[0].axes)}"


def value_by_case(overlay: Overlay) -> Mapping[str, str]:
    """The value of each point in words, by the id of its case."""
    words = values_of(overlay)
    return {point.case.id: words[panel.key] for panel in overlay.panels for point in panel.points}
