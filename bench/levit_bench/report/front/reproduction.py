"""The command lines that measure and draw a front again, and the files that they need."""

from __future__ import annotations

import math
import shlex
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from levit_bench.axes import AXES, NO_CHOICE, Axis, Shown
from levit_bench.catalog.twins import is_twin
from levit_bench.numbers.units import format_duration
from levit_bench.records import Case, Protocol, Record
from levit_bench.report.front.stated_accuracies import stated_toml

_ASKED = [axis for axis in AXES if axis.asked and axis.setting]
"""The axes that a command line asks for, other than those of the networks."""
_COMBINED = [axis for axis in _ASKED if not axis.per_network]
"""Those of which every network has all values: a network is measured in the forms and runtimes that it has."""


class Reproduction(NamedTuple):
    """Commands and files that measure and draw a front again."""

    commands: tuple[str, ...]
    """Command lines, names quoted for a shell."""
    files: Mapping[str, str] = {}
    """Text of the TOML files that they name, by name; empty where nothing was stated of any network."""


def reproduce(records: Iterable[Record], options: Sequence[str] = (), store: Sequence[str] = ()) -> Reproduction:
    """The `run` commands of each session, those of equal ones once, and the `front` command.

    A session is measured again with all its networks, on the front or not: they took turns with each other. Cases that
    no single command asks for, such as those of two devices, have a command each.

    Args:
        records: the cases of the sessions that are drawn.
        options: options of the `front` command, each followed by its value.
        store: the option that names the folder of sessions; of several stores, the first is measured into.
    """
    sessions: dict[str, list[Record]] = {}
    for record in records:
        if record.info.role == "subject" and not record.case.is_of_gate and not is_twin(record.case.network):
            sessions.setdefault(record.session, []).append(record)
    files: dict[str, str] = {}  # Names by text.
    runs = dict.fromkeys(
        _run(group, files, store[:2]) for session in sessions.values() for group in _askable_groups(session)
    )
    commands = (*runs, shlex.join(["levit-bench", "front", *options]))
    return Reproduction(commands, {name: text for text, name in files.items()})


def _askable_groups(records: Sequence[Record]) -> list[list[Record]]:
    """The cases of a session in groups that one command asks for each: every network with every combination of values.

    A command line asks for all combinations; tests ask for single cases, and a session may hold any.
    """
    by_network: dict[str, list[Record]] = {}
    for record in records:
        by_network.setdefault(f"{record.case.network}@{record.case.size}", []).append(record)
    alike: dict[frozenset[tuple[str, ...]], list[list[Record]]] = {}
    for group in by_network.values():
        alike.setdefault(frozenset(_values(record.case) for record in group), []).append(group)
    out = []
    for values, groups in alike.items():
        together = [record for group in groups for record in group]
        if _is_askable(values):
            out.append(together)
        else:
            out += [[record for record in together if _values(record.case) == each] for each in sorted(values)]
    return out


def _values(case: Case) -> tuple[str, ...]:
    """The values of a case in the axes that every network of a command has in all combinations."""
    return tuple(str(case.value(axis.name)) for axis in _COMBINED)


def _is_askable(values: Collection[tuple[str, ...]]) -> bool:
    """Whether combinations of values are all that there are, and no axis of a single value has two."""
    sets = [set(column) for column in zip(*values, strict=True)]
    whole = math.prod(len(column) for column in sets) == len(set(values))
    return whole and all(len(column) == 1 for axis, column in zip(_COMBINED, sets, strict=True) if not axis.plural)


def _run(group: Sequence[Record], files: dict[str, str], store: Sequence[str]) -> str:
    """The command that measures some cases of one session; adds the file that it needs unless an equal one exists."""
    cases, protocol = [record.case for record in group], group[0].protocol
    toml, inside = stated_toml(record.info for record in group)
    names = [name for name in _distinct(f"{case.network}@{case.size}" for case in cases) if name not in inside]
    if toml:
        number = len(files) + 1
        names.insert(0, files.setdefault(toml, "networks.toml" if number == 1 else f"networks-{number}.toml"))
    options = [
        f"{axis.option} {shlex.quote(','.join(values))}" for axis in _ASKED if (values := _axis_values(axis, cases))
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
            *([shlex.join(store)] if store else []),
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
