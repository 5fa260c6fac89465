import csv as csv_format
import io
import itertools

import pytest
from levit_bench.judge.front.panels import panels
from levit_bench.judge.published.panels import published_panels
from levit_bench.report.front import figure, table
from levit_bench.report.front.export import document, write_front
from levit_bench.report.front.published_table import published_markdown, published_table
from levit_bench.report.front.reproduction import reproduce
from rich.console import Console

from tests.judge.published.test_accuracies import accuracies
from tests.judge.published.test_panels import CPU, speed, speeds
from tests.making import record
from tools.simulated.generate_store import PAPER, population

HOSTILE = "=cmd|'x'\x1b[31m[red]`<b>../../etc\\" + "y" * 300
GPU = "benchmark-infer-amp-nchw-pt240-cu124-rtx3090.csv"


def measured(**fields):
    return [
        record(t.network, [t.latency_s * f for f in (0.98, 1.0, 1.02)], top1=t.top1, family=t.family,
               resolution=t.resolution, **fields)
        for t in PAPER
    ]  # fmt: skip


TWO = panels([*measured(), *measured(allocator="shipped")])


def beside(*batches, count=0, name=CPU, **options):
    """The paper's networks at each batch size, and more of an unknown kind."""
    rows = [speed(t.network, b * t.latency_s / 9, resolution=t.resolution, batch=b) for b in batches for t in PAPER]
    more = population(count, 7)
    rows += [speed(t.network, b * t.latency_s / 9, batch=b) for b in batches for t in more]
    files = [speeds(*rows, name=name), accuracies(**{t.network: t.top1 for t in more})]
    return published_panels(files, TWO, networks=["all"], **options)


def hostile():
    files = [speeds(speed(HOSTILE), name="<i>|=x\x1b[0m.csv"), accuracies(**{HOSTILE: 80.0})]
    return published_panels(files, TWO, networks=["all"], front=True)


def boxes(drawn):
    renderer = drawn.figure.canvas.get_renderer()
    return [
        (ax, [t.get_window_extent(renderer) for t in ax.texts if t.get_gid() == "label"]) for ax in drawn.figure.axes
    ]


@pytest.mark.parametrize(
    ("shown", "added"),
    [
        (TWO, beside(1)),
        (TWO[:1], beside(1, 64, 1024, count=48)),
        (TWO[:1], beside(1, count=60, front=True)),
        (TWO, hostile()),
        (TWO[:1], beside(1, name="W" * 200 + ".csv")),
    ],
    ids=["two and one", "one and three", "front", "hostile", "wide name"],
)
def test_nothing_overlaps_and_nothing_leaves_the_page(shown, added):
    drawn = figure.draw(shown, added.panels)
    renderer = drawn.figure.canvas.get_renderer()
    for (ax, labels), panel in zip(boxes(drawn), [*shown, *added.panels], strict=True):
        frame = ax.get_window_extent()
        assert labels
        assert not any(a.overlaps(b) for a, b in itertools.combinations(labels, 2))
        for box in labels:
            assert frame.x0 - 1 <= box.x0
            assert box.x1 <= frame.x1 + 1
            for point in panel.points:
                x, y = ax.transData.transform(figure.xy(point, panel.metric))
                assert not (box.x0 < x < box.x1 and box.y0 < y < box.y1)
    (legend,), (caption,) = drawn.figure.legends, drawn.figure.texts
    parts = [legend.get_window_extent(renderer), caption.get_window_extent(renderer)]
    parts += [ax.get_tightbbox(renderer) for ax in drawn.figure.axes]
    width, height = drawn.figure.get_size_inches() * drawn.figure.dpi
    assert all(b.x0 >= 0 and b.y0 >= 0 and b.x1 <= width and b.y1 <= height for b in parts)
    assert not any(a.overlaps(b) for a, b in itertools.combinations(parts, 2))


def test_published_markers_are_hollow_without_bars_and_without_a_front():
    *_, ax = figure.draw(TWO, beside(1).panels).figure.axes
    lines = {line.get_gid() for line in ax.lines}
    assert "published" in lines
    assert not lines & {"points", "bars", "front", "tail"}
    assert {line.get_markerfacecolor() for line in ax.lines if line.get_gid() == "published"} == {"none"}


def test_a_published_front_is_drawn_dashed_and_only_when_asked_for():
    *_, ax = figure.draw(TWO, beside(1, front=True).panels).figure.axes
    (front,) = [line for line in ax.lines if line.get_gid() == "front"]
    assert front.get_linestyle() == "--"
    assert {line.get_markerfacecolor() for line in ax.lines if line.get_gid() == "published"} == {"none"}


def test_accuracy_has_one_scale_and_speed_one_for_measured_panels_and_one_for_each_batch():
    drawn = figure.draw(TWO, [*beside(1, 64).panels, *beside(1, name=GPU).panels])
    first, second, one, many, other = drawn.figure.axes
    assert len({ax.get_ylim() for ax in drawn.figure.axes}) == 1
    assert first.get_xlim() == second.get_xlim()
    assert one.get_xlim() == other.get_xlim()
    assert len({ax.get_xlim() for ax in (first, one, many)}) == 3
    assert one.get_xlabel() == "Published latency of one image (ms)"
    assert many.get_xlabel() == "Published latency of a batch of 64 (ms)"


def test_headings_name_the_file_and_the_batch_and_say_what_was_measured():
    drawn = figure.draw(TWO, beside(64).panels)
    assert [ax.get_title(loc="left") for ax in drawn.figure.axes] == [
        "measured here: allocator pinned",
        "measured here: allocator shipped",
        f"{CPU}\npublished, not measured here: batch 64",
    ]
    (legend,) = drawn.figure.legends
    assert "published, not measured here (all hollow)" in {text.get_text() for text in legend.get_texts()}


def test_without_published_figures_the_picture_is_what_it_was():
    plain = figure.draw(TWO).figure
    assert [ax.get_title(loc="left") for ax in plain.axes] == ["allocator pinned", "allocator shipped"]
    assert len(plain.legends[0].get_texts()) == 5


def test_beyond_forty_points_those_that_lead_where_they_are_measured_are_named():
    added = beside(1, count=60)
    *_, (_, labels) = boxes(figure.draw(TWO, added.panels))
    leading = [point for point in added.panels[0].points if point.leads]
    assert 0 < len(labels) <= len(leading) < 12


def printed(panel):
    out = io.StringIO()
    Console(file=out, width=80).print(published_table(panel))
    return out.getvalue()


def test_the_table_shows_a_dash_for_the_interval_and_whose_accuracy_it_is():
    text = printed(beside(1).panels[0])
    assert "published, not measured here" in text
    assert "its name says fp32, nchw, pt240" in " ".join(text.split())
    row = next(line for line in text.splitlines() if line.strip().startswith("levit_192"))
    assert row.split()[:6] == ["levit_192", "80.0", "1.56", "ms", "–", "643"]
    assert "dominated" not in text
    assert "○ front" in printed(beside(1, front=True).panels[0])


def test_of_very_many_figures_the_terminal_shows_the_front_where_it_was_asked_for():
    everything, front = beside(1, count=250).panels[0], beside(1, count=250, front=True).panels[0]
    assert "more are in front.csv" in printed(everything)
    assert printed(front).count("○ front") == len(front.front)


def test_csv_rows_carry_kind_and_source_and_no_interval():
    rows = list(csv_format.DictReader(io.StringIO(table.csv(TWO, beside(64).panels))))
    kinds = {row["kind"] for row in rows}
    assert kinds == {"measured", "published"}
    assert list(rows[0])[-2:] == ["kind", "source"]
    one = next(row for row in rows if row["kind"] == "published")
    assert (one["source"], one["batch"], one["precision"], one["torch"], one["machine"]) == (
        CPU, "64", "fp32", "pt240", "i9_10940x",
    )  # fmt: skip
    blank = ["latency_low_s", "latency_high_s", "level", "runs", "on_front", "sessions", "threads", "allocator"]
    assert [one[name] for name in blank] == [""] * len(blank)
    assert {row["source"] for row in rows if row["kind"] == "measured"} == {""}
    assert table.rows(TWO, beside(64).panels)[-1]["latency_low_s"] is None


def test_markdown_lists_published_figures_in_a_table_of_their_own_with_the_source_and_the_findings():
    added = beside(1)
    added = added._replace(findings=published_panels([speeds(speed("unknown_net"))], TWO, networks=["all"]).findings)
    page = document(TWO, 0, reproduce((), ["--published", CPU]), added)
    measured_part, published_part = page.split("## Published, not measured here")
    assert CPU.replace("_", "\\_") in published_part or CPU in published_part
    assert CPU not in measured_part
    assert "| levit_192 | 80.0 | 1.56 ms | – | 643 | 1.00M | – | LeViT paper" in published_part
    assert "`published-no-accuracy`" in published_part
    assert f"levit-bench front --published {CPU}" in published_part
    for line in published_markdown(beside(1, front=True).panels).splitlines():
        assert not line.startswith("|") or line.replace("\\|", "").count("|") == 10


def test_hostile_text_is_shown_as_text_everywhere(tmp_path):
    added = hostile()
    written = write_front(TWO, tmp_path, reproduce((), ["--published", added.panels[0].file]), added)
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in written}
    page = (tmp_path / "front.md").read_text(encoding="utf-8")
    table_part = page.split("## How to reproduce")[0]
    assert "<b>" not in table_part
    assert "<i>" not in table_part
    for text in (table_part, (tmp_path / "front.csv").read_text(encoding="utf-8"), printed(added.panels[0])):
        assert "\x1b" not in text
    row = list(csv_format.DictReader(io.StringIO((tmp_path / "front.csv").read_text(encoding="utf-8"))))[-1]
    assert row["network"].startswith("'=cmd|")
    assert max(len(line) for line in printed(added.panels[0]).splitlines()) <= 80
