import math

import msgspec
import pytest
from levit_bench.judge.estimates import latency
from levit_bench.judge.paired_ratio import paired, unpaired
from levit_bench.records import Estimate

from tests.making import record


def test_a_ratio_is_paired_by_run_so_that_what_slows_a_whole_run_cancels():
    slow = (0.010, 0.013, 0.017)
    found = paired([record("a", tuple(1.25 * x for x in slow))], [record("b", slow)])
    assert (found.value, found.low, found.high, found.runs) == pytest.approx((1.25, 1.25, 1.25, 3))
    assert unpaired(latency(record("a", slow)), latency(record("b", slow))).may_be_one


def test_a_ratio_is_paired_by_round_so_that_a_slow_round_costs_one_pair():
    one, other = record("a", (0.02,) * 3, turns=3), record("b", (0.01,) * 3, turns=3)
    first = one.runs[0].turns[0]
    slowed = msgspec.structs.replace(first, duration_s=tuple(9 * x for x in first.duration_s))
    run = msgspec.structs.replace(one.runs[0], turns=(slowed, *one.runs[0].turns[1:]))
    found = paired([msgspec.structs.replace(one, runs=(run, *one.runs[1:]))], [other])
    assert found.value == pytest.approx(2)


def test_the_interval_is_students_t_over_runs():
    found = paired([record("a", (0.02 * math.e**-0.1, 0.02, 0.02 * math.e**0.1))], [record("b", (0.01,) * 3)])
    half = 4.302652729911275 * 0.1 / math.sqrt(3)
    assert (math.log(found.low / 2), math.log(found.high / 2)) == pytest.approx((-half, half))


def test_the_ratio_turns_round_with_its_sides():
    a, b = record("a", (0.010, 0.012, 0.011)), record("b", (0.013, 0.012, 0.014))
    there, back = paired([a], [b]), paired([b], [a])
    assert (back.value, back.low, back.high) == pytest.approx((1 / there.value, 1 / there.high, 1 / there.low))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (record("a", session="s1"), record("b", session="s2")),
        (record("a", (0.01, 0.01)), record("b", (0.01,) * 5)),
        (record("a", (0.01,) * 5, complete=False, turns=1), record("b", (0.01,) * 5)),
    ],
    ids=["other sessions", "two runs in common", "runs broken off"],
)
def test_fewer_than_three_runs_in_common_give_no_paired_ratio(one, other):
    assert paired([one], [other]) is None


def test_runs_of_several_sessions_count_together_and_a_copied_record_counts_once():
    ones = [record("a", (0.02, 0.02), session=name) for name in ("s1", "s2")]
    others = [record("b", (0.01, 0.01), session=name) for name in ("s1", "s2")]
    assert paired([*ones, ones[0]], others).runs == 4


def estimate(value: float, low: float, high: float) -> Estimate:
    return Estimate(value=value, low=low, high=high, level=0.95, n=3, method="given")


@pytest.mark.parametrize(("low", "overlap"), [(0.9, True), (1.1, True), (1.11, False)])
def test_an_unpaired_ratio_may_be_one_exactly_when_the_intervals_overlap(low, overlap):
    found = unpaired(estimate(1.2, low, 1.3), estimate(1.0, 0.9, 1.1))
    assert found.may_be_one is overlap
    assert found.runs == 0


def test_without_an_interval_nothing_is_told_apart():
    found = unpaired(estimate(9.0, -math.inf, math.inf), estimate(1.0, 0.9, 1.1))
    assert found.may_be_one
    assert found.high == math.inf


def test_two_wild_runs_do_not_overflow():
    found = paired([record("a", (1e-300, 1e300, 1.0))], [record("b", (1.0,) * 3)])
    assert 0 < found.low < found.high < math.inf
