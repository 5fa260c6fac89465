"""Percentiles refuse what n does not support, and their limits hold the truth because they come from runs."""

from __future__ import annotations

import math
from statistics import NormalDist, fmean

import msgspec
import pytest
from levit_bench.judge.percentiles import SHARES, counted_passes, needed, percentile, percentiles
from levit_bench.records import Estimate, Finding, Record
from scipy.stats import binom

from tests.making import record
from tools.simulated.known_truth import fewest_hits
from tools.simulated.machine import REGULAR
from tools.simulated.sessions import take

NETWORK = {"quick": 0.0075}
"""Four passes a turn."""


def of_passes(*runs: list[float]) -> Record:
    """A record whose runs hold one turn of these passes."""
    made = record("net", [0.01] * len(runs), turns=1)
    turns = [msgspec.structs.replace(run.turns[0], duration_s=tuple(d)) for run, d in zip(made.runs, runs, strict=True)]
    kept = [msgspec.structs.replace(run, turns=(turn,)) for run, turn in zip(made.runs, turns, strict=True)]
    return msgspec.structs.replace(made, runs=tuple(kept))


@pytest.mark.parametrize(("share", "n"), [(0.5, 11), (0.9, 64), (0.95, 130), (0.99, 662)])
def test_n_is_the_least_at_which_two_passes_lie_above_the_percentile_with_99_percent(share: float, n: int) -> None:
    assert needed(share) == n
    assert binom.cdf(1, n, 1 - share) <= 0.01 < binom.cdf(1, n - 1, 1 - share)


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, math.nan])
def test_what_is_no_share_is_an_error(share: float) -> None:
    with pytest.raises(ValueError, match="a share lies between 0 and 1"):
        needed(share)


def test_one_pass_too_few_is_a_finding_that_says_how_many_more() -> None:
    runs = [[0.01 + 1e-5 * at for at in range(21)] for _ in range(3)]
    found = percentile(of_passes(*runs), 0.9)
    assert isinstance(found, Finding)
    assert found.kind == "too-few-passes"
    assert found.message.startswith("63 passes are too few for p90: 64 are needed, 1 more")
    assert isinstance(percentile(of_passes(runs[0], runs[1], [*runs[2], 0.02]), 0.9), Estimate)


def test_the_value_is_a_pass_that_was_measured_and_the_share_of_the_passes_is_at_most_as_long() -> None:
    runs = [[0.001 * (1 + at) for at in range(run, 100, 4)] for run in range(4)]
    found = {one.name: one.result for one in percentiles(of_passes(*runs))}
    assert {name: round(1000 * one.value) for name, one in found.items() if isinstance(one, Estimate)} == {
        "p50": 50, "p90": 90,
    }  # fmt: skip
    assert {name for name, one in found.items() if isinstance(one, Finding)} == {"p95", "p99"}


def test_percentiles_rise_with_their_share_and_lie_within_their_limits() -> None:
    found = [
        percentile(take(REGULAR["stretches"], 1, networks=NETWORK, runs=8, rounds=30).records[0], s) for s in SHARES
    ]
    assert all(isinstance(one, Estimate) and one.low <= one.value <= one.high for one in found)
    values = [one.value for one in found if isinstance(one, Estimate)]
    assert values == sorted(values)


def test_two_runs_give_limits_with_a_finding_and_one_gives_none() -> None:
    runs = [[0.01 + 1e-5 * at for at in range(run, run + 100)] for run in (0, 3)]
    two, one = percentile(of_passes(*runs), 0.5), percentile(of_passes(runs[0]), 0.5)
    assert isinstance(two, Estimate)
    assert isinstance(one, Estimate)
    assert [finding.kind for finding in (*two.findings, *one.findings)] == ["too-few-runs"] * 2
    assert (one.low, one.high) == (-math.inf, math.inf)


def test_runs_that_agree_by_chance_do_not_give_an_interval_of_no_width() -> None:
    found = percentile(of_passes(*([0.01 + 1e-5 * at for at in range(40)] for _ in range(4))), 0.5)
    assert isinstance(found, Estimate)
    assert found.high - found.low > 5e-5


def test_equal_passes_give_their_duration() -> None:
    found = percentile(of_passes(*([0.01] * 40 for _ in range(3))), 0.9)
    assert isinstance(found, Estimate)
    assert (found.value, found.low) == (0.01, 0.01)


def test_a_record_without_a_time_has_no_percentile_but_its_reason() -> None:
    for made in (record("net", (), outcome="failed", reason="hung"), record("net", ()), record(emulated=True)):
        assert {one.result.kind for one in percentiles(made) if isinstance(one.result, Finding)} <= {
            "case-failed", "no-turns", "emulated",
        }  # fmt: skip
        assert all(isinstance(one.result, Finding) for one in percentiles(made))


def test_runs_that_do_not_count_are_left_out() -> None:
    assert counted_passes(record("net", (0.01,) * 3, complete=False, turns=1)) == 0
    assert counted_passes(record("net", (0.01,) * 3, turns=2)) == 18


def coverage(name: str, sessions: int, share: float) -> float:
    """Share of the sessions whose limits hold the true percentile of normal noise."""
    one = REGULAR[name]
    spread = math.sqrt(one.run**2 + one.case_run**2 + one.round**2 + one.turn**2 + one.one_pass**2)
    hits = []
    for seed in range(sessions):
        taken = take(one, seed, networks=NETWORK, runs=8, rounds=20)
        found = percentile(taken.record("quick"), share)
        assert isinstance(found, Estimate)
        truth = taken.truth_s("quick") * math.exp(NormalDist().inv_cdf(share) * spread)
        hits.append(found.low <= truth <= found.high)
    return fmean(hits)


@pytest.mark.parametrize("share", [0.5, 0.9])
def test_limits_hold_the_truth_in_nearly_95_percent_of_a_few_sessions(share: float) -> None:
    assert coverage("normal", 80, share) * 80 >= fewest_hits(80, 0.95)


@pytest.mark.slow
@pytest.mark.exhaustive
@pytest.mark.parametrize("share", [0.5, 0.9, 0.95])
@pytest.mark.parametrize("name", ["normal", "quiet"])
def test_limits_hold_the_truth_in_at_least_93_percent(name: str, share: float) -> None:
    assert coverage(name, 1000, share) >= 0.93
