"""Equals against equals: which are found, and what is counted."""

from __future__ import annotations

import math
import random

import msgspec
import pytest
from levit_bench.catalog.twins import SUFFIX, is_twin, original, twin_of
from levit_bench.judge.compare.aa import AAKind, noise, pairs, rates
from levit_bench.judge.compare.matching import keyed
from levit_bench.judge.front.panels import panels
from levit_bench.judge.front.pick import Limits, pick
from levit_bench.judge.front.pick_settings import pick_settings
from levit_bench.judge.published.accuracies import timm_name
from levit_bench.judge.verdicts import Verdict

from tests.making import record


def timed(network, session="s1", *, times=1.0, scatter=0.01, seats="shared", runs=5, **fields):
    """Runs that the machine slows for everybody, and a scatter of their own."""
    rng, shared = random.Random(f"{network} {session} {seats}"), random.Random(session)
    slow = [math.exp(shared.gauss(0, 0.05)) for _ in range(runs)]
    medians = [0.01 * times * one * math.exp(rng.gauss(0, scatter)) for one in slow]
    made = record(network, medians, yardsticks=[0.007 * one for one in slow], session=session, **fields)
    return msgspec.structs.replace(made, protocol=msgspec.structs.replace(made.protocol, seats=seats))


def twins(network, session="s1", *, times=1.0, **fields):
    return [timed(network, session, **fields), timed(network + SUFFIX, session, times=times, **fields)]


def counts(found):
    return {one.kind: (one.judged, one.alarms, one.reports, one.alarmed) for one in rates(found)}


def test_a_twin_is_the_same_case_under_a_name_of_its_own():
    case = record("nets.py:build#3f2a91", batch=16).case
    twin = twin_of(case)
    assert (is_twin(twin.network), is_twin(case.network), original(twin.network)) == (True, False, case.network)
    assert msgspec.structs.replace(twin, network=case.network) == case
    assert twin.id != case.id


def test_twins_are_paired_by_how_they_sat_and_each_session_is_a_report():
    found = pairs([*twins("a"), *twins("b"), *twins("a", "s2", seats="alone")])
    assert [(pair.kind, pair.report, pair.case.network) for pair in found] == [
        (AAKind.ONE_PROCESS, "s1", "a"), (AAKind.ONE_PROCESS, "s1", "b"), (AAKind.TWO_PROCESSES, "s2", "a"),
    ]  # fmt: skip
    assert [pair.comparison.family for pair in found] == [2, 2, 1]


def test_cases_that_differ_in_more_than_the_name_are_no_equals():
    assert pairs([timed("a"), timed("a" + SUFFIX, threads=2), timed("b")]) == []


def test_the_names_of_the_yardstick_are_equals_in_every_session():
    names = [timed(f"yardstick-1{end}", role="yardstick") for end in "ab"]
    (pair,) = pairs([*names, timed("null-1", role="null"), timed("a")])
    assert (pair.kind, pair.case.network) == (AAKind.YARDSTICKS, "yardstick-1a")


def test_a_false_alarm_is_counted_once_a_comparison_and_once_a_report():
    records = [*twins("a", times=1.2), *twins("b", times=0.8), *twins("c"), *twins("a", "s2")]
    found = pairs(records)
    assert counts(found)[AAKind.ONE_PROCESS] == (4, 2, 2, 1)
    (rate,) = [one for one in rates(found) if one.kind == AAKind.ONE_PROCESS]
    assert rate.verdicts[Verdict.SLOWER] == rate.verdicts[Verdict.FASTER] == 1


def test_repeated_sessions_of_the_same_cases_are_paired_without_sharing_any():
    records = [timed(name, f"s{at}") for at in range(7) for name in "ab"]
    found = pairs([*records, timed("a", "t0"), timed("a", "t1", threads=2), timed("a", "t2", threads=2)])
    reports = {pair.report for pair in found}
    assert reports == {"s0 s1", "s2 s3", "s4 s5", "t1 t2"}
    assert all((pair.kind, pair.logs) == (AAKind.SESSIONS, ()) for pair in found)


def test_twins_take_no_part_where_sessions_are_compared_and_networks_are_ranked():
    both = twins("levit_192")
    assert [key.network for key in keyed(both)] == ["levit_192"]
    (panel,) = panels(both)
    assert [point.label for point in panel.points] == ["levit_192"]
    assert [(out.label, out.reason) for out in panel.excluded] == [
        ("levit_192~twin@224", "a twin: timed to test the instrument, not to be ranked")
    ]
    assert pick(pick_settings(panels(both)), both, Limits(min_top1=50)).answer.label == "levit_192"
    assert (timm_name("levit_conv_192"), timm_name("levit_conv_192" + SUFFIX)) == ("levit_conv_192", None)


def test_the_noise_is_the_deviation_from_a_ratio_of_one():
    exact = [record("a", [0.01] * 4), record("a" + SUFFIX, [0.01 * math.exp(x) for x in (0.1, -0.1, 0.1, -0.1)])]
    (one,) = noise(pairs(exact))
    assert (one.pairs, one.runs) == (1, 4)
    assert one.of_runs == pytest.approx(0.1)
    assert one.of_pairs == pytest.approx(0.0, abs=1e-12)
    biased = [record("a", [0.01] * 3), record("a" + SUFFIX, [0.01 * math.exp(x) for x in (0.1, 0.2, 0.3)])]
    (one,) = noise(pairs(biased))
    assert one.of_pairs == pytest.approx(0.2)
    assert one.detectable > 1


def test_a_known_scatter_is_recovered():
    records = [one for at in range(40) for one in twins("a", f"s{at:02d}", scatter=0.02)]
    rows = {one.kind: one for one in noise(pairs(records))}
    twin = rows[AAKind.ONE_PROCESS]
    assert twin.of_runs == pytest.approx(0.02 * math.sqrt(2), rel=0.15)
    assert twin.of_pairs == pytest.approx(0.02 * math.sqrt(2 / 5), rel=0.3)
    assert math.isnan(rows[AAKind.SESSIONS].of_runs)
    assert rows[AAKind.SESSIONS].of_pairs == pytest.approx(0.02 * math.sqrt(2 / 5), rel=0.5)


@pytest.mark.parametrize("runs", [0, 1, 2])
def test_too_few_runs_and_failures_are_counted_apart_and_never_as_alarms(runs):
    (one,) = rates(pairs(twins("a", runs=runs)))
    assert (one.judged, one.unjudged, one.reports, one.alarms) == (0, 1, 0, 0)
    failed = [timed("a"), record("a" + SUFFIX, (), outcome="failed", reason="it raised")]
    (one,) = rates(pairs(failed))
    assert (one.judged, one.unjudged) == (0, 1)
    (row,) = noise(pairs(failed))
    assert math.isnan(row.of_runs)
    assert row.detectable is None


def test_nothing_stored_has_no_rates():
    assert (pairs([]), rates([]), noise([])) == ([], [], [])


def test_equals_of_a_simulated_machine_are_called_different_at_most_once_in_twenty_reports():
    records = [one for at in range(150) for name in "abc" for one in twins(name, f"s{at:03d}", scatter=0.02)]
    for rate in rates(pairs(records)):
        assert rate.alarmed / rate.reports < 0.10, rate.kind
