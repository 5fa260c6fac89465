"""Computes the tables of docs/statistics.md: coverage, width, power, and effects of pathologies.

    python -m tools.pages.known_truth_page

Takes some ten minutes. Seeds are fixed, so it prints the same again until the statistics or the simulation change.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from statistics import fmean, geometric_mean, median, stdev

from levit_bench.judge.estimates import counts, round_ratios
from levit_bench.planning.budget import MIN_RUNS
from levit_bench.store.files import load

from tools.pages import ROOT
from tools.simulated.goals_truth import aims, races
from tools.simulated.known_truth import (
    ANOTHER_DAY,
    CANDIDATES,
    DIFFERENCES,
    EQUAL,
    LATENCY,
    RELATIVE,
    Design,
    Trial,
    found_different,
    hodges_lehmann,
    midmean,
    offset_of,
    score,
    trials,
)
from tools.simulated.machine import PATHOLOGICAL, REGULAR, TWO_STATES
from tools.simulated.resumes_truth import shown
from tools.simulated.states_truth import states

SESSIONS = 1000
SEEDS = range(SESSIONS)
OTHERS = range(100_000, 100_000 + SESSIONS)
"""Seeds of the sessions from which the offset of an estimand under skewed noise is estimated."""
DESIGNS: tuple[Design, ...] = ((3, 5), (6, 10), (8, 20))
CHOICE: tuple[Design, ...] = ((3, 5), (6, 10))

PROCESSES = REGULAR["quiet"]._replace(case_run=0.02)
"""A machine on which processes differ by more than anything else."""
_SCENARIOS = REGULAR | PATHOLOGICAL | {"processes": PROCESSES}


@cache
def _of(name: str, design: Design, seeds: range = SEEDS) -> dict[str, list[Trial]]:
    return trials(_SCENARIOS[name], seeds, design)


@cache
def _offset(name: str, design: Design, quantity: str) -> float:
    """Zero by symmetry for a ratio of equals; else from other sessions."""
    return 0.0 if quantity == EQUAL else offset_of(_of(name, design, OTHERS)[quantity])


def coverage() -> Iterator[str]:
    """How often this suite's intervals hold the truth, and how wide they are."""
    yield from _head("machine", "runs × rounds", LATENCY, RELATIVE, EQUAL, ANOTHER_DAY)
    for name in REGULAR:
        for design in DESIGNS:
            yield coverage_row(name, design)


def coverage_row(name: str, design: Design) -> str:
    """One row of it."""
    by_quantity = _of(name, design)
    cells = []
    for quantity in (LATENCY, RELATIVE, EQUAL):
        result = score(by_quantity[quantity], _offset(name, design, quantity))
        cells.append(f"{_percent(result.coverage)}, {result.width:.2f}")
    day = score(by_quantity[ANOTHER_DAY], _offset(name, design, LATENCY))
    return _row(name, _words(design), *cells, f"{_percent(day.coverage)}")


def choice(design: Design) -> Iterator[str]:
    """The candidates on the ratio of two equal networks: coverage, and width as a multiple of this suite's."""
    yield from _head("interval", *REGULAR)
    widths = {name: _width(_of(name, design)[EQUAL]) for name in REGULAR}
    for method, interval in CANDIDATES.items():
        cells = []
        for name in REGULAR:
            retried = [trial._replace(interval=interval(trial.layout)) for trial in _of(name, design)[EQUAL]]
            width = _width(retried) / widths[name]
            cells.append(f"{_percent(score(retried).coverage)}, {width:.2f}" if width < 1e9 else "no interval")
        yield _row(method, *cells)


def resampling() -> Iterator[str]:
    """Student's t and the bootstrap where processes differ: coverage, and width as a multiple of the former's."""
    designs = ((3, 5), (5, 30))
    yield from _head("interval", *map(_words, designs))
    for method in ("t over runs, medians of rounds", "hierarchical bootstrap, medians"):
        cells = []
        for design in designs:
            equals = _of("processes", design)[EQUAL]
            retried = [trial._replace(interval=CANDIDATES[method](trial.layout)) for trial in equals]
            cells.append(f"{_percent(score(retried).coverage)}, {_width(retried) / _width(equals):.2f}")
        yield _row(method, *cells)


def power() -> Iterator[str]:
    """How often two networks are told apart, by how much they differ."""
    yield from _head("machine", "runs × rounds", "equal", *(f"{100 * more:.0f} %" for more in DIFFERENCES.values()))
    for name in REGULAR:
        for design in DESIGNS:
            yield power_row(name, design)


def power_row(name: str, design: Design) -> str:
    """One row of it."""
    by_quantity = _of(name, design)
    shares = [found_different(by_quantity[quantity]) / SESSIONS for quantity in (EQUAL, *DIFFERENCES)]
    return _row(name, _words(design), *(f"{_percent(share)}" for share in shares))


def pathologies(design: Design = (6, 10)) -> Iterator[str]:
    """Effect of each pathology on latency and on a ratio of equals."""
    yield from _head("what is wrong", "latency off by", "half width", "equals told apart", "half width", "10 % found")
    for name in ("normal", *PATHOLOGICAL):
        by_quantity = _of(name, design)
        latencies, equals = by_quantity[LATENCY], by_quantity[EQUAL]
        yield _row(
            "nothing" if name == "normal" else name,
            f"{_percent(offset_of(latencies), '+')}",
            f"{_percent(_width(latencies))}",
            f"{_percent(found_different(equals) / SESSIONS)}",
            f"{_percent(_width(equals))}",
            f"{_percent(found_different(by_quantity['plus10']) / SESSIONS)}",
        )


def goals() -> Iterator[str]:
    """Decisions of races and target errors, their error rate, and the turns that they save."""
    yield from _head("machine", "far apart", "close", "aiming at 3 %")
    for name in REGULAR:
        yield goals_row(name)


def goals_row(name: str) -> str:
    """One row of it."""
    cells = []
    for close in (False, True):
        outcome = races(name, SESSIONS, close=close)
        wrong = _percent(outcome.wrong / SESSIONS)
        cells.append(f"{wrong} wrong, {_percent(outcome.decided)} decided, {_percent(outcome.turns)} of the turns")
    aim = aims(name, SESSIONS)
    return _row(name, *cells, f"{_percent(aim.hits / SESSIONS)} hold, {aim.runs:.1f} runs")


def resuming() -> Iterator[str]:
    """How often sessions of equals have shown a difference after some resumes, also where intervals do not pay."""
    resumes = (0, 1, 2, 5, 10)
    heads = [f"{count} resume{'' if count == 1 else 's'}" for count in resumes[1:]]
    yield from _head("runs a sitting", "one sitting", *heads, "10, unpaid")
    for runs in (1, 3, 5, 8):
        paid, unpaid = shown(runs, 20_000, paid=True), shown(runs, 20_000, paid=False)
        name = f"{runs}" if runs >= MIN_RUNS else f"{runs}, after {MIN_RUNS}"
        yield _row(name, *(_percent(float(paid[count])) for count in resumes), _percent(float(unpaid[-1])))


def two_states() -> Iterator[str]:
    """Coverage of a case whose runs are slow by independent draws, and how often a finding names it."""
    yield from _head(
        "machine", "runs × rounds", LATENCY, RELATIVE, "paired ratio", "with a slow run", "of these with a finding"
    )
    for name in TWO_STATES:
        for design in DESIGNS:
            yield states_row(name, design)


def states_row(name: str, design: Design) -> str:
    """One row of it."""
    counts = states(name, SEEDS, design)
    hits = (counts.latency, counts.relative, counts.paired, counts.slow)
    cells = [_percent(count / counts.sessions) for count in hits]
    return _row(name, _words(design), *cells, _percent(counts.named / counts.slow))


LOCATIONS: dict[str, Callable[[Sequence[float]], float]] = {
    "median of pairs": median,
    "mean of the middle half": midmean,
    "Hodges-Lehmann": hodges_lehmann,
    "mean": fmean,
}


def stored(root: Path = ROOT / "results") -> Iterator[str]:
    """How far a run's location of log ratios to the yardstick scatters in the committed sessions, over the median's."""
    relative: dict[str, list[float]] = {name: [] for name in LOCATIONS}
    for record in load(root)[0]:
        rounds = [list(round_ratios(run).values()) for run in record.runs if counts(run)]
        runs = [run for run in rounds if len(run) >= 5]
        if record.info.role == "subject" and record.outcome == "done" and len(runs) >= 5:
            scatter = {name: stdev(location(run) for run in runs) for name, location in LOCATIONS.items()}
            for name, value in scatter.items():
                relative[name].append(value / scatter["median of pairs"])
    yield from _head("location within a run", f"{len(relative['mean'])} cases")
    for name, values in relative.items():
        yield _row(name, f"{geometric_mean(values):.2f}")


def _width(sample: Sequence[Trial]) -> float:
    return sum((trial.interval.high - trial.interval.low) / 2 for trial in sample) / len(sample)


def _percent(share: float, sign: str = "") -> str:
    return f"{100 * share:{sign}.1f} %"


def _words(design: Design) -> str:
    return f"{design[0]} × {design[1]}"


def _head(*names: str) -> Iterator[str]:
    yield _row(*names)
    yield "|:--|" + "--:|" * (len(names) - 1)


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Print all tables."""
    tables = {
        "coverage": coverage(),
        **{f"choice, {_words(design)}": choice(design) for design in CHOICE},
        "resampling": resampling(),
        "power": power(),
        "pathologies": pathologies(),
        "two states at random": two_states(),
        "goals": goals(),
        "resuming": resuming(),
        "location, stored sessions": stored(),
    }
    for title, lines in tables.items():
        sys.stdout.write(f"\n{title}\n\n" + "".join(f"{line}\n" for line in lines))
        sys.stdout.flush()


if __name__ == "__main__":
    main()
