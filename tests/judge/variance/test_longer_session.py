"""What further runs would bring: against sessions that took them, and where nothing can be said."""

from __future__ import annotations

import math
import random
from pathlib import Path
from statistics import median

import msgspec
import pytest
from levit_bench.asking.request import seconds
from levit_bench.command_lines import of_stores
from levit_bench.judge.estimates import relative_to_yardstick
from levit_bench.judge.variance.longer_session import Longer, longer
from levit_bench.judge.variance.reproducibility import kind_of
from levit_bench.judge.variance.run_scatter import run_scatter
from levit_bench.numbers.statistics import t_factor
from levit_bench.planning.budget import Costs, RunScatter, half_width, level_at_a_look, looks_paid_for, plan
from levit_bench.records import Estimate, Record
from levit_bench.report.words.longer_session import sentence

from tests.making import record

COSTS = Costs(start_s=5.0, round_s=2.5)
RUN_S = 10.0
STEADY = RunScatter(between=0.02**2, within=1e-9)
"""All scatter lies between runs: a plan takes as many as it can."""


def _session(runs: int, seed: int, scatter: float = 0.02, networks: int = 12) -> list[Record]:
    """Subjects whose runs scatter by so much and have no scatter within; each run took ten seconds."""
    rng = random.Random(f"{runs}/{seed}")
    made = [
        record(f"net{number}", [0.01 * math.exp(rng.gauss(0, scatter)) for _ in range(runs)])
        for number in range(networks)
    ]
    return [
        msgspec.structs.replace(
            one,
            runs=tuple(
                msgspec.structs.replace(run, began_s=RUN_S * run.run, ended_s=RUN_S * (run.run + 1)) for run in one.runs
            ),
        )
        for one in made
    ]


def _half(records: list[Record]) -> float:
    ratios = [relative_to_yardstick(one) for one in records]
    return median(math.log(ratio.high / ratio.value) for ratio in ratios if isinstance(ratio, Estimate))


def test_the_width_now_is_that_of_the_middle_case_and_the_time_three_times_what_was_spent() -> None:
    records = _session(6, 1)
    gain = longer(records, COSTS)
    assert gain is not None
    assert gain.now == pytest.approx(_half(records))
    assert gain.budget_s == 180.0


def test_the_width_then_is_that_of_sessions_with_so_many_runs() -> None:
    """Six runs of ten seconds, and 18 more; the longer session pays for the look at the shorter one."""
    expected = [longer(_session(6, seed, networks=24), COSTS, STEADY) for seed in range(20)]
    paid = t_factor(23, level_at_a_look(looks_paid_for(0, 1))) / t_factor(23)
    taken = median(paid * _half(_session(24, seed, networks=24)) for seed in range(20))
    assert median(one.then for one in expected if one is not None) == pytest.approx(taken, rel=0.25)


def test_the_further_runs_are_those_that_a_resumed_session_would_plan() -> None:
    records, uneven = _session(6, 1, networks=24), RunScatter(between=1e-6, within=0.04)
    many, few = longer(records, COSTS, STEADY), longer(records, COSTS, uneven)
    assert many is not None
    assert few is not None
    plans = [plan(COSTS, 180.0, scatter) for scatter in (uneven, STEADY)]
    assert plans[0].runs < plans[1].runs
    own, level = run_scatter(records, [kind_of(one) for one in records]), level_at_a_look(looks_paid_for(0, 1))
    widths = [half_width(6 + each.runs, max(2, each.rounds), level, own) for each in plans]
    assert few.then / many.then == pytest.approx(widths[0] / widths[1])


@pytest.mark.parametrize("runs", [1, 2])
def test_too_few_runs_promise_nothing(runs: int) -> None:
    assert longer(_session(runs, 1), COSTS) is None


def test_a_session_without_costs_and_one_that_ends_at_looks_promise_nothing() -> None:
    records = _session(6, 1)
    assert longer(records, None) is None
    looking = [
        msgspec.structs.replace(one, protocol=msgspec.structs.replace(one.protocol, looks=(4, 6))) for one in records
    ]
    assert longer(looking, COSTS) is None
    assert longer([], COSTS) is None


@pytest.mark.parametrize(("budget_s", "words"), [(50.0, "50s"), (180.0, "3min"), (5400.0, "1h30min")])
def test_the_sentence_ends_with_a_command_that_asks_for_that_time(budget_s: float, words: str) -> None:
    with of_stores([Path("my store")]):
        said = sentence(Longer(0.05, 0.02, budget_s), "20261130T044622Z-536c")
    assert "known to ±5.1 % or better" in said
    assert "about ±2.0 %: " in said
    assert said.endswith(f"levit-bench run --resume 20261130T044622Z-536c --budget {words} --store 'my store'")
    assert seconds("--budget", words) == budget_s
