"""Stores with known truth, thousands of them: records of many sessions, made without an engine.

One turn of one pass stands for all turns of a run: comparisons between sessions use the ratio of a run, whose scatter
is given directly.

    log latency of a case in a run = network + drift of the session * the case's share of it + case in its session
                                     + company + run + case in its run
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from levit_bench.records import Accuracy, Case, CaseLine, Record, Role, Run, TurnLine

from tools.simulated.generate_store import CONDITIONS, MACHINE, PROTOCOL

STICK_S = 0.0149
_STICK = "yardstick-1"
Array = np.ndarray


class World(NamedTuple):
    """Variance components of the machine; standard deviations of logs."""

    scatter: float = 0.01
    """Of a case's ratio to the yardstick between sessions, two thirds its own and one third the yardstick's."""
    run_ratio: float = 0.032
    """Of a run's ratio to the yardstick, likewise: the pilot's with ten rounds a run."""
    run: float = 0.02
    """Of a run, all cases alike."""
    drift: float = 0.10
    """Of a session, all cases alike."""
    shares: Mapping[str, float] = {}
    """How many times as much as the yardstick a network drifts, where that is not once."""
    company: float = 0.0
    """Of the effect on each case of the cases timed beside it."""
    slow_share: float = 0.0
    """Chance that a run of a case is slow from beginning to end."""
    slow: float = math.log(1.28)
    """By how much then."""


NOISES = {"normal": World(), "quiet": World(run_ratio=0.006, run=0.005, drift=0.02)}
"""As noisy as the pilot's machine, and a quiet one; both for six runs of ten rounds."""


class Truth(NamedTuple):
    """The true values of a network."""

    log: float
    """Log of its latency over the yardstick's, over all sessions."""
    top1: float = 80.0


class Simulated:
    """A machine that gives simulated sessions one after the other."""

    def __init__(self, world: World, networks: Mapping[str, Truth], seed: int) -> None:
        self.world, self.networks = world, networks
        self.draw = np.random.default_rng(seed)
        self.sessions = 0
        self.drifts: list[float] = []
        self.truths: list[dict[str, float]] = []
        """Of each session, the log ratio of each network to the yardstick that its runs scatter about."""
        self.sticks: list[float] = []
        """Of each session, its effect on the yardstick alone, in logs."""
        self._company: dict[tuple[frozenset[str], str], float] = {}

    def session(
        self, networks: Sequence[str] | None = None, runs: int = 6, slower: Mapping[str, float] = {}
    ) -> list[Record]:
        """Records of a session, a yardstick's among them; `slower` adds to the log of a network's latency."""
        names = list(self.networks if networks is None else networks)
        world, normal = self.world, self.draw.normal
        name = f"2026{self.sessions // 3000 + 1:02d}01T{self.sessions:06d}Z-{self.sessions % 65536:04x}"
        self.sessions += 1
        drift = normal(0, world.drift)
        self.drifts.append(drift)
        stick = normal(0, world.scatter * math.sqrt(1 / 3))
        self.sticks.append(stick)
        common = normal(0, world.run, runs)
        stick_runs = normal(0, world.run_ratio * math.sqrt(1 / 3), runs)
        sticks = math.log(STICK_S) + drift + stick + common + stick_runs
        beside = frozenset(names)
        truth: dict[str, float] = {}
        out = [_record(_STICK, name, np.exp(sticks), sticks, None, "yardstick")]
        for network in names:
            true = self.networks[network]
            own_log = normal(0, world.scatter * math.sqrt(2 / 3)) + self._beside(beside, network)
            more = (world.shares.get(network, 1.0) - 1) * drift
            log = true.log + slower.get(network, 0.0) + own_log + more
            truth[network] = log - stick
            slow = world.slow * (self.draw.random(runs) < world.slow_share) if world.slow_share else 0.0
            noise = normal(0, world.run_ratio * math.sqrt(2 / 3), runs)
            logs = math.log(STICK_S) + drift + log + common + noise + slow
            out.append(_record(network, name, np.exp(logs), sticks, true.top1, "subject"))
        self.truths.append(truth)
        return out

    def _beside(self, company: frozenset[str], network: str) -> float:
        if not self.world.company:
            return 0.0
        key = company, network
        if key not in self._company:
            self._company[key] = self.draw.normal(0, self.world.company)
        return self._company[key]


_CASES: dict[str, Case] = {}


def _record(network: str, session: str, seconds: Array, sticks: Array, top1: float | None, role: Role) -> Record:
    case = _CASES.setdefault(network, Case(network=network, resolution=224))
    accuracy = None if top1 is None else Accuracy(top1=top1, source="simulated")
    info = CaseLine(id=case.id, case=case, role=role, accuracy=accuracy, family="simulated")
    runs = tuple(
        Run(
            run=number,
            turns=(_turn(float(value), number, info.id),),
            yardsticks=((_turn(math.exp(stick), number, "y"),),),
        )
        for number, (value, stick) in enumerate(zip(seconds, sticks, strict=True))
    )
    return Record(
        session=session,
        machine=MACHINE,
        protocol=PROTOCOL,
        conditions=CONDITIONS,
        info=info,
        runs=runs,
        outcome="done",
    )


def _turn(seconds: float, run: int, case: str) -> TurnLine:
    return TurnLine(run=run, round=0, position=0, case=case, seat=0, at_s=0.0, settle_s=(), duration_s=(seconds,))
