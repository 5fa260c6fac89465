"""Cold starts: which figure belongs to the case, and which to its process."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import pytest
from levit_bench.errors import NothingToShowError
from levit_bench.judge.cold_starts import cold, crowded, require_cold
from levit_bench.records import ColdStart, Estimate, Finding, Record, SeatInfo
from levit_bench.report.views.cold_starts import findings_of, rows, table

from tests.making import record
from tools.simulated.generate_store import MACHINE


def started(
    one: Record,
    loads: list[float],
    *,
    shared: bool = False,
    forked: bool = False,
    peak: int | None = 300,
    processes: int = 1,
) -> Record:
    """The record with a cold start a run; the first pass takes ten times as long as the others, which take 10 ms."""
    cases = (one.info.id, "another") if shared else (one.info.id,)
    runs = tuple(
        msgspec.structs.replace(
            run,
            cold=ColdStart(load_s=load, first_pass_s=0.1, grown_bytes=50 + at),
            seat=SeatInfo(
                seat=0, runtime="eager", threads=1, allocator="pinned", device="cpu", load_s=2.0, rss_bytes=1,
                peak_bytes=peak, cases=cases, forked=forked,
            ),
            seat_peak_bytes=400,
            seats_at_once=processes,
        )
        for at, (run, load) in enumerate(zip(one.runs, loads, strict=True))
    )  # fmt: skip
    return msgspec.structs.replace(one, runs=runs, info=msgspec.structs.replace(one.info, compile_s=3.5))


def test_figures_are_means_over_runs_with_limits() -> None:
    found = cold(started(record(), [0.4, 0.5, 0.625]))
    assert isinstance(found.load, Estimate)
    assert found.load.value == pytest.approx(0.5)
    assert found.load.low < 0.4
    assert found.load.high > 0.625
    assert found.times == pytest.approx(10)
    assert (found.grown_bytes, found.peak_bytes, found.compile_s) == (51, 300, 3.5)
    assert found.run_peak_bytes == 400
    assert isinstance(found.start, Estimate)
    assert found.start.value == pytest.approx(2.0)


def test_a_forked_process_has_no_start_and_no_peak_of_its_own() -> None:
    figures = cold(started(record(), [0.4, 0.5, 0.625], forked=True))
    assert (figures.start, figures.peak_bytes, figures.run_peak_bytes) == (None, None, None)
    assert isinstance(figures.load, Estimate)
    assert figures.grown_bytes == 51


def test_copies_are_shown_where_there_are_any(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = started(record(), [0.4, 0.5, 0.6])
    runs = tuple(
        msgspec.structs.replace(run, cold=msgspec.structs.replace(run.cold, copy_s=0.002, copy_pinned_s=0.001))
        for run in plain.runs
        if run.cold is not None
    )
    copied = msgspec.structs.replace(plain, runs=runs)
    assert (cold(copied).copy_s, cold(copied).copy_pinned_s) == (0.002, 0.001)
    assert rows([copied])[0]["copy_s"] == 0.002
    assert [column.header for column in table([copied]).columns][-1] == "copy"
    assert [column.header for column in table([plain]).columns][-1] == "peak"


def test_peak_and_start_of_a_shared_process_belong_to_nobody() -> None:
    found = cold(started(record(), [0.4, 0.5, 0.6], shared=True))
    assert (found.peak_bytes, found.run_peak_bytes, found.start) == (None, None, None)
    assert isinstance(found.load, Estimate)
    assert cold(started(record(), [0.4, 0.5, 0.6], peak=None)).peak_bytes is None


@pytest.mark.parametrize(
    ("odd", "said"),
    [({"emulated": True}, "emulated"), ({"outcome": "failed", "reason": "output is not finite"}, "not finite")],
)
def test_a_case_without_a_speed_has_no_cold_start_and_says_why(odd: dict[str, Any], said: str) -> None:
    one = started(record(**odd), [0.4, 0.5, 0.6])
    found = cold(one)
    assert isinstance(found.load, Finding)
    assert isinstance(found.first_pass, Finding)
    rest = found.compile_s, found.times, found.grown_bytes, found.peak_bytes, found.run_peak_bytes, found.start
    assert set(rest) == {None}
    assert said in str(table([one]).caption)


def test_processes_that_waited_for_each_other_are_one_finding_a_session() -> None:
    cores = MACHINE.logical_cores
    few, many = (started(record(), [0.4, 0.5, 0.6], processes=cores + more) for more in (0, 1))
    assert crowded(few) is None
    finding = crowded(many)
    assert finding is not None
    assert f"{cores + 1} processes loaded their cases at the same time on {cores} processors" in finding.message
    (one,) = findings_of([many, many, msgspec.structs.replace(many, session="s2"), few])
    assert one.message.endswith("The same holds for 1 more session.")
    (row,) = rows([many])
    assert "loaded-together" in str(row["findings"])


def test_columns_that_nobody_fills_are_left_out() -> None:
    shared, alone = (started(record(), [0.4, 0.5, 0.6], shared=shared) for shared in (True, False))
    names = [[str(column.header) for column in table([one]).columns] for one in (shared, alone)]
    assert names[0] == ["case", "compiled", "loaded", "first pass", "memory"]
    assert names[1] == ["case", "compiled", "loaded", "first pass", "start", "memory", "peak"]


def test_sessions_in_which_nothing_was_timed_are_not_called_old() -> None:
    with pytest.raises(NothingToShowError, match="no case was timed"):
        require_cold([record(runs=(), outcome="failed", reason="out of memory")])


@pytest.mark.parametrize("loads", [[0.4], [0.4, 0.5]])
def test_few_runs_do_not_bound_a_cold_start(loads: list[float]) -> None:
    found = cold(started(record(runs=[0.01] * len(loads)), loads))
    assert isinstance(found.load, Estimate)
    assert "too-few-runs" in {finding.kind for finding in found.load.findings}
    (row,) = rows([started(record(runs=[0.01] * len(loads)), loads)])
    assert row["load_s"] is not None
    assert (row["load_high_s"] is None) == (len(loads) == 1)


def test_older_files_tell_nothing_and_say_so() -> None:
    found = cold(record())
    assert isinstance(found.load, Finding)
    assert (found.grown_bytes, found.peak_bytes, found.times) == (None, None, None)
    (row,) = rows([record()])
    assert row["load_s"] is None
    assert not any(isinstance(value, float) and math.isnan(value) for value in row.values())
    with pytest.raises(NothingToShowError, match="hold no cold starts"):
        require_cold([record()])
