"""The command lines that measure and draw a front again, and the files that they need."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from levit_bench.axes import AXES, NO_CHOICE, Axis, Shown
from levit_bench.catalog.twins import is_twin
from levit_bench.numbers.units import format_duration
from levit_bench.records import Case, Protocol, Record
from levit_bench.report.front.stated_accuracies import stated_toml


class Reproduction(NamedTuple):
    """Commands and files that measure and draw a front again."""

    commands: tuple[str, ...]
    """Command lines, names quoted for a shell."""
    files: Mapping[str, str] = {}
    """Text of the TOML files that they name, by name; empty where nothing was stated of any network."""


def reproduce(records: Iterable[Record], session: str | None = None, options: Sequence[str] = ()) -> Reproduction:
    """One `run` command for all sessions with equal options, and the `front` command.

    A session is measured again with all its networks, on the front or not: they took turns with each other.

    Args:
        records: the cases of the sessions that are drawn.
        session: the session that the user named.
        options: further options of the `front` command, each followed by its value.
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
    """The command that measures the cases of one session; adds the file that it needs unless an equal one exists."""
    cases, protocol = [record.case for record in group], group[0].protocol
    toml, inside = stated_toml(record.info for record in group)
    names = [name for name in _distinct(f"{case.network}@{case.size}" for case in cases) if name not in inside]
    if toml:
        number = len(files) + 1
        names.insert(0, files.setdefault(toml, "networks.toml" if number == 1 else f"networks-{number}.toml"))
    options = [
        f"{axis.option} {shlex.quote(','.join(values))}"
        for axis in AXES
        if axis.asked and axis.setting and (values := _axis_values(axis, cases))
    ]
    return " ".join(
        [
            f"levit-bench run --networks {shlex.quote(','.join(names))}",
            *options,
            f"--isolation {protocol.seats} --budget {format_duration(protocol.budget_s).replace(' ', '')}",
            *([f"--seed {protocol.seed}"] if protocol.seed else []),
            *(["--cross-check"] if protocol.witness else []),
            *(["--thin"] if protocol.thin else []),
            *_protocol_options(protocol),
        ]
    )


def _protocol_options(protocol: Protocol) -> tuple[str, ...]:
    """Options that bind a session to processors or end it early."""
    bound = ("--bind",) if protocol.bound else ()
    if protocol.target_error is not None:
        return (*bound, f"--target-error {100 * math.expm1(protocol.target_error):.4g}%")
    return (*bound, "--race") if protocol.goal == "race" else bound


def _axis_values(axis: Axis, cases: Iterable[Case]) -> list[str]:
    """Values of an axis; empty where they are what a request without its option means."""
    values = _distinct(str(case.value(axis.name)) for case in cases)
    if axis.shown is not Shown.ALWAYS and values == [str(axis.usual)]:
        return []
    return [value for value in values if value != NO_CHOICE]


def _distinct(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(values))
