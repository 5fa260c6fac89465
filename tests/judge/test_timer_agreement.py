"""Our clock against a second one."""

from __future__ import annotations

import math

import msgspec
import pytest
from levit_bench.judge.timer_agreement import Account, Agreement, account, agreement, agreements
from levit_bench.records import Finding, Record
from levit_bench.report.views import timer_agreement as report

from tests.making import record


def witnessed(ratios: list[float], *, name: str = "a") -> Record:
    """Runs in each of which our mean is so many times the witness's, but for one turn that was disturbed."""
    made = record(name, [0.01] * len(ratios), turns=5)
    runs = []
    for run, ratio in zip(made.runs, ratios, strict=True):
        turns = [
            msgspec.structs.replace(turn, witness_s=sum(turn.duration_s) / len(turn.duration_s) / ratio)
            for turn in run.turns
        ]
        turns[0] = msgspec.structs.replace(turns[0], witness_s=1.0)
        runs.append(msgspec.structs.replace(run, turns=tuple(turns), told_cpu_s=9.9, system_cpu_s=10.0))
    return msgspec.structs.replace(made, runs=tuple(runs))


def test_the_ratio_is_the_mean_over_runs_of_the_median_over_turns() -> None:
    found = agreement(witnessed([1.01, 1.00, 0.99, 1.00]))
    assert isinstance(found, Agreement)
    assert math.log(found.value) == pytest.approx(math.log(1.01 * 0.99) / 4)
    assert found.low < 1 < found.high
    assert found.agrees is True


@pytest.mark.parametrize(
    ("ratios", "agrees"),
    [([1.05, 1.051, 1.049, 1.05], False), ([0.95, 0.951, 0.949, 0.95], False), ([1.0, 1.1, 0.9, 1.05], None)],
)
def test_clocks_that_differ_are_told_from_those_nobody_can_tell(ratios: list[float], agrees: bool | None) -> None:
    found = agreement(witnessed(ratios))
    assert isinstance(found, Agreement)
    assert found.agrees is agrees


def test_without_a_witness_there_is_nothing_to_say_and_with_two_runs_too_little() -> None:
    assert agreement(record("a", [0.01] * 4)) is None
    found = agreement(witnessed([1.0, 1.01]))
    assert isinstance(found, Finding)
    assert found.kind == "too-few-runs"
    assert agreements([record("a", [0.01] * 4)]) == []


def test_the_account_counts_each_run_of_a_session_once() -> None:
    one, other = witnessed([1.0, 1.0, 1.0]), witnessed([1.0, 1.0, 1.0], name="b")
    found = account([one, other])
    assert isinstance(found, Account)
    assert found.runs == 3
    assert found.ratio == pytest.approx(0.99)
    assert account([record("a", [0.01] * 4)]) is None
    rows = report.rows([one, other])
    assert [row.get("network") for row in rows] == ["a", "b", None]
    assert rows[-1]["told_cpu_s"] == pytest.approx(29.7)
