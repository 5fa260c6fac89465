"""Quantiles are scipy's to the last digit, whether they are computed or remembered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from levit_bench.numbers import quantiles
from levit_bench.numbers.quantiles import Known, beta, chi_square, chi_squares, f_tail, gamma, gammas, student_t
from scipy import special, stats

SHARES = st.floats(0.001, 0.9999)
FREEDOM = st.floats(1, 500)


@pytest.fixture
def nothing_known(monkeypatch: pytest.MonkeyPatch) -> Iterator[Known]:
    """Nothing is known, and what a test learns is forgotten after it."""
    known = Known({}, {})
    monkeypatch.setattr(quantiles, "_known", known)
    return known


def _unloadable() -> Any:
    raise AssertionError("scipy is loaded")


@given(FREEDOM, SHARES)
def test_a_value_is_scipys_the_first_time_and_the_second(freedom: float, share: float) -> None:
    for _ in range(2):
        assert student_t(freedom, share) == special.stdtrit(freedom, share)
        assert chi_square(freedom, share) == special.chdtri(freedom, share)
        assert gamma(freedom, share) == special.gammaincinv(freedom, share)
        assert beta(freedom, 3, share) == special.betaincinv(freedom, 3, share)
        assert f_tail(freedom, 3, 10 * share) == special.fdtrc(freedom, 3, 10 * share)


def test_each_is_the_quantile_that_its_name_says() -> None:
    assert student_t(4, 0.975) == pytest.approx(stats.t(4).ppf(0.975))
    assert chi_square(4, 0.025) == pytest.approx(stats.chi2(4).isf(0.025))
    assert beta(3, 7, 0.95) == pytest.approx(stats.beta(3, 7).ppf(0.95))
    assert gamma(2.5, 0.5) == pytest.approx(stats.gamma(2.5).ppf(0.5))
    assert f_tail(3, 12, 2.5) == pytest.approx(stats.f(3, 12).sf(2.5))


def test_arrays_are_scipys_and_keep_their_shape(nothing_known: Known) -> None:
    shares = np.linspace(0.01, 0.99, 12).reshape(3, 4)
    for _ in range(2):
        assert np.array_equal(chi_squares(2.5, shares), special.chdtri(2.5, shares))
        assert np.array_equal(gammas(2.5, shares), special.gammaincinv(2.5, shares))
    assert len(nothing_known.arrays) == 2


def test_what_is_known_needs_no_scipy(nothing_known: Known, monkeypatch: pytest.MonkeyPatch) -> None:
    shares = np.linspace(0.01, 0.99, 5)
    expected = student_t(4, 0.975), chi_squares(4.0, shares).tolist()
    values, arrays = quantiles.known()
    nothing_known.values.clear()
    nothing_known.arrays.clear()
    monkeypatch.setattr(quantiles, "_special", _unloadable)
    quantiles.remember(values, arrays)
    assert (student_t(4, 0.975), chi_squares(4.0, shares).tolist()) == expected
    with pytest.raises(AssertionError, match="scipy is loaded"):
        student_t(4, 0.976)
    with pytest.raises(AssertionError, match="scipy is loaded"):
        chi_squares(4.0, shares[:-1])


def test_what_is_computed_here_counts_more_than_what_is_remembered(nothing_known: Known) -> None:
    value = student_t(4, 0.975)
    quantiles.remember({("stdtrit", (4, 0.975), b""): 1.0}, {})
    assert student_t(4, 0.975) == value


def test_a_simulation_does_not_fill_the_memory(nothing_known: Known, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quantiles, "_MOST_VALUES", 3)
    monkeypatch.setattr(quantiles, "_MOST_ARRAYS", 2)
    values = [student_t(freedom, 0.9) for freedom in range(1, 9)]
    arrays = [chi_squares(freedom, np.array([0.5])).item() for freedom in range(1, 9)]
    quantiles.remember({("stdtrit", (99.0, 0.9), b""): 1.0}, {("chdtri", (99.0,), b""): b""})
    assert (len(nothing_known.values), len(nothing_known.arrays)) == (3, 2)
    assert values == [special.stdtrit(freedom, 0.9) for freedom in range(1, 9)]
    assert arrays == [special.chdtri(freedom, 0.5) for freedom in range(1, 9)]
