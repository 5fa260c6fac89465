"""Statistics of passes are those of pytest-benchmark itself, whichever number of passes there is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from levit_bench.report.exports.pass_statistics import PassStatistics, pass_statistics

stats = pytest.importorskip("pytest_benchmark.stats", reason="held against pytest-benchmark's own statistics")


@given(st.lists(st.floats(1e-6, 10.0), min_size=1, max_size=40))
def test_they_are_those_of_pytest_benchmark(durations: list[float]) -> None:
    theirs, ours = stats.Stats(), pass_statistics(durations)
    for duration in durations:
        theirs.update(duration)
    expected = theirs.as_dict()
    counts = {"outliers", "iqr_outliers", "stddev_outliers", "ld15iqr", "hd15iqr"}  # of ties, rounding decides
    for name in set(PassStatistics._fields) - counts:
        assert getattr(ours, name) == pytest.approx(expected[name], rel=1e-9, abs=1e-12), name


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 6, 7, 8, 9, 101])
def test_outliers_are_those_of_pytest_benchmark(count: int) -> None:
    durations = [0.01 + 0.001 * (place * 37 % 11) + (0.5 if place % 50 == 7 else 0) for place in range(count)]
    theirs, ours = stats.Stats(), pass_statistics(durations)
    for duration in durations:
        theirs.update(duration)
    assert ours._asdict() == pytest.approx({name: theirs.as_dict()[name] for name in PassStatistics._fields})


def test_no_pass_has_no_statistics() -> None:
    with pytest.raises(ValueError, match="no passes"):
        pass_statistics([])
