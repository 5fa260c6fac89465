"""Where the processor seconds of a worker go until it is ready: python -m tools.worker_seconds [NETWORK ...]

Prints a table by step, in fresh processes, the median of five each. The networks are prepared first, in a temporary
folder.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from tools.pages import ROOT

PROCESSES = 5
_PREPARE = """
import sys
from pathlib import Path
import torch
torch.set_num_threads(1)
from levit_bench.measuring.preparing.artifacts import prepare
from levit_bench.records import Case
for name in sys.argv[2:]:
    folder = Path(sys.argv[1], name)
    folder.mkdir()
    prepare(Case(network=name, resolution=224), (1,), folder, 0)
"""
_START = """
import json, sys, time
began = time.process_time()
steps = {}
def step(name):
    global began
    now = time.process_time()
    steps[name], began = now - began, now
import levit_bench
import torch
step("import torch")
from levit_bench.measuring import worker
torch.set_num_threads(1)
step("import the worker's own modules")
from levit_bench.measuring.networks.timm_import import import_timm
if sys.argv[3] == "timm":
    import_timm()
step("import torchvision and timm")
from levit_bench.measuring.workers.messages import CaseLoaded, Describe, Load
from levit_bench.records import Case
case = Case(network=sys.argv[2], resolution=224)
one = worker.Worker()
answer = one.answer(Load(case=case, folder=sys.argv[1], seed=0, draw="0"))
assert isinstance(answer, CaseLoaded), answer
step("load the network, two passes and their check")
one.answer(Describe())
step("describe itself, pages of a pinned heap")
print(json.dumps(steps))
"""


def seconds(folder: Path, network: str, library: str) -> dict[str, float]:
    """Processor seconds by step, the medians of several processes."""
    command = [sys.executable, "-c", _START, str(folder), network, library]
    runs = [json.loads(subprocess.run(command, env=_environment(), capture_output=True, check=True).stdout)
            for _ in range(PROCESSES)]  # fmt: skip
    return {name: median(run[name] for run in runs) for name in runs[0]}


def table(networks: Sequence[str]) -> list[str]:
    """One row a step, one column a network."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-c", _PREPARE, folder, *networks], env=_environment(), check=True)
        columns = [seconds(Path(folder, name), name, "" if name.startswith("levit_") else "timm") for name in networks]
    rows = ["| processor seconds | " + " | ".join(networks) + " |", "|:--|" + "--:|" * len(networks)]
    rows += [f"| {step} | " + " | ".join(f"{column[step]:.2f}" for column in columns) + " |" for step in columns[0]]
    totals = " | ".join(f"**{sum(column.values()):.2f}**" for column in columns)
    return [*rows, f"| **together** | {totals} |"]


def _environment() -> dict[str, str]:
    return os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT / "bench")}


if __name__ == "__main__":
    sys.stdout.write("\n".join([*table(sys.argv[1:] or ["levit_192", "efficientnet_b0"]), ""]))
