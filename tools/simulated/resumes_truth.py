"""False alarms of resuming a session of equal networks until its interval shows a difference."""

from __future__ import annotations

import msgspec
import numpy as np
import numpy.typing as npt
from levit_bench.judge.paired_ratio import paired
from levit_bench.numbers.statistics import t_factor
from levit_bench.planning.budget import MIN_RUNS, level_at_a_look, looks_paid_for

from tools.simulated.machine import Scenario
from tools.simulated.sessions import take

RESUMES = 10
EQUALS = {"base": 0.02, "twin": 0.02}


def shown(runs: int, sessions: int, *, paid: bool, resumes: int = RESUMES) -> npt.NDArray[np.float64]:
    """Share of sessions of equals that have shown a difference after 0, 1, … resumes.

    Args:
        runs: of each sitting; the first has at least `MIN_RUNS`.
        sessions: of independent normal log ratios.
        paid: whether intervals pay for the resumes, or stay at 95 %.
        resumes: the most of them.
    """
    logs = np.random.default_rng(runs).standard_normal((sessions, max(runs, MIN_RUNS) + runs * resumes))
    out, different = [], np.zeros(sessions, dtype=bool)
    for resumed in range(resumes + 1):
        so_far = logs[:, : max(runs, MIN_RUNS) + runs * resumed]
        n = so_far.shape[1]
        level = level_at_a_look(looks_paid_for(0, resumed if paid else 0))
        half = t_factor(n - 1, level) * so_far.std(axis=1, ddof=1) / np.sqrt(n)
        different |= np.abs(so_far.mean(axis=1)) > half
        out.append(different.mean())
    return np.array(out)


def shows(scenario: Scenario, seed: int, runs: int, resumes: int = RESUMES) -> bool:
    """Whether a session of equals that the real engine took shows a difference at any look, by its paired ratio."""
    session = take(scenario, seed, networks=EQUALS, runs=runs * (resumes + 1), rounds=2)
    for resumed in range(resumes + 1):
        base, twin = (
            msgspec.structs.replace(record, runs=record.runs[: runs * (resumed + 1)], resumes=resumed)
            for record in map(session.record, EQUALS)
        )
        result = paired([base], [twin])
        if result is not None and not result.may_be_one:
            return True
    return False
