"""The detectable difference: found four times in five where the scatter is known, and steadier than the runs alone."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from levit_bench.judge.compare.two_sides import METHOD
from levit_bench.judge.paired_ratio import foretold
from levit_bench.judge.verdicts import (
    METHOD_PAIRS,
    PRIOR_FREEDOM,
    Effect,
    Rules,
    detectable,
    judge,
    of_pairs,
    power,
    rules_of,
    steadied,
)
from levit_bench.planning.budget import BETWEEN_RUNS, WITHIN_RUN
from scipy.special import nctdtr, stdtrit
from scipy.stats import chi2

from tests.making import record
from tools.pages.detectable_page import PAGE, page, simulated

NONE = Rules(0.0, 0.0)


def pairs(error, runs=5, expected=None):
    return Effect(0.0, error, runs - 1, runs, METHOD_PAIRS, expected)


@pytest.mark.parametrize(("freedom", "family", "shift"), [(2, 1, 3.0), (2, 6, 14.0), (4, 6, 6.0), (11, 12, 3.5)])
def test_without_a_least_effect_the_power_is_that_of_the_noncentral_t(freedom, family, shift):
    effect = Effect(0.0, 0.01, freedom, freedom + 1, METHOD_PAIRS)
    exact = 1 - nctdtr(freedom, shift, stdtrit(freedom, 1 - 0.05 / family / 2))
    assert power(shift * 0.01, effect, family, NONE) == pytest.approx(exact, abs=0.003)


@pytest.mark.parametrize("error", [0.001, 0.005, 0.01, 0.03])
def test_the_power_with_a_least_effect_is_the_share_of_draws_that_are_found(error):
    rng, n = np.random.default_rng(3), 200_000
    rules, effect = rules_of(0.03), pairs(error)
    truth = math.log(detectable(effect, 6, rules))
    means = truth + error * rng.normal(size=n)
    limits = error * np.sqrt(rng.chisquare(4, n) / 4) * stdtrit(4, 1 - 0.05 / 6 / 2)
    assert np.mean((means > limits) & (means >= math.log(1.03))) == pytest.approx(0.8, abs=0.005)


@given(st.floats(1e-8, 1.0), st.integers(3, 40), st.integers(1, 30), st.floats(0, 1))
def test_the_detectable_difference_is_above_the_least_effect_and_its_power_is_four_in_five(error, runs, family, least):
    rules, effect = rules_of(least), pairs(error, runs)
    found = detectable(effect, family, rules)
    assert found > 1 + least
    assert power(math.log(found), effect, family, rules) == pytest.approx(0.8, abs=0.01)


def test_a_difference_beyond_all_bounds_is_none():
    assert detectable(pairs(500.0, 3), 1, NONE) is None
    assert detectable(Effect(0.0, math.nan, 4, 5, METHOD_PAIRS), 1, NONE) is None


@pytest.mark.parametrize("error", [0.0, 5e-324, 1e-300, 1e-13])
@pytest.mark.parametrize("least", [0.0, 0.03, 1.0])
def test_without_scatter_the_least_effect_is_found_and_nothing_smaller(error, least):
    rules, effect = rules_of(least), pairs(error)
    assert detectable(effect, 6, rules) == 1 + least
    assert power(math.log1p(least), effect, 6, rules) == 1.0
    assert power(math.log1p(least) - 1e-9, effect, 6, rules) == 0.0


@given(
    error=st.floats(min_value=0.0) | st.just(math.nan),
    freedom=st.floats(0.0, math.inf) | st.just(math.nan),
    family=st.integers(1, 10**6),
    least=st.floats(0, 1),
)
@example(error=1e-12, freedom=4.0, family=1, least=0.0)
@example(error=1.1e-12, freedom=1e-3, family=1, least=0.0)
@example(error=1e308, freedom=0.5, family=1, least=0.03)
@example(error=843.0, freedom=6.265e-65, family=1, least=1.0)
def test_any_error_has_a_power_and_a_detectable_difference_or_none(error, freedom, family, least):
    rules, effect = rules_of(least), Effect(0.0, error, freedom, 5, METHOD_PAIRS)
    assert 0 <= power(0.05, effect, family, rules) <= 1
    found = detectable(effect, family, rules)
    assert found is None or 1 + least <= found < math.inf
    if not (math.isfinite(error) and freedom > 0) and not error <= 1e-12:
        assert found is None


@given(st.floats(1e-11, 1e-4))
def test_the_detectable_difference_of_a_small_error_tends_to_that_of_none(error):
    assert detectable(pairs(error), 1, rules_of(0.03)) == pytest.approx(1.03, abs=100 * error)


def test_the_error_of_a_case_alone_is_that_of_the_median():
    (alone,) = steadied([pairs(0.02, 4)])
    assert alone == pytest.approx(0.02 / math.sqrt(chi2.median(3) / 3))
    (sessions,) = steadied([Effect(0.0, 0.02, 6.5, 5, METHOD)])
    assert sessions == pytest.approx(0.02 / math.sqrt(chi2.median(6.5) / 6.5))
    (sure,) = steadied([Effect(0.0, 0.02, math.inf, 5, METHOD)])
    assert sure == pytest.approx(0.02, rel=1e-4)


def test_what_the_rounds_foretell_steadies_a_case_alone_and_other_cases_count_more_than_rounds():
    (found,) = steadied([pairs(0.02, 5, expected=0.01**2)])
    middle = chi2.median(4) / 4
    own = 0.02**2 * 5
    assert found == pytest.approx(math.sqrt((4 * 0.01**2 + 4 * own) / (4 + 4 * middle) / 5))
    assert PRIOR_FREEDOM == 4
    among = [pairs(0.02, 5, expected=99.0), pairs(0.02, 5), pairs(0.02, 5)]
    assert steadied(among)[0] == pytest.approx(math.sqrt((4 * own / middle + 4 * own) / 8 / 5))


@given(st.lists(st.floats(1e-4, 0.1), min_size=1, max_size=6), st.floats(0.1, 10))
def test_a_wild_case_is_pulled_towards_the_others_and_all_scale_alike(errors, factor):
    plain = steadied([pairs(error) for error in errors])
    scaled = steadied([pairs(error * factor) for error in errors])
    assert scaled == pytest.approx([one * factor for one in plain])
    order = np.argsort(errors, kind="stable")
    if len(errors) > 2:
        assert plain[order[0]] >= errors[order[0]]


def test_the_detectable_difference_is_steadied_and_the_limits_are_not():
    logs, wild = [0.0, 0.001, -0.001, 0.002, -0.002], [0.0, 0.1, -0.1, 0.2, -0.2]
    alone, among = judge([of_pairs(logs)] * 3)[0], judge([of_pairs(logs), of_pairs(wild), of_pairs(wild)])[0]
    assert (among.ratio, among.verdict) == (alone.ratio, alone.verdict)
    assert among.detectable > alone.detectable


def test_rounds_that_agree_to_the_last_digit_or_are_not_there_foretell_nothing():
    assert foretold([record("a", [0.01] * 4)], [record("b", [0.02] * 4)]) is None
    assert foretold([record("a", ())], [record("b", ())]) is None


def test_rounds_foretell_the_scatter_of_runs_in_the_pilots_proportion():
    """Two rounds a run, 2 % apart, of a case whose rounds scatter beside one whose rounds do not."""
    one, other = record("a", [0.01] * 4), record("b", [0.02, 0.03, 0.02, 0.03])

    def uneven(run):
        slow = tuple(1.02 * each for each in run.turns[1].duration_s)
        return msgspec.structs.replace(
            run, turns=(run.turns[0], msgspec.structs.replace(run.turns[1], duration_s=slow))
        )

    one = msgspec.structs.replace(one, runs=tuple(map(uneven, one.runs)))
    between_rounds = math.log(1.02) ** 2 / 2
    assert foretold([one], [other]) == pytest.approx(between_rounds * (BETWEEN_RUNS / WITHIN_RUN + 1 / 2))
    assert foretold([one], [other]) == pytest.approx(foretold([other], [one]))


@pytest.mark.parametrize(("family", "runs"), [(1, 3), (6, 5)])
def test_what_is_told_is_found_about_four_times_in_five_and_is_steadier(family, runs):
    one = simulated("equal", family, runs, 80, NONE)
    assert 0.74 < one.power < 0.86
    assert one.spread < 0.65 * one.naive_spread
    assert one.naive_power < one.power


@pytest.mark.slow
@pytest.mark.exhaustive
def test_the_table_of_power_is_computed() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert text == page(text), "run: python -m tools.pages.detectable_page"
