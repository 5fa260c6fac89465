"""Simulated gates: verdicts on two sides whose true ratio is known, on machines with and without pathologies."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
from levit_bench.judge.early_stopping.gate import gate_looks
from levit_bench.judge.gate.gate_report import CaseVerdict, GateReport, GateRules
from levit_bench.judge.gate.pairs import is_decided, judged
from levit_bench.judge.gate.side_by_side import side_by_side
from levit_bench.judge.verdicts import Rules, Verdict, of_pairs
from levit_bench.records import SideName

from tools.simulated.machine import REGULAR, Scenario
from tools.simulated.sessions import PROTOCOL, Taken, take

GATE = msgspec.structs.replace(PROTOCOL, goal="gate", min_effect=0.02, margin=0.05)
RULES = GateRules(0.02, 0.05)
QUIET = Scenario(case_run=0.007, round=0.03, turn=0.02, one_pass=0.02)
"""A machine with the scatter of a quiet one between runs, as the stored sessions of two cores have it."""
_SECONDS = 0.02


class Trials(NamedTuple):
    """Gates of one kind."""

    gates: int
    alarms: int
    """Gates that called any unchanged case slower or faster."""
    found: int
    """Changed cases that were called slower, or faster where they are."""
    changed: int
    inconclusive: int
    """Gates that could not tell of a case."""


def gate(
    seed: int,
    scenario: Scenario,
    ratios: Mapping[str, float],
    *,
    control: bool | float = False,
    runs: int = 12,
    rounds: int = 8,
    gone: Collection[str] = (),
    new: Collection[str] = (),
    folder: Path | None = None,
) -> Taken:
    """A session of both sides; each case of side b takes its ratio times as long as that of side a.

    Side a alone has those that are gone, side b those that are new. With a folder, the session goes through a file
    there. The control is side a once more; on a machine that is not steady it takes so many times as long, as far as a
    number says.
    """
    first = dict.fromkeys((*ratios, *gone), _SECONDS)
    sides: dict[SideName, Mapping[str, float]] = {
        "a": first,
        "b": {name: _SECONDS * ratio for name, ratio in ratios.items()} | dict.fromkeys(new, _SECONDS),
    }
    if control:
        sides["control"] = {name: seconds * control for name, seconds in first.items()}
    return take(scenario, seed, sides=sides, runs=runs, rounds=rounds, protocol=GATE, folder=folder)


def report(taken: Taken) -> GateReport:
    """The verdicts on a session."""
    return side_by_side(taken.records, RULES)


@cache
def trials(count: int, scenario: Scenario, ratios: Sequence[float], first: int = 0) -> Trials:
    """So many gates of cases with these true ratios; a ratio of 1 is an unchanged case."""
    named = {f"net{at}": ratio for at, ratio in enumerate(ratios)}
    alarms = found = inconclusive = 0
    for seed in range(first, first + count):
        verdicts = {case.name.partition(" ")[0]: case.verdict for case in report(gate(seed, scenario, named)).cases}
        differing = (CaseVerdict.SLOWER, CaseVerdict.FASTER)
        alarms += any(verdicts[name] in differing for name, ratio in named.items() if ratio == 1)
        found += sum(
            verdicts[name] is (CaseVerdict.SLOWER if ratio > 1 else CaseVerdict.FASTER)
            for name, ratio in named.items()
            if ratio != 1
        )
        inconclusive += any(verdict is CaseVerdict.INCONCLUSIVE for verdict in verdicts.values())
    return Trials(count, alarms, found, count * sum(ratio != 1 for ratio in ratios), inconclusive)


NOISY = REGULAR["normal"]
"""A machine as noisy as the pilot's."""


def two_state_alarms(gates: int, runs: int, cases: int, *, slower: float = 0.1, scatter: float = 0.004) -> int:
    """Gates of unchanged code that call a case, where every process is slow or fast from its start, as likely as not.

    Args:
        gates: how many.
        runs: of each, with the looks that it declares.
        cases: of each.
        slower: how much the slow state adds to the log of a time.
        scatter: standard deviation of what else a run adds.
    """
    rng = np.random.default_rng(1000 * runs + cases)
    looks, alarms = gate_looks(runs, cases), 0
    for _ in range(gates):
        first, second = (
            np.where(rng.random((runs, cases)) < 0.5, slower, 0.0) + rng.normal(0.0, scatter, (runs, cases))
            for _ in range(2)
        )
        verdicts: dict[int, Verdict] = {}
        for look in looks:
            effects = [of_pairs(list(logs), of_gate=True) for logs in (second - first)[:look].T]
            for at, comparison in enumerate(judged(effects, Rules(RULES.min_effect, RULES.margin), len(looks))):
                if is_decided(comparison):
                    verdicts.setdefault(at, comparison.verdict)
        alarms += bool({Verdict.SLOWER, Verdict.FASTER} & set(verdicts.values()))
    return alarms
