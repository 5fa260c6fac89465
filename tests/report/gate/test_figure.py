"""The picture: a row a case, nothing outside of it, nothing on top of anything, the same bytes each time."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest
from levit_bench.judge.gate.gate_report import CaseVerdict
from levit_bench.report.front.figure import encoded
from levit_bench.report.gate.figure import MOST_ROWS, draw
from matplotlib.figure import Figure
from matplotlib.text import Text

from tests.report.gate import made
from tests.report.gate.hostile_names import HOSTILE

V = CaseVerdict


def texts(figure: Figure) -> list[Text]:
    """Every text that is drawn."""
    found = figure.findobj(lambda artist: isinstance(artist, Text) and bool(artist.get_text()) and artist.get_visible())
    return [one for one in found if isinstance(one, Text)]


def words(figure: Figure) -> list[str]:
    return [text.get_text() for text in texts(figure)]


def names(figure: Figure) -> list[str]:
    return [label.get_text() for axes in figure.axes for label in axes.get_yticklabels()]


GATES = {
    "none": made.report(),
    "1": made.many(1),
    "5": made.many(5),
    "12": made.many(12, name="vit_so400m_patch14_siglip_gap_896.pali2_10b_pt_in1k_ft_a_rather_long_tag_{}"),
    "40": made.many(40),
    "400": made.many(400),
    "wide": made.many(3, V.OTHER_OUTPUTS, name="W" * 100 + "{}"),
    "hostile": made.report([made.case(V.NOT_COMPARABLE, name) for name in HOSTILE.values()]),
    "outlier": made.report([V.SAME, made.case(V.SLOWER, comparison=made.compared(9.0, 7.0, 12.0, 1.03))]),
}


@pytest.mark.parametrize("gate", GATES.values(), ids=list(GATES))
def test_every_word_is_inside_and_rows_do_not_overlap(gate: made.GateReport) -> None:
    figure = draw(gate)
    figure.canvas.draw()
    page = figure.bbox
    boxes = [text.get_window_extent() for text in texts(figure)]
    assert all(page.x0 <= box.x0 and box.x1 <= page.x1 and page.y0 <= box.y0 and box.y1 <= page.y1 for box in boxes)
    crossing = [
        (one.get_text(), other.get_text())
        for at, (one, box) in enumerate(zip(texts(figure), boxes, strict=True))
        for other, second in zip(texts(figure)[at + 1 :], boxes[at + 1 :], strict=True)
        if min(box.x1, second.x1) - max(box.x0, second.x0) > 1 and min(box.y1, second.y1) - max(box.y0, second.y0) > 4
    ]
    assert crossing == []


def test_each_row_says_its_ratio_and_its_verdict() -> None:
    figure = draw(made.EVERY)
    shown = words(figure)
    assert names(figure)[0] == "net_failed"
    for verdict in V:
        assert verdict.value in shown
    for value in ("1.12", "0.900", "1.00", "1.02", "1.01"):
        assert value in shown
    assert "Gate failed (9 networks)" in shown
    assert "b: working tree, commit fedcba987654 with uncommitted changes · a: main, commit 0123456789ab" in shown
    assert "every row: resolution 224, batch 1, 1 thread, allocator pinned" in shown


def test_the_intervals_and_the_margin_are_where_the_report_has_them() -> None:
    figure = draw(made.report([V.SLOWER]))
    (axes,) = figure.axes
    interval = next(line for line in axes.lines if line.get_solid_capstyle() == "butt" and line.get_linewidth() == 1.4)
    assert list(interval.get_xdata()) == pytest.approx([math.log(1.07), math.log(1.17)])
    (band,) = axes.patches
    assert band.get_x() == pytest.approx(-math.log(1.05))
    assert band.get_width() == pytest.approx(2 * math.log(1.05))


def test_every_verdict_looks_different_without_colour() -> None:
    (axes,) = draw(made.EVERY).axes
    marks = [line for line in axes.lines if list(line.get_xdata()) == [1]]
    looks = [(line.get_marker(), line.get_markerfacecolor() == "white") for line in marks]
    assert len(looks) == len(set(looks)) == len(V)


def test_an_outlier_ends_in_an_arrow_and_leaves_the_others_room() -> None:
    cases = [made.case(V.SAME, f"n{at}") for at in range(8)]
    cases.append(made.case(V.INCONCLUSIVE, comparison=made.compared(1.1, 0.0, math.inf, None)))
    cases.append(made.case(V.SLOWER, comparison=made.compared(9.0, 7.0, 12.0, 1.03)))
    (axes,) = draw(made.report(cases)).axes
    low, high = axes.get_xlim()
    assert -low == high == pytest.approx(1.08 * 2 * math.log(1.05))
    assert sum(line.get_marker() in (4, 5) for line in axes.lines) == 4


def test_long_names_are_shortened_in_the_middle_and_stay_apart() -> None:
    gate = made.many(5, V.SAME, name="net_" + "x" * 80 + "_{}")
    shown = names(draw(gate))
    assert len(set(shown)) == 5
    assert all(name.startswith("net_") and "…" in name and name[-2] == "_" for name in shown)


def test_rows_say_what_tells_them_apart_and_no_folder_that_all_have() -> None:
    network = "models/classification/of_our_own/nets.py:build_a_very_long_name_{}"
    names_and_words = [(network.format(at), batch) for at in range(3) for batch in ("b1", "b16")]
    gate = made.report(
        [made.case(V.SAME, f"{one} 224px {batch} t1 pinned", network=one) for one, batch in names_and_words]
    )
    figure = draw(gate)
    assert names(figure) == [f"…build_a_very_long_name_{at} {batch}" for at in range(3) for batch in ("b1", "b16")]
    assert "every row: resolution 224, 1 thread, allocator pinned" in words(figure)
    short = [
        made.case(V.SAME, f"nets.py:tiny_network_{at} 224px b1 t1 pinned", network=f"nets.py:tiny_network_{at}")
        for at in "ab"
    ]
    assert names(draw(made.report(short))) == ["nets.py:tiny_network_a", "nets.py:tiny_network_b"]


def test_further_rows_are_counted_and_are_those_that_matter_least() -> None:
    gate = made.many(400)
    figure = draw(gate)
    assert len(names(figure)) == MOST_ROWS
    assert any(f"{400 - MOST_ROWS} more cases in gate.json" in text for text in words(figure))
    assert not any("more" in text for text in words(draw(made.many(MOST_ROWS))))
    assert set(names(figure)) == {case.name for case in gate.having(V.FAILED)[:MOST_ROWS]}


def test_rows_go_from_top_to_bottom_in_the_order_of_importance() -> None:
    figure = draw(made.EVERY)
    figure.canvas.draw()
    heights = [label.get_window_extent().y0 for label in figure.axes[0].get_yticklabels()]
    assert all(one > other for one, other in pairwise(heights))


def test_the_svg_has_the_same_bytes_each_time_and_is_well_formed() -> None:
    first, second = (encoded(draw(GATES["hostile"]), "svg", "s1") for _ in range(2))
    assert first == second
    assert ET.fromstring(first).tag.endswith("svg")


def test_stored_sessions_are_named() -> None:
    gate = made.report([V.SAME], baseline="s0", session="s1", sides=())
    assert "b: s1 · a: s0" in words(draw(gate))
