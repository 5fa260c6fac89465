"""Cases of several sessions on one scale: what sessions disagree in is part of the interval."""

from __future__ import annotations

import math

import pytest
from levit_bench.judge.estimates import latency
from levit_bench.judge.front.pairwise_ratios import Rivalry
from levit_bench.judge.front.pooled_latencies import pooled, yardstick_drift, yardstick_seconds
from levit_bench.judge.variance.case_sessions import Company
from levit_bench.records import Estimate, Finding, Record

from tests.making import record


def stick(value: float) -> Estimate:
    """A yardstick's latency in seconds."""
    return Estimate(value=value, low=value, high=value, level=0.95, n=3, method="given")


def kinds(estimate):
    return [finding.kind for finding in estimate.findings]


def joined(records: list[Record], scale: float | Estimate = 0.007) -> Estimate | Finding:
    """The first case of the records, among all of them."""
    cases: dict[str, list[Record]] = {}
    for one in records:
        cases.setdefault(one.info.id, []).append(one)
    rivalry = Rivalry(cases, Company.seen_in(records), across=True)
    return pooled(cases[records[0].info.id], stick(scale) if isinstance(scale, float) else scale, rivalry)


def width(estimate: Estimate | Finding) -> float:
    assert isinstance(estimate, Estimate)
    return math.log(estimate.high / estimate.low)


def test_joining_cancels_the_drift_between_sessions():
    calm = record(session="s1", runs=(0.0100, 0.0101, 0.0099), yardsticks=(0.0050, 0.00505, 0.00495))
    slow = record(session="s2", runs=(0.0120, 0.0121, 0.0119), yardsticks=(0.0060, 0.00605, 0.00595))
    estimate = joined([calm, slow], 0.0055)
    assert estimate.value == pytest.approx(0.011)
    assert estimate.n == 6


def test_what_sessions_disagree_in_is_in_the_interval_and_every_session_narrows_it():
    alike = [record(session=f"s{n}", runs=(0.0100, 0.0101, 0.0099)) for n in range(12)]
    widths = [width(joined(alike[:number])) for number in range(1, 13)]
    assert widths == sorted(widths, reverse=True)
    within = latency(alike[0])
    assert isinstance(within, Estimate)
    assert width(joined(alike[:2])) > math.log(within.high / within.low)
    apart = [record(session=f"s{n}", runs=[0.01 * math.exp(0.04 * (-1) ** n)] * 3) for n in range(6)]
    assert width(joined(apart)) > 2 * width(joined(alike[:6]))


def test_sessions_of_other_networks_change_nothing_for_a_case() -> None:
    mine = [record("mine", session=f"s{n}", runs=(0.0100, 0.0101, 0.0099)) for n in range(4)]
    beside = [record("other", session=f"s{n}", runs=(0.0200, 0.0202, 0.0198)) for n in range(4)]
    alone = joined([*mine, *beside])
    more = joined([*mine, *beside, record("third", session="s9")])
    assert (more.low, more.high) == (alone.low, alone.high)


def test_two_cases_compare_alike_whoever_is_asked_first() -> None:
    ones = [record("one", session=f"s{n}", runs=(0.01, 0.011, 0.012)) for n in (0, 1)]
    others = [
        record("other", session=f"s{n}", runs=[0.01 * n] * 3, yardsticks=(0.006 + 0.001 * n,) * 3) for n in (2, 3)
    ]
    cases = {"one": ones, "other": others}
    there, back = (Rivalry(cases, Company.seen_in([*ones, *others]), across=True) for _ in range(2))
    mine, theirs = there.effect("one", "other"), back.effect("other", "one")
    assert mine is not None
    assert theirs is not None
    assert (mine.log, mine.error, mine.freedom) == pytest.approx((-theirs.log, theirs.error, theirs.freedom))


def test_sessions_that_contradict_each_other_are_reported():
    one = record(session="s1", runs=(0.0100, 0.0101, 0.0099))
    two = record(session="s2", runs=(0.0122, 0.0123, 0.0121))
    found = joined([one, two])
    assert kinds(found) == ["sessions-disagree"]
    assert found.low < 0.0100
    assert found.high > 0.0122
    assert kinds(joined([one, record(session="s2", runs=(0.0099, 0.0102, 0.0100))])) == []


def test_a_session_of_one_run_counts_for_what_it_is_and_one_run_alone_is_told():
    one = record(session="s1", runs=(0.0100, 0.0101, 0.0099))
    assert joined([one, record(session="s2", runs=(0.0130,))]).value < 0.0115
    lonely = joined([record(session="s2", runs=(0.0130,)), record("other", session="s1")])
    assert kinds(lonely) == ["too-few-runs"]


def test_without_a_yardstick_a_case_has_no_place_among_several_sessions():
    bare = record(runs=(0.01, 0.02), yardsticks=(None, None))
    found = joined([bare, record("other", session="s2")])
    assert isinstance(found, Finding)
    assert found.kind == "no-yardstick"
    assert joined([record(emulated=True), record("other", session="s2")]).kind == "emulated"


def test_the_yardsticks_latency_counts_each_run_once_however_many_cases_share_it():
    few = [record("a", yardsticks=(0.005, 0.006, 0.007))]
    many = [record(name, yardsticks=(0.005, 0.006, 0.007)) for name in "abcde"]
    assert yardstick_seconds(many) == yardstick_seconds(few)
    assert yardstick_seconds(few).n == 3


def test_one_slow_session_does_not_rescale_the_others_and_is_reported():
    calm = [record(session=f"s{n}", yardsticks=(0.005, 0.005, 0.005)) for n in range(2)]
    busy = record(session="s2", yardsticks=(0.008, 0.008, 0.008))
    found = yardstick_seconds([*calm, busy])
    assert found.value == pytest.approx(0.005)
    assert kinds(found) == ["yardstick-moved"]
    assert "1.60 times" in found.findings[0].message
    assert kinds(joined([*calm, busy], found)) == ["sessions-disagree", "yardstick-moved"]
    assert kinds(yardstick_seconds(calm)) == []


def test_of_an_even_number_of_sessions_the_slower_of_the_middle_two_is_the_scale_whatever_their_order():
    sticks = (0.009, 0.005, 0.007, 0.006)
    for order in (sticks, sticks[::-1]):
        sessions = [record(session=f"s{at}", yardsticks=(stick,) * 3) for at, stick in enumerate(order)]
        assert yardstick_seconds(sessions).value == pytest.approx(0.007)
        drift = yardstick_drift(sessions)
        assert [each.session for each in drift] == ["s0", "s1", "s2", "s3"]
        assert [each.latency for each in drift] == pytest.approx([stick / 0.007 for stick in order])
        assert [each.image for each in drift] == pytest.approx([stick / 0.007 for stick in order])
    assert yardstick_drift([record(yardsticks=(None,) * 3)]) == ()
