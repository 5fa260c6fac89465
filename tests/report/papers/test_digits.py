import math

import pytest
from levit_bench.records import Estimate
from levit_bench.report.papers.digits import figures


def estimate(value, low, high):
    return Estimate(value=value, low=low, high=high, level=0.95, n=5, method="made up")


@pytest.mark.parametrize(
    ("value", "low", "high", "shown"),
    [
        (15.234, 14.91, 15.56, ("15.2", "14.9", "15.6")),  # half-width 0.33: one digit
        (15.234, 15.09, 15.38, ("15.23", "15.09", "15.38")),  # half-width 0.145: two digits
        (1234.5, 1190.0, 1279.0, ("1230", "1190", "1280")),  # half-width 45: tens
        (0.01234, 0.01230, 0.01238, ("0.01234", "0.01230", "0.01238")),
        (100.0, 70.0, 130.0, ("100", "70", "130")),
    ],
)
def test_a_value_ends_where_its_interval_begins_to_matter(value, low, high, shown):
    assert tuple(figures(estimate(value, low, high))) == shown


def test_a_unit_scales_all_three():
    assert tuple(figures(estimate(0.015234, 0.01491, 0.01556), 1e-3)) == ("15.2", "14.9", "15.6")


def test_a_value_without_limits_has_two_digits_and_no_interval():
    assert tuple(figures(estimate(15.234, -math.inf, math.inf))) == ("15", "", "")


def test_an_interval_of_no_width_has_none():
    assert tuple(figures(estimate(15.234, 15.234, 15.234))) == ("15", "", "")
