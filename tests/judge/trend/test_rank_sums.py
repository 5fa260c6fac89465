"""The permutation distribution of the rank sum against the enumeration of all orders."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from levit_bench.judge.trend.rank_sums import tail


def enumerated(k: int, m: int, against: int) -> float:
    """The same by listing which ranks the first group may have."""
    orders = list(combinations(range(k + m), k))
    out_of_order = [sum(rank - place for place, rank in enumerate(ranks)) for ranks in orders]
    return min(1.0, 2 * sum(count <= against for count in out_of_order) / len(orders))


@given(k=st.integers(1, 6), m=st.integers(1, 7), data=st.data())
def test_the_tail_is_that_of_all_orders(k: int, m: int, data: st.DataObject) -> None:
    against = data.draw(st.integers(0, k * m // 2))
    assert tail(k, m, against) == pytest.approx(enumerated(k, m, against), rel=1e-12)


def test_known_values() -> None:
    assert tail(2, 60, 0) == pytest.approx(2 / 1891)
    assert tail(4, 60, 0) < 5e-6
    assert tail(5, 5, 12) == pytest.approx(1.0, abs=0.1)
    assert tail(5, 5, 24) == 1.0


def test_it_is_scipys_where_scipy_is_exact() -> None:
    from scipy.stats import mannwhitneyu

    low, high = [1.0, 2.0, 3.5, 9.0], [3.0, 4.0, 5.0, 6.0, 7.0]
    against = sum(a > b for a in low for b in high)
    assert tail(4, 5, against) == pytest.approx(mannwhitneyu(low, high, method="exact").pvalue)
