"""Cases against one network of their session and setting."""

from __future__ import annotations

import pytest
from levit_bench.errors import NothingToShowError
from levit_bench.judge.compare.reference_network import against, base_in, holding, left_out

from tests.making import record


def test_a_case_is_paired_with_the_base_of_its_own_session_and_setting() -> None:
    records = [
        record("base", [0.01, 0.011, 0.012]),
        record("twice", [0.02, 0.022, 0.024]),
        record("base", [0.1, 0.1, 0.1], batch=16),
        record("twice", [0.3, 0.3, 0.3], batch=16),
        record("base", [9.0, 9.0, 9.0], session="s2"),
    ]
    found = against(records, "base")
    assert [(one.record.case.network, one.record.case.batch, one.is_base) for one in found] == [
        ("base", 1, True), ("twice", 1, False), ("base", 16, True), ("twice", 16, False), ("base", 1, True),
    ]  # fmt: skip
    times = [one.ratio.value if one.ratio else None for one in found]
    assert times == pytest.approx([1, 2, 1, 3, 1])
    assert found[1].ratio is not None
    assert (found[1].ratio.low, found[1].ratio.high) == pytest.approx((2, 2))


def test_settings_without_the_base_are_left_out() -> None:
    found = against([record("base"), record("alone", threads=2), record("near")], "base")
    assert [one.record.case.network for one in found] == ["base", "near"]


def test_what_is_left_out_is_counted_by_the_fields_in_which_the_nearest_setting_of_the_base_differs() -> None:
    records = [
        record("base"),
        record("base", allocator="shipped"),
        record("near"),
        *(record(name, runtime="onnxruntime") for name in "abc"),
        record("alone", threads=2, batch=4),
        record("elsewhere", threads=2, session="s2"),
    ]
    assert left_out(records, "base") == {("runtime",): 3, ("threads", "batch"): 1}
    assert left_out(records[:3], "base") == {}


def test_the_base_at_the_same_resolution_is_preferred_and_another_one_serves() -> None:
    records = [
        record("base", resolution=224),
        record("base", [0.02, 0.02, 0.02], resolution=256),
        record("net", [0.04, 0.04, 0.04], resolution=256),
        record("net", [0.05, 0.05, 0.05], resolution=300),
    ]
    times = [one.ratio.value if one.ratio else None for one in against(records, "base")]
    assert times == pytest.approx([1, 1, 2, 5])


def test_where_a_case_has_no_time_or_too_few_runs_there_is_no_ratio() -> None:
    records = [
        record("base"),
        record("failed", outcome="failed", reason="it raised"),
        record("short", [0.02, 0.02]),
    ]
    assert [one.ratio is None for one in against(records, "base")] == [False, True, True]


def test_a_base_that_is_not_stored_is_answered_with_what_is() -> None:
    with pytest.raises(NothingToShowError, match=r"no stored case is of 'nothing'.*Stored are: base, net"):
        base_in([record("net"), record("base")], "nothing")
    with pytest.raises(NothingToShowError, match="the store holds no case at all"):
        base_in([], "base")
    (held,) = holding([record("base"), record("net", session="s2")], "base")
    assert held.session == "s1"
