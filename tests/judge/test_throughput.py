"""Images a second, from passes whose truth is known."""

from __future__ import annotations

import math
import random
from fractions import Fraction

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from levit_bench.judge.estimates import latency
from levit_bench.judge.findings import session_findings
from levit_bench.judge.front.pairwise_ratios import Rivalry
from levit_bench.judge.front.pooled_latencies import pooled, yardstick_seconds
from levit_bench.judge.metrics import SPEEDS
from levit_bench.judge.throughput import log_seconds, paired_images, reciprocal, throughput
from levit_bench.judge.variance.case_sessions import Company
from levit_bench.records import Estimate, Finding, Record, TurnLine
from levit_bench.store.files import read_session, records, session_files

from tests.docs.blocks import ROOT
from tests.making import passing, record, turn

seconds = st.floats(1e-6, 1e3)
turns_of_one = st.lists(st.lists(seconds, min_size=1, max_size=6), min_size=1, max_size=5)


def turns_of(durations: list[list[float]]) -> list[TurnLine]:
    return [msgspec.structs.replace(turn(1.0), duration_s=tuple(passes)) for passes in durations]


def rate(durations: list[list[float]], batch: int = 1, streams: int = 1) -> float:
    found = log_seconds(turns_of(durations), batch, streams)
    assert found is not None
    return math.exp(-found)


def value(found: Estimate | Finding) -> float:
    assert isinstance(found, Estimate)
    return found.value


def test_images_over_time_are_all_images_over_all_time() -> None:
    asked = passing("net", [10, 10, 40], batch=16)
    assert value(throughput(asked)) == pytest.approx(3 * 16 / 0.060)
    assert 16 / value(latency(asked)) == pytest.approx(1600), "the median pass claims twice as many as were done"


def test_turns_of_unequal_length_count_by_their_time() -> None:
    assert rate([[1.0, 1.0], [2.0, 2.0, 2.0, 2.0]]) == pytest.approx(6 / 10)


def test_two_unequal_streams_add_up_their_rates() -> None:
    asked = passing("net", [10, 10, 10, 30, 30, 30], batch=4, streams=2)
    assert value(throughput(asked)) == pytest.approx(4 / 0.010 + 4 / 0.030)
    assert rate([[0.01, 0.03], [0.02, 0.03]], 1, 2) == pytest.approx(2 / 0.03 + 2 / 0.06), "a stream over all turns"


def test_runs_are_averaged_by_their_logs_with_students_t() -> None:
    found = throughput(record(runs=(0.01 * math.e**-0.1, 0.01, 0.01 * math.e**0.1), batch=8))
    assert isinstance(found, Estimate)
    truth = 8 / (0.01 * 3.1 / 3)
    half = 4.302652729911275 * 0.1 / math.sqrt(3)
    limits = (found.value, found.low, found.high)
    assert limits == pytest.approx((truth, truth * math.exp(-half), truth * math.exp(half)))
    assert (found.n, found.method, found.findings) == (3, "t over runs", ())


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    rng = random.Random(7)
    hits = 0
    for _ in range(400):
        found = throughput(record(runs=[0.01 * math.exp(rng.gauss(0, 0.05)) for _ in range(5)], batch=4))
        assert isinstance(found, Estimate)
        hits += found.low <= 4 / (0.01 * 3.1 / 3) <= found.high
    assert 0.92 <= hits / 400 <= 0.98


def test_declared_looks_widen_the_interval() -> None:
    plain = record(runs=(0.010, 0.011, 0.012))
    looked = msgspec.structs.replace(plain, protocol=msgspec.structs.replace(plain.protocol, looks=(3, 6)))
    one, two = throughput(plain), throughput(looked)
    assert isinstance(one, Estimate)
    assert isinstance(two, Estimate)
    assert two.low < one.low < one.high < two.high
    assert two.method == "t over runs, 2 looks"


@given(turns_of_one, st.integers(1, 64))
def test_it_lies_between_a_batch_over_the_longest_and_over_the_shortest_pass(
    durations: list[list[float]], batch: int
) -> None:
    passes = [one for each in durations for one in each]
    low, high = batch / max(passes), batch / min(passes)
    assert low * (1 - 1e-9) <= rate(durations, batch) <= high * (1 + 1e-9)


@given(st.lists(st.lists(seconds, min_size=3, max_size=3), min_size=1, max_size=5), st.integers(1, 3))
def test_streams_lie_between_as_many_batches_over_the_longest_and_over_the_shortest_pass(
    durations: list[list[float]], each: int
) -> None:
    stretched = [[one for one in turn for _ in range(each)] for turn in durations]
    passes = [one for turn in durations for one in turn]
    assert 3 / max(passes) * (1 - 1e-9) <= rate(stretched, 1, 3) <= 3 / min(passes) * (1 + 1e-9)


@given(turns_of_one, st.randoms(use_true_random=False))
def test_the_order_of_turns_and_of_passes_does_not_matter(durations: list[list[float]], rng: random.Random) -> None:
    shuffled = [list(passes) for passes in durations]
    rng.shuffle(shuffled)
    for passes in shuffled:
        rng.shuffle(passes)
    assert rate(shuffled) == rate(durations)


@given(turns_of_one)
def test_it_is_work_over_time_in_exact_numbers(durations: list[list[float]]) -> None:
    passes = [Fraction(one) for each in durations for one in each]
    assert rate(durations) == pytest.approx(float(len(passes) / sum(passes)), rel=1e-12)


@given(turns_of_one, st.sampled_from([1e-3, 60.0]))
def test_another_unit_of_time_changes_nothing_else(durations: list[list[float]], unit: float) -> None:
    assume(all(unit * one > 0 for each in durations for one in each))
    scaled = [[unit * one for one in each] for each in durations]
    assert rate(scaled) * unit == pytest.approx(rate(durations))


def test_no_run_gives_a_finding_one_run_no_interval_and_a_failed_case_its_reason() -> None:
    nothing = throughput(record(runs=()))
    assert isinstance(nothing, Finding)
    assert nothing.kind == "no-turns"
    once = throughput(record(runs=(0.01,)))
    assert isinstance(once, Estimate)
    assert (once.low, once.high) == (-math.inf, math.inf)
    assert [finding.kind for finding in once.findings] == ["too-few-runs"]
    failed = throughput(record(outcome="failed", reason="logits are constant"))
    assert isinstance(failed, Finding)
    assert "logits are constant" in failed.message
    assert log_seconds([]) is None
    assert log_seconds(turns_of([[]])) is None


def test_a_turn_whose_passes_the_streams_do_not_divide_is_left_out_and_told() -> None:
    assert log_seconds(turns_of([[1.0, 1.0, 1.0]]), 1, 2) is None
    assert rate([[1.0, 2.0], [1.0, 1.0, 1.0]], 1, 2) == pytest.approx(1.5)
    odd = passing("net", [10, 10, 10], streams=2)
    told = [found.finding for found in session_findings([odd]) if found.finding.kind == "streams-uneven"]
    assert len(told) == 1
    assert "3 of 3 turns" in told[0].message
    assert isinstance(throughput(odd), Finding)
    assert not [
        d for d in session_findings([passing("net", [10, 10], streams=2)]) if d.finding.kind == "streams-uneven"
    ]


def test_several_sessions_are_joined_by_what_the_yardstick_did_in_the_median_one() -> None:
    calm = record(session="s1", runs=(0.0100, 0.0101, 0.0099), yardsticks=(0.0050, 0.00505, 0.00495), batch=2)
    slow = record(session="s2", runs=(0.0120, 0.0121, 0.0119), yardsticks=(0.0060, 0.00605, 0.00595), batch=2)
    speed = SPEEDS["throughput"]
    stick = yardstick_seconds([calm, slow], speed)
    assert isinstance(stick, Estimate)
    assert stick.value == pytest.approx((0.0060 * 0.00605 * 0.00595) ** (1 / 3) * 3.1 / 3)
    rivalry = Rivalry({calm.info.id: [calm, slow]}, Company({}), across=True, speed=speed)
    found = pooled([calm, slow], stick, rivalry)
    assert isinstance(found, Estimate)
    assert found.value == pytest.approx(stick.value)  # two images in the time of two yardsticks
    assert found.n == 6


def test_a_case_without_yardstick_cannot_be_joined() -> None:
    alone = record(yardsticks=(None,) * 3)  # type: ignore[arg-type]
    stick = yardstick_seconds([alone], SPEEDS["throughput"])
    assert isinstance(stick, Finding)
    assert stick.kind == "no-yardstick"


def test_a_ratio_of_images_is_paired_by_run_and_turns_round_with_its_sides() -> None:
    slow = (0.010, 0.013, 0.017)
    there = paired_images([record("a", tuple(1.25 * x for x in slow))], [record("b", slow, batch=4)])
    back = paired_images([record("b", slow, batch=4)], [record("a", tuple(1.25 * x for x in slow))])
    assert there is not None
    assert back is not None
    assert (there.value, there.low, there.high, there.runs) == pytest.approx((5.0, 5.0, 5.0, 3))
    assert back.value == pytest.approx(0.2)
    assert paired_images([record("a", (0.01, 0.01))], [record("b")]) is None
    assert paired_images([record("a", session="s1")], [record("b", session="s2")]) is None


def test_the_reciprocal_of_the_reciprocal_is_the_estimate() -> None:
    known = throughput(record(runs=(0.010, 0.011, 0.012)))
    assert isinstance(known, Estimate)
    back = reciprocal(reciprocal(known))
    assert (back.value, back.low, back.high) == pytest.approx((known.value, known.low, known.high))
    unknown = throughput(record(runs=(0.01,)))
    assert isinstance(unknown, Estimate)
    assert (reciprocal(unknown).low, reciprocal(unknown).high) == (-math.inf, math.inf)


def stored() -> list[Record]:
    """Of two committed sessions, one with streams, one with batches."""
    names = ("20261126T150817Z-53fd", "20261126T041844Z-f2fc")
    paths = [path for path in session_files(ROOT / "results") if path.stem in names]
    return [record for path in paths for record in records(read_session(path)) if record.info.role == "subject"]


def test_images_a_second_times_seconds_are_the_images_of_stored_records() -> None:
    kept = stored()
    assert any(one.case.streams == 2 for one in kept)
    assert any(one.case.batch > 1 for one in kept)
    for one in kept:
        batch, streams = one.case.batch, one.case.streams
        for run in one.runs:
            log = log_seconds(run.turns, batch, streams)
            assert log is not None
            passes = [turn.duration_s for turn in run.turns]
            count = sum(map(len, passes))
            if streams == 1:
                assert math.exp(-log) * sum(map(sum, passes)) == pytest.approx(batch * count)
            else:
                halves = [[p[: len(p) // 2] for p in passes], [p[len(p) // 2 :] for p in passes]]
                rates = [batch * (count / 2) / sum(map(sum, half)) for half in halves]
                assert math.exp(-log) == pytest.approx(sum(rates))
