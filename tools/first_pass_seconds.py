"""Seconds from the command to the first timed pass of a session, with an empty cache and with what was kept before.

    python -m tools.first_pass_seconds --networks paper --threads 1 --batch 1 --budget 150s
    python -m tools.first_pass_seconds --beside ../older-clone --times 3 --networks levit_192 --budget 60s

Everything behind this tool's own options goes to `levit-bench run`. A session is ended at its first timed pass, and
its file is removed. `plan` says beforehand what it expects. With `--beside`, another clone of this repository takes
turns with this one, so that two versions are compared in the same minutes. Measure on a quiet machine.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

from levit_bench.paths.cache_folder import VARIABLE

ROOT = Path(__file__).parents[1]
_POLL_S = 0.1  # Between looks at the session's file.


class Start(NamedTuple):
    """The start of one session."""

    first_pass_s: float
    """Seconds from the command to the first timed turn in its file."""
    processor_s: float
    """Of all its processes, until they ended."""


def start_of(clone: Path, words: Sequence[str], cache: Path) -> Start:
    """Begin a session of a clone and end it at its first timed pass.

    Args:
        clone: folder of the repository whose code is measured.
        words: options of `levit-bench run`.
        cache: folder of what is kept between sessions.

    Raises:
        RuntimeError: the session ended without a timed pass; the message holds what it said.
    """
    environment = {**os.environ, "PYTHONPATH": str(clone / "bench"), VARIABLE: str(cache)}
    before = os.times()
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "levit_bench", "run", *words, "--store", folder]
        with Path(folder, "said.txt").open("w+b") as said:
            began = time.monotonic()
            process = subprocess.Popen(
                command, cwd=clone, env=environment, stdin=subprocess.DEVNULL, stdout=said, stderr=said
            )
            while not (is_timed := _has_turn(Path(folder))) and process.poll() is None:
                time.sleep(_POLL_S)
            first_pass_s = time.monotonic() - began
            if is_timed:
                process.send_signal(signal.SIGINT)
            process.wait()
            if not is_timed:
                said.seek(0)
                raise RuntimeError(f"no timed pass:\n{said.read().decode(errors='replace')}")
    after = os.times()
    used_s = after.children_user + after.children_system - before.children_user - before.children_system
    return Start(first_pass_s, used_s)


def _has_turn(store: Path) -> bool:
    """Whether a session's file in the store holds a timed turn."""
    for path in store.glob("*/*.jsonl"):
        with path.open("rb") as file:
            if any(line.startswith(b'{"kind":"turn"') for line in file):
                return True
    return False


def forecast_of(words: Sequence[str], cache: Path) -> float:
    """Seconds to the first timed pass that `levit-bench plan` expects: preparing, and the start of the first run."""
    command = [sys.executable, "-m", "levit_bench", "plan", *words, "--json"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "bench"), VARIABLE: str(cache)}
    out = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=True).stdout
    plan = json.loads(out)
    return float(plan["prepare_s"] + plan["start_s"])


def table(starts: dict[str, list[Start]], forecasts: dict[str, float]) -> list[str]:
    """A row for each way to begin: median and all times to the first pass, processor seconds, the forecast."""
    rows = ["| | seconds to the first timed pass | processor seconds | plan said |", "|:--|--:|--:|--:|"]
    for name, taken in starts.items():
        each = ", ".join(f"{one.first_pass_s:.1f}" for one in taken)
        used = median(one.processor_s for one in taken)
        forecast = f"{forecasts[name]:.0f}" if name in forecasts else ""
        rows.append(f"| {name} | {median(one.first_pass_s for one in taken):.1f} ({each}) | {used:.0f} | {forecast} |")
    return rows


def main(arguments: Sequence[str]) -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tools.first_pass_seconds", description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--beside", type=Path, help="another clone of this repository, which keeps nothing if it is old"
    )
    parser.add_argument("--times", type=int, default=1, help="how often each is begun")
    options, words = parser.parse_known_args(arguments)
    starts: dict[str, list[Start]] = {}
    forecasts: dict[str, float] = {}
    for _ in range(options.times):
        with tempfile.TemporaryDirectory() as folder:
            if options.beside is not None:
                starts.setdefault("the other clone", []).append(
                    start_of(options.beside.resolve(), words, Path(folder, "theirs"))
                )
            cache = Path(folder, "ours")
            for name in ("an empty cache", "what was kept"):
                forecasts.setdefault(name, forecast_of(words, cache))
                starts.setdefault(name, []).append(start_of(ROOT, words, cache))
    sys.stdout.write("\n".join(table(starts, forecasts)) + "\n")


if __name__ == "__main__":
    # A background job of a shell ignores interrupts, and so would the sessions that it begins.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    main(sys.argv[1:])
