"""Checks that the detectable difference of a report is detected with 80 % power.

Sessions of known scatter are simulated; each reports a detectable difference for its cases, and the true power at that
difference follows from the scatter that they were drawn with.

python -m tools.pages.detectable_page        writes the table of docs/statistics.md
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from levit_bench.judge.verdicts import ALPHA, METHOD_PAIRS, POWER, Effect, Rules, detectable, power, steadied
from levit_bench.planning.budget import BETWEEN_RUNS, WITHIN_RUN
from scipy.special import nctdtrinc, stdtrit

from tools.pages import ROOT

PAGE = ROOT / "docs" / "statistics.md"
START, END = "<!-- detectable -->\n", "<!-- end -->"
DEVIATION = math.sqrt(2 * (BETWEEN_RUNS + WITHIN_RUN / 10))
"""Of a run's log ratio of two networks, as the pilot has it for ten rounds."""
SCATTERS = {"equal": (1.0,), "unequal": (0.5, 0.65, 0.85, 1.15, 1.5, 2.0)}
"""Standard deviations of a report's cases, or of its one case, as multiples of `DEVIATION`."""
SIZES = tuple((family, runs) for family in (1, 6) for runs in (3, 5, 8))


class CaseStatistics(NamedTuple):
    """Statistics of the detectable difference over many sessions, for one kind of case."""

    power: float
    """True power at the reported difference, median over cases and sessions."""
    least_power: float
    """The same of the kind of case whose power is least."""
    most_power: float
    spread: float
    """Log of the 95th over the 5th percentile of the reported difference of one case."""
    naive_power: float
    """As `power`, with the estimated standard error taken for the true one and nothing else known."""
    naive_spread: float


def simulated(scatters: str, family: int, runs: int, sessions: int, rules: Rules) -> CaseStatistics:
    """Simulate sessions of `runs` runs, each a report of `family` cases."""
    rng = np.random.default_rng(family * 100 + runs)
    factors = SCATTERS[scatters]
    figures: dict[float, list[tuple[float, float, float, float]]] = {}
    for number in range(sessions):
        kinds = [factors[(number + at) % len(factors)] for at in range(family)]
        variances = [(DEVIATION * kind) ** 2 * rng.chisquare(runs - 1) / (runs - 1) for kind in kinds]
        effects = [_effect(math.sqrt(variance), runs) for variance in variances]
        true = _effect(DEVIATION * kinds[0], runs)
        error = steadied(effects)[0]
        for_one = detectable(effects[0]._replace(error=error), family, rules)
        naive = _naive(effects[0], family, rules)
        assert for_one is not None
        pair = math.log(for_one), naive
        for_both = (power(log, true, family, rules) for log in pair)
        figures.setdefault(kinds[0], []).append((*pair, next(for_both), next(for_both)))
    by_kind = [np.array(rows) for rows in figures.values()]
    powers = [float(np.median(rows[:, 2])) for rows in by_kind]
    all_rows = np.concatenate(by_kind)
    spread, naive_spread = (
        float(np.mean([np.log(np.quantile(rows[:, at], 0.95) / np.quantile(rows[:, at], 0.05)) for rows in by_kind]))
        for at in (0, 1)
    )
    return CaseStatistics(
        float(np.median(all_rows[:, 2])),
        min(powers),
        max(powers),
        spread,
        float(np.median(all_rows[:, 3])),
        naive_spread,
    )


def table(sessions: int = 1000) -> list[str]:
    """One row for each kind of report: without a least effect, so that the scatter alone counts."""
    out = [
        "| scatter | cases | runs | power | noisiest, calmest | naive power | spread | naive spread |",
        "|:--|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for scatters in SCATTERS:
        for family, runs in SIZES:
            row = simulated(scatters, family, runs, sessions, Rules(0.0, 0.0))
            shares = [100 * row.power, 100 * row.least_power, 100 * row.most_power, 100 * row.naive_power]
            middle, least, most, naive = (f"{share:.0f} %" for share in shares)
            out.append(
                f"| {scatters} | {family} | {runs} | {middle} | {least}, {most} | {naive} | "
                f"{math.exp(row.spread):.1f} | {math.exp(row.naive_spread):.1f} |"
            )
    return out


def _effect(deviation: float, runs: int) -> Effect:
    return Effect(0.0, deviation / math.sqrt(runs), runs - 1, runs, METHOD_PAIRS, DEVIATION**2)


def _naive(effect: Effect, family: int, rules: Rules) -> float:
    """The detectable log ratio with the estimated standard error for the true one."""
    limit = float(stdtrit(effect.freedom, 1 - ALPHA / family / 2))
    shift = float(nctdtrinc(effect.freedom, 1 - POWER, limit))
    least_log = math.log1p(rules.min_effect) + float(stdtrit(effect.freedom, POWER)) * effect.error
    return max(shift * effect.error, least_log)


def page(text: str) -> str:
    """The page with its table as it should be."""
    before, _, rest = text.partition(START)
    return "\n".join([before + START.rstrip(), *table(), END + rest.partition(END)[2]])


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
