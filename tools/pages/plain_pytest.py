"""pytest-benchmark by itself, invocation after invocation of identical code: the figures behind docs/why.md.

Times networks as a user of pytest-benchmark would: one process, one after the other, its own calibration and rounds.

    python -m tools.pages.plain_pytest --invocations 9     # writes docs/why.csv and docs/why.md
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

from levit_bench.numbers.units import format_latency, significant

from tools.pages import ROOT

DATA = ROOT / "docs" / "why.csv"
PAGE = ROOT / "docs" / "why.md"
BEGIN, END = "<!-- plain -->", "<!-- end -->"
NETWORKS = ("levit_192", "efficientnet_b0", "efficientnet_b2", "mobilenetv3_large_100", "deit_tiny_patch16_224")
TOLERANCE = 0.05
"""Slow-down of a median that `--benchmark-compare-fail=median:5%` calls a regression."""
TESTS = """
import pytest, torch
from levit_bench.measuring.networks.timm_import import import_timm

torch.set_num_threads(1)
timm = import_timm()

@pytest.mark.parametrize("name", {names!r})
def test_latency(benchmark, name):
    network = timm.create_model(name).eval()
    size = timm.get_pretrained_cfg(name).input_size
    image = torch.randn(1, *size)
    with torch.inference_mode():
        benchmark(network, image)
"""


def invoke(folder: Path) -> dict[str, float]:
    """Medians in seconds of one invocation, by network."""
    (folder / "test_latency.py").write_text(TESTS.format(names=NETWORKS), encoding="utf-8")
    out = folder / "out.json"
    words = ["-m", "pytest", "-q", "-p", "no:randomly", "--benchmark-warmup=on", "--benchmark-warmup-iterations=5"]
    subprocess.run(
        [sys.executable, *words, f"--benchmark-json={out}", "test_latency.py"],
        cwd=folder, env=os.environ | {"PYTHONPATH": str(ROOT / "bench")}, check=True, capture_output=True,
    )  # fmt: skip
    benchmarks = json.loads(out.read_text(encoding="utf-8"))["benchmarks"]
    return {row["params"]["name"]: row["stats"]["median"] for row in benchmarks}


def rows(data: Path = DATA) -> list[dict[str, float]]:
    """The stored invocations, in order."""
    with data.open(encoding="utf-8", newline="") as file:
        return [{name: float(text) for name, text in row.items()} for row in csv.DictReader(file)]


def scatter(invocations: Iterable[dict[str, float]]) -> dict[str, float]:
    """Coefficient of variation of the medians, by network."""
    medians = list(invocations)
    return {n: statistics.stdev(i[n] for i in medians) / statistics.fmean(i[n] for i in medians) for n in NETWORKS}


def alarms(invocations: Iterable[dict[str, float]]) -> tuple[int, int]:
    """Comparisons of one invocation with the one before that would have failed, and all of them."""
    pairs = list(pairwise(invocations))
    red = sum(any(after[n] > before[n] * (1 + TOLERANCE) for n in NETWORKS) for before, after in pairs)
    return red, len(pairs)


def block() -> str:
    """What docs/why.md says of the stored invocations."""
    stored_rows = rows()
    red, pairs = alarms(stored_rows)
    lines = ["| network | median of the medians | coefficient of variation | slowest / fastest |", "|:--|--:|--:|--:|"]
    for name, share in scatter(stored_rows).items():
        medians = [row[name] for row in stored_rows]
        lines.append(
            f"| {name} | {format_latency(statistics.median(medians))} | {significant(100 * share, 2)} % "
            f"| {significant(max(medians) / min(medians))} |"
        )
    sentence = (
        f"With `--benchmark-compare-fail=median:5%`, {red} of {pairs} comparisons of an invocation with the one before"
    )
    return "\n".join([f"{sentence} would have failed.", "", *lines])


def page() -> str:
    """docs/why.md with the block of the stored invocations."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(f"{BEGIN}\n")
    return f"{before}{BEGIN}\n{block()}\n{END}{rest.partition(END)[2]}"


def main() -> None:
    """Take the invocations, store their medians and write them into docs/why.md."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--invocations", type=int, default=9)
    with tempfile.TemporaryDirectory() as folder:
        medians = [invoke(Path(folder)) for _ in range(parser.parse_args().invocations)]
    with DATA.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, NETWORKS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(medians)
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
