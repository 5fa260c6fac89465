"""A session that takes no time, for tests of what pytest shows of it: put in the place of `pytest_plugin.measure`."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

from levit_bench import pytest_plugin
from levit_bench.asking.request import Request
from levit_bench.errors import BudgetTooSmallError
from levit_bench.measuring.session.observer import Observer
from levit_bench.records import Record

from tests.making import record

SLOW_DOWN = "FAKE_SLOW_DOWN"
"""Environment variable: factor on every latency."""


def measure(
    declared: Sequence[pytest_plugin.Declared],
    root: Path,
    observer: Observer | None = None,
    gate: pytest_plugin.GateAsked | None = None,
) -> pytest_plugin.TimedSession:
    """Ten milliseconds times batch for everybody and half of it for `quick`; `tiny` asks too little, `broken` fails,
    `stopped` is interrupted, `unknown` cannot be asked for.

    Leaves one line a session in `asked.jsonl`: the cases that were asked for.
    """
    requests = {str(request): request for case in declared for request in case.requests}.values()
    names = [request.networks[0] for request in requests]
    with Path("asked.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps([[request.networks[0], request.batches[0], request.threads[0]] for request in requests]))
        file.write("\n")
    if "fake:tiny" in names:
        raise BudgetTooSmallError("a budget of 1 s is too small. Raise --budget.")
    if "fake:killed" in names:
        raise SystemExit(3)
    records = [_record(request) for request in requests]
    return pytest_plugin.TimedSession(
        path=root / "machine" / "session.jsonl",
        runs=3,
        interrupted="fake:stopped" in names,
        answers=tuple(_answer(case, records) for case in declared),
        findings=("a-kind: a finding",),
    )


def _answer(case: pytest_plugin.Declared, records: Sequence[Record]) -> pytest_plugin.Measured | str:
    """The answer of a case as a real session gives it."""
    if case.request.networks[0] == "fake:unknown":
        return "no network is called 'fake:unknown'"
    return pytest_plugin.read_answer(case, records)


def _record(request: Request) -> Record:
    name, batch = request.networks[0], request.batches[0]
    broken = name == "fake:broken"
    seconds = 0.01 * batch * float(os.environ.get(SLOW_DOWN, "1")) * (0.5 if name == "fake:quick" else 1)
    return record(
        name, (seconds,) * 3, batch=batch, threads=request.threads[0], form=request.forms[0],
        outcome="failed" if broken else "done", reason="it broke" if broken else None,
    )  # fmt: skip
