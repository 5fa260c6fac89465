"""Hold levit-bench's latencies against those of the tools that runtimes come with, on the same artifacts.

    python agree_with_tools.py --repetitions 5 --out agreement.json

In turns: a session of levit-bench, then each tool on each network in a process of its own, with the environment of a
seat (threads, allocator). A tool's figure over ours, for each repetition, gives a ratio and Student's t its limits.

- OpenVINO: `benchmark_app`, synchronous, its median. Streams and threads are set, which it allows without a hint only;
  one stream is what the latency hint chooses.
- ONNX Runtime: the events `model_run` of its own profiler, their median. They hold the profiling of every node.
- eager: the recipe of timm's benchmark.py, which is no part of its package, written down again: 10 warm-up steps, 40
  timed ones on one random batch in inference mode, their mean, which slow steps lift above a median.
- compile: the same recipe with `torch.compile`, which compiles the network once more, in the process that runs it: what
  was compiled ahead of time is checked as well, and not only how it is timed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from math import exp, log
from pathlib import Path
from statistics import median
from typing import NamedTuple

import msgspec
from levit_bench.asking.request import Request, protocol_of, subjects
from levit_bench.judge.estimates import log_median
from levit_bench.measuring.machine.description import conditions, machine
from levit_bench.measuring.preparing.artifacts import artifact_in
from levit_bench.measuring.preparing.workshop import Artifact, Workshop
from levit_bench.measuring.session.observer import Silent
from levit_bench.measuring.session.session import measure
from levit_bench.measuring.workers.process_environment import default_allocator, seat_environment
from levit_bench.numbers.statistics import t_interval
from levit_bench.records import Case
from levit_bench.store.files import load

_OPENVINO = """
import sys
sys.modules["openvino_telemetry"] = None
from openvino.tools.benchmark.main import main
sys.exit(main())
"""
_ONNXRUNTIME = """
import json, os, sys
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
import numpy as np, onnxruntime
model, threads, seconds, folder = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), sys.argv[4]
options = onnxruntime.SessionOptions()
options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
options.enable_profiling, options.profile_file_prefix = True, os.path.join(folder, "ort")
session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
given = session.get_inputs()[0]
images = {given.name: np.random.default_rng(0).standard_normal(given.shape).astype(np.float32)}
import time
end = time.perf_counter() + seconds
while time.perf_counter() < end:
    session.run(None, images)
events = json.load(open(session.end_profiling()))
runs = [event["dur"] for event in events if event.get("name") == "model_run"]
print(json.dumps([us / 1e6 for us in runs[3:]]))
"""
_TIMM = """
import json, sys, time
from pathlib import Path
import torch
from levit_bench.measuring import runtimes
from levit_bench.records import Case
import msgspec
case = msgspec.json.decode(sys.argv[1], type=Case)
torch.set_num_threads(case.threads)
network = runtimes.get("eager").load(case, Path(sys.argv[2]))
images = torch.randn(case.batch, 3, case.resolution, case.resolution)
step = network.run
"""
_STEPS = """
with torch.inference_mode():
    for _ in range(10):
        step(images)
    steps = []
    for _ in range(40):
        began = time.perf_counter()
        step(images)
        steps.append(time.perf_counter() - began)
print(json.dumps([sum(steps) / len(steps)]))
"""
_COMPILED = """
import torch._inductor.config
from levit_bench.measuring.runtimes.eager import rebuilt
torch._inductor.config.freezing, torch._inductor.config.compile_threads = True, 1
step = torch.compile(rebuilt(case, Path(sys.argv[2])))
"""
_Tool = Callable[[Case, Path, float], float]


class Row(NamedTuple):
    """One network in one runtime."""

    runtime: str
    network: str
    tool: str
    ours_s: list[float]
    """Median pass by repetition, of all runs of its session."""
    tool_s: list[float]
    """The tool's figure by repetition."""


def benchmark_app(case: Case, artifact: Path, seconds: float) -> float:
    """OpenVINO's own tool: its median latency in seconds."""
    with tempfile.TemporaryDirectory() as folder:
        options = {
            "-m": str(artifact), "-d": "CPU", "-hint": "none", "-nstreams": "1", "-nthreads": str(case.threads),
            "-api": "sync", "-infer_precision": "f32", "-t": f"{seconds:.0f}", "-report_type": "no_counters",
            "-report_folder": folder,
        }  # fmt: skip
        _run(_OPENVINO, [word for pair in options.items() for word in pair] + ["-json_stats"], case)
        report = json.loads(next(Path(folder).glob("*report.json")).read_text(encoding="utf-8"))
    return float(report["execution_results"]["latency (ms)"]) / 1e3  # The median, unless another is asked for.


def onnxruntime_profile(case: Case, artifact: Path, seconds: float) -> float:
    """ONNX Runtime's profiler: its median run in seconds."""
    with tempfile.TemporaryDirectory() as folder:
        told = _run(_ONNXRUNTIME, [str(artifact), str(case.threads), str(seconds), folder], case)
    return median(json.loads(told.splitlines()[-1]))


def timm_recipe(case: Case, artifact: Path, seconds: float) -> float:
    """The steps of timm's benchmark.py: their mean in seconds."""
    return _mean_step(_TIMM + _STEPS, case, artifact)


def torch_compile(case: Case, artifact: Path, seconds: float) -> float:
    """The same steps of what torch.compile makes of the eager network."""
    return _mean_step(_TIMM + _COMPILED + _STEPS, case, artifact)


def _mean_step(program: str, case: Case, artifact: Path) -> float:
    return float(
        json.loads(_run(program, [msgspec.json.encode(case).decode(), str(artifact)], case).splitlines()[-1])[0]
    )


class Way(NamedTuple):
    """A tool, and what it is given."""

    name: str
    tool: _Tool
    artifact: str
    """Of which runtime."""


TOOLS = {
    "eager": Way("timm's recipe", timm_recipe, "eager"),
    "compile": Way("torch.compile, timm's recipe", torch_compile, "eager"),
    "onnxruntime": Way("its profiler", onnxruntime_profile, "onnxruntime"),
    "openvino": Way("benchmark_app", benchmark_app, "openvino"),
}


def _run(program: str, words: Sequence[str], case: Case) -> str:
    """Standard output of a program in a process with a seat's environment."""
    paths = os.pathsep.join(path or str(Path.cwd()) for path in sys.path)
    env = seat_environment(os.environ | {"PYTHONPATH": paths}, case.threads, case.allocator)
    done = subprocess.run([sys.executable, "-c", program, *words], env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{case.label}: the tool ended with {done.returncode}: {done.stderr.strip()[-600:]}")
    return done.stdout


def repeat(networks: Sequence[str], repetitions: int, budget: str, seconds: float, root: Path) -> list[Row]:
    """Sessions and tools in turns; the session's figure comes first in even repetitions, last in odd ones."""
    request = Request(
        networks=tuple(networks), runtimes=tuple(TOOLS), allocators=(default_allocator(),), budget=budget, thin=True
    )
    protocol = protocol_of(request)
    with Workshop(protocol.seed, protocol.timeout_s) as workshop:
        asked = subjects(request, workshop)
        made = workshop.prepare((one.case for one in asked), lambda *_: None)
        workshop.release()
        rows = {
            one.case.id: Row(one.case.runtime, one.case.network, TOOLS[one.case.runtime].name, [], []) for one in asked
        }

        def ours() -> None:
            path = measure(asked, protocol, root, Silent(), workshop, title="beside other tools").path
            for record in load(path)[0]:
                value = log_median(turn for run in record.runs for turn in run.turns)
                if record.info.role == "subject" and value is not None:
                    rows[record.info.id].ours_s.append(exp(value))

        def theirs() -> None:
            for one in asked:
                way = TOOLS[one.case.runtime]
                artifact = made[msgspec.structs.replace(one.case, runtime=way.artifact).id]
                if not isinstance(artifact, Artifact):
                    raise SystemExit(f"{one.case.label}: {artifact}")
                rows[one.case.id].tool_s.append(way.tool(one.case, artifact_in(artifact.folder), seconds))

        for number in range(repetitions):
            for take in (ours, theirs) if number % 2 == 0 else (theirs, ours):
                take()
            print(f"repetition {number + 1} of {repetitions}", file=sys.stderr)
    return list(rows.values())


def document(rows: Sequence[Row]) -> dict[str, object]:
    """What is stored: every figure, and the ratio with its limits."""
    out = []
    for row in rows:
        logs = [log(tool / ours) for tool, ours in zip(row.tool_s, row.ours_s, strict=True)]
        mean, low, high = t_interval(logs)
        out.append(row._asdict() | {"ratio": exp(mean), "low": exp(low), "high": exp(high)})
    here, versions = machine(), conditions().versions
    return {
        "machine": f"{here.cpu_model} ({here.logical_cores} logical cores)",
        "versions": ", ".join(f"{name} {versions[name]}" for name in ("torch", "onnxruntime", "openvino", "timm")),
        "repetitions": len(rows[0].tool_s),
        "rows": out,
    }


def main() -> None:
    """Repeat, print a table, store the document."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", default="levit_192,efficientnet_b2")
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--budget", default="15s", help="of each session")
    parser.add_argument("--seconds", type=float, default=4.0, help="that a tool measures each network")
    parser.add_argument("--store", type=Path, default=Path("agreement"))
    parser.add_argument("--out", type=Path, default=Path("agreement.json"))
    given = parser.parse_args()
    if given.repetitions < 2:
        parser.error("--repetitions: two are the fewest that have limits")
    rows = repeat(given.networks.split(","), given.repetitions, given.budget, given.seconds, given.store)
    told = document(rows)
    given.out.write_text(json.dumps(told, indent=1), encoding="utf-8")
    for row in told["rows"]:  # type: ignore[attr-defined]
        print(f"{row['runtime']:12} {row['network']:20} {row['ratio']:.3f} ({row['low']:.3f} to {row['high']:.3f})")


if __name__ == "__main__":
    main()
