"""Sessions on a simulated machine: the real engine takes them, the real store's reader assembles their records."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
from levit_bench.judge.early_stopping.gate import cases_judged, gate_looks
from levit_bench.judge.early_stopping.planner import planner
from levit_bench.measuring.reference_cases import NULL, NULL_RESOLUTION, YARDSTICKS
from levit_bench.measuring.session.engine import Engine
from levit_bench.measuring.session.observer import Silent
from levit_bench.planning.budget import Costs, Progress, Step, looks, passes_a_turn
from levit_bench.planning.policy import Earlier
from levit_bench.records import (
    Accuracy,
    Case,
    CaseLine,
    Line,
    Protocol,
    Record,
    Role,
    RunEndLine,
    RunStartLine,
    SessionLine,
    Side,
    SideName,
    TurnLine,
)
from levit_bench.store.files import Session, SessionWriter, read_session, records

from tools.simulated.fake_world import MACHINE
from tools.simulated.machine import Scenario, SimulatedMachine

YARDSTICK_S = 0.0149
NULL_S = 40e-6
NETWORKS = {
    "levit_192": 0.0259,
    "deit_tiny_patch16_224": 0.0355,
    "efficientnet_b0": 0.0237,
    "efficientnet_b2": 0.0482,
    "mobilenetv3_large_100": 0.0148,
    "resnet50": 0.0623,
}
"""True seconds a pass, of the order of the pilot's."""
LADDER = {"base": 0.02, "twin": 0.02, "plus1": 0.0202, "plus2": 0.0204, "plus5": 0.021, "plus10": 0.022}
"""Two equal networks, and four that are 1, 2, 5 and 10 % slower than they."""
PROTOCOL = Protocol(
    settle_passes=1, turn_s=0.03, min_passes=2, max_passes=50, runs=0, min_rounds=2, budget_s=60.0, timeout_s=60.0
)
"""The protocol of `levit-bench run`."""


class Counted(NamedTuple):
    """A stopping rule by counts, so that sessions of one design have one size."""

    runs: int
    rounds: int

    def next(self, now: Progress) -> Step:
        """Another round until there are enough, then another run until there are enough."""
        if now.rounds < self.rounds:
            return "round"
        return "run" if now.run + 1 < self.runs else "stop"


class Lines:
    """A writer that keeps lines in memory, faster than a file."""

    def __init__(self, head: SessionLine) -> None:
        self._head = head
        self._lines: list[Line] = []

    def append(self, line: Line) -> None:
        """Keep one line."""
        self._lines.append(line)

    def session(self) -> Session:
        """The session that reading the file would give."""
        lines = self._lines
        return Session(
            head=self._head,
            cases=tuple(line for line in lines if isinstance(line, CaseLine)),
            starts=tuple(line for line in lines if isinstance(line, RunStartLine)),
            turns=tuple(line for line in lines if isinstance(line, TurnLine)),
            ends=tuple(line for line in lines if isinstance(line, RunEndLine)),
            findings=(),
        )


class Taken(NamedTuple):
    """A session and its true values."""

    session: Session
    records: list[Record]
    machine: SimulatedMachine

    def record(self, network: str) -> Record:
        """The record of a network."""
        return next(record for record in self.records if record.case.network == network)

    def truth_s(self, network: str) -> float:
        """True seconds a pass of the network in this session, without pathologies."""
        return math.exp(self.machine.logs[self.record(network).info.id])


def take(
    scenario: Scenario,
    seed: int,
    *,
    networks: Mapping[str, float] = NETWORKS,
    runs: int = 6,
    rounds: int = 10,
    allocator: str = "pinned",
    name: str | None = None,
    folder: Path | None = None,
    protocol: Protocol = PROTOCOL,
    accuracies: Mapping[str, float] | None = None,
    sides: Mapping[SideName, Mapping[str, float]] | None = None,
) -> Taken:
    """Take a session with the real engine; with a folder it goes through a file there.

    The protocol's goal may end it sooner, at looks that are declared for so many runs. With `sides`, it holds these
    networks on each side of a gate, with their seconds there, in place of `networks`.
    """
    lines = [_line(network, seconds, allocator=allocator) for network, seconds in networks.items()]
    if sides is not None:
        lines = [_line(name, length, side=side) for side, lengths in sides.items() for name, length in lengths.items()]
    if accuracies is not None:
        lines = [_with_accuracy(line, accuracies[line.case.network]) for line in lines]
    lines += [_line(stick, YARDSTICK_S, role="yardstick") for stick in YARDSTICKS]
    lines.append(_line(NULL, NULL_S, role="null", resolution=NULL_RESOLUTION))
    machine = SimulatedMachine(lines, scenario, seed, runs=runs, rounds=rounds)
    head = SessionLine(
        session=name or f"simulated-{seed}",
        bench="0",
        machine=MACHINE,
        protocol=msgspec.structs.replace(protocol, looks=_looks(protocol, runs, lines)),
        conditions=machine.look(),
        title="simulated",
        sides=tuple(Side(name=side, asked=side, python="3.11.7") for side in sides or ()),
    )
    if folder is None:
        memory = Lines(head)
        _measure(lines, machine, memory, head, Counted(runs, rounds))
        session = memory.session()
    else:
        with SessionWriter.create(folder, head) as writer:
            _measure(lines, machine, writer, head, Counted(runs, rounds))
        session = read_session(writer.path)
    return Taken(session, records(session), machine)


def session(
    scenario: Scenario,
    seed: int,
    *,
    networks: Mapping[str, float] = NETWORKS,
    runs: int = 6,
    rounds: int = 10,
) -> list[Record]:
    """The records of a session; see `take`."""
    return take(scenario, seed, networks=networks, runs=runs, rounds=rounds).records


def _looks(protocol: Protocol, runs: int, lines: Sequence[CaseLine]) -> tuple[int, ...]:
    if protocol.goal == "budget":
        return ()
    return gate_looks(runs, cases_judged(lines)) if protocol.goal == "gate" else looks(runs)


def _line(
    network: str,
    seconds: float,
    *,
    role: Role = "subject",
    resolution: int = 224,
    allocator: str = "pinned",
    side: SideName = "",
) -> CaseLine:
    case = Case(network=network, resolution=resolution, allocator=allocator, side=side)
    passes = passes_a_turn(seconds, PROTOCOL.turn_s, PROTOCOL.min_passes, PROTOCOL.max_passes)
    return CaseLine(
        id=case.id, case=case, role=role, family="simulated", params=5_000_000, macs=round(3e10 * seconds),
        passes=passes, probe_s=seconds, prepare_s=1.0, artifact_sha256="0" * 64, logits_std=1.0,
    )  # fmt: skip


def _with_accuracy(line: CaseLine, top1: float) -> CaseLine:
    return msgspec.structs.replace(line, accuracy=Accuracy(top1=top1, source="simulated"))


def _measure(
    lines: Sequence[CaseLine],
    machine: SimulatedMachine,
    writer: SessionWriter | Lines,
    head: SessionLine,
    policy: Counted,
) -> None:
    protocol = head.protocol
    for line in lines:
        writer.append(line)
    costs = Costs(machine.start_s, 0.5)
    referee = None if protocol.goal == "budget" else planner(costs, protocol, lines, Earlier()).referee
    engine = Engine(
        protocol, lines, machine.world(), writer, Silent(), machine.now, referee, session=head.session  # type: ignore[arg-type]
    )  # fmt: skip
    engine.take_runs(policy, costs, 0)
