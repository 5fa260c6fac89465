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

from tests.making import record

SLOW_DOWN = "FAKE_SLOW_DOWN"
"""Environment variable: factor on every latency."""


def measure(requests: Sequence[Request], root: Path, observer: Observer | None = None) -> pytest_plugin.TimedSession:
    """Ten milliseconds times batch for everybody; `tiny` asks too little, `broken` fails, `stopped` is interrupted.

    Leaves one line a session in `asked.jsonl`: the cases that were asked for.
    """
    names = [request.networks[0] for request in requests]
    with Path("asked.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps([[request.networks[0], request.batches[0], request.threads[0]] for request in requests]))
        file.write("\n")
    if "fake:tiny" in names:
        raise BudgetTooSmallError("a budget of 1 s is too small. Raise --budget.")
    return pytest_plugin.TimedSession(
        path=root / "machine" / "session.jsonl",
        runs=3,
        interrupted="fake:stopped" in names,
        answers=tuple(_one(request) for request in requests),
        findings=("a-kind: a finding",),
    )


def _one(request: Request) -> pytest_plugin.Measured | str:
    name, batch = request.networks[0], request.batches[0]
    broken = name == "fake:broken"
    seconds = 0.01 * batch * float(os.environ.get(SLOW_DOWN, "1"))
    return pytest_plugin.answer(
        record(
            name, (seconds,) * 3, batch=batch, threads=request.threads[0],
            outcome="failed" if broken else "done", reason="it broke" if broken else None,
        )
    )  # fmt: skip
