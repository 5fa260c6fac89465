"""The command lines that measure and draw a front again, and the files that they need."""

from __future__ import annotations

import math
import shlex
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from levit_bench.asking.session_options import BY_NAME, OptionKind, SessionOption
from levit_bench.axes import AXES, NO_CHOICE, Axis, Shown, usual
from levit_bench.catalog.twins import is_ranked
from levit_bench.numbers.units import format_duration, parse_duration
from levit_bench.paths.model_files import USUAL_RUNTIME, kind_of
from levit_bench.records import Case, Protocol, Record
from levit_bench.report.front.stated_accuracies import stated_toml

_ASKED = [axis for axis in AXES if axis.asked and axis.setting]
"""The axes that a command line asks for, other than those of the networks."""


_OF_SESSIONS = ("--session", "--since", "--until", "--title")
"""Options that choose among stored sessions."""


class Reproduction(NamedTuple):
    """Commands and files that measure and draw a front again."""

    commands: tuple[str, ...]
    """Command lines that measure the sessions again and draw them, names quoted for a shell."""
    drawn_by: str = ""
    """The command line that draws the stored sessions themselves; empty where it is the last of the others."""
    files: Mapping[str, str] = {}
    """Text of the TOML files that they name, by name; empty where nothing was stated of any network."""


def reproduce(records: Iterable[Record], options: Sequence[str] = (), store: Sequence[str] = ()) -> Reproduction:
    """The `run` commands of each session, those of equal ones once, and the `front` command.

    A session is measured again with all its networks, on the front or not: they took turns with each other. Cases that
    no single command asks for, such as those of two devices, have a command each.

    Args:
        records: the cases of the sessions that are drawn.
        options: options of the `front` command, with their values; of sessions, the newest one, or where
            several are measured all of the store, takes the place of those that are named.
        store: the option that names the folder of sessions; of several stores, the first is measured into.
    """
    sessions: dict[str, list[Record]] = {}
    for record in records:
        if record.info.role == "subject" and is_ranked(record.case):
            sessions.setdefault(record.session, []).append(record)
    files: dict[str, str] = {}  # Names by text.
    runs = dict.fromkeys(
        _run(group, files, store[:2]) for session in sessions.values() for group in _askable_groups(session)
    )
    commands = (*runs, shlex.join(["levit-bench", "front", *_of_new_sessions(options, len(runs))]))
    drawn_by = shlex.join(["levit-bench", "front", *options])
    return Reproduction(
        commands, drawn_by if drawn_by != commands[-1] else "", {name: text for text, name in files.items()}
    )


def _of_new_sessions(options: Sequence[str], runs: int) -> list[str]:
    """The options with the sessions that the commands before measure in the place of the stored ones.

    These have names that nobody knows yet, and another machine holds none of the stored ones.
    """
    before = ("", *options)
    kept = [word for word, last in zip(options, before, strict=False) if not {word, last} & set(_OF_SESSIONS)]
    return ["--session", "last", *kept] if runs == 1 and len(kept) < len(options) else kept


def _askable_groups(records: Sequence[Record]) -> list[list[Record]]:
    """The cases of a session in groups that one command asks for each: every network with every combination of values.

    A command line asks for all combinations; tests ask for single cases, and a session may hold any.
    """
    by_network: dict[str, list[Record]] = {}
    for record in records:
        by_network.setdefault(f"{record.case.network}@{record.case.size}", []).append(record)
    alike: dict[frozenset[tuple[str, ...]], list[list[Record]]] = {}
    for group in by_network.values():
        alike.setdefault(frozenset(_values(record.case, group) for record in group), []).append(group)
    out = []
    for values, groups in alike.items():
        if _is_askable(values):
            out.append([record for group in groups for record in group])
        else:
            out += [
                [record for group in groups for record in group if _values(record.case, group) == each]
                for each in sorted(values)
            ]
    return out


def _values(case: Case, group: Iterable[Record]) -> tuple[str, ...]:
    """The values of a case in the axes that a command asks for, of which every network has all combinations.

    A model file with the runtime alone that it has where no command names one stands beside networks in the usual one.

    Args:
        case: one of the group.
        group: the cases of its network.
    """
    values = {axis.name: str(case.value(axis.name)) for axis in _ASKED}
    if all(_runtime_if_unasked(record.case) == record.case.runtime for record in group):
        values["runtime"] = usual("runtime")
    return tuple(values.values())


def _runtime_if_unasked(case: Case) -> str:
    """The runtime of a case where no command names one."""
    kind = kind_of(case.network)
    return str(usual("runtime")) if kind is None else USUAL_RUNTIME[kind]


def _is_askable(values: Collection[tuple[str, ...]]) -> bool:
    """Whether combinations of values are all that there are, and no axis of a single value has two."""
    sets = [set(column) for column in zip(*values, strict=True)]
    whole = math.prod(len(column) for column in sets) == len(set(values))
    return whole and all(len(column) == 1 for axis, column in zip(_ASKED, sets, strict=True) if not axis.plural)


def _run(group: Sequence[Record], files: dict[str, str], store: Sequence[str]) -> str:
    """The command that measures some cases of one session; adds the file that it needs unless an equal one exists."""
    cases, protocol = [record.case for record in group], group[0].protocol
    toml, inside = stated_toml(record.info for record in group)
    names = [name for name in _distinct(f"{case.network}@{case.size}" for case in cases) if name not in inside]
    if toml:
        number = len(files) + 1
        names.insert(0, files.setdefault(toml, "networks.toml" if number == 1 else f"networks-{number}.toml"))
    words = ["--networks", ",".join(names), *axis_options(group), *protocol_options(protocol), *store]
    return shlex.join(["levit-bench", "run", *words])


def axis_options(group: Sequence[Record], leave_out: Collection[str] = ()) -> list[str]:
    """The options that ask for the axes of cases, each with its values; those that are meant without are left out.

    Args:
        group: cases that one command asks for.
        leave_out: names of axes that are asked for in another way.
    """
    asked = [(axis, _axis_values(axis, group)) for axis in _ASKED if axis.name not in leave_out]
    return [word for axis, values in asked if values for word in (axis.option, ",".join(values))]


_PROTOCOL_OPTIONS: Mapping[str, Callable[[Protocol], str]] = {
    "isolation": lambda protocol: protocol.seats,
    "budget": lambda protocol: _duration(protocol.budget_s),
    "timeout": lambda protocol: _duration(protocol.timeout_s),
    "seed": lambda protocol: str(protocol.seed),
    "bind": lambda protocol: _flag(protocol.bound),
    "start_method": lambda protocol: protocol.start_method,
    "cross_check": lambda protocol: _flag(protocol.witness),
    "thin": lambda protocol: _flag(protocol.thin),
    "race": lambda protocol: _flag(protocol.goal == "race"),
    "target_error": lambda protocol: (
        "" if protocol.target_error is None else f"{100 * math.expm1(protocol.target_error):.10g}%"
    ),
}
"""The value of every option that the protocol of a session stores; `yes` or an empty text for flags. Others change what
a session costs, and no number: `--cache`, `--fresh` and `--no-wait`."""
_ALWAYS_TOLD = ("isolation", "budget")


def protocol_options(
    protocol: Protocol, *, leave_out: Collection[str] = (), only: Collection[str] = tuple(_PROTOCOL_OPTIONS)
) -> list[str]:
    """The options of a session with their values, but those that have their usual value.

    Args:
        protocol: of the session.
        leave_out: names of options that a command has not, or that stand elsewhere.
        only: names of those that are wanted.
    """
    out: list[str] = []
    for name, value_of in _PROTOCOL_OPTIONS.items():
        option, value = BY_NAME[name], value_of(protocol)
        if name in only and name not in leave_out and (name in _ALWAYS_TOLD or value != _usual_value(option)):
            out += [option.option] if option.kind is OptionKind.FLAG else [option.option, value]
    return out


def _usual_value(option: SessionOption) -> str:
    """The value of an option that is not given, as `_PROTOCOL_OPTIONS` has it."""
    match option.kind:
        case OptionKind.FLAG:
            return _flag(option.usual)
        case OptionKind.TIME:
            return _duration(parse_duration(option.usual))
        case _:
            return str(option.usual)


def _flag(is_set: bool) -> str:
    return "yes" if is_set else ""


def _duration(seconds: float) -> str:
    """A duration as an option takes it, which is read back as the same number."""
    if seconds == round(seconds) and (seconds < 3600 or seconds % 60 == 0):
        return format_duration(seconds).replace(" ", "")
    return f"{seconds:.9f}".rstrip("0").rstrip(".") + "s"


def _axis_values(axis: Axis, group: Sequence[Record]) -> list[str]:
    """Values of an axis; empty where they are what a request without its option means."""
    values = _distinct(str(record.case.value(axis.name)) for record in group)
    if axis.name == "runtime" and all(_runtime_if_unasked(record.case) == record.case.runtime for record in group):
        return []
    if axis.shown is not Shown.ALWAYS and values == [str(axis.usual)]:
        return []
    return [value for value in values if value != NO_CHOICE]


def _distinct(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(values))
