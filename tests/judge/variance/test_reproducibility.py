"""The floor holds what two sessions of the same case differ by, and is not known from fewer than three."""

from __future__ import annotations

import math
from itertools import count

import msgspec
import pytest
from levit_bench.judge.estimates import relative_to_yardstick
from levit_bench.judge.variance.reproducibility import Floor, floors
from levit_bench.records import Estimate, Record
from levit_bench.report.views.reproducibility import line

from tests.making import record
from tools.simulated.known_truth import fewest_hits
from tools.simulated.machine import Scenario
from tools.simulated.sessions import session

NETWORKS = {"a": 0.02, "b": 0.03}
DRIFTING = Scenario(session=0.05, case_session=0.02, run=0.005, case_run=0.005, round=0.01, turn=0.01, one_pass=0.01)


def sessions(seconds: list[float], sticks: list[float] | None = None, **fields: object) -> list[Record]:
    """The same case in several sessions, three equal runs each."""
    given = sticks or [0.007] * len(seconds)
    return [
        record("net", (s,) * 3, yardsticks=(y,) * 3, session=f"s{at}", **fields)  # type: ignore[arg-type]
        for at, (s, y) in enumerate(zip(seconds, given, strict=True))
    ]


def test_fewer_than_three_sessions_give_no_floor_but_the_number_that_is_missing() -> None:
    (two,) = floors(sessions([0.01, 0.011]))
    assert (two.sessions, two.missing, two.of_latency, two.of_ratio) == (2, 1, None, None)
    assert line([two]) == "How far sessions disagree is not known: 1 more session of the same case would tell."
    assert line([]) is None


def test_sessions_that_agree_narrow_the_limit_and_one_that_disagrees_names_its_network() -> None:
    calm = [one for at in range(8) for one in sessions([0.01] * 8)[at : at + 1]]
    (few,), (many,) = floors(calm[:3]), floors(calm)
    assert few.of_ratio is not None
    assert many.of_ratio is not None
    assert many.of_ratio.usual < 0.6 * few.of_ratio.usual
    wild = [record("wild", (0.02 * 1.08 ** (-1) ** at,) * 3, session=f"s{at}") for at in range(8)]
    (found,) = floors([*calm, *wild])
    assert found.of_ratio is not None
    assert found.of_ratio.network == "wild"
    assert found.of_ratio.largest > 0.15
    assert "(wild: " in (line([found]) or "")


def test_what_moves_the_yardstick_too_is_in_the_floor_of_latencies_and_not_of_ratios() -> None:
    drift = [1.0, 1.1, 1.2]
    (found,) = floors(sessions([0.01 * x for x in drift], [0.007 * x for x in drift]))
    assert found.of_ratio is not None
    assert found.of_latency is not None
    assert found.of_latency.usual > 0.3 > 3 * found.of_ratio.usual


def test_sessions_of_another_kind_say_nothing_about_each_other() -> None:
    mixed = [
        *sessions([0.01, 0.011]),
        msgspec.structs.replace(sessions([0.02], allocator="shipped")[0], session="s8"),
        msgspec.structs.replace(sessions([0.02], torch="2.7.0")[0], session="s9"),
    ]
    assert all(one.of_latency is None for one in floors(mixed))
    assert [one.sessions for one in floors(mixed)] == [2, 1, 1]


def test_a_copied_session_counts_once_and_failed_cases_and_yardsticks_do_not_count() -> None:
    two = sessions([0.01, 0.011])
    failed = [record("net", (), outcome="failed", reason="hung", session=f"f{at}") for at in range(3)]
    sticks = [record("stick", role="yardstick", session=f"s{at}") for at in range(3)]
    (found,) = floors([*two, *two, *failed, *sticks])
    assert (found.sessions, found.of_latency) == (2, None)


def test_the_line_names_numbers_sessions_and_kind() -> None:
    (found,) = floors(sessions([0.0100, 0.0101, 0.0102]))
    assert found.of_ratio is not None
    assert found.of_latency is not None
    told = f"ratios {100 * found.of_ratio.usual:.1f} %; latencies {100 * found.of_latency.usual:.1f} %."
    assert line([found]) == f"Two sessions of an unchanged case differ by less than (3, t1 pinned shared): {told}"


def within(found: Floor, one: list[Record], other: list[Record]) -> bool:
    """Whether two sessions' ratios of the first case differ by less than the floor."""
    values = [relative_to_yardstick(records[0]) for records in (one, other)]
    assert all(isinstance(value, Estimate) for value in values)
    logs = [math.log(value.value) for value in values if isinstance(value, Estimate)]
    assert found.of_ratio is not None
    return abs(logs[0] - logs[1]) <= math.log1p(found.of_ratio.usual)


def trials(number: int, earlier: int) -> int:
    """How often two new sessions differ by less than the floor of some earlier ones."""
    seeds, hits = count(), 0
    for _ in range(number):
        taken = [session(DRIFTING, next(seeds), networks=NETWORKS, runs=3, rounds=3) for _ in range(earlier + 2)]
        known = [r for at, records in enumerate(taken[2:]) for r in records]
        (found,) = floors(known)
        hits += within(found, taken[0], taken[1])
    return hits


def test_two_new_sessions_differ_by_less_than_the_floor_of_five_nearly_always() -> None:
    assert trials(60, 5) >= fewest_hits(60, 0.95)


@pytest.mark.slow
@pytest.mark.exhaustive
@pytest.mark.parametrize("earlier", [3, 8])
def test_the_floor_holds_in_at_least_93_percent(earlier: int) -> None:
    assert trials(500, earlier) >= 0.93 * 500
