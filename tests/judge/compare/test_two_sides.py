"""Stored sessions against each other: known truths through made-up machines."""

from __future__ import annotations

import math
import random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from levit_bench.errors import NotComparableError, NothingToShowError, UsageError
from levit_bench.judge.compare.two_sides import FEW_SESSIONS, compare
from levit_bench.judge.variance.case_sessions import ratios
from levit_bench.judge.verdicts import Rules, Verdict

from tests.making import record

MIRROR = {Verdict.SLOWER: Verdict.FASTER, Verdict.FASTER: Verdict.SLOWER}


def session(name, times=1.0, *, network="net", runs=5, scatter=0.01, drift=0.0, seed=0, **fields):
    """A record whose runs scatter around 10 ms, times a factor; drift slows case and yardstick alike."""
    rng = random.Random(f"{name} {network} {seed}")
    slow = [math.exp(drift + rng.gauss(0, 0.05)) for _ in range(runs)]
    medians = [0.01 * times * one * math.exp(rng.gauss(0, scatter)) for one in slow]
    return record(network, medians, yardsticks=[0.007 * one for one in slow], session=name, **fields)


def kinds(report):
    return [finding.kind for finding in report.findings]


def only(report):
    (row,) = report.rows
    return row.comparison


HISTORY = [session(f"0h{at}", math.exp(0.003 * (at % 3 - 1))) for at in range(8)]


@pytest.mark.parametrize(
    ("times", "verdict"), [(1.1, Verdict.SLOWER), (1 / 1.1, Verdict.FASTER), (1.0, Verdict.INCONCLUSIVE)]
)
def test_a_change_is_found_through_the_drift_of_the_machine(times, verdict):
    found = only(compare([session("a")], [session("b", times, drift=0.05)], HISTORY))
    assert found.verdict == verdict
    assert found.ratio.value == pytest.approx(times, rel=0.02)
    assert found.findings == ()


def test_what_sessions_disagree_in_decides_what_is_a_difference():
    first, second = [session("a")], [session("b", 1.06)]
    calm = compare(first, second, [session(f"0h{at}") for at in range(8)])
    wild = compare(first, second, [session(f"0h{at}", math.exp(0.06 * (-1) ** at)) for at in range(8)])
    assert (only(calm).verdict, only(wild).verdict) == (Verdict.SLOWER, Verdict.INCONCLUSIVE)
    assert only(wild).detectable > only(calm).detectable


def test_without_enough_sessions_the_scatter_is_assumed_and_said_so_once():
    first, second = [session("a"), session("a", network="b")], [session("b"), session("b", network="b")]
    report = compare(first, second, HISTORY[: FEW_SESSIONS - 1])
    (finding,) = (one for one in report.findings if one.kind == "session-scatter-assumed")
    assert "earlier sessions of b, net in the same setting" in finding.message
    assert "session-scatter-assumed" not in kinds(compare(first[:1], second[:1], HISTORY[:FEW_SESSIONS]))


def test_a_change_between_the_sides_or_since_the_history_is_no_scatter():
    first, second = [session("a", 1.3), session("b", 1.3)], [session("c", 1.5), session("d", 1.5)]
    assert only(compare(first, second, HISTORY)).detectable < 1.05


@pytest.mark.parametrize("times", [1.0, 1.03, 1.1])
def test_every_session_of_the_history_narrows_the_limits_where_it_shows_nothing_new(times):
    first, second = [session("a")], [session("b", times)]
    alike = [session(f"0h{at}", scatter=0.0) for at in range(12)]
    widths = []
    for known in range(len(alike) + 1):
        ratio = only(compare(first, second, alike[:known])).ratio
        widths.append(math.log(ratio.high / ratio.low))
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] < widths[0] / 2


def test_other_company_is_told_and_widens_the_limits():
    first, second = [session("a")], [session("b")]
    beside = [*second, session("b", network="neighbour")]
    alone, among = (compare(first, each, HISTORY) for each in (second, beside))
    assert "company-differs" not in kinds(alone)
    assert "company-differs" in kinds(among)
    assert only(among).ratio.high > only(alone).ratio.high


def test_where_the_yardstick_moved_unlike_drift_is_reckoned_with():
    first = [session("a")]
    still, moved = (only(compare(first, [session("b", drift=drift)], HISTORY[:1])) for drift in (0.0, 0.2))
    assert moved.ratio.value == pytest.approx(still.ratio.value)
    assert moved.ratio.high > 1.02 * still.ratio.high


def test_an_inconclusive_report_says_what_no_budget_finds_and_what_does():
    report = compare([session("a")], [session("b", 1.03)], HISTORY[:2])
    (finding,) = (one for one in report.findings if one.kind == "sessions-out-of-reach")
    assert "measure both sides in one session" in finding.message
    assert "sessions-out-of-reach" not in kinds(compare([session("a")], [session("b", 1.5)], HISTORY[:2]))


def test_contradictory_sessions_and_sessions_of_one_run_give_an_answer():
    first, second = [session("a"), session("b", 1.2)], [session("c", 1.1), session("d", 1.1, runs=1)]
    found = only(compare(first, second, [session("0h0", runs=1), session("0h1", 0.8)]))
    assert found.verdict == Verdict.INCONCLUSIVE
    assert found.ratio.low < 1 < found.ratio.high


def test_neither_side_is_part_of_the_history_that_judges_it():
    first, second = session("a"), session("b", 1.5)
    with_sides = compare([first], [second], [*HISTORY, first, second])
    assert with_sides == compare([first], [second], HISTORY)


@given(st.floats(0.8, 1.25), st.integers(0, 50), st.booleans())
def test_swapping_the_sides_mirrors_the_verdict(times, seed, known):
    first, second = [session("a", seed=seed)], [session("b", times, seed=seed)]
    history = HISTORY if known else []
    there, back = only(compare(first, second, history)), only(compare(second, first, history))
    assert back.verdict == MIRROR.get(there.verdict, there.verdict)
    assert back.ratio.value == pytest.approx(1 / there.ratio.value)
    assert back.detectable == pytest.approx(there.detectable)


def scaled(one, factor):
    """The record on a machine that is slower by a factor, the yardstick included."""

    def turns(given):
        return tuple(msgspec.structs.replace(t, duration_s=tuple(factor * d for d in t.duration_s)) for t in given)

    runs = tuple(
        msgspec.structs.replace(run, turns=turns(run.turns), yardsticks=tuple(map(turns, run.yardsticks)))
        for run in one.runs
    )
    return msgspec.structs.replace(one, runs=runs)


@given(st.floats(0.9, 1.1), st.floats(0.01, 100))
def test_a_slower_day_changes_nothing(times, factor):
    first, second = session("a"), session("b", times)
    plain, later = (only(compare([first], [one], HISTORY)) for one in (second, scaled(second, factor)))
    assert later.ratio.value == pytest.approx(plain.ratio.value)
    if abs(math.log(factor)) > 0.2:  # The yardstick says how far the day was off; a case need not share all of it.
        assert later.ratio.high > plain.ratio.high


@given(st.floats(0.9, 1.1), st.floats(0.01, 100))
def test_a_machine_that_is_slower_by_one_factor_changes_nothing(times, factor):
    sides = [session("a")], [session("b", times)]
    plain = only(compare(*sides, HISTORY))
    whole = only(
        compare(*([scaled(one, factor) for one in side] for side in sides), [scaled(h, factor) for h in HISTORY])
    )
    assert (whole.ratio.low, whole.ratio.high) == pytest.approx((plain.ratio.low, plain.ratio.high))
    assert whole.verdict == plain.verdict


@given(st.integers(0, 100))
def test_identical_data_under_two_names_are_never_slower_or_faster(seed):
    one = session("a", seed=seed)
    again = msgspec.structs.replace(one, session="b")
    assert only(compare([one], [again])).verdict not in MIRROR


@pytest.mark.parametrize("runs", [0, 1, 2])
def test_too_few_runs_on_either_side_are_inconclusive_with_the_reason(runs):
    short, whole = session("a", runs=runs), session("b")
    for first, second in ((short, whole), (whole, short)):
        found = only(compare([first], [second], HISTORY))
        assert (found.verdict, found.ratio) == (Verdict.INCONCLUSIVE, None)
        assert "too few runs" in found.reason


def test_a_case_without_a_yardstick_has_no_unit():
    bare = record("net", [0.01] * 3, yardsticks=[None] * 3, session="b")
    found = only(compare([session("a")], [bare]))
    assert (found.verdict, found.findings[0].kind) == (Verdict.INCONCLUSIVE, "no-yardstick")


def test_cases_that_only_one_side_holds_are_named():
    first = [session("a"), session("a", network="gone")]
    second = [session("b"), session("b", network="fresh")]
    report = compare(first, second, HISTORY)
    assert [one.case.network for one in report.missing] == ["gone"]
    assert [one.case.network for one in report.new] == ["fresh"]
    assert compare(first, second, HISTORY, whole=False).missing == ()
    never = record("never", (), session="a", outcome="failed", reason="it raised")
    assert compare([*first, never], second, HISTORY).missing == report.missing


def test_a_case_in_another_setting_is_told_with_the_fields_and_is_no_comparison():
    first = [session("a"), session("a", network="b")]
    second = [session("b"), session("b", network="b", threads=4)]
    report = compare(first, second, HISTORY)
    (row,) = report.unmatched
    assert row.comparison.reason == "the sides differ in threads (1, 4)"
    assert (row.comparison.verdict, row.comparison.ratio) == (Verdict.NOT_COMPARABLE, None)
    assert report.rows[0].comparison.family == 1


def test_a_failure_has_its_reason_and_counts_as_one_on_the_second_side_only():
    broken = record("net", (), session="x", outcome="failed", reason="it raised")
    report = compare([session("a")], [broken], HISTORY)
    assert len(report.failed) == 1
    assert only(report).reason == "no time on the second side: failed: it raised"
    report = compare([broken], [session("b")], HISTORY)
    assert report.failed == ()
    assert "no time on the first side" in only(report).reason
    assert report.unmatched == ()


def test_an_emulated_session_is_never_judged():
    report = compare([session("a")], [session("b", emulated=True)], HISTORY)
    assert only(report).verdict == Verdict.NOT_COMPARABLE
    assert report.failed == ()


def test_an_ignored_difference_is_told_once_with_what_it_does_to_the_unit():
    first = [session("a"), session("a", network="b")]
    second = [session("b", torch="2.14.0"), session("b", network="b", torch="2.14.0")]
    ignored = compare(first, second, ignore=["torch"]).findings[0]
    assert ignored.kind == "ignored-difference"
    assert "the sides differ in torch (2.13.0, 2.14.0): net, b." in ignored.message
    assert "in its own yardstick" in ignored.message


def test_nothing_comparable_is_refused_with_the_fields():
    with pytest.raises(NotComparableError, match=r"differ in torch \(2\.13\.0, 2\.14\.0\)"):
        compare([session("a")], [session("b", torch="2.14.0")])


def test_a_session_is_not_compared_with_itself_and_an_empty_side_is_told():
    with pytest.raises(UsageError, match="both sides hold session a, and a session agrees with itself"):
        compare([session("a")], [session("b"), session("a", network="other")])
    with pytest.raises(NothingToShowError, match="the second side holds no case"):
        compare([session("a")], [session("b", role="null")])


def test_a_side_of_several_sessions_is_the_mean_of_them_and_judges_their_scatter():
    before = [session(f"0h{at}") for at in range(6)]
    found = only(compare(before, [session("z", 1.05)]))
    assert found.verdict == Verdict.SLOWER
    alone = only(compare(before[:1], [session("z", 1.05)], before))
    assert found.detectable < alone.detectable


def test_the_least_effect_and_the_margin_are_what_was_asked_for():
    first, second = [session("a")], [session("b", 1.04)]
    found = only(compare(first, second, HISTORY, Rules(min_effect=0.2, margin=0.1)))
    assert (found.verdict, found.min_effect, found.margin) == (Verdict.SAME, 0.2, 0.1)


def test_ratios_are_those_to_the_yardstick_of_each_run():
    (found,) = ratios([record("a", [0.014, 0.028], yardsticks=[0.007, 0.014])])
    assert (found.mean, found.runs, found.variance) == pytest.approx((math.log(2), 2, 0.0))


@pytest.mark.parametrize("sigma", [0.0, 0.01, 0.03])
def test_sessions_of_an_unchanged_machine_are_called_different_at_most_once_in_twenty(sigma):
    rng, alarms, trials = random.Random(sigma), 0, 400
    for trial in range(trials):
        made = [session(f"s{at}", math.exp(rng.gauss(0, sigma)), scatter=0.025, seed=trial) for at in range(10)]
        alarms += only(compare(made[:1], made[1:2], made[2:])).verdict in MIRROR
    assert alarms / trials < 0.07
