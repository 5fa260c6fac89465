"""What reading costs: processor time and peak memory of the verbs that read, each in fresh processes.

    python -m tools.reading_costs                      the store of this repository
    python -m tools.reading_costs --cases 10000        a simulated store of so many cases

Each verb is run with an empty cache first, then several times with what that run kept. Processor time is that of the
process in user and system mode, which other work on the machine moves less than the time on the clock; still, measure
on a quiet machine.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

from levit_bench.paths.cache_folder import VARIABLE

from tools.simulated.generate_store import write_store

ROOT = Path(__file__).parents[1]
VERBS = {
    "--help": ("--help",),
    "list": ("list",),
    "show --session last": ("show", "--session", "last", "--store", "STORE"),
    "pick --session last": ("pick", "--session", "last", "--max-latency", "20ms", "--store", "STORE"),
    "front --session last": ("front", "--session", "last", "--out", "OUT", "--store", "STORE"),
    "front": ("front", "--out", "OUT", "--store", "STORE"),
}
"""Command lines by what they are called here; `STORE` and `OUT` stand for folders."""


class Cost(NamedTuple):
    """What one process cost."""

    processor_s: float
    """In user and system mode together."""
    peak_bytes: int
    """Most resident memory."""


class VerbCosts(NamedTuple):
    """Costs of one verb."""

    name: str
    first: Cost
    """With an empty cache."""
    later: tuple[Cost, ...]
    """With what the first process kept."""

    @property
    def later_s(self) -> float:
        """The median processor time of the later processes."""
        return median(cost.processor_s for cost in self.later)

    @property
    def later_peak_bytes(self) -> int:
        """The most memory of the later processes."""
        return max(cost.peak_bytes for cost in self.later)


def cost_of(words: Sequence[str], cache: Path) -> Cost:
    """Run `levit-bench` with these words once.

    Raises:
        RuntimeError: it ended with an exit code that no reading verb has on a sound store.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "levit_bench", *words],
        env={**os.environ, VARIABLE: str(cache), "PYTHONPATH": str(ROOT / "bench")},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 3):  # 3: nothing within the limit, or several panels.
        raise RuntimeError(f"levit-bench {' '.join(words)} ended with {process.returncode}")
    per_unit = 1 if sys.platform == "darwin" else 1024
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss * per_unit)


def costs(store: Path, repeats: int, scratch: Path) -> list[VerbCosts]:
    """The costs of every verb of `VERBS`.

    Args:
        store: the folder of sessions.
        repeats: processes after the first one.
        scratch: an empty folder for caches and files.
    """
    out = []
    for number, (name, words) in enumerate(VERBS.items()):
        places = {"STORE": str(store), "OUT": str(scratch / "out")}
        command = [places.get(word, word) for word in words]
        first, *later = [cost_of(command, scratch / f"cache-{number}") for _ in range(repeats + 1)]
        out.append(VerbCosts(name, first, tuple(later)))
    return out


def table(all_costs: Sequence[VerbCosts]) -> str:
    """The costs as a Markdown table."""
    lines = ["| verb | first, s | later, s | first, MB | later, MB |", "|:--|--:|--:|--:|--:|"]
    for verb in all_costs:
        seconds = f"{verb.first.processor_s:.2f} | {verb.later_s:.2f}"
        lines.append(
            f"| {verb.name} | {seconds} | {verb.first.peak_bytes / 1e6:.0f} | {verb.later_peak_bytes / 1e6:.0f} |"
        )
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line: measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=0, help="Cases of a simulated store; 0: the store that is named.")
    parser.add_argument("--store", type=Path, default=ROOT / "results")
    parser.add_argument("--repeats", type=int, default=5)
    parsed = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as scratch:
        store = parsed.store
        if parsed.cases:
            store = Path(scratch) / "store"
            write_store(store, parsed.cases)
        sys.stdout.write(table(costs(store.resolve(), max(1, parsed.repeats), Path(scratch))) + "\n")


if __name__ == "__main__":
    main()
