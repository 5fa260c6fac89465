import math
import random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from levit_bench.judge.estimates import latency, looks_of, relative_to_yardstick
from levit_bench.judge.front.panels import panels
from levit_bench.judge.paired_ratio import paired
from levit_bench.judge.percentiles import percentile
from levit_bench.judge.throughput import throughput
from levit_bench.judge.verdicts import judge, of_pairs
from levit_bench.numbers.statistics import t_interval
from levit_bench.records import Estimate, Finding

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


def resumed(made, resumes, looks=()):
    """A record of a session that was resumed so often."""
    return msgspec.structs.replace(
        made, resumes=resumes, protocol=msgspec.structs.replace(made.protocol, looks=tuple(looks))
    )


def test_a_session_of_one_sitting_has_the_interval_that_it_always_had_and_a_resumed_one_says_so():
    made = record(runs=(0.010, 0.011, 0.012, 0.0105))
    assert latency(resumed(made, 0)) == latency(made)
    once = latency(resumed(made, 1))
    assert once.method == "t over runs, 2nd look"
    assert relative_to_yardstick(resumed(made, 2)).method == "t over runs, ratio to the yardstick, 3rd look"
    half = t_interval([math.log(one) for one in (0.010, 0.011, 0.012, 0.0105)], 1 - 0.05 / 6)
    assert math.log(once.high) == pytest.approx(half.high)


def test_declared_looks_are_paid_for_as_before_however_many_sittings_they_took():
    made = resumed(record(runs=(0.010, 0.011, 0.012, 0.0105)), 0, looks=(4, 7))
    assert latency(resumed(made, 3, looks=(4, 7))) == latency(made)
    assert latency(made).method == "t over runs, 2 looks"


def test_a_panel_pays_for_the_session_that_was_looked_at_most():
    one, two = record(session="s1", runs=(0.010, 0.011, 0.012)), record(session="s2", runs=(0.0101, 0.0112, 0.0123))
    plain, paid = (panels([one, each])[0].points[0].latency for each in (two, resumed(two, 1)))
    assert paid.high > plain.high
    assert paid.method.endswith(", 2nd look")
    assert looks_of([one, resumed(two, 1)]) == 6
    assert looks_of([]) == 1


def _logs(made):
    return [math.log(run.turns[0].duration_s[0]) for run in made.runs]


INTERVALS = {
    "latency": latency,
    "ratio": relative_to_yardstick,
    "throughput": throughput,
    "percentile": lambda r: percentile(r, 0.5),
    "paired": lambda r: paired([r], [resumed(record("other", runs=(0.01, 0.01, 0.01, 0.01)), r.resumes)]),
    "verdict": lambda r: (
        judge([of_pairs([math.log(run.turns[0].duration_s[0]) for run in r.runs])], looks=looks_of([r]))[0].ratio
    ),
}


@pytest.mark.parametrize("name", INTERVALS)
@settings(deadline=None)
@given(
    runs=st.lists(st.floats(0.005, 0.05), min_size=4, max_size=4, unique=True),
    fewer=st.integers(0, 10),
    more=st.integers(0, 10),
)
def test_a_further_resume_never_narrows_an_interval(name, runs, fewer, more):
    few, many = sorted((fewer, more))
    made = record(runs=runs, turns=6)
    one, other = (INTERVALS[name](resumed(made, resumes)) for resumes in (few, many))
    assert other.low <= one.low <= one.high <= other.high


def test_a_case_of_a_session_that_was_broken_off_is_told_the_run_and_how_to_add_runs():
    def told(**fields):
        found = latency(record(session="s7", **fields))
        assert isinstance(found, Finding)
        return found.message

    resume = "Add runs: levit-bench run --resume s7 --budget 2m"
    broken = told(runs=(0.01,), complete=False, turns=1)
    assert broken == f"no run holds enough turns to count: the session was broken off in run 1. {resume}"
    assert "was broken off in run 2." in told(runs=(0.01, 0.01), complete=False, turns=1)
    assert told(runs=()).endswith(f": the session ended before the case had a turn. {resume}")
    # A run that came to its end did not lack time to be taken up again.
    assert "--budget" in told(runs=(0.01,), turns=0)
