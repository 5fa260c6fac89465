"""Verdicts against known truth: what is said, how often it is wrong, and what is never said at all."""

from __future__ import annotations

import math
import random
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from levit_bench.errors import UsageError
from levit_bench.judge.verdicts import (
    METHOD_PAIRS,
    Effect,
    Rules,
    Verdict,
    detectable,
    gate_rules,
    judge,
    of_pairs,
    refused,
    rules_of,
    same_level,
)
from levit_bench.records import Finding

RULES = Rules()
MIRROR = {Verdict.SLOWER: Verdict.FASTER, Verdict.FASTER: Verdict.SLOWER}

logs = st.lists(st.floats(-0.3, 0.3), min_size=3, max_size=8)


def one(effect, rules=RULES):
    (found,) = judge([effect], rules)
    return found


def around(mean, deviation=0.01, runs=5):
    """Runs with exactly this mean and standard deviation."""
    steps = [at - (runs - 1) / 2 for at in range(runs)]
    scale = deviation / math.sqrt(sum(step**2 for step in steps) / (runs - 1))
    return [mean + scale * step for step in steps]


@pytest.mark.parametrize(
    ("mean", "deviation", "verdict"),
    [
        (0.10, 0.01, Verdict.SLOWER),
        (-0.10, 0.01, Verdict.FASTER),
        (0.00, 0.01, Verdict.SAME),
        (0.005, 0.001, Verdict.SAME),  # surely above 1, and of no interest
        (0.03, 0.001, Verdict.SLOWER),  # 3.05 %: no margin reaches what is to be found
        (0.029, 0.001, Verdict.INCONCLUSIVE),  # 2.94 %, and the interval holds 3 %
        (0.00, 0.10, Verdict.INCONCLUSIVE),
        (0.10, 0.10, Verdict.INCONCLUSIVE),
        (0.025, 0.04, Verdict.INCONCLUSIVE),
    ],
)
def test_a_verdict_follows_from_limits_least_effect_and_margin(mean, deviation, verdict):
    assert one(of_pairs(around(mean, deviation))).verdict == verdict


def test_a_sure_difference_that_is_neither_large_enough_nor_within_the_margin_is_inconclusive():
    found = one(of_pairs(around(0.05, 0.001)), Rules(min_effect=0.10, margin=0.02))
    assert found.verdict == Verdict.INCONCLUSIVE
    assert "less than --min-effect 10 % and not within ±2 %" in found.reason


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (Rules(-0.01, -0.01), "--min-effect: invalid share -0.01 of a time"),
        (Rules(math.nan, 0.0), "--min-effect: invalid share nan"),
        (Rules(0.1, math.nan), "--margin: invalid share nan"),
        (Rules(2.0, 0.1), "--min-effect: invalid share 2.0"),
    ],
)
def test_rules_that_are_no_shares_are_refused_before_anything_is_judged(given, said):
    for refuse in (lambda: judge([of_pairs(around(0.0))], given), lambda: gate_rules(*given)):
        with pytest.raises(UsageError, match=re.escape(said)):
            refuse()


@pytest.mark.parametrize(
    ("least", "margin", "said"),
    [
        (0.01, 0.03, "--margin 3 % is above --min-effect 1 %"),
        (0.02, 0.0200001, "Give a --margin of at most 2 %, or leave it out"),
    ],
)
def test_a_margin_above_the_least_effect_is_for_gates_alone(least, margin, said):
    with pytest.raises(UsageError, match=re.escape(said)):
        rules_of(least, margin)
    assert gate_rules(least, margin) == Rules(least, margin)
    assert gate_rules() == Rules(0.02, 0.05)


@given(st.floats(0, 1), st.none() | st.floats(0, 1))
def test_the_margin_is_the_least_effect_unless_a_smaller_one_is_named(least, margin):
    if margin is not None and margin > least:
        with pytest.raises(UsageError):
            rules_of(least, margin)
    else:
        assert rules_of(least, margin) == Rules(least, least if margin is None else margin)
    assert rules_of() == Rules()


@given(logs, st.floats(0, 1))
def test_nothing_that_is_to_be_found_is_called_the_same(values, least):
    found = one(of_pairs(values), rules_of(least))
    if found.verdict == Verdict.SAME:
        assert 1 / (1 + least) < found.ratio.value < 1 + least


def test_limits_are_students_and_widen_with_the_family():
    alone = one(of_pairs(around(0.1, 0.1, 3)))
    half = 4.302652729911275 * 0.1 / math.sqrt(3)
    assert (math.log(alone.ratio.low), math.log(alone.ratio.high)) == pytest.approx((0.1 - half, 0.1 + half))
    ten = judge([of_pairs(around(0.1, 0.1, 3))] * 10)[0]
    assert (alone.ratio.level, ten.ratio.level) == pytest.approx((0.95, 0.995))
    assert ten.ratio.low < alone.ratio.low
    assert (alone.family, ten.family) == (1, 10)


def test_comparisons_without_limits_are_no_part_of_the_family():
    found = judge([of_pairs(around(0.1)), of_pairs([0.1]), Finding(kind="no-yardstick", message="none")])
    assert [each.family for each in found] == [1, 0, 0]


@given(logs)
def test_swapping_the_sides_mirrors_the_verdict(values):
    there, back = one(of_pairs(values)), one(of_pairs([-value for value in values]))
    assert back.verdict == MIRROR.get(there.verdict, there.verdict)
    assert back.detectable == there.detectable
    if there.ratio:
        assert back.ratio.value == pytest.approx(1 / there.ratio.value)
        assert (back.ratio.low, back.ratio.high) == pytest.approx((1 / there.ratio.high, 1 / there.ratio.low))


@given(st.integers(3, 8))
def test_identical_data_are_never_slower_or_faster(runs):
    assert one(of_pairs([0.0] * runs)).verdict in (Verdict.SAME, Verdict.INCONCLUSIVE)


@given(st.lists(st.floats(-1, 1), max_size=2))
def test_below_three_runs_there_is_a_reason_and_no_number(few):
    (found,) = judge([of_pairs(few)])
    assert found.verdict == Verdict.INCONCLUSIVE
    assert (found.ratio, found.detectable, found.family) == (None, None, 0)
    assert found.reason.startswith("too few runs: ")
    assert [finding.kind for finding in found.findings] == ["too-few-runs"]


def test_too_few_runs_say_on_which_side_and_how_many():
    assert "both are in 1 run," in of_pairs([0.1]).message


@pytest.mark.parametrize("effect", [of_pairs([0.2] * 4)])
def test_runs_that_agree_to_the_last_digit_are_no_certainty(effect):
    found = one(effect)
    assert (found.verdict, found.ratio) == (Verdict.INCONCLUSIVE, None)
    assert found.reason.startswith("all runs agree to the last digit")


def test_wild_runs_do_not_overflow():
    found = one(of_pairs([0.0, 600.0, -600.0]))
    assert found.verdict == Verdict.INCONCLUSIVE
    assert math.isfinite(found.ratio.high)


def test_a_refusal_has_its_reason_and_no_number():
    found = refused("the sides differ in threads (1, 4)", RULES)
    assert (found.verdict, found.ratio, found.detectable) == (Verdict.NOT_COMPARABLE, None, None)


@pytest.mark.parametrize(("runs", "family"), [(3, 1), (6, 5), (20, 12)])
def test_the_detectable_difference_is_found_four_times_in_five(runs, family):
    rng, deviation = random.Random(runs), 0.02
    effect = Effect(0.0, deviation / math.sqrt(runs), runs - 1, runs, METHOD_PAIRS)
    truth = math.log(detectable(effect, family, Rules(min_effect=0.0)))
    hits = 0
    for _ in range(1500):
        # The standard error is known to `detectable` and estimated here, as the power of a t-test has it.
        values = [rng.gauss(truth, deviation) for _ in range(runs)]
        hits += of_pairs(values).limits(1 - 0.05 / family)[0] > 0
    assert 0.76 < hits / 1500 < 0.84


def test_the_detectable_difference_is_more_than_the_least_effect_however_steady_the_runs():
    found = one(of_pairs(around(0.0, 1e-5)))
    assert found.detectable > 1.03
    assert found.detectable == pytest.approx(1.03, abs=1e-4)


def test_more_runs_and_a_smaller_family_find_smaller_differences():
    few, many = (Effect(0.0, 0.02 / math.sqrt(n), n - 1, n, METHOD_PAIRS) for n in (4, 16))
    assert detectable(many, 1, RULES) < detectable(few, 1, RULES) < detectable(few, 10, RULES)


def test_a_report_of_a_machine_without_a_change_is_wrong_at_most_once_in_twenty():
    rng, alarms = random.Random(5), 0
    for _ in range(600):
        shared = [rng.gauss(0, 0.02) for _ in range(6)]
        found = judge([of_pairs([value + rng.gauss(0, 0.02) for value in shared]) for _ in range(4)])
        alarms += any(each.verdict in MIRROR for each in found)
    assert alarms / 600 < 0.07


def called_the_same_at_the_margin(reports, cases, shared, runs=6, deviation=0.01):
    """Share of reports that call any case the same, where each truly differs by the margin, up or down."""
    rng, wrong = np.random.default_rng(cases), 0
    rule = rules_of(0.5, 0.03)  # Nothing is slower or faster, which would win.
    truth = math.log1p(rule.margin) * (-1) ** np.arange(cases)[:, None]
    for _ in range(reports):
        common, own = rng.normal(0, deviation, (1, runs)), rng.normal(0, deviation, (cases, runs))
        found = judge([of_pairs(list(each)) for each in truth + shared * common + (1 - shared) * own], rule)
        wrong += any(each.verdict == Verdict.SAME for each in found)
    return wrong / reports


def test_a_report_of_six_cases_at_the_margin_calls_any_of_them_the_same_at_most_once_in_twenty():
    assert called_the_same_at_the_margin(100, 6, 0.3) < 0.12


@pytest.mark.slow
@pytest.mark.exhaustive
@pytest.mark.parametrize(("cases", "shared"), [(1, 0.0), (6, 0.0), (6, 0.5), (6, 0.9)])
def test_same_is_said_of_any_case_at_the_margin_in_at_most_one_report_of_twenty(cases, shared):
    reports = 4000
    assert called_the_same_at_the_margin(reports, cases, shared) <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / reports)


@given(st.lists(st.floats(-0.02, 0.02), min_size=3, max_size=6), st.integers(1, 12))
def test_more_cases_never_make_a_case_the_same(values, cases):
    alone = one(of_pairs(values))
    among = judge([of_pairs(values)] * cases)[0]
    assert (among.verdict == Verdict.SAME) <= (alone.verdict == Verdict.SAME)


def test_the_interval_of_same_is_named_with_its_level():
    assert one(of_pairs(around(0.0, 0.005))).reason.startswith("the 90 % interval, ")
    assert judge([of_pairs(around(0.0, 0.005))] * 6)[0].reason.startswith("the 98.33 % interval, ")
    assert same_level(1) == pytest.approx(0.9)
