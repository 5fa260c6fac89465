"""Simulated sessions that may end before their budget: a race for the front or a target error, against the truth."""

from __future__ import annotations

import math
from functools import cache
from typing import NamedTuple

import msgspec
from levit_bench.judge.estimates import relative_to_yardstick
from levit_bench.judge.front.dominance import Competitor, dominators
from levit_bench.records import Estimate, Look

from tools.simulated.machine import REGULAR, Scenario
from tools.simulated.sessions import PROTOCOL, YARDSTICK_S, Taken, take

RACE = msgspec.structs.replace(PROTOCOL, goal="race")
TARGET = msgspec.structs.replace(PROTOCOL, goal="target-error", target_error=math.log1p(0.03))
SPREAD = {"fast": 0.02, "middle": 0.03, "best": 0.06, "beaten": 0.05, "slowest": 0.09}
ACCURACIES = {"fast": 75.0, "middle": 79.0, "best": 83.0, "beaten": 78.0, "slowest": 82.0}
CLOSE = {"a": 0.02, "a twin": 0.02, "b": 0.0206, "c": 0.022, "d": 0.03, "e": 0.03}
CLOSE_ACCURACIES = {"a": 75.0, "a twin": 75.5, "b": 76.0, "c": 76.0, "d": 75.2, "e": 80.0}
"""Equal, 3 % and 10 % apart: most places are hard to tell."""


def race(seed: int, scenario: Scenario, *, close: bool = False, runs: int = 12, rounds: int = 8) -> Taken:
    """A session that races for the front of networks that lie apart, or close together."""
    networks, accuracies = (CLOSE, CLOSE_ACCURACIES) if close else (SPREAD, ACCURACIES)
    return take(scenario, seed, networks=networks, runs=runs, rounds=rounds, protocol=RACE, accuracies=accuracies)


def verdicts(trial: Taken) -> dict[str, str]:
    """Verdict by network."""
    names = {line.id: line.case.network for line in trial.session.cases}
    return {names[case]: decision.verdict for look in looks(trial) for case, decision in look.decided.items()}


def looks(trial: Taken) -> list[Look]:
    """The looks of a session, in order."""
    return [end.look for end in trial.session.ends if end.look is not None]


def truth(networks: dict[str, float], accuracies: dict[str, float]) -> dict[str, str]:
    """By network, whether it is on the front of the true seconds a pass and accuracies: `member` or `beaten`."""
    dominating = dominators([Competitor(seconds, accuracies[name], name) for name, seconds in networks.items()])
    return {name: "beaten" if by else "member" for name, by in dominating.items()}


def aimed(seed: int, scenario: Scenario) -> Taken:
    """A session that times each network until its ratio to the yardstick is known to 3 %."""
    return take(scenario, seed, networks=SPREAD, runs=14, rounds=8, protocol=TARGET)


class Races(NamedTuple):
    """Decisions of races over many sessions."""

    wrong: int
    """Sessions in which any decision contradicts the truth."""
    decided: float
    """Share of all places that were decided."""
    turns: float
    """Turns taken, as a share of those of the whole protocol."""


@cache
def races(name: str, sessions: int, *, close: bool) -> Races:
    """Races of eight runs of six rounds at most."""
    real = truth(CLOSE, CLOSE_ACCURACIES) if close else truth(SPREAD, ACCURACIES)
    wrong = decided = turns = 0
    for seed in range(sessions):
        trial = race(seed, REGULAR[name], close=close, runs=8, rounds=6)
        places = verdicts(trial)
        wrong += any(verdict != "open" and verdict != real[network] for network, verdict in places.items())
        decided += sum(verdict != "open" for verdict in places.values())
        turns += len(trial.session.turns)
    full_turns = 8 * 6 * (len(real) + 3)
    return Races(wrong, decided / sessions / len(real), turns / sessions / full_turns)


class Aims(NamedTuple):
    """Results of sessions with a target error."""

    hits: int
    """Sessions whose interval holds the true ratio, however soon each stopped."""
    runs: float
    """Mean runs that were taken, of fourteen."""


@cache
def aims(name: str, sessions: int) -> Aims:
    """Sessions that aim at 3 %."""
    hits = runs = 0
    for seed in range(sessions):
        trial = aimed(seed, REGULAR[name])
        ratio = relative_to_yardstick(trial.record("middle"))
        assert isinstance(ratio, Estimate)
        hits += ratio.low <= SPREAD["middle"] / YARDSTICK_S <= ratio.high
        runs += ratio.n
    return Aims(hits, runs / sessions)
