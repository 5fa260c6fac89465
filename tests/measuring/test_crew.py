"""Which cases share a seat."""

from __future__ import annotations

import pytest

from bench.measuring.crew import _groups
from bench.records import Case, CaseLine, SeatMode


def _line(network: str, role: str = "subject", **axes: object) -> CaseLine:
    case = Case(network=network, resolution=224, **axes)  # type: ignore[arg-type]
    return CaseLine(id=case.id, case=case, role=role)  # type: ignore[arg-type]


LINES = [
    *(_line(name, allocator=allocator) for allocator in ("pinned", "shipped") for name in ("a", "b")),
    _line("yardstick-1a", "yardstick"),
    _line("null-1", "null"),
]


@pytest.mark.parametrize(
    ("mode", "seats"),
    [
        ("shared", [{"a", "b", "yardstick-1a", "null-1"}, {"a", "b"}]),
        ("alone", [{"a"}, {"b"}, {"a"}, {"b"}, {"yardstick-1a", "null-1"}]),
        ("auto", [{"a", "b", "yardstick-1a", "null-1"}, {"a"}, {"b"}]),
    ],
)
def test_cases_share_a_seat_by_environment_unless_their_mode_sets_them_apart(
    mode: SeatMode, seats: list[set[str]]
) -> None:
    assert [{case.network for case in group.cases} for group in _groups(LINES, mode)] == seats


def test_other_threads_are_another_seat_in_every_mode() -> None:
    lines = [_line("a", threads=1), _line("a", threads=2)]
    for mode in ("shared", "alone", "auto"):
        assert len(_groups(lines, mode)) == 2
