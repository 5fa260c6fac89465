"""A simulated machine with known truth: components of variance by level, and pathologies where real ones have them.

Its conditions show each pathology as an operating system would.

    log of a pass = log of the case's true latency
                  + session + case in its session + run + case in its run + round + turn + pass
                                                                  (all normal and independent)
                  + pathologies

The time of a session is counted in turns, of which the number is planned: half-way is half of them.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from levit_bench.measuring.workers.messages import Turned
from levit_bench.records import CaseLine, Conditions

from tools.simulated.fake_world import FakeMachine, FakeSeats

NOMINAL_HZ = 3.0e9
FAULT_S = 1.6e-6
"""Seconds that a minor page fault costs: 490,000 of them took 0.8 s of a pass of EfficientNet-B2 at batch 16."""
SLOW = 1.28
"""Factor of the slow state where states are drawn at random."""
_VERSIONS = {"torch": "2.13.0", "timm": "1.0.31"}
_BOOTED = datetime(2026, 1, 1, tzinfo=UTC)


class Scenario(NamedTuple):
    """Noise and pathologies of the machine. Standard deviations are of the natural logarithm: 0.01 is about 1 %.

    The defaults are the pilot's (docs/decisions/0001) with normal noise: of the log ratio to a yardstick that is timed
    under two names, the standard deviation is 1.9 % between runs and 6.9 % between rounds, which is this times √1.5.
    """

    session: float = 0.10
    """Of a whole session, all cases alike."""
    case_session: float = 0.0
    """Of one case in a whole session: not visible in ratios within the session, but in ratios between sessions."""
    run: float = 0.02
    """Of a whole run, all cases alike: the effect of a process on all its cases."""
    case_run: float = 0.0155
    """Of one case in one run: memory layout."""
    round: float = 0.06
    """Of a whole round, all cases alike: a slow stretch of seconds."""
    turn: float = 0.051
    """Of one turn: a slow stretch of a tenth of a second."""
    one_pass: float = 0.035
    """Of one pass."""
    first_pass: float = 0.05
    """How much longer the first pass of a turn takes, as a share; settle passes absorb it."""
    settling: float = 0.0
    """Factor by which that excess decays from pass to pass."""
    stretches: float = 0.0
    """Share of turns that fall into a slow stretch, one case at a time."""
    stretch: float = 0.0
    """Mean of the log by which such a stretch slows; exponential."""
    tails: float = 0.0
    """Share of passes that take 1 + Pareto(1.5) / 2 times as long: no variance exists."""
    two_states: float = 0.0
    """Share of runs in which one subject, the same all session, is 20 to 40 % slow from beginning to end."""
    slow_run: float = 0.0
    """Chance of each run, whatever the others were, that one subject is `SLOW` times as slow from beginning to end."""
    slow_subject: str | None = None
    """Network of that subject; one of them at random, the same all session, where none is named."""
    drift: float = 0.0
    """Change of the log from the session's beginning to its end, linear: heat, with the clock falling as much."""
    steal: float = 0.0
    """Share of the session, in its middle, in which the hypervisor takes a core in bursts."""
    throttle: float = 1.0
    """Factor on the clock from half-way on."""
    faults: float = 0.0
    """Share of turns in a storm of page faults, each of 2,000 to 40,000 a pass."""
    swapping: float = 0.0
    """Share of turns that wait for pages from the swap, which fills."""
    neighbour: float = 0.0
    """Load of another process; it slows a third of the turns by 30 %."""
    governor: str = "performance"


REGULAR = {
    "normal": Scenario(),
    # As in the pilot, most turns agree and some fall into a slow stretch: with its nine rounds a run, medians of pairs
    # scatter by 2.5 % between runs and means by 3.1 %, where normal noise would make the median the worse of the two.
    "stretches": Scenario(turn=0.015, stretches=0.06, stretch=0.14),
    "quiet": Scenario(session=0.02, run=0.005, case_run=0.004, round=0.005, turn=0.006, one_pass=0.008),
}
"""Machines without pathologies: as noisy as the pilot's, and a quiet one."""

PATHOLOGICAL = {
    "heavy tails": Scenario(tails=0.15),
    "drift": Scenario(drift=0.20),
    "two states": Scenario(two_states=0.34),
    "steal": Scenario(steal=1 / 3),
    "throttling": Scenario(throttle=0.75),
    "page faults": Scenario(faults=0.4),
    "slow first pass": Scenario(first_pass=0.6, settling=0.5),
    "swapping": Scenario(swapping=0.3),
    "neighbour": Scenario(neighbour=4.0),
}
"""The pilot's machine with one thing wrong at a time."""

TWO_STATES = {name: REGULAR[name]._replace(slow_run=0.2, slow_subject="base") for name in ("normal", "quiet")}
"""Two states at random: every run of one case is slow with a chance of a fifth; a session may hold none or half."""


class SimulatedMachine(FakeMachine):
    """A fake machine whose passes follow a scenario, and whose conditions are those that the system would report."""

    def __init__(self, lines: Sequence[CaseLine], scenario: Scenario, seed: int, *, runs: int, rounds: int) -> None:
        super().__init__(lines)
        self.scenario = scenario
        self.random = random.Random(f"simulated {seed}")
        self.session = self.random.gauss(0, scenario.session)
        """Log by which this whole session is slow."""
        self.logs = {
            line.id: math.log(self.truth[line.id]) + self.session + self.random.gauss(0, scenario.case_session)
            for line in lines
        }
        """Log of the true latency of each case in this session."""
        subjects = [line.id for line in lines if line.role == "subject"]
        self.two_faced = self.random.choice(subjects)
        """Id of the case that has two states, where the scenario has them."""
        slow = max(1, round(scenario.two_states * runs)) if scenario.two_states else 0
        self._slow_runs = frozenset(self.random.sample(range(runs), slow))
        if scenario.slow_subject is not None:
            self.two_faced = next(line.id for line in lines if line.case.network == scenario.slow_subject)
        self.slow = 0
        """Runs so far in which that case was slow by a draw of its own."""
        self._planned = runs * rounds * len(lines)
        self._run: dict[str, float] = {}
        self._round = 0.0
        self._asked: set[str] = set()
        self._began = self.now
        self._looked = self.now
        self._stolen_s = 12.5
        self._swapped_bytes = 0

    @property
    def done(self) -> float:
        """Share of the session that is over."""
        return min(1.0, len(self.order) / self._planned)

    @property
    def stolen(self) -> bool:
        """Whether the hypervisor takes a core at this time."""
        return abs(self.done - 0.5) < self.scenario.steal / 2

    @property
    def clock_hz(self) -> float:
        """The clock that the time of a pass is counted in."""
        scenario = self.scenario
        return NOMINAL_HZ * math.exp(-scenario.drift * self.done) * (scenario.throttle if self.done >= 0.5 else 1.0)

    def open_seats(self, lines: Sequence[CaseLine]) -> FakeSeats:
        """Fresh seats: the effect of each process on its cases is drawn anew."""
        scenario, draw = self.scenario, self.random
        common = draw.gauss(0, scenario.run)
        self._run = {line.id: self.logs[line.id] + common + draw.gauss(0, scenario.case_run) for line in lines}
        if len(self.opened) in self._slow_runs:
            self._run[self.two_faced] += math.log(draw.uniform(1.2, 1.4))
        if scenario.slow_run and draw.random() < scenario.slow_run:
            self._run[self.two_faced] += math.log(SLOW)
            self.slow += 1
        self._begin_round()
        return super().open_seats(lines)

    def take(self, case: str, settle: int, passes: int) -> Turned:
        """The passes of a turn."""
        scenario, draw = self.scenario, self.random
        if case in self._asked:
            self._begin_round()
        self._asked.add(case)
        log = self._run[case] + self._round + draw.gauss(0, scenario.turn) + math.log(NOMINAL_HZ / self.clock_hz)
        if draw.random() < scenario.stretches:
            log += draw.expovariate(1 / scenario.stretch)
        if scenario.neighbour and draw.random() < 1 / 3:
            log += math.log(1.3)
        gauss, exp, noise = draw.gauss, math.exp, scenario.one_pass
        durations = [exp(log + gauss(0, noise)) for _ in range(settle + passes)]
        excess = scenario.first_pass
        for at in range(len(durations) if scenario.settling else 1):
            durations[at] *= 1 + excess
            excess *= scenario.settling
        if scenario.tails:
            durations = [
                d * (1 + draw.paretovariate(1.5) / 2) if draw.random() < scenario.tails else d for d in durations
            ]
        cpu_s, minor, major = sum(durations[settle:]), 0, 0
        if draw.random() < scenario.faults:
            faults = draw.randint(2_000, 40_000)
            durations = [d + faults * FAULT_S for d in durations]
            minor, cpu_s = faults * passes, cpu_s + faults * passes * FAULT_S
        if self.stolen and draw.random() < 0.5:
            undisturbed_s = sum(durations)
            durations = [d * draw.uniform(1.4, 2.0) for d in durations]
            self._stolen_s += sum(durations) - undisturbed_s
        if draw.random() < scenario.swapping:
            faults = draw.randint(1, 8)
            durations = [d + 1e-3 * faults for d in durations]
            major = faults * passes
            self._swapped_bytes += major * 65_536
        self.now += sum(durations)
        return Turned(
            settle_s=tuple(durations[:settle]),
            duration_s=tuple(durations[settle:]),
            minor_faults=minor,
            major_faults=major,
            cpu_s=cpu_s,
        )

    def look(self) -> Conditions:
        """The conditions that the system would report now."""
        scenario, draw = self.scenario, self.random
        elapsed, self._looked = self.now - self._looked, self.now
        # A core that is taken is also missed while seats start; and a shared machine always loses a little.
        self._stolen_s += elapsed * (0.001 + (0.3 if self.stolen else 0.0))
        hot = 38 * (self.clock_hz < 0.8 * NOMINAL_HZ) + 90 * (1 - math.exp(-scenario.drift * self.done))
        return Conditions(
            taken_at=f"{_BOOTED + timedelta(seconds=round(self.now)):%Y-%m-%dT%H:%M:%SZ}",
            os="Simulated 1",
            python="3.12.0",
            versions=_VERSIONS,
            governor=scenario.governor,
            clock_hz=self.clock_hz * (1 + draw.uniform(-0.004, 0.004)),
            temperature_c=round(56 + hot + draw.uniform(-2, 2), 1),
            load_1m=round(scenario.neighbour + draw.uniform(0.7, 1.1), 2),
            steal_s=round(self._stolen_s, 2),
            busy_s=round((0.99 + scenario.neighbour) * self.now, 2),
            own_s=round(0.97 * self.now, 2),
            available_bytes=(6 << 30) if not scenario.swapping else 100 << 20,
            swap_used_bytes=self._swapped_bytes,
        )

    def _begin_round(self) -> None:
        self._round = self.random.gauss(0, self.scenario.round)
        self._asked.clear()
