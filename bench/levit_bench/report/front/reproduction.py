"""The command lines that would measure and draw a front again, and the files that they name.

Knows options; refuses to know which door took them.
"""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from levit_bench.axes import AXES, NO_CHOICE, Axis, Said
from levit_bench.catalog.twins import is_twin
from levit_bench.numbers.units import format_duration
from levit_bench.records import Case, Protocol, Record
from levit_bench.report.front.stated_accuracies import stated_toml


class Reproduction(NamedTuple):
    """How to measure and draw again."""

    commands: tuple[str, ...]
    """Command lines, names quoted for a shell."""
    files: Mapping[str, str] = {}
    """Text of the TOML files that they name, by name; empty where nothing was stated of any network."""


def reproduce(records: Iterable[Record], session: str | None = None, options: Sequence[str] = ()) -> Reproduction:
    """One command for all sessions that asked alike, and the one that draws.

    A session is measured again with all its networks, whether or not they have a place on the front: they took turns
    with those that have.

    Args:
        records: the cases of the sessions that are drawn.
        session: the one that was asked for.
        options: further options of the one that draws, each followed by its value.
    """
    sessions: dict[str, list[Record]] = {}
    for record in records:
        if record.info.role == "subject" and not is_twin(record.case.network):
            sessions.setdefault(record.session, []).append(record)
    files: dict[str, str] = {}  # Names by text.
    runs = dict.fromkeys(_run(group, files) for group in sessions.values())
    draws = "levit-bench front" + (f" --session {shlex.quote(session)}" if session else "")
    commands = (*runs, " ".join([draws, *map(shlex.quote, options)]))
    return Reproduction(commands, {name: text for text, name in files.items()})


def _run(group: Sequence[Record], files: dict[str, str]) -> str:
    """The command that measures the cases of one session; the file that it needs is added where there is none alike."""
    cases, protocol = [record.case for record in group], group[0].protocol
    toml, inside = stated_toml(record.info for record in group)
    names = [name for name in _each(f"{case.network}@{case.size}" for case in cases) if name not in inside]
    if toml:
        number = len(files) + 1
        names.insert(0, files.setdefault(toml, "networks.toml" if number == 1 else f"networks-{number}.toml"))
    told = [
        f"{axis.option} {shlex.quote(','.join(values))}"
        for axis in AXES
        if axis.asked and axis.setting and (values := _values(axis, cases))
    ]
    return " ".join(
        [
            f"levit-bench run --networks {shlex.quote(','.join(names))}",
            *told,
            f"--isolation {protocol.seats} --budget {format_duration(protocol.budget_s).replace(' ', '')}",
            *([f"--seed {protocol.seed}"] if protocol.seed else []),
            *(["--cross-check"] if protocol.witness else []),
            *(["--thin"] if protocol.thin else []),
            *_more(protocol),
        ]
    )


def _more(protocol: Protocol) -> tuple[str, ...]:
    """What bound it to processors, and what ended it."""
    bound = ("--bind",) if protocol.bound else ()
    if protocol.target_error is not None:
        return (*bound, f"--target-error {100 * math.expm1(protocol.target_error):.4g}%")
    return (*bound, "--race") if protocol.goal == "race" else bound


def _values(axis: Axis, cases: Iterable[Case]) -> list[str]:
    """What is asked of an axis; nothing where that is what a request asks for that leaves it out."""
    values = _each(str(case.value(axis.name)) for case in cases)
    if axis.said is not Said.ALWAYS and values == [str(axis.usual)]:
        return []
    return [value for value in values if value != NO_CHOICE]


def _each(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(values))
