"""A store with known truth: realistic sessions written through `levit_bench.store.files`, for tests and for timing the
study.

    python -m tools.simulated.generate_store --cases 10000 OUT
"""

from __future__ import annotations

import argparse
import math
import random
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from levit_bench.records import (
    Accuracy,
    Case,
    CaseLine,
    Conditions,
    Machine,
    Protocol,
    RunEndLine,
    RunStartLine,
    SeatInfo,
    SessionLine,
    TurnLine,
)
from levit_bench.store.files import SessionWriter

MACHINE = Machine(
    cpu_model="Example Xeon Gold 6999X", isa="x86_64", features=("avx2", "avx512f"), physical_cores=8,
    logical_cores=16, l2_bytes=2 << 20, l3_bytes=32 << 20, memory_bytes=64 << 30,
)  # fmt: skip
PROTOCOL = Protocol(
    settle_passes=1, turn_s=0.2, min_passes=3, max_passes=50, runs=3, min_rounds=3, budget_s=600.0, timeout_s=60.0
)
CONDITIONS = Conditions(
    taken_at="2026-01-02T03:04:05Z", os="Linux 6.8", python="3.12.3", versions={"torch": "2.13.0", "timm": "1.0.31"}
)
YARDSTICK_S = 0.0071
"""True latency of the yardstick."""


class Truth(NamedTuple):
    """The true values of a network."""

    network: str
    family: str
    latency_s: float
    top1: float
    resolution: int = 224
    accuracies: tuple[Accuracy, ...] = ()
    """In place of `top1` on ImageNet-1k's validation set."""
    label: str | None = None
    classes: int | None = None
    """That the network returns."""


class Noise(NamedTuple):
    """Standard deviations in log units, as the pilot measured them."""

    session: float = 0.15
    """Of a whole session, all cases alike."""
    run: float = 0.02
    """Of a whole run, all cases alike."""
    case_run: float = 0.008
    """Of one case in one run."""
    one_pass: float = 0.01
    """Of a pass; a tenth of the passes are up to 30 % slower."""


PAPER = (
    Truth("levit_128s", "LeViT", 0.0075, 76.6), Truth("levit_128", "LeViT", 0.010, 78.6),
    Truth("levit_192", "LeViT", 0.014, 80.0), Truth("levit_256", "LeViT", 0.022, 81.6),
    Truth("levit_384", "LeViT", 0.044, 82.6), Truth("efficientnet_b0", "EfficientNet", 0.025, 77.1),
    Truth("efficientnet_b1", "EfficientNet", 0.038, 79.1, 240),
    Truth("efficientnet_b2", "EfficientNet", 0.048, 80.1, 260),
    Truth("efficientnet_b3", "EfficientNet", 0.085, 81.6, 300),
    Truth("efficientnet_b4", "EfficientNet", 0.200, 82.9, 380),
    Truth("deit_tiny_patch16_224", "DeiT", 0.017, 72.2), Truth("deit_small_patch16_224", "DeiT", 0.050, 79.9),
)  # fmt: skip
"""The networks of the LeViT paper, with latencies of the right order."""


def population(count: int, seed: int = 0) -> tuple[Truth, ...]:
    """Made-up networks around a plausible front, in a dozen families."""
    rng = random.Random(seed)
    families = [f"family{letter}" for letter in "ABCDEFGHIJKL"]
    out = []
    for index in range(count):
        latency = math.exp(rng.uniform(math.log(0.005), math.log(0.3)))
        top1 = 70 + 4.2 * math.log(latency / 0.005) ** 0.85 - abs(rng.gauss(0, 2.5))
        family = rng.choice(families)
        out.append(Truth(f"{family}_{index:04d}", family, latency, round(top1, 2)))
    return tuple(out)


def write_session(
    root: Path,
    name: str,
    cases: Sequence[tuple[Case, Truth]],
    *,
    seed: int = 0,
    runs: int = 3,
    rounds: int = 5,
    passes: int = 5,
    noise: Noise = Noise(),  # noqa: B008 - an immutable value
    machine: Machine = MACHINE,
    conditions: Conditions = CONDITIONS,
    protocol: Protocol = PROTOCOL,
) -> Path:
    """Write one session with two yardsticks for each environment; returns its file."""
    rng = random.Random(f"{seed} {name}")
    drift = rng.gauss(0, noise.session)
    head = SessionLine(
        session=name, bench="0.1.0", machine=machine, protocol=protocol, conditions=conditions, title="made up"
    )
    infos = [_info(case, truth) for case, truth in cases]
    instruments = _yardsticks([case for case, _ in cases])
    truths = {info.id: truth.latency_s for info, (_, truth) in zip(infos, cases, strict=True)}
    truths |= {info.id: YARDSTICK_S for info in instruments}
    streams = {info.id: info.case.streams for info in infos}
    writer = SessionWriter.create(root, head)
    for info in (*infos, *instruments):
        writer.append(info)
    clock = 0.0
    for run in range(runs):
        writer.append(RunStartLine(run=run, at_s=clock, seats=(_seat(tuple(truths)),), conditions=conditions))
        common = drift + rng.gauss(0, noise.run)
        levels = {case: common + rng.gauss(0, noise.case_run) for case in truths}
        for turn_round in range(rounds):
            order = list(truths)
            rng.shuffle(order)
            for position, case in enumerate(order):
                level = truths[case] * math.exp(levels[case])
                durations = _durations(rng, level, passes * streams.get(case, 1) + 1, noise)
                writer.append(
                    TurnLine(
                        run=run, round=turn_round, position=position, case=case, seat=0, at_s=clock,
                        settle_s=durations[:1], duration_s=durations[1:], minor_faults=0, major_faults=0,
                        cpu_s=sum(durations[1:]), others_cpu_s=0.0,
                    )
                )  # fmt: skip
                clock += sum(durations)
        writer.append(RunEndLine(run=run, at_s=clock, conditions=conditions, outcome="done"))
    writer.close()
    return writer.path


def _durations(rng: random.Random, level: float, count: int, noise: Noise) -> tuple[float, ...]:
    return tuple(
        level * math.exp(rng.gauss(0, noise.one_pass)) * (1 + (rng.random() < 0.1) * 0.3 * rng.random())
        for _ in range(count)
    )


def _info(case: Case, truth: Truth) -> CaseLine:
    first, *further = truth.accuracies or (Accuracy(top1=truth.top1, source="made up"),)
    return CaseLine(
        id=case.id, case=case, family=truth.family, accuracy=first, accuracies=tuple(further), label=truth.label,
        classes=truth.classes, passes=5, params=round(truth.latency_s * 1e9),
        macs=round(truth.latency_s * 3e10), probe_s=truth.latency_s,
    )  # fmt: skip


def _yardsticks(cases: Sequence[Case]) -> list[CaseLine]:
    environments = sorted({(case.device, case.threads, case.allocator) for case in cases})
    out = []
    for device, threads, allocator in environments:
        for name in ("yardstick-1/a", "yardstick-1/b"):
            case = Case(network=name, resolution=224, batch=4, device=device, threads=threads, allocator=allocator)
            out.append(CaseLine(id=case.id, case=case, role="yardstick", passes=5))
    return out


def _seat(cases: tuple[str, ...]) -> SeatInfo:
    return SeatInfo(
        seat=0, runtime="eager", threads=1, allocator="pinned", device="cpu", load_s=2.0, rss_bytes=1 << 29, cases=cases
    )


def case_of(truth: Truth, **fields: object) -> Case:
    """The case of a made-up network, with fields of choice."""
    return Case(network=truth.network, resolution=truth.resolution, **fields)  # type: ignore[arg-type]


def write_store(root: Path, cases: int, *, sessions: int = 50, networks: int = 400, seed: int = 0) -> None:
    """Fill a store with `cases` stored cases: sessions on two machines, 1 and 4 threads, two allocators."""
    rng = random.Random(seed)
    everything = population(networks, seed)
    second_machine = Machine(cpu_model="Example Graviton", isa="aarch64", logical_cores=4, memory_bytes=16 << 30)
    grid = [(threads, allocator) for threads in (1, 4) for allocator in ("pinned", "shipped")]
    for index in range(sessions):
        share = cases // sessions + (index < cases % sessions)
        sample = rng.sample(everything, min(networks, math.ceil(share / len(grid))))
        asked_cases = [
            (case_of(truth, threads=threads, allocator=allocator), truth)
            for truth in sample
            for threads, allocator in grid
        ][:share]
        write_session(
            root, f"2026-{index // 28 + 1:02d}-{index % 28 + 1:02d}-made-up", asked_cases, seed=seed,
            machine=second_machine if index % 2 else MACHINE,
        )  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line: fill a folder."""
    parser = argparse.ArgumentParser(description=write_store.__doc__)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--sessions", type=int, default=50)
    parser.add_argument("--networks", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("out", type=Path)
    parsed = parser.parse_args(arguments)
    write_store(parsed.out, parsed.cases, sessions=parsed.sessions, networks=parsed.networks, seed=parsed.seed)


if __name__ == "__main__":
    main(sys.argv[1:])
