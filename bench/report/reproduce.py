"""The command lines that would measure and draw a front again, from what its panels say.

Knows options; refuses to know which door took them.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence

from bench.judge.front import Panel
from bench.units import format_duration


def reproduce(panels: Sequence[Panel], session: str | None = None, published: Sequence[str] = ()) -> list[str]:
    """One command a set of sessions that asked alike, and the one that draws; names are quoted for a shell.

    Args:
        panels: what was measured.
        session: the one that was asked for.
        published: options and values about published files, which stand beside the panels.
    """
    budgets = dict.fromkeys(
        (origin.protocol.budget_s, origin.protocol.seats) for panel in panels for origin in panel.origins
    )
    cases = [point.case for panel in panels for point in panel.points]
    names = _each(f"{case.network}@{case.resolution}" for case in cases)
    axes = {
        "--threads": _each(str(case.threads) for case in cases),
        "--batch": _each(str(case.batch) for case in cases),
        "--allocator": _each(case.allocator for case in cases if case.allocator != "n/a"),
        "--form": _each(case.form for case in cases),
    }
    if axes["--form"] == ["shipped"]:
        del axes["--form"]
    told = [f"{option} {shlex.quote(','.join(values))}" for option, values in axes.items() if values]
    runs = [
        " ".join(
            [
                f"levit-bench run --networks {shlex.quote(','.join(names))}",
                *told,
                f"--seats {seats} --budget {format_duration(budget_s).replace(' ', '')}",
            ]
        )
        for budget_s, seats in budgets
    ]
    draws = "levit-bench front" + (f" --session {shlex.quote(session)}" if session else "")
    return [*runs, " ".join([draws, *map(shlex.quote, published)])]


def _each(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(values))
