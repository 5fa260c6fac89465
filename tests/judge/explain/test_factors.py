"""Where a ratio comes from: factors whose product it is, from made records with known causes."""

from __future__ import annotations

import math
import random

import msgspec
import pytest
from levit_bench.errors import NothingToShowError, UsageError
from levit_bench.judge.explain.factors import ALLOCATOR, EFFICIENCY, REST, WORK, contrast, explain
from levit_bench.judge.paired_ratio import paired, paired_logs

from tests.making import record

RUNS = (0.010, 0.013, 0.017, 0.011, 0.012)
"""What slows everybody in a run."""


def timed(network, times=1.0, *, scatter=0.0, macs=100, faults=None, **fields):
    """Runs of a network that takes so many times as long as 10 ms, on a machine that slows all alike."""
    rng = random.Random(f"{network} {fields}")
    made = record(network, [one * times * math.exp(rng.gauss(0, scatter)) for one in RUNS], **fields)
    info = msgspec.structs.replace(made.info, macs=macs, params=1000)
    told = {"minor_faults": faults and 3 * faults, "major_faults": faults and 0, "cpu_s": 1.8e-2 * times}
    runs = tuple(
        msgspec.structs.replace(run, turns=tuple(msgspec.structs.replace(turn, **told) for turn in run.turns))
        for run in made.runs
    )
    return msgspec.structs.replace(made, info=info, runs=runs)


def factors(found):
    return {factor.name: factor.times.value for factor in found.factors}


def product(found):
    return math.prod(factor.times.value for factor in found.factors)


def test_work_and_efficiency_are_the_ratio():
    one, other = timed("a", 1.0, scatter=0.02, macs=100), timed("b", 2.0, scatter=0.02, macs=160)
    found = explain([one, other], one, other)
    assert list(factors(found)) == [WORK, EFFICIENCY]
    assert factors(found)[WORK] == 1.6
    assert product(found) == pytest.approx(found.ratio.value, rel=1e-12)
    same = paired([other], [one])
    assert (found.ratio.value, found.ratio.low, found.ratio.high) == pytest.approx(same[:3], rel=1e-12)
    left = found.factors[-1].times
    assert (left.low * 1.6, left.high * 1.6) == pytest.approx((found.ratio.low, found.ratio.high), rel=1e-12)
    rates = found.first.flops / found.second.flops
    assert rates == pytest.approx(left.value, rel=0.03)
    assert found.findings == ()


def test_the_allocator_is_what_both_lose_by_it():
    everything = [
        timed("a", 1.0), timed("a", 1.25, allocator="shipped", faults=10),
        timed("b", 1.5, macs=120), timed("b", 3.0, allocator="shipped", faults=1010, macs=120),
    ]  # fmt: skip
    found = explain(everything, everything[1], everything[3])
    assert factors(found) == pytest.approx({WORK: 1.2, ALLOCATOR: 2.0 / 1.25, EFFICIENCY: 1.25})
    assert found.ratio.value == pytest.approx(2.4)
    cost = found.second.cost
    assert (cost.times.value, cost.share.value) == pytest.approx((2.0, 0.5))
    assert cost.faults is None  # the pinned case does not tell
    assert found.second.minor_faults == 1010


def test_pinned_against_pinned_has_no_allocator_and_still_says_what_it_costs():
    everything = [timed("a"), timed("b"), timed("b", 1.6, allocator="shipped", faults=800)]
    found = explain(everything, *everything[:2])
    assert list(factors(found)) == [WORK, EFFICIENCY]
    assert found.first.cost is None
    assert found.second.cost.share.value == pytest.approx(0.375)


def test_one_network_under_two_allocators_is_the_allocator_alone():
    one, other = timed("a", scatter=0.02), timed("a", 1.7, scatter=0.02, allocator="shipped")
    for first, second in ((one, other), (other, one)):
        found = explain([one, other], first, second)
        assert factors(found) == pytest.approx({WORK: 1.0, ALLOCATOR: found.ratio.value, EFFICIENCY: 1.0})
        assert found.factors[-1].times.high == pytest.approx(1.0)


def test_sides_with_different_allocators_are_taken_apart_too():
    everything = [timed("a"), timed("b", 1.5, macs=150), timed("b", 3.0, allocator="shipped", macs=150)]
    found = explain(everything, everything[0], everything[2])
    assert factors(found) == pytest.approx({WORK: 1.5, ALLOCATOR: 2.0, EFFICIENCY: 1.0})


def test_without_its_pinned_case_the_allocator_stays_in_the_efficiency():
    everything = [timed("a", allocator="shipped"), timed("b", 2.0, allocator="shipped"), timed("b")]
    found = explain(everything, *everything[:2])
    assert list(factors(found)) == [WORK, EFFICIENCY]
    failed = timed("a", outcome="failed", reason="it raised")
    assert list(factors(explain([*everything, failed], *everything[:2]))) == [WORK, EFFICIENCY]


def test_a_batch_is_work():
    one, other = timed("a", batch=1), timed("a", 8.0, batch=16)
    assert factors(explain([one, other], one, other)) == pytest.approx({WORK: 16, EFFICIENCY: 0.5})


def test_without_a_count_everything_is_the_rest():
    one, other = timed("a", macs=None), timed("b", 2.0)
    found = explain([one, other], one, other)
    assert factors(found) == pytest.approx({REST: 2.0})
    assert found.first.flops is None


def test_stored_figures_are_told_a_pass():
    one, other = timed("a", faults=50, precision="bf16"), timed("b", threads=2)
    found = explain([one, other], one, other)
    assert (found.first.minor_faults, found.first.major_faults) == (50, 0)
    assert (found.second.minor_faults, found.second.major_faults) == (None, None)
    assert found.first.threads_used == pytest.approx(1.8e-2 * 10 / (3.1 * sum(RUNS) * 2))
    assert found.first.device_share is None
    assert (found.first.weight_bytes, found.second.weight_bytes) == (2000, 4000)


def test_the_device_has_its_share():
    one, other = timed("a"), timed("b")
    runs = tuple(
        msgspec.structs.replace(
            run,
            turns=tuple(msgspec.structs.replace(t, device_s=tuple(d / 4 for d in t.duration_s)) for t in run.turns),
        )
        for run in one.runs
    )
    one = msgspec.structs.replace(one, runs=runs)
    found = explain([one, other], one, other)
    assert found.first.device_share == pytest.approx(0.25)
    assert found.second.device_share is None


def test_a_contrast_of_two_is_their_paired_logs():
    one, other = timed("a", scatter=0.05), timed("b", 2.0, scatter=0.05)
    assert list(contrast([other], [one]).values()) == pytest.approx(paired_logs([other], [one]))


def test_too_few_runs_are_told():
    one, other = record("a", RUNS[:1]), record("b", RUNS[:1])
    found = explain([one, other], one, other)
    assert [finding.kind for finding in found.findings] == ["too-few-runs"]
    assert math.isinf(found.ratio.high)


@pytest.mark.parametrize(
    ("other", "error", "said"),
    [
        (record("b", RUNS, session="s2"), UsageError, "the two cases are of two sessions, s1 and s2"),
        (record("b", outcome="failed", reason="it raised"), NothingToShowError, "has no speed to explain. failed: it "),
        (record("b", RUNS, emulated=True), NothingToShowError, "has no speed to explain. emulated"),
        (record("b", ()), NothingToShowError, "no round of s1 holds both a 224px b1 t1 pinned and b 224px"),
    ],
)
def test_what_cannot_be_explained_is_refused(other, error, said):
    one = timed("a")
    with pytest.raises(error) as caught:
        explain([one, other], one, other)
    assert said in str(caught.value)
