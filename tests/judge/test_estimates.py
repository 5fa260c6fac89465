import math
import random

import pytest

from bench.judge.estimates import latency, relative_to_yardstick
from bench.judge.throughput import throughput
from bench.records import Estimate, Finding
from tests.making import record


def kinds(estimate):
    return [finding.kind for finding in estimate.findings]


def test_latency_is_the_geometric_mean_of_the_runs_medians_and_ignores_settle_passes():
    estimate = latency(record(runs=(0.010, 0.010, 0.0125)))
    assert estimate.value == pytest.approx((0.010 * 0.010 * 0.0125) ** (1 / 3))
    assert (estimate.n, estimate.level) == (3, 0.95)


def test_the_interval_is_students_t_over_runs_on_the_log_scale():
    estimate = latency(record(runs=(0.01 * math.e**-0.1, 0.01, 0.01 * math.e**0.1)))
    half = 4.302652729911275 * 0.1 / math.sqrt(3)  # t with 2 degrees of freedom, standard deviation 0.1
    assert math.log(estimate.high / 0.01) == pytest.approx(half)
    assert math.log(0.01 / estimate.low) == pytest.approx(half)
    assert estimate.findings == ()


def test_one_run_gives_an_unbounded_interval_and_says_how_many_are_needed():
    asked = record(runs=(0.01,))
    for estimate in (latency(asked), throughput(asked), relative_to_yardstick(asked)):
        assert (estimate.low, estimate.high) == (-math.inf, math.inf)
        assert kinds(estimate) == ["too-few-runs"]
        assert "at least 3 are needed, 2 more" in estimate.findings[0].message


def test_two_runs_give_an_interval_and_a_finding():
    estimate = latency(record(runs=(0.01, 0.0101)))
    assert 0 < estimate.low < 0.01 < estimate.high < math.inf
    assert kinds(estimate) == ["too-few-runs"]


def test_two_wild_runs_do_not_overflow():
    asked = record(runs=(1e-9, 1e300))
    assert latency(asked).high == math.inf
    assert throughput(asked).low == -math.inf


def test_a_broken_off_run_counts_only_with_two_turns():
    assert latency(record(runs=(0.01, 0.02), complete=False, turns=2)).n == 2
    nothing = latency(record(runs=(0.01, 0.02), complete=False, turns=1))
    assert isinstance(nothing, Finding)
    assert nothing.kind == "no-turns"
    assert latency(record(runs=(0.01, 0.02), complete=True, turns=1)).n == 2


def test_the_ratio_to_the_yardstick_cancels_what_slows_a_whole_run():
    estimate = relative_to_yardstick(record(runs=(0.010, 0.020, 0.013), yardsticks=(0.005, 0.010, 0.0065)))
    assert estimate.value == pytest.approx(2.0)
    assert estimate.high / estimate.low == pytest.approx(1.0)


def test_a_run_without_a_yardstick_does_not_count_for_the_ratio_and_none_at_all_is_a_finding():
    assert relative_to_yardstick(record(runs=(0.01, 0.02), yardsticks=(0.005, None))).n == 1
    nothing = relative_to_yardstick(record(runs=(0.01, 0.02), yardsticks=(None, None)))
    assert isinstance(nothing, Finding)
    assert nothing.kind == "no-yardstick"


@pytest.mark.parametrize("number", [latency, throughput, relative_to_yardstick])
def test_an_emulated_machine_never_gives_a_speed(number):
    assert number(record(emulated=True)).kind == "emulated"


def test_a_failed_case_gives_its_reason_instead_of_a_speed():
    found = latency(record(outcome="failed", reason="logits are constant"))
    assert found.kind == "case-failed"
    assert "logits are constant" in found.message


def test_intervals_hold_the_truth_as_often_as_they_say():
    rng = random.Random(7)
    hits = 0
    for _ in range(400):
        estimate = latency(record(runs=[0.01 * math.exp(rng.gauss(0, 0.05)) for _ in range(5)]))
        assert isinstance(estimate, Estimate)
        hits += estimate.low <= 0.01 <= estimate.high
    assert 0.92 <= hits / 400 <= 0.98
