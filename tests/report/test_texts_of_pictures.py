"""Every text of a picture lies within it, and none covers another: names, ticks, titles, legends and captions."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest
from levit_bench.judge.scaling import scaling
from levit_bench.report.front.overlay_figure import draw_overlays
from levit_bench.report.views.scaling_figure import draw

from tests.judge.front.test_overlay import overlaid
from tests.judge.front.test_pick import timed
from tests.making import record

if TYPE_CHECKING:
    from levit_bench.records import Record
    from matplotlib.figure import Figure
    from matplotlib.transforms import Bbox

LONG = "a_network_whose_name_is_about_as_long_as_those_of_timm"
RUNS = (0.040, 0.041, 0.0395)


def boxes(figure: Figure) -> dict[str, Bbox]:
    """The extents of all texts that are drawn, in pixels, by what they say and their place in the figure."""
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined] # of the canvas that writes files
    figure.draw(renderer)
    texts = [*figure.texts, *(text for legend in figure.legends for text in legend.get_texts())]
    for ax in figure.axes:
        low, high = sorted(ax.get_ylim())
        texts += [*ax.texts, ax.xaxis.label, ax.yaxis.label, ax.title, ax._left_title]  # type: ignore[attr-defined]
        texts += [*ax.get_xticklabels()]
        texts += [text for text in ax.get_yticklabels() if low <= text.get_position()[1] <= high]
    return {
        f"{number} {text.get_text()}": text.get_window_extent(renderer)
        for number, text in enumerate(texts)
        if text.get_text() and text.get_visible()
    }


def check(figure: Figure) -> None:
    """Each text lies within the picture, and no two of them cover each other."""
    found, page = boxes(figure), figure.bbox
    outside = [
        text
        for text, box in found.items()
        if not (page.x0 <= box.x0 <= box.x1 <= page.x1 and page.y0 <= box.y0 <= box.y1 <= page.y1)
    ]
    assert not outside
    assert not [(a, b) for (a, one), (b, other) in itertools.combinations(found.items(), 2) if one.overlaps(other)]


def scaled(networks: list[str], counts: tuple[int, ...], batches: tuple[int, ...], streams: bool) -> list[Record]:
    """Cases that become faster with the number of processors."""
    ways = [(count, 1) for count in counts] + [(1, count) for count in counts[1:] if streams]
    return [
        record(name, tuple(seconds / (threads if number % 2 else threads**0.7) for seconds in RUNS),
               threads=threads, streams=several, batch=batch)
        for number, name in enumerate(networks) for batch in batches for threads, several in ways
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("networks", "counts", "batches", "streams"),
    [
        (["levit_192"], (1, 2), (1,), False),
        (["levit_192", "efficientnet_b0"], (1, 2, 4), (1, 16), True),
        ([f"{LONG}_{at}" for at in range(5)], (1, 2, 4, 8, 16, 32, 64), (1, 4, 16), True),
        ([f"net{at}" for at in range(12)], (1, 2, 3, 4, 5, 6, 7, 8), (1,), True),
    ],
)
def test_the_texts_of_a_picture_of_scaling(
    networks: list[str], counts: tuple[int, ...], batches: tuple[int, ...], streams: bool
) -> None:
    check(draw(scaling(scaled(networks, counts, batches, streams))))


@pytest.mark.parametrize("metric", ["latency", "throughput"])
@pytest.mark.parametrize(
    ("networks", "runtimes"),
    [
        (["one"], ["eager", "compile"]),
        (["levit_128s", "levit_192", "levit_384"], ["eager", "compile", "onnxruntime", "openvino"]),
        ([f"{LONG}_{at}" for at in range(8)], ["eager", "a-runtime-of-a-package-with-a-long-name", "torchscript"]),
    ],
)
def test_the_texts_of_a_picture_of_an_overlay(networks: list[str], runtimes: list[str], metric: str) -> None:
    records = [
        timed(name, (10 + 7 * at) * 0.8**place, 74 + at, runtime=runtime)
        for at, name in enumerate(networks)
        for place, runtime in enumerate(runtimes)
    ]
    check(draw_overlays(overlaid(records, metric=metric)).figure)
