"""What a person and a program see of an explanation, and its picture."""

from __future__ import annotations

import io
import json
import math
from pathlib import Path

import pytest
from levit_bench.errors import UsageError
from levit_bench.judge.explain.factors import explain
from levit_bench.report.explain import tables as report
from levit_bench.report.explain.figure import check_ending, draw
from levit_bench.report.explain.tables import SideProfile
from levit_bench.report.front.figure import save
from rich.console import Console

from tests.judge.explain.test_factors import timed
from tests.judge.explain.test_profile import PLAIN, PROFILE

EVERYTHING = [
    timed("fast", scatter=0.02, faults=2),
    timed("fast", 1.25, scatter=0.02, allocator="shipped", faults=10),
    timed("[red]slow", 1.5, scatter=0.02, macs=120, resolution=260, faults=1),
    timed("[red]slow", 3.0, scatter=0.02, allocator="shipped", macs=120, resolution=260, faults=5000),
]
FOUND = explain(EVERYTHING, EVERYTHING[1], EVERYTHING[3])
BOTH = SideProfile(PROFILE), SideProfile(PLAIN)
NEITHER = SideProfile(PROFILE), SideProfile(reason="it raised")


def printed(table) -> str:
    console = Console(width=80, file=io.StringIO(), highlight=False)
    console.print(table)
    return console.file.getvalue()


def rows(table) -> dict[str, list[str]]:
    """Cells of each row by its first."""
    lines = [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in printed(table).splitlines()]
    return {line[0]: line[1:] for line in lines if line}


def test_the_table_has_both_sides_and_what_divides_them() -> None:
    shown = rows(report.table(FOUND))
    assert shown["MACs a pass"] == ["100", "120", "1.20"]
    assert shown["minor faults a pass"] == ["10.0", "5,000"]
    saved = [int(cell.partition(" %")[0]) for cell in shown["pinning saves"]]
    assert saved == [pytest.approx(20, abs=4), pytest.approx(50, abs=4)]
    assert "device's share" not in shown
    assert "[red]slow" in printed(report.table(FOUND))


def test_the_sentence_is_a_product_that_a_reader_can_check() -> None:
    said = report.sentence(FOUND)
    assert said.startswith("[red]slow takes 2.4")
    value, equation = said.split(". ", 1)[1].rstrip(".").split(" = ")
    factors = [float(part.split(" (")[0]) for part in equation.split(" × ")]
    assert math.prod(factors) == pytest.approx(float(value), rel=0.02)
    assert ["(work)" in equation, "(allocator, " in equation, "(efficiency, " in equation] == [True] * 3


def test_each_factor_has_a_note() -> None:
    assert [line.partition(":")[0] for line in report.notes(FOUND)] == ["work", "allocator", "efficiency"]


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        (EVERYTHING[0], EVERYTHING[2], ("fast", "[red]slow")),
        (EVERYTHING[0], EVERYTHING[1], ("fast pinned", "fast shipped")),
        (EVERYTHING[0], EVERYTHING[3], ("fast pinned", "[red]slow shipped")),
        (timed("a", resolution=224), timed("a", resolution=256), ("a 224px", "a 256px")),
        (timed("a"), timed("a", form="inference"), ("a form shipped", "a inference")),
    ],
)
def test_names_say_what_tells_the_two_apart(first, second, told) -> None:
    assert report.names(first, second) == told


def test_what_was_measured_is_a_column_a_side_and_a_dash_where_there_is_nothing() -> None:
    shown = rows(report.watched_table(FOUND, BOTH))
    assert shown["kernels a pass"] == ["5", "–"]
    assert shown["the profiler adds"] == ["+25 %", "–"]
    assert rows(report.watched_table(FOUND, NEITHER))["a pass"] == ["800 ms", "–"]
    assert report.remarks(FOUND, BOTH) == ["[red]slow: nothing to see"]
    assert report.remarks(FOUND, NEITHER) == ["[red]slow: it raised"]


def test_kinds_and_layers_are_shown_with_their_shares_and_the_whole() -> None:
    shown = rows(report.kinds_table(FOUND, (BOTH[0], BOTH[0])))
    assert shown["matmul"] == 2 * ["3", "600.00", "60.0", "0.00000200"]
    assert shown["a pass"] == ["5", "1000.00", "100", "5", "1000.00", "100"]
    assert rows(report.layers_table(FOUND, BOTH))["blocks.1"] == ["341.00", "34.1"]
    assert all(len(line.rstrip()) <= 80 for line in printed(report.kinds_table(FOUND, BOTH)).splitlines())


def test_the_document_is_plain_and_unrounded() -> None:
    told = json.loads(json.dumps(report.document(FOUND, NEITHER), allow_nan=False))
    assert told["ratio"]["ratio"] == FOUND.ratio.value
    assert sum(factor["log"] for factor in told["factors"]) == pytest.approx(told["ratio"]["log"])
    assert told["second"]["pinned_saves"]["seconds_a_fault"] > 0
    assert told["first"]["profile"]["kinds"][0]["kind"] == "matmul"
    assert (told["second"]["profile"], told["second"]["no_profile"]) == (None, "it raised")
    assert "profile" not in report.document(FOUND)["first"]
    short = explain([timed("a"), timed("b")], timed("a"), timed("b"))
    assert json.dumps(report.document(short), allow_nan=False)


@pytest.mark.parametrize("watched", [None, BOTH, NEITHER])
def test_nothing_in_the_picture_is_clipped_or_covers_another_text(watched, tmp_path: Path) -> None:
    figure = draw(FOUND, watched)
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    figure.draw(renderer)
    texts = [*figure.texts]
    for ax in figure.axes:
        texts += [*ax.texts, *ax.get_xticklabels(), *ax.get_yticklabels(), ax.xaxis.label]
    boxes = [text.get_window_extent(renderer) for text in texts if text.get_text()]
    page = figure.bbox
    assert all(b.x0 >= 0 and b.y0 >= 0 and b.x1 <= page.x1 and b.y1 <= page.y1 for b in boxes)
    assert not [(a, b) for at, a in enumerate(boxes) for b in boxes[:at] if a.overlaps(b)]
    assert len(figure.axes) == (1 if watched is None else 2)
    save(figure, tmp_path / "why.png", "made up")
    assert (tmp_path / "why.png").read_bytes().startswith(b"\x89PNG")


def test_another_kind_of_file_is_refused() -> None:
    check_ending(Path("why.SVG"))
    with pytest.raises(UsageError, match=r"--out 'why.jpg': choose a file that ends in .png, .svg, .pdf"):
        check_ending(Path("why.jpg"))
