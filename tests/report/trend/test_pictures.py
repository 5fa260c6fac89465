"""Pictures of a trend: every case named, nothing drawn outside, no warning at any length."""

from __future__ import annotations

import pytest
from levit_bench.judge.trend.events import JudgedSeries
from levit_bench.report.front.figure import encoded
from levit_bench.report.trend.figure import MOST_PANELS, alone, small_multiples
from levit_bench.report.trend.files import file_name

from tests.judge.trend.nights import judged_of, nights


def texts(figure: object) -> str:
    return "\n".join(text.get_text() for text in figure.findobj(lambda one: hasattr(one, "get_text")))  # type: ignore[attr-defined]


def some(count: int, length: int = 30) -> tuple[JudgedSeries, ...]:
    return judged_of([r for at in range(count) for r in nights(f"net{at:02}", length, {15: 1.08} if at == 0 else {})])


def test_every_case_has_a_panel_and_a_change_its_size() -> None:
    figure = small_multiples(some(5))
    assert all(f"net{at:02}" in texts(figure) for at in range(5))
    assert "+8" in texts(figure)
    assert encoded(figure, "svg").startswith(b"<?xml")


def test_of_more_cases_than_have_room_those_with_changes_are_shown() -> None:
    figure = small_multiples(some(MOST_PANELS + 6))
    assert len(figure.axes) == MOST_PANELS
    assert "6 more cases in trend.json" in texts(figure)
    assert "net00" in texts(figure)


@pytest.mark.parametrize("length", [2, 3, 7, 150])
def test_series_of_any_length_are_drawn(length: int) -> None:
    (one,) = some(1, length)
    assert encoded(alone(one), "png")[:4] == b"\x89PNG"


def test_a_split_is_drawn_with_its_versions() -> None:
    (one,) = judged_of([*nights("net", 10, torch="2.12.0"), *nights("net", 10, first=60, torch="2.13.0")])
    shown = texts(alone(one))
    assert "torch 2.12.0" in shown
    assert "torch 2.13.0" in shown


def test_hostile_names_are_drawn_and_files_have_plain_names() -> None:
    (one,) = judged_of(nights("$x^2$/../\x1b[31m名前", 9))
    encoded(alone(one), "png")
    assert file_name(one.series).startswith("case-x-2")
    assert "/" not in file_name(one.series)
