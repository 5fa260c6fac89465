"""Two networks, forms or allocators of one session, paired by round."""

from __future__ import annotations

import math
import random

import pytest
from levit_bench.errors import NothingToShowError, UsageError
from levit_bench.judge.compare.one_session import FIELDS, within
from levit_bench.judge.verdicts import METHOD_PAIRS, Verdict

from tests.making import record

RUNS = [0.010, 0.013, 0.017, 0.011, 0.012]


def timed(network, times=1.0, *, scatter=0.01, **fields):
    """Runs that the machine slows for everybody, and a little scatter of its own."""
    rng = random.Random(f"{network} {fields}")
    return record(network, [one * times * math.exp(rng.gauss(0, scatter)) for one in RUNS], **fields)


def test_what_slows_a_whole_run_cancels():
    (row,) = within([timed("a"), timed("b", 1.1)], "network", "a", "b").rows
    assert (row.comparison.verdict, row.comparison.ratio.method) == (Verdict.SLOWER, METHOD_PAIRS)
    assert row.comparison.ratio.value == pytest.approx(1.1, rel=0.02)
    assert (row.first.case.network, row.second.case.network) == ("a", "b")


def test_the_other_way_round_is_faster():
    (row,) = within([timed("a"), timed("b", 1.1)], "network", "b", "a").rows
    assert row.comparison.verdict == Verdict.FASTER


def test_no_yardstick_is_needed():
    records = [timed("a", yardsticks=[None] * 5), timed("b", yardsticks=[None] * 5)]
    assert within(records, "network", "a", "b").rows[0].comparison.ratio is not None


def test_networks_of_files_are_named_without_their_digests_and_equal_files_are_said_to_be_equal():
    records = [timed("base/nets.py:build#3f2a91"), timed("nets.py:build#77aa00", 1.1), timed("nets.py:other#77aa00")]
    for names in (("base/nets.py:build", "nets.py:build"), ("base/nets.py:build#3f2a91", "nets.py:build#77aa00")):
        report = within(records, "network", *names)
        assert (report.rows[0].comparison.verdict, report.findings) == (Verdict.SLOWER, ())
    assert within(records, "network", "nets.py:build", "nets.py:other").findings == ()
    equal = [timed("base/nets.py:build#3f2a91"), timed("nets.py:build#3f2a91")]
    (finding,) = within(equal, "network", "base/nets.py:build", "nets.py:build").findings
    assert finding.kind == "equal-files"
    assert "base/nets.py:build and nets.py:build are equal to the last byte" in finding.message
    both = [timed("nets.py:build#3f2a91"), timed("nets.py:build#77aa00"), timed("a")]
    with pytest.raises(UsageError, match=r"is several networks: nets\.py:build#3f2a91"):
        within(both, "network", "nets.py:build", "a")
    with pytest.raises(UsageError, match="compared with itself"):
        within(both, "network", "a", "a")


def test_every_setting_that_holds_both_is_a_row_of_one_family():
    records = [timed(name, batch=batch, threads=2) for batch in (1, 16) for name in ("a", "b")]
    report = within([*records, timed("a"), timed("c")], "network", "a", "b")
    assert [row.second.case.batch for row in report.rows] == [1, 16]
    assert {row.comparison.family for row in report.rows} == {2}


def test_networks_are_paired_at_one_resolution_where_both_have_it():
    records = [timed("a"), timed("a", resolution=256), timed("b", resolution=256)]
    (row,) = within(records, "network", "a", "b").rows
    assert row.first.case.resolution == 256
    (row,) = within([timed("a"), timed("b", resolution=260)], "network", "a", "b").rows
    assert (row.first.case.resolution, row.second.case.resolution) == (224, 260)


@pytest.mark.parametrize(
    ("field", "one", "other"), [("form", "shipped", "inference"), ("allocator", "pinned", "shipped")]
)
def test_forms_and_allocators_of_one_network_are_paired(field, one, other):
    records = [timed(name, **{field: value}) for name in ("a", "b") for value in (one, other)]
    report = within(records, field, one, other)
    assert [row.second.case.network for row in report.rows] == ["a", "b"]
    assert all(getattr(row.second.case, field) == other for row in report.rows)


def test_too_few_common_runs_and_failures_have_their_reasons():
    (row,) = within([timed("a"), record("b", RUNS[:2])], "network", "a", "b").rows
    assert (row.comparison.verdict, row.comparison.ratio) == (Verdict.INCONCLUSIVE, None)
    assert "both are in 2 runs" in row.comparison.reason
    broken = record("b", (), outcome="failed", reason="it raised")
    (row,) = within([timed("a"), broken], "network", "a", "b").rows
    assert row.comparison.reason == "no time on the second side: failed: it raised"


@pytest.mark.parametrize(
    ("field", "one", "other", "error", "said"),
    [
        ("batch", "1", "2", UsageError, "cannot compare by 'batch'. Choose from network, allocator"),
        ("network", "a", "a", UsageError, "'a' is compared with itself"),
        ("network", "a", "z", NothingToShowError, "no stored case is of 'z'. Stored are: a, b"),
        ("form", "shipped", "inference", NothingToShowError, "no stored case has form=inference"),
    ],
)
def test_what_cannot_be_asked_is_refused(field, one, other, error, said):
    with pytest.raises(error) as caught:
        within([timed("a"), timed("b")], field, one, other)
    assert said in str(caught.value)


def test_several_sessions_and_settings_apart_are_refused():
    with pytest.raises(UsageError, match="these are 2 sessions, and pairs need one"):
        within([timed("a"), timed("b", session="s2")], "network", "a", "b")
    with pytest.raises(NothingToShowError, match="no setting holds both network=a and network=b"):
        within([timed("a"), timed("b", threads=2)], "network", "a", "b")


def test_every_field_is_one_of_a_case():
    assert all(hasattr(record().case, field) for field in FIELDS)
