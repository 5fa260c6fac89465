"""The command lines that would measure and draw a front again, from what its panels say.

Knows options; refuses to know which door took them.
"""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterable, Sequence

from bench.judge.front import Panel
from bench.records import Case, Protocol
from bench.report.text import visible
from bench.units import format_duration

_USUAL = {
    name: getattr(Case(network="", resolution=1), name)
    for name in ("streams", "form", "precision", "runtime", "device")
}
"""Options that go without saying when every case has the usual value."""


def reproduce(panels: Sequence[Panel], session: str | None = None, options: Sequence[str] = ()) -> list[str]:
    """One command a set of sessions that asked alike, and the one that draws; names are quoted for a shell.

    In front stand comments on networks that were fed other images than are usual, which no option asks for.

    Args:
        panels: what was measured.
        session: the one that was asked for.
        options: further options of the one that draws, each followed by its value.
    """
    protocols = (origin.protocol for panel in panels for origin in panel.origins)
    budgets = dict.fromkeys(
        (protocol.budget_s, protocol.seats, protocol.thin, _more(protocol)) for protocol in protocols
    )
    cases = [point.case for panel in panels for point in panel.points]
    names = _each(f"{case.network}@{case.size}" for case in cases)
    axes = {
        "--threads": _each(str(case.threads) for case in cases),
        "--batch": _each(str(case.batch) for case in cases),
        "--allocator": _each(case.allocator for case in cases if case.allocator != "n/a"),
    }
    for name, usual in _USUAL.items():
        values = _each(str(getattr(case, name)) for case in cases)
        if values != [str(usual)]:
            axes[f"--{name}"] = values
    told = [f"{option} {shlex.quote(','.join(values))}" for option, values in axes.items() if values]
    runs = [
        " ".join(
            [
                f"levit-bench run --networks {shlex.quote(','.join(names))}",
                *told,
                f"--seats {seats} --budget {format_duration(budget_s).replace(' ', '')}",
                *(["--thin"] if thin else []),
                *more,
            ]
        )
        for budget_s, seats, thin, more in budgets
    ]
    draws = "levit-bench front" + (f" --session {shlex.quote(session)}" if session else "")
    fed = _each(f"{case.network}: {', '.join(case.shape.unusual)}" for case in cases if case.shape.unusual)
    # A name says nothing of these: the builder's attributes do, or a TOML file, which is not known here.
    told_apart = [f"# fed other images than float32 of 3 channels, {visible(one)}" for one in fed]
    return [*told_apart, *runs, " ".join([draws, *map(shlex.quote, options)])]


def _more(protocol: Protocol) -> tuple[str, ...]:
    """What bound it to processors, and what ended it."""
    bound = ("--bind",) if protocol.bound else ()
    if protocol.target_error is not None:
        return (*bound, f"--target-error {100 * math.expm1(protocol.target_error):.4g}%")
    return (*bound, "--race") if protocol.goal == "race" else bound


def _each(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(values))
