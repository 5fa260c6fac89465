"""Cold starts: which figure belongs to the case, and which to its process."""

from __future__ import annotations

import math

import msgspec
import pytest

from bench.errors import NothingToShowError
from bench.judge.cold import cold, require_cold
from bench.records import ColdStart, Estimate, Finding, Record, SeatInfo
from bench.report.cold import rows, table
from tests.making import record


def started(one: Record, loads: list[float], *, shared: bool = False, peak: int | None = 300) -> Record:
    """The record with a cold start a run; the first pass takes ten times as long as the others, which take 10 ms."""
    cases = (one.info.id, "another") if shared else (one.info.id,)
    runs = tuple(
        msgspec.structs.replace(
            run,
            cold=ColdStart(load_s=load, first_pass_s=0.1, grown_bytes=50 + at),
            seat=SeatInfo(
                seat=0, runtime="eager", threads=1, allocator="pinned", device="cpu", load_s=2.0, rss_bytes=1,
                peak_bytes=peak, cases=cases,
            ),
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
    assert isinstance(found.start_s, Estimate)


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


def test_the_peak_of_a_shared_process_belongs_to_nobody() -> None:
    assert cold(started(record(), [0.4, 0.5, 0.6], shared=True)).peak_bytes is None
    assert cold(started(record(), [0.4, 0.5, 0.6], peak=None)).peak_bytes is None


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
