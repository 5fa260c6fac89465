"""How well our rule and those of others find known changes, and how often they raise a false alert: one table.

    python -m tools.trend.measure_rules --series 20 --years 20 OUT.json

Needs numpy, and the packages asv and apache-otava, whose own code is called; the table of a page is made of the file by
`python -m tools.pages.trend_page`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tools.trend.rules import CASES, RULES, Rule, drift_when_found, ours_when_found
from tools.trend.simulated_series import NOISES, Noise, Planted, nights, planted

SIZES = (0.01, 0.02, 0.03, 0.05, 0.10)
NIGHTS, CHANGES = 500, 4
YEAR = 365
NEAR = 5
"""Nights by which a change may be placed wrongly and still counts as found."""
MOVED = 0.01
"""Log units by which the true level must have moved for an alert that was not planted to be no false one: where the
level wanders by itself, what is found is true.
"""
_AROUND = 60
"""Nights on either side over which the true level is taken: as far back as our reference goes."""
_WEEK = 7
_EVERY = 5
"""Nights between two questions to a rule that may say something else of the same nights later."""
_ASKED = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 30)
"""Nights after a change with which a rule is asked whether it finds it."""


class Score(NamedTuple):
    """What a rule did on one series."""

    found: int
    planted: int
    false: int
    misplaced: int
    """Nights between planted and found, summed over those found."""
    delays: tuple[int, ...] = ()
    """Nights from each found change to the alert."""
    errors: int = 0
    """Questions to which the rule had no answer but an exception."""


def score(rule: Rule, series: Planted, *, with_delays: bool) -> Score:
    """The changes that a rule finds in a series against the truth."""
    logs = [float(log) for log in series.logs]
    try:
        found = rule.find(logs)
    except ValueError:
        return Score(0, len(series.changes), 0, 0, errors=1)
    open_truths, matched, false = list(series.changes), [], 0
    for at in found:
        near = min(open_truths, key=lambda truth: abs(truth - at), default=None)
        if near is not None and abs(near - at) <= NEAR:
            open_truths.remove(near)
            matched.append((near, at))
        elif not _has_moved(series, at):
            false += 1
    delays = tuple(_delay(rule, logs, series, truth) for truth, _ in matched) if with_delays else ()
    misplaced = sum(abs(truth - at) for truth, at in matched)
    return Score(len(matched), len(series.changes), false, misplaced, delays)


def _has_moved(series: Planted, at: int) -> bool:
    before, after = series.level[max(0, at - _AROUND) : at], series.level[at : at + _AROUND]
    return len(before) > 0 and len(after) > 0 and abs(float(np.mean(after) - np.mean(before))) >= MOVED


def _delay(rule: Rule, logs: Sequence[float], series: Planted, truth: int) -> int:
    """Nights from a change until the rule has found it, by the calendar."""
    if rule.find is RULES[0].find:
        when = [found_at for at, found_at in ours_when_found(logs) if abs(at - truth) <= NEAR]
        newest = when[0] if when else len(logs) - 1
    elif rule.delay is not None:
        newest = truth + rule.delay - 1
    else:
        asked = (truth + nights_after - 1 for nights_after in _ASKED)
        newest = next((at for at in asked if _finds(rule, logs[: at + 1], truth)), len(logs) - 1)
    newest = min(newest, len(logs) - 1)
    return int(series.dates[newest] - series.dates[truth]) + 1


def _finds(rule: Rule, logs: Sequence[float], truth: int) -> bool:
    try:
        return any(abs(one - truth) <= NEAR for one in rule.find(logs))
    except ValueError:
        return False


def _of_size(task: tuple[int, Noise, float, int]) -> Score:
    number, noise, size, seed = task
    rng = np.random.default_rng([seed, 1])
    series = planted(noise, NIGHTS, size, CHANGES, rng)
    return score(RULES[number], series, with_delays=size in (0.05, 0.10))


def _of_year(task: tuple[int, Noise, float, int]) -> list[Score]:
    number, noise, _, seed = task
    rng = np.random.default_rng([seed, 2])
    return [_ever_raised(RULES[number], nights(noise, YEAR, rng)) for _ in range(CASES)]


def _ever_raised(rule: Rule, series: Planted) -> Score:
    """The false alerts of a year in which somebody looks every night, whether or not they stand at its end."""
    logs = [float(log) for log in series.logs]
    if rule.find is RULES[0].find:
        changed = score(rule, series, with_delays=False)
        drifted = drift_when_found(logs)
        is_false = drifted is not None and abs(float(series.level[drifted] - np.mean(series.level[:_WEEK]))) < MOVED
        return changed._replace(false=changed.false + is_false)
    if rule.delay is not None:
        return score(rule, series, with_delays=False)
    raised: list[int] = []
    errors = 0
    for newest in range(_EVERY, len(logs), _EVERY):
        try:
            found = rule.find(logs[: newest + 1])
        except ValueError:
            errors += 1
            continue
        raised += [at for at in found if all(abs(at - other) > NEAR for other in raised)]
    false = sum(not _has_moved(series, at) for at in raised)
    return Score(0, 0, false, 0, errors=errors)


def measure(series: int, years: int, other_years: int, only: Sequence[str] = ()) -> list[dict[str, object]]:
    """A row a rule and noise, of the rules whose names begin as one of `only` does, or of all."""
    rows = []
    with ProcessPoolExecutor() as pool:
        for number, rule in enumerate(RULES):
            for noise in NOISES if rule.name.startswith(tuple(only) or "") else ():
                count = years if number == 0 else other_years
                null = list(pool.map(_of_year, [(number, noise, 0.0, seed) for seed in range(count)]))
                by_size = {
                    size: list(pool.map(_of_size, [(number, noise, size, seed) for seed in range(series)]))
                    for size in SIZES
                }
                rows.append(_row(rule, noise, null, by_size))
                sys.stderr.write(f"{json.dumps(rows[-1])}\n")
    return rows


def _row(
    rule: Rule, noise: Noise, null: Sequence[Sequence[Score]], by_size: Mapping[float, Sequence[Score]]
) -> dict[str, object]:
    of_years = [sum(one.false for one in year) for year in null]
    planted_scores = [one for scores in by_size.values() for one in scores]
    true, false = sum(one.found for one in planted_scores), sum(one.false for one in planted_scores)
    row: dict[str, object] = {
        "rule": rule.name, "noise": noise.name, "years": len(null),
        "false_a_year": sum(of_years) / len(null), "worst_year": max(of_years),
        "precision": true / (true + false) if true + false else None,
        "errors": sum(one.errors for one in (*planted_scores, *(one for year in null for one in year))),
    }  # fmt: skip
    for size, scores in by_size.items():
        found = sum(one.found for one in scores)
        delays = [delay for one in scores for delay in one.delays]
        row[f"recall_{size:g}"] = found / sum(one.planted for one in scores)
        row[f"delay_{size:g}"] = float(np.median(delays)) if delays else None
        row[f"misplaced_{size:g}"] = sum(one.misplaced for one in scores) / found if found else None
    return row


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line: write the rows to a file."""
    parser = argparse.ArgumentParser(description=measure.__doc__)
    parser.add_argument("--series", type=int, default=20, help="of 500 nights, for each noise and size")
    parser.add_argument("--years", type=int, default=100, help="of 50 unchanged cases, for our rule")
    parser.add_argument("--other-years", type=int, default=4, help="the same for the others")
    parser.add_argument("--rule", action="append", default=[], help="only those that begin so; the file's others stay")
    parser.add_argument("out", type=Path)
    parsed = parser.parse_args(arguments)
    rows = measure(parsed.series, parsed.years, parsed.other_years, parsed.rule)
    if parsed.rule:
        measured = {row["rule"] for row in rows}
        held = json.loads(parsed.out.read_text())["rows"]
        order = [rule.name for rule in RULES]
        rows = sorted(
            [*(row for row in held if row["rule"] not in measured), *rows],
            key=lambda row: order.index(str(row["rule"])),
        )
    document = {"series": parsed.series, "nights": NIGHTS, "changes": CHANGES, "cases": CASES, "rows": rows}
    parsed.out.write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
