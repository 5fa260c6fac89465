"""The model of the store: what it gives by hand, and what no session may do to it."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from levit_bench.judge.variance.session_scatter import (
    COMPANY,
    FREEDOM,
    PRIOR,
    SLOPE,
    CaseSession,
    company_shares,
    company_variance,
    drift_variance,
    mean,
    scatter,
    setting_scale,
)
from levit_bench.numbers.statistics import t_factor


def session(value: float, runs: int = 5, variance: float = 1e-4, **fields: object) -> CaseSession:
    return CaseSession(f"s{value}", value, runs, variance if runs > 1 else math.nan, **fields)  # type: ignore[arg-type]


values = st.floats(-0.2, 0.2)
several = st.lists(values, min_size=1, max_size=12).map(lambda found: [session(value) for value in found])


def width(group: list[CaseSession], scale: float = PRIOR**2) -> float:
    found = mean(group, scatter([group], scale))
    return t_factor(found.freedom) * math.sqrt(found.variance)


def test_without_a_session_there_is_the_prior() -> None:
    none = scatter([])
    assert (none.deviation, none.freedom, none.sessions) == (pytest.approx(PRIOR), FREEDOM, 0)
    assert setting_scale([]) == pytest.approx(PRIOR**2)


def test_the_variance_is_the_moderated_one_by_hand() -> None:
    found = scatter([[session(-0.03), session(0.03)]], 1e-4)
    assert found.variance == pytest.approx((4 * (1e-4 + 1e-4 / 5) + 2 * 0.03**2) / 5)
    assert (found.freedom, found.sessions) == (5, 2)
    middle = mean([session(-0.03), session(0.03)], found)
    assert (middle.log, middle.sessions, middle.runs) == (pytest.approx(0), 2, 10)
    assert middle.variance == pytest.approx(found.variance / 2)


def test_groups_have_means_of_their_own() -> None:
    apart = scatter([[session(0.0), session(0.0)], [session(1.0), session(1.0)]])
    assert apart.variance < scatter([[session(0.0)]]).variance
    assert scatter([[session(0.0), session(1.0)]]).variance > 0.05


@given(several, st.integers(1, 5))
def test_a_session_that_shows_nothing_new_never_widens_the_interval(group: list[CaseSession], more: int) -> None:
    middle = math.fsum(one.mean for one in group) / len(group)
    grown = [*group, *(session(middle) for _ in range(more))]
    assert width(grown) <= width(group) * (1 + 1e-9)


@given(several, values)
def test_the_unit_of_the_ratio_does_not_matter(group: list[CaseSession], shift: float) -> None:
    moved = [one._replace(mean=one.mean + shift) for one in group]
    assert scatter([moved]).variance == pytest.approx(scatter([group]).variance, abs=1e-12)
    found, plain = mean(moved, scatter([moved])), mean(group, scatter([group]))
    assert found.log == pytest.approx(plain.log + shift, abs=1e-9)


@given(several, several)
def test_the_order_of_sessions_does_not_matter(one: list[CaseSession], other: list[CaseSession]) -> None:
    assert scatter([one[::-1], other]).variance == pytest.approx(scatter([other, one]).variance)


@given(st.lists(several, min_size=1, max_size=6))
def test_the_scale_lies_between_the_prior_and_what_was_seen_and_one_wild_case_counts_so_much(
    cases: list[list[CaseSession]],
) -> None:
    scale = setting_scale([[case] for case in cases])
    assert 0 < scale <= 9 * PRIOR**2
    wild = [session(-5.0), session(5.0)]
    assert setting_scale([[wild], *([case] for case in cases)]) <= 9 * PRIOR**2


def test_quiet_cases_pull_the_scale_below_the_prior_and_loud_ones_above() -> None:
    quiet = [[[session(0.001 * (-1) ** at) for at in range(6)]] for _ in range(6)]
    loud = [[[session(0.05 * (-1) ** at) for at in range(6)]] for _ in range(6)]
    assert setting_scale(quiet) < PRIOR**2 / 5
    assert setting_scale(loud) > 2 * PRIOR**2


def test_a_session_of_few_or_noisy_runs_counts_less_and_adds_more() -> None:
    group = [session(0.0), session(0.1, runs=1)]
    assert 0 < mean(group, scatter([group])).log < 0.05
    calm = [session(0.0), session(0.0)]
    noisy = [session(0.0), session(0.0, variance=0.04)]
    assert mean(noisy, scatter([noisy])).variance > mean(calm, scatter([calm])).variance


@given(values, st.integers(1, 8), st.floats(1e-8, 1e-2))
def test_one_session_alone_is_the_same_by_either_way_of_reckoning(value: float, runs: int, variance: float) -> None:
    one = session(value, runs, variance)
    known = scatter([[one]])
    twice = mean([one, one._replace(name="again")], known)
    alone = mean([one], known)
    assert alone.log == pytest.approx(twice.log)
    assert alone.variance == pytest.approx(2 * twice.variance)


def test_company_counts_by_its_share_in_either_mean() -> None:
    here, there = session(0.0, company="a"), session(0.0, company="b")

    def between(first: list[CaseSession], second: list[CaseSession]) -> float:
        known = scatter([first, second])
        return company_variance(company_shares(first, known), company_shares(second, known))

    assert between([here], [here, here]) == 0
    assert between([here], [there]) == pytest.approx(2 * COMPANY**2)
    assert between([here, here, here], [there]) == pytest.approx(2 * COMPANY**2)
    assert between([here] * 5 + [there], [here]) == pytest.approx(2 * COMPANY**2 / 36)
    assert between([here] * 9 + [there], [here] + [there] * 9) == pytest.approx(2 * (0.8 * COMPANY) ** 2)
    assert company_variance({}, {"b": 1.0}) == 0


def test_how_far_the_yardstick_moved_counts_until_the_case_has_shown_that_it_moves_alike() -> None:
    first, second = [session(0.0, yardstick=0.0)], [session(0.0, yardstick=0.1)]
    new = scatter([[], first, second])
    assert math.sqrt(drift_variance(first, second, new)) == pytest.approx(SLOPE * 0.1)
    calm = [session(0.0, yardstick=0.1 * (-1) ** at) for at in range(6)]
    known = scatter([calm, first, second])
    assert drift_variance(first, second, known) < drift_variance(first, second, new) / 5
    loose = [session(0.15 * (-1) ** at, yardstick=0.1 * (-1) ** at) for at in range(6)]
    assert drift_variance(first, second, scatter([loose])) > 5 * drift_variance(first, second, known)
    assert drift_variance([session(0.0)], second, known) == 0


@given(several)
def test_numbers_stay_finite(group: list[CaseSession]) -> None:
    assume(all(math.isfinite(one.mean) for one in group))
    for case in (group, [one._replace(variance=0.0) for one in group], [one._replace(runs=1) for one in group]):
        found = mean(case, scatter([case]))
        assert math.isfinite(found.log)
        assert 0 < found.variance < math.inf
