"""The picture and the tables of an overlay: a colour and a staircase a value, each network named once."""

import io
import itertools

import msgspec
import pytest
from levit_bench.errors import NothingToShowError
from levit_bench.judge.front.overlay import overlays
from levit_bench.judge.front.panels import panels
from levit_bench.judge.front.places import Standing
from levit_bench.report.front import figure
from levit_bench.report.front.export import document, write_front
from levit_bench.report.front.overall_table import overall_markdown, overall_tables
from levit_bench.report.front.overlay_figure import CROWD, draw_overlays
from levit_bench.report.front.styles import LARGER, MARKER_PT
from levit_bench.report.front.table import COLUMNS, OVERLAY_COLUMNS, csv, frame, rows
from levit_bench.report.words.overlay_values import values_of
from rich.console import Console

from tests.judge.front.test_overlay import THREE, overlaid
from tests.judge.front.test_pick import LOOSE, RUNTIMES, timed
from tests.report.front.test_figure import measured, texts
from tools.simulated.generate_store import PAPER, population

MANY = [
    timed(t.network, 1e3 * t.latency_s * factor, t.top1, family=t.family, runtime=runtime)
    for t in PAPER
    for factor, runtime in zip((1, 0.95, 0.7, 0.68, 0.5, 0.49), "abcdef", strict=True)
]


def lines(ax, gid):
    return [each for each in ax.lines if each.get_gid() == gid] + [
        each for each in ax.artists if each.get_gid() == gid
    ]  # fmt: skip


@pytest.mark.parametrize("metric", ["latency", "throughput"])
def test_names_overlap_neither_each_other_nor_a_marker_nor_the_edge(metric):
    (overlay,) = overlaid(MANY, metric=metric)
    drawn = draw_overlays((overlay,))
    ((ax, labels),) = texts(drawn)
    frame_of = ax.get_window_extent()
    names = [text for text, _ in labels]
    assert len(names) == len(set(names)) == len(PAPER) - drawn.unlabelled
    for (_, a), (_, b) in itertools.combinations(labels, 2):
        assert not a.overlaps(b)
    for _, extent in labels:
        assert frame_of.x0 - 1 <= extent.x0 <= extent.x1 <= frame_of.x1 + 1
        assert frame_of.y0 - 1 <= extent.y0 <= extent.y1 <= frame_of.y1 + 1
        for point in overlay.together.points:
            x, y = ax.transData.transform(figure.xy(point, metric))
            assert not (extent.x0 < x < extent.x1 and extent.y0 < y < extent.y1)


def test_each_value_has_a_colour_a_shape_and_a_staircase_through_the_front_of_its_panel():
    (overlay,) = overlaid(THREE)
    (ax,) = draw_overlays((overlay,)).figure.axes
    stairs = lines(ax, "front")
    assert len(stairs) == len({line.get_color() for line in stairs}) == len(RUNTIMES)
    markers = {line.get_color() for line in stairs}
    assert {line.get_markerfacecolor() for line in lines(ax, "points")} == markers
    assert len({line.get_marker() for line in lines(ax, "points")}) == len(RUNTIMES)
    for panel, stair in zip(overlay.panels, stairs, strict=True):
        corners = set(zip(stair.get_xdata(), stair.get_ydata(), strict=True))
        assert {figure.xy(point, "latency") for point in panel.front} <= corners
        points = [each for each in lines(ax, "points") if each.get_markerfacecolor() == stair.get_color()]
        assert sum(len(each.get_xdata()) for each in points) == len(panel.front)


def test_the_band_goes_through_the_front_over_all_values_and_is_broken_where_that_is_undecided():
    (overlay,) = overlaid(THREE)
    (ax,) = draw_overlays((overlay,)).figure.axes
    (band,) = lines(ax, "overall")
    corners = set(zip(band.get_xdata(), band.get_ydata(), strict=True))
    assert {figure.xy(point, "latency") for _, point in overlay.front} <= corners
    unsure = [timed("a", 10, 80.0, LOOSE), timed("a", 10.01, 80.0, LOOSE[::-1], runtime="openvino")]
    unsure += [timed("b", 20, 81.0), timed("b", 40, 81.0, runtime="openvino")]
    (overlay,) = overlaid(unsure)
    assert [overlay.overall[p.case.id].standing for _, p in overlay.front] == [Standing.OPEN, Standing.MEMBER]
    drawn = draw_overlays((overlay,)).figure
    assert len(lines(drawn.axes[0], "overall")) == 2
    words = [text.get_text() for text in drawn.legends[0].get_texts()]
    assert [word for word in words if word.startswith("front over")] == [
        "front over all runtimes", "front over all runtimes, undecided"
    ]  # fmt: skip
    apart = [timed("a", 10, 80.0), timed("a", 5, 80.0, runtime="openvino", session="s2")]
    drawn = draw_overlays(overlaid(apart)).figure
    assert not lines(drawn.axes[0], "overall")
    assert not any("front over" in text.get_text() for text in drawn.legends[0].get_texts())


def test_the_legend_names_the_values_and_the_title_what_else_differs():
    records = [*THREE, *(timed("small", 90 + at, 76.0, batch=16, runtime=r) for at, r in enumerate(RUNTIMES))]
    drawn = draw_overlays(overlaid(records)).figure
    words = [text.get_text() for text in drawn.legends[0].get_texts()]
    assert [word for word in words if word in RUNTIMES] == [*RUNTIMES]
    assert "on the front of its runtime (95 %)" in words
    assert [ax.get_title(loc="left") for ax in drawn.axes] == ["batch 1", "batch 16"]
    (caption,) = (text.get_text() for text in drawn.texts)
    assert "runtime" not in caption


def test_title_legend_and_caption_neither_overlap_nor_leave_the_page():
    drawn = draw_overlays(overlaid(MANY)).figure
    renderer, page = drawn.canvas.get_renderer(), drawn.bbox
    boxes = [drawn.legends[0].get_window_extent(renderer), *(text.get_window_extent(renderer) for text in drawn.texts)]
    boxes += [ax.get_tightbbox(renderer) for ax in drawn.axes]
    for a, b in itertools.combinations(boxes, 2):
        assert not a.overlaps(b)
    for box in boxes:
        assert page.x0 - 1 <= box.x0 <= box.x1 <= page.x1 + 1
        assert page.y0 - 1 <= box.y0 <= box.y1 <= page.y1 + 1


def test_in_a_crowd_what_is_on_no_front_is_left_out_and_not_named():
    crowd = measured(population(60, 5))
    records = [*crowd, *measured(population(60, 5), runtime="b"), *measured(population(60, 5), runtime="c")]
    (overlay,) = overlaid(records)
    assert len(overlay.together.points) > CROWD
    drawn = draw_overlays((overlay,))
    assert not lines(drawn.figure.axes[0], "others")
    assert {text for text, _ in texts(drawn)[0][1]} <= {p.label for p in overlay.together.points if p.on_front}
    (few,) = overlaid(THREE)
    assert lines(draw_overlays((few,)).figure.axes[0], "others")


def test_values_look_the_same_on_all_pages():
    first = overlaid(THREE)
    second = overlaid([record for record in THREE if record.case.runtime != "eager"])
    shown = [draw_overlays(each, among=(*first, *second)).figure for each in (first, second)]
    colours = [
        {handle.get_label(): handle.get_color() for handle in drawn.legends[0].legend_handles} for drawn in shown
    ]
    assert colours[0]["openvino"] == colours[1]["openvino"]
    assert "eager" not in colours[1]


def test_no_overlay_is_refused():
    with pytest.raises(NothingToShowError):
        draw_overlays(())


def test_two_versions_of_a_runtime_are_told_apart():
    records = [
        msgspec.structs.replace(
            made, conditions=msgspec.structs.replace(made.conditions, versions={"torch": "2.13.0", "openvino": version})
        )
        for at, version in enumerate(("2025.1", "2026.4"))
        for made in [timed("a", 10 - at, 80.0, runtime="openvino", session=f"s{at}")]
    ]
    (overlay,) = overlaid([*records, timed("a", 20, 80.0)])
    assert [*values_of(overlay).values()] == ["eager", "openvino 2025.1", "openvino 2026.4"]


def test_values_are_those_of_all_axes_with_units():
    pinned = [timed("a", 10, 80.0), timed("a", 11, 80.0, allocator="shipped"), timed("a", 5, 80.0, threads=4)]
    (overlay, _) = overlaid(pinned, "allocator")
    assert [*values_of(overlay).values()] == ["pinned", "shipped"]
    (both,) = overlaid(pinned, "threads", "allocator")
    assert [*values_of(both).values()] == ["1 thread, pinned", "1 thread, shipped", "4 threads, pinned"]


def printed(overlay_group):
    console = Console(width=80, record=True, file=io.StringIO())
    for table in overall_tables(overlay_group):
        console.print(table)
    return console.export_text()


def test_the_table_of_the_front_over_all_values_names_network_and_value():
    shown = overlaid(THREE)
    text, page = printed(shown), overall_markdown(shown)
    assert "Front over all runtimes" in text
    rows_of = [line.split()[:2] for line in text.splitlines() if " ms " in line]
    assert rows_of == [["small", "openvino"], ["middle", "onnxruntime"], ["large", "onnxruntime"]]
    assert "| middle | onnxruntime | 80.0 | 28.0 ms | " in page
    apart = overlaid([timed("a", 10, 80.0), timed("a", 5, 80.0, runtime="openvino", session="s2")])
    assert "the values are of several sessions" in " ".join(printed(apart).split())
    assert "The values are of several sessions" in overall_markdown(apart)
    alone = overlaid([*THREE, timed("small", 3, 76.0, threads=4)])
    assert len(overall_tables(alone)) == 1


def test_csv_frames_and_documents_say_which_points_are_on_the_front_over_all_values():
    shown = overlaid(THREE)
    found = panels(THREE)
    assert csv(found).splitlines()[0] == ",".join(COLUMNS)
    assert csv(found, overlays=shown).splitlines()[0] == ",".join((*COLUMNS, *OVERLAY_COLUMNS))
    data = frame(found, overlays=shown)
    on_front = data[data.overlay_on_front]
    assert sorted(zip(on_front.network, on_front.runtime, strict=True)) == sorted(
        (point.label, panel.setting.case.runtime) for panel, point in shown[0].front
    )
    documents = rows(found, overlays=shown)
    assert [row["overlay_on_front"] for row in documents] == [*data.overlay_on_front]
    assert {row["overlay_standing"] for row in documents} <= {"member", "open", "beaten"}
    assert "overlay_on_front" not in rows(found)[0]


def test_the_page_has_the_picture_the_front_over_all_values_and_every_panel(tmp_path):
    found, shown = panels(THREE), overlaid(THREE)
    text = document(found, overlays=shown)
    assert text.count("](front.svg)") == 1
    assert text.index("Front over all runtimes") < text.index("runtime eager")
    written = write_front(found, tmp_path, bases=found[:1], overlays=shown)
    assert [path.name for path in written] == ["front.png", "front.svg", "front.csv", "front.md"]
    assert "## Who joins, who leaves" in (tmp_path / "front.md").read_text(encoding="utf-8")


def test_overlays_that_do_not_fit_a_figure_are_divided_into_pages(tmp_path):
    records = [timed("a", batch + at, 80.0, batch=batch, runtime=runtime)
               for batch in range(1, 11) for at, runtime in enumerate(("eager", "openvino"))]  # fmt: skip
    shown = overlays(panels(records), ("runtime",), records)
    assert len(shown) == 10
    names = [path.name for path in write_front(panels(records), tmp_path, overlays=shown)]
    assert names[:4] == ["front.png", "front.svg", "front-2.png", "front-2.svg"]


def test_a_marker_that_others_would_hide_is_larger_beneath_them_and_no_other_is():
    close = [timed("a", 10 + number / 1000, 80.0, runtime=runtime) for number, runtime in enumerate("abc")]
    far = [timed("b", 10 * 2**number, 81.0, runtime=runtime) for number, runtime in enumerate("def", 1)]
    (overlay,) = overlaid([*close, *far])
    (ax,) = draw_overlays((overlay,)).figure.axes
    sizes: dict[tuple[float, float], list[float]] = {}
    for drawn in lines(ax, "points"):  # in the order in which they are drawn
        for x, y in zip(drawn.get_xdata(), drawn.get_ydata(), strict=True):
            size = drawn.get_markersize() / LARGER.get(drawn.get_marker(), 1)
            sizes.setdefault((y, 0 if y == 80 else x), []).append(size)
    hidden = sizes.pop((80.0, 0))
    assert hidden == sorted(hidden, reverse=True)
    assert hidden[-1] == MARKER_PT
    assert all(larger >= 1.3 * smaller for larger, smaller in itertools.pairwise(hidden))
    assert all(found == [MARKER_PT] for found in sizes.values())


def test_names_keep_off_the_bars_of_every_value():
    noisy = (0.7, 1.0, 1.3)
    wide = [timed("a", 10, 80.0, noisy), timed("a", 13, 80.0, noisy, runtime="openvino"), timed("b", 40, 80.4, noisy)]
    (overlay,) = overlaid(wide)
    drawn = draw_overlays((overlay,))
    ((ax, labels),) = texts(drawn)
    assert len(labels) == 2
    (first, *_) = lines(ax, "bars")
    corners = [xy for bars in lines(ax, "bars") for xy in zip(bars.get_xdata(), bars.get_ydata(), strict=True)]
    assert first
    for (low, y), (high, _) in zip(corners[::3], corners[1::3], strict=True):
        (x0, height), (x1, _) = ax.transData.transform([(low, y), (high, y)])
        for _, extent in labels:
            assert not (extent.y0 < height < extent.y1 and extent.x0 < x1 and x0 < extent.x1)
