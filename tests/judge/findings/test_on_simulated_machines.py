"""The thresholds of the findings: hardly ever raised on a healthy machine, nearly always on a sick one."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from levit_bench.records import Record, TurnLine

from tests.judge.findings.faults import kinds, of_case, slower
from tools.simulated.machine import PATHOLOGICAL, REGULAR, TWO_STATES
from tools.simulated.sessions import session
from tools.simulated.states_truth import states

FALSE_ALARMS = 0.05
"""Share of healthy sessions that may raise any finding."""
POWER = 0.9
"""Share of sick sessions that must raise the finding about what is wrong."""
DESIGNS = [(6, 10), (5, 3), (3, 2), (12, 4)]
"""Runs and rounds: a usual session, a short one, the least that is honest, and one of many runs."""

RAISED = {
    "heavy tails": {"spread-large"},
    "drift": {"drift", "frequency-fell"},
    "two states": {"runs-disagree", "two-humps"},
    "steal": {"busy-machine"},
    "throttling": {"throttled", "frequency-fell", "yardstick-moved"},
    "page faults": {"page-faults-vary"},
    "slow first pass": {"first-pass-slow"},
    "swapping": {"swapping"},
    "neighbour": {"busy-machine"},
}
"""Findings that each scenario must raise."""

Factor = Callable[[TurnLine], float]


def first_turn(records: list[Record], rng: random.Random) -> Factor:
    return lambda turn: 1.4 if turn.round == 0 else 1.0


def own_drift(records: list[Record], rng: random.Random) -> Factor:
    case = of_case(records, "deit_tiny_patch16_224")
    return lambda turn: 1.0 + 0.08 * turn.run if turn.case == case else 1.0


def switching(records: list[Record], rng: random.Random) -> Factor:
    case = of_case(records, "resnet50")
    return lambda turn: 1.9 if turn.case == case and rng.random() < 0.4 else 1.0


def short(records: list[Record], rng: random.Random) -> Factor:
    case = of_case(records, "mobilenetv3_large_100")
    return lambda turn: 0.01 if turn.case == case else 1.0


def profiler(records: list[Record], rng: random.Random) -> Factor:
    null = next(record.info.id for record in records if record.info.role == "null")
    return lambda turn: 3.0 if turn.case == null else 1.0


def slow_run(records: list[Record], rng: random.Random) -> Factor:
    which = rng.randrange(6)
    return lambda turn: 1.5 if turn.run == which else 1.0


INJECTED: dict[str, tuple[Callable[[list[Record], random.Random], Factor], set[str]]] = {
    "the first turn of a run is slow": (first_turn, {"first-turn-slow"}),
    "one case drifts": (own_drift, {"drift"}),
    "one case switches": (switching, {"two-humps"}),
    "one case is tiny": (short, {"turn-too-short", "null-network-slow"}),
    "a profiler runs": (profiler, {"null-network-slow"}),
    "one run is slow for all": (slow_run, {"yardstick-moved"}),
}


def alarms(scenario: str, seeds: range, runs: int, rounds: int) -> float:
    """Share of healthy sessions with a finding."""
    return sum(bool(kinds(session(REGULAR[scenario], s, runs=runs, rounds=rounds))) for s in seeds) / len(seeds)


def power(sick: Callable[[int], list[Record]], expected: set[str], seeds: range) -> dict[str, float]:
    """Share of sick sessions that raise each of the expected findings."""
    found = [kinds(sick(seed)) for seed in seeds]
    return {kind: sum(kind in one for one in found) / len(seeds) for kind in expected}


def injected(name: str, seed: int) -> list[Record]:
    healthy = session(REGULAR["normal"], seed)
    return slower(healthy, INJECTED[name][0](healthy, random.Random(seed)))


def test_every_scenario_has_findings_that_it_must_raise():
    assert set(RAISED) == set(PATHOLOGICAL)


@pytest.mark.parametrize("scenario", REGULAR)
def test_a_healthy_machine_hardly_ever_raises_a_finding(scenario):
    # With an alarm in twenty, two or more among twelve would come by chance in one batch of nine.
    assert alarms(scenario, range(12), 6, 10) <= 1 / 12


@pytest.mark.parametrize("scenario", PATHOLOGICAL)
def test_a_sick_machine_raises_its_finding(scenario):
    shares = power(lambda seed: session(PATHOLOGICAL[scenario], seed), RAISED[scenario], range(5))
    assert min(shares.values()) >= 0.8


@pytest.mark.parametrize("fault", INJECTED)
def test_a_fault_put_into_a_healthy_session_raises_its_finding(fault):
    shares = power(lambda seed: injected(fault, seed), INJECTED[fault][1], range(4))
    assert min(shares.values()) >= 0.75


@pytest.mark.slow
@pytest.mark.parametrize(("runs", "rounds"), DESIGNS)
@pytest.mark.parametrize("scenario", REGULAR)
def test_false_alarms_stay_below_one_in_twenty(scenario, runs, rounds):
    assert alarms(scenario, range(1000, 1250), runs, rounds) <= FALSE_ALARMS


@pytest.mark.slow
@pytest.mark.parametrize("scenario", PATHOLOGICAL)
def test_nine_in_ten_sick_machines_raise_their_finding(scenario):
    shares = power(lambda seed: session(PATHOLOGICAL[scenario], seed), RAISED[scenario], range(1000, 1060))
    assert min(shares.values()) >= POWER


@pytest.mark.slow
@pytest.mark.parametrize("fault", INJECTED)
def test_nine_in_ten_injected_faults_raise_their_finding(fault):
    shares = power(lambda seed: injected(fault, seed), INJECTED[fault][1], range(1000, 1060))
    assert min(shares.values()) >= POWER


@pytest.mark.parametrize("name", TWO_STATES)
def test_a_slow_run_that_came_by_chance_is_named(name):
    found = states(name, range(12), (6, 10))
    assert found.named >= 0.8 * found.slow > 0


@pytest.mark.slow
@pytest.mark.exhaustive
@pytest.mark.parametrize("design", [(6, 10), (8, 20)], ids=["6 runs of 10 rounds", "8 runs of 20 rounds"])
@pytest.mark.parametrize("name", TWO_STATES)
def test_four_in_five_sessions_with_a_slow_run_name_it(name, design):
    found = states(name, range(1000), design)
    assert found.named >= 0.8 * found.slow
