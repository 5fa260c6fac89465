"""Panels spread over figures: what is compared stays together."""

from __future__ import annotations

import itertools

import pytest
from levit_bench.judge.front.panel_limits import PANEL_LIMIT
from levit_bench.judge.front.panels import Panel, panels
from levit_bench.report.front import figure
from levit_bench.report.front.pages import paginate

from tests.making import record

RUNTIMES = ("eager", "channels-last", "torchscript", "compile", "onnxruntime", "openvino")


def grid(metric: str = "latency", **axes: tuple[object, ...]) -> tuple[Panel, ...]:
    """A panel of two networks for every combination; a batch of sixteen takes sixteen times as long."""
    made = []
    for values in itertools.product(*axes.values()):
        fields = dict(zip(axes, values, strict=True))
        for name, seconds, top1 in (("fast", 0.01, 75.0), ("good", 0.02, 80.0)):
            time = seconds * int(str(fields.get("batch", 1)))
            made.append(record(name, [time * factor for factor in (0.99, 1.0, 1.01)], top1=top1, **fields))
    return panels(made, metric)


def test_panels_that_fit_one_page_share_it_without_a_heading() -> None:
    (page,) = paginate(grid(threads=tuple(range(1, PANEL_LIMIT + 1))))
    assert len(page.panels) == PANEL_LIMIT
    assert page.heading == ""


def test_runtimes_stay_together_and_pages_say_what_they_share() -> None:
    found = grid(runtime=RUNTIMES, batch=(1, 16), allocator=("pinned", "shipped"))
    pages = paginate(found)
    assert [page.heading for page in pages] == [
        "batch 1, allocator pinned (page 1 of 4)",
        "batch 1, allocator shipped (page 2 of 4)",
        "batch 16, allocator pinned (page 3 of 4)",
        "batch 16, allocator shipped (page 4 of 4)",
    ]
    assert all({panel.setting.case.runtime for panel in page.panels} == set(RUNTIMES) for page in pages)


@pytest.mark.parametrize("threads", [9, 16, 17, 23])
def test_what_no_field_divides_well_is_cut_into_pages_of_nearly_equal_size(threads: int) -> None:
    found = grid(threads=tuple(range(1, threads + 1)))
    pages = paginate(found)
    assert [panel for page in pages for panel in page.panels] == list(found)
    sizes = [len(page.panels) for page in pages]
    assert max(sizes) <= PANEL_LIMIT
    assert max(sizes) - min(sizes) <= 1
    assert [page.heading for page in pages] == [f"page {n} of {len(pages)}" for n in range(1, len(pages) + 1)]


def test_a_panel_without_a_point_takes_no_place() -> None:
    found = panels([record("a"), record("b", top1=None, threads=2)])
    assert [len(page.panels) for page in paginate(found)] == [1]


def drawn(found: tuple[Panel, ...]) -> list[figure.Drawn]:
    return [figure.draw(page.panels, among=found, heading=page.heading) for page in paginate(found)]


@pytest.mark.parametrize(("metric", "scales"), [("latency", 2), ("throughput", 1)])
def test_pages_share_their_scales_but_latencies_of_one_image_not_with_those_of_sixteen(
    metric: str, scales: int
) -> None:
    pages = drawn(grid(metric, runtime=RUNTIMES, batch=(1, 16)))
    axes = [ax for page in pages for ax in page.figure.axes]
    assert len(axes) == 12
    assert len({ax.get_ylim() for ax in axes}) == 1
    assert len({ax.get_xlim() for ax in axes}) == scales


def test_a_heading_stands_free_above_the_titles_and_on_the_page() -> None:
    (first, *_) = drawn(grid(runtime=RUNTIMES, batch=(1, 16)))
    renderer = first.figure.canvas.get_renderer()  # type: ignore[attr-defined]
    heading = next(text for text in first.figure.texts if text.get_text() == "batch 1 (page 1 of 2)")
    box = heading.get_window_extent(renderer)
    assert box.y1 <= first.figure.bbox.y1
    assert box.x1 <= first.figure.bbox.x1
    for ax in first.figure.axes:
        assert not box.overlaps(ax.get_tightbbox(renderer))  # type: ignore[arg-type]
