import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from levit_bench.numbers.statistics import clopper_pearson_upper, t_interval, variance_components, variance_limits

values = st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=20)


def test_the_t_interval_matches_the_textbook():
    interval = t_interval([1.0, 2.0, 3.0, 4.0, 5.0])
    half = 2.7764451051977987 * math.sqrt(2.5) / math.sqrt(5)  # 97.5 % point of t with 4 degrees of freedom
    assert interval == pytest.approx((3.0, 3.0 - half, 3.0 + half))


def test_one_value_bounds_nothing_and_none_is_an_error():
    assert t_interval([2.0]) == (2.0, -math.inf, math.inf)
    with pytest.raises(ValueError, match="no values"):
        t_interval([])


@given(values)
def test_the_interval_holds_its_mean_and_grows_with_the_level(numbers):
    narrow, wide = t_interval(numbers, 0.8), t_interval(numbers, 0.99)
    assert wide.low <= narrow.low <= narrow.value <= narrow.high <= wide.high


@given(values, st.randoms(use_true_random=False))
def test_the_interval_leaves_its_input_alone(numbers, rng):
    before = list(numbers)
    t_interval(numbers)
    assert numbers == before


def test_nominal_95_percent_cover_the_truth_95_times_in_a_hundred():
    rng = random.Random(3)
    hits = sum(
        interval.low <= 0 <= interval.high
        for interval in (t_interval([rng.gauss(0, 1) for _ in range(5)]) for _ in range(1000))
    )
    assert 930 <= hits <= 970


def test_variance_components_find_the_truth():
    rng = random.Random(5)
    groups = []
    for _ in range(300):
        centre = rng.gauss(0, 2.0)
        groups.append([rng.gauss(centre, 1.0) for _ in range(rng.choice((2, 3, 5)))])
    between, within = variance_components(groups)
    assert between == pytest.approx(4.0, rel=0.2)
    assert within == pytest.approx(1.0, rel=0.2)


def test_a_negative_component_is_zero_and_too_little_data_gives_none():
    assert variance_components([[0.0, 10.0], [10.0, 0.0]])[0] == 0.0
    assert all(math.isnan(x) for x in variance_components([[1.0, 2.0]]))
    assert all(math.isnan(x) for x in variance_components([[1.0], [2.0]]))


@pytest.mark.parametrize(
    ("hits", "trials", "limit"), [(0, 1, 0.95), (0, 20, 0.1391), (1, 20, 0.2161), (20, 20, 1.0), (5, 100, 0.1023)]
)
def test_the_limit_of_a_rate_is_that_of_the_tables(hits: int, trials: int, limit: float) -> None:
    assert clopper_pearson_upper(hits, trials) == pytest.approx(limit, abs=5e-4)


@pytest.mark.parametrize(("hits", "trials"), [(0, 0), (2, 1), (-1, 3)])
def test_a_share_that_is_none_has_no_limit(hits: int, trials: int) -> None:
    with pytest.raises(ValueError, match="invalid share"):
        clopper_pearson_upper(hits, trials)


def test_the_limits_of_a_variance_match_the_textbook():
    # Chi-square with 9 degrees of freedom: 2.700 and 19.023.
    assert variance_limits(4.0, 9) == pytest.approx((36 / 19.0228, 36 / 2.7004), rel=1e-4)
