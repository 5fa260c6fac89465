"""The passes that a case lacks for a percentile, and the budget that adds them."""

import math

import msgspec
import pytest
from levit_bench.judge.missing_passes import missing_passes
from levit_bench.judge.percentiles import needed, percentile
from levit_bench.records import Estimate

from tests.making import passing


def lasting(made, seconds=20.0):
    """The record with runs that took so long each."""
    runs = tuple(
        msgspec.structs.replace(run, began_s=at * seconds, ended_s=(at + 1) * seconds)
        for at, run in enumerate(made.runs)
    )
    return msgspec.structs.replace(made, runs=runs)


def repeated(made, count):
    """The record with its first run so many times, as further runs of the same kind would make it."""
    runs = tuple(msgspec.structs.replace(made.runs[0], run=number) for number in range(count))
    return msgspec.structs.replace(made, runs=runs, resumes=made.resumes + 1)


@pytest.mark.parametrize("share", [0.9, 0.95, 0.99])
@pytest.mark.parametrize("level", [0.95, 0.998])
@pytest.mark.parametrize("passes_a_run", [12, 40])
def test_so_many_passes_give_the_percentile_both_limits_and_a_run_less_does_not(share, level, passes_a_run):
    few = lasting(passing("few", [5 + at / 100 for at in range(passes_a_run)]))
    missing = missing_passes(few, share, level)
    assert missing is not None
    assert missing.passes == 3 * passes_a_run
    runs = missing.needed // passes_a_run
    enough, fewer = (percentile(repeated(few, count), share, level) for count in (runs, runs - 1))
    assert isinstance(enough, Estimate)
    assert math.isfinite(enough.high)
    assert not isinstance(fewer, Estimate) or math.isinf(fewer.high)


def test_the_budget_adds_the_difference_at_the_pace_of_the_session():
    few = lasting(passing("few", [5.0] * 10))
    missing = missing_passes(few, 0.9, 0.95)
    further = 60.0 * (missing.needed - 30) / 30
    assert further <= missing.further_s < further + 60


def test_a_case_that_has_the_passes_lacks_nothing():
    assert missing_passes(lasting(passing("many", [5.0] * 400)), 0.9, 0.95) is None
    assert missing_passes(passing("failed", [5.0] * 4, outcome="failed"), 0.9, 0.95) is None


def test_a_session_that_ends_at_looks_or_does_not_say_how_long_it_took_has_no_budget():
    few = passing("few", [5.0] * 10)
    assert missing_passes(few, 0.9, 0.95).further_s is None
    looked = msgspec.structs.replace(
        lasting(few), protocol=msgspec.structs.replace(few.protocol, goal="race", looks=(4, 9))
    )
    assert missing_passes(looked, 0.9, 0.95).further_s is None


def test_what_would_take_too_long_is_not_forecast():
    missing = missing_passes(lasting(passing("few", [5.0])), 0.999, 0.95)
    assert (missing.needed, missing.further_s) == (needed(0.999), None)
