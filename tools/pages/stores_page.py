"""The tables of docs/statistics.md about sessions that disagree, computed and written into the page.

    python -m tools.pages.stores_page [--stores 1000] [TABLE ...]

Takes about an hour on two cores with 1,000 stores a cell. Seeds are fixed, so it writes the same again until the
statistics or the simulation change.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any

from tools.pages import ROOT
from tools.pages.stored_pairs import stored_pairs
from tools.simulated.stores import NOISES, World
from tools.simulated.stores_truth import ORDERS, Fronts, calibration, covered, fronts, nights, picks, reports

PAGE = ROOT / "docs/statistics.md"
SCATTERS = (0.005, 0.01, 0.02, 0.03)
HISTORIES = (0, 1, 2, 3, 4, 8)
SPACINGS = (0.005, 0.01, 0.02)
Run = Callable[[Callable[..., Any], list[tuple[Any, ...]]], list[Any]]
"""Calls a function with each of several arguments, side by side."""


def worlds() -> Iterator[tuple[str, float, World]]:
    """Machines by noise and scatter between sessions."""
    for noise, world in NOISES.items():
        for scatter in SCATTERS:
            yield noise, scatter, world._replace(scatter=scatter)


def of_reports(run: Run, stores: int) -> Iterator[str]:
    """False alarms and power of a comparison of two sessions, by sessions known before."""
    yield from _head("machine", "scatter", *(f"{history} earlier" for history in HISTORIES))
    cells = [(world, history, stores) for _, _, world in worlds() for history in HISTORIES]
    results = iter(run(reports, cells))
    for noise, scatter, _ in worlds():
        row = [next(results) for _ in HISTORIES]
        yield _row(
            noise, _percent(scatter), *(f"{_percent(result.alarmed)}, {_percent(result.found)}" for result in row)
        )


def of_own_drift(run: Run, stores: int) -> Iterator[str]:
    """False alarms where networks do not drift as the yardstick does."""
    yield from _head("machine", "networks", *(f"{history} earlier" for history in HISTORIES))
    rows = [(noise, number) for noise in NOISES for number in (1, 6)]
    worlds_ = {(n, k): NOISES[n]._replace(shares={f"n{at}": 2.5 for at in range(k)}) for n, k in rows}
    cells = [(worlds_[row], history, stores) for row in rows for history in HISTORIES]
    results = iter(run(partial(reports, change=False), cells))
    for noise, number in rows:
        yield _row(noise, f"{number} of 6", *(_percent(next(results).alarmed) for _ in HISTORIES))


def of_company(run: Run, stores: int) -> Iterator[str]:
    """False alarms where the two sides were timed beside different cases."""
    yield from _head("machine", "company moves a case by", *(f"{history} earlier" for history in HISTORIES))
    rows = [(noise, size) for noise in NOISES for size in (0.01, 0.02, 0.03)]
    cells = [(NOISES[noise]._replace(company=size), history, stores) for noise, size in rows for history in HISTORIES]
    results = iter(run(partial(reports, change=False, company=True), cells))
    for noise, size in rows:
        yield _row(noise, _percent(size), *(_percent(next(results).alarmed) for _ in HISTORIES))


def of_nights(run: Run, stores: int) -> Iterator[str]:
    """Series of nightly sessions: false alarms on unchanged code, and the night on which a lasting change shows."""
    yield from _head("machine", "scatter", "red in 30 quiet nights", "+5 % called on night 1", "2", "3", "4", "5", "8")
    for (noise, scatter, _), result in zip(
        worlds(), run(nights, [(world, stores) for *_, world in worlds()]), strict=True
    ):
        called = (*result.called[:5], result.called[7])
        yield _row(noise, _percent(scatter), _percent(result.red), *map(_percent, called))


def of_one_session(run: Run, stores: int) -> Iterator[str]:
    """Fronts of one session, by how accuracies correlate with speeds."""
    yield from _head("accuracies", "machine", "runs", *(f"{100 * spacing:g} % apart" for spacing in SPACINGS))
    rows = [(order, noise, runs) for order in ORDERS for noise in NOISES for runs in (3, 5, 8)]
    cells = [(NOISES[n], spacing, order, stores, runs) for order, n, runs in rows for spacing in SPACINGS]
    results = iter(run(_one, cells))
    for order, noise, runs in rows:
        yield _row(order, noise, str(runs), *(_front(next(results)) for _ in SPACINGS))


def of_several_sessions(run: Run, stores: int) -> Iterator[str]:
    """Fronts over sessions that hold all networks, and over sessions that divide them."""
    spacings = (*SPACINGS, 0.03)
    yield from _head(
        "sessions", "accuracies", "machine", "scatter", *(f"{100 * spacing:g} % apart" for spacing in spacings)
    )
    rows = [(s, order, *machine) for s in SESSIONS for order in ORDERS for machine in worlds()]
    cells = [(world, d, order, stores, *SESSIONS[s]) for s, order, _, _, world in rows for d in spacings]
    results = iter(run(_several, cells))
    for sessions, order, noise, scatter, _ in rows:
        yield _row(sessions, order, noise, _percent(scatter), *(_front(next(results)) for _ in spacings))


SESSIONS = {"3, all in each": (3, False), "2, shared out": (2, True)}


def of_chances(run: Run, stores: int) -> Iterator[str]:
    """Calibration: observed minus stated frequency of front membership, by tenths of the stated chance."""
    yield from _head("sessions", "accuracies", *(f"{tenth} to {tenth + 10} %" for tenth in range(0, 100, 10)))
    for order in ORDERS:
        cells = [(world, d, order, stores // 4, n) for world in NOISES.values() for d in SPACINGS for n in (3, 5, 8)]
        yield _row("1", order, *map(_points, calibration(run(_one, cells))))
    for sessions, (number, split) in SESSIONS.items():
        for order in ORDERS:
            halves = [(w, d, order, stores // 4, number, split) for *_, w in worlds() for d in SPACINGS]
            yield _row(sessions, order, *map(_points, calibration(run(_several, halves))))


def of_intervals(run: Run, stores: int) -> Iterator[str]:
    """Coverage of intervals across sessions."""
    counts = (3, 5, 9)
    yield from _head(
        "machine", "scatter", *(f"ratio, {k} sessions" for k in counts), *(f"latency, {k}" for k in counts)
    )
    drifting = [(f"{n}, drifting 2.5 times as much", 0.01, w._replace(shares={"n1": 2.5})) for n, w in NOISES.items()]
    rows = [*worlds(), *drifting]
    results = iter(run(covered, [(world, k, stores) for *_, world in rows for k in counts]))
    for noise, scatter, _ in rows:
        row = [next(results) for _ in counts]
        yield _row(
            noise,
            _percent(scatter),
            *(_percent(result.pooled) for result in row),
            *(_percent(result.across_sessions) for result in row),
        )


def of_picks(run: Run, stores: int) -> Iterator[str]:
    """Answers of `pick` among fifty networks about a limit."""
    yield from _head("machine", "scatter", "answers", "over the limit", "answers for another day", "over it that day")
    for (noise, scatter, _), result in zip(
        worlds(), run(picks, [(world, stores) for *_, world in worlds()]), strict=True
    ):
        yield _row(noise, _percent(scatter), *map(_percent, result))


def of_stored(run: Run, stores: int) -> Iterator[str]:
    """Every pair of committed sessions of unchanged networks, by hours apart and by company."""
    del run, stores
    yield from _head("pairs of sessions", "reports", "with a verdict", "share")
    for name, (reports_, alarmed) in stored_pairs().items():
        yield _row(name, str(reports_), str(alarmed), _percent(alarmed / reports_))


TABLES: dict[str, Callable[[Run, int], Iterator[str]]] = {
    "reports": of_reports,
    "own drift": of_own_drift,
    "company": of_company,
    "nights": of_nights,
    "one session": of_one_session,
    "several sessions": of_several_sessions,
    "chances": of_chances,
    "intervals": of_intervals,
    "picks": of_picks,
    "stored": of_stored,
}
"""The function that computes each marked table of the page."""


def _one(world: World, spacing: float, order: str, stores: int, runs: int) -> Fronts:
    return fronts(world, spacing, order, stores, runs=runs)


def _several(world: World, spacing: float, order: str, stores: int, sessions: int, split: bool) -> Fronts:
    return fronts(world, spacing, order, stores, sessions=sessions, split=split)


def _front(result: Fronts) -> str:
    return f"{_percent(result.wrong)}, {100 * result.right:.0f} %"


def _points(gap: float | None) -> str:
    return "–" if gap is None else f"{100 * gap:+.0f}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _head(*names: str) -> Iterator[str]:
    yield _row(*names)
    yield "|:--|" + "--:|" * (len(names) - 1)


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def written(page: str, table: str, lines: list[str]) -> str:
    """The page with a table between its marks."""
    start, end = f"<!-- stores: {table} -->\n", "<!-- end -->"
    head, _, rest = page.partition(start)
    if not rest:
        raise ValueError(f"{PAGE} has no place for a table: {start!r}")
    _, _, tail = rest.partition(end)
    return f"{head}{start}" + "".join(f"{line}\n" for line in lines) + end + tail


def _called(function: Callable[..., Any], cell: tuple[Any, ...]) -> object:
    return function(*cell)


def main() -> None:
    """Compute the tables asked for, or all, and write them into the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stores", type=int, default=1000)
    parser.add_argument("tables", nargs="*", metavar="TABLE", help=", ".join(TABLES))
    arguments = parser.parse_args()
    with ProcessPoolExecutor(2) as pool:

        def run(function: Callable[..., Any], cells: list[tuple[Any, ...]]) -> list[Any]:
            return list(pool.map(partial(_called, function), cells))

        for table in arguments.tables or TABLES:
            lines = list(TABLES[table](run, arguments.stores))
            PAGE.write_text(written(PAGE.read_text(encoding="utf-8"), table, lines), encoding="utf-8")
            sys.stdout.write(f"\n{table}\n\n" + "".join(f"{line}\n" for line in lines))
            sys.stdout.flush()


if __name__ == "__main__":
    main()
