"""Settings: what must be equal before two numbers may be compared, and how to choose the records where it is.

Works on fields and their values alone, not on measured times.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import attrgetter

import msgspec

from levit_bench.axes import AXES, BY_NAME, SAID, SETTING, WEIGHTS_OF_FILE, usual
from levit_bench.catalog.network_calls import split_names
from levit_bench.errors import NothingToShowError, UsageError
from levit_bench.judge.set_accuracies import named_sets, on_sets
from levit_bench.judge.stored_networks import networks_meant
from levit_bench.records import Case, Machine, Record
from levit_bench.spelling import did_you_mean

SHOWN_VALUES = 6
"""Values of a field that a message names before it says how many more there are."""


MADE = ("device", "form", "precision")
"""Axes of which a package may bring a value: its version is part of the setting."""
BLANK = {axis.name: axis.usual for axis in AXES if not axis.setting}
"""The axes that name the network of a case and its images, each with its usual value."""
_BESIDE = {"device": "gpu", "runtime": "runtime_version"}
"""Field of a session that is listed beside an axis."""
_FOLLOWS = {**_BESIDE, "allocator": "isolation"}
"""Field of a session that differs wherever an axis does."""


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """Everything but the network and its images: two latencies are comparable when their settings are equal."""

    machine: Machine
    """The machine that was measured: `Machine.hardware`."""
    case: Case
    """The case, but for its network and images, which are `BLANK`; with the usual weights in place of a model file's,
    for calibrated ones are drawn to be as fast as trained ones."""
    gpu: str | None
    """The GPU it was executed on; absent on processors, and where the session did not record one."""
    runtime_version: str | None
    """The library that provides the runtime, with its version; absent for the runtimes of torch itself."""
    torch: str | None
    """Version of torch; absent when the session did not record one."""
    isolation: str
    """Whether cases shared a worker process: the heap that other cases leave can cost tens of percent."""
    affinity: str
    """What placed the processes on processors: the system, or this suite, which pins them."""
    allowance: str
    """Which of the machine's processors they might use; `all` also in files that do not say."""
    shell: str
    """Variables of the calling shell that reached them and can change times; `plain` also in files that do not say."""
    yardstick: str
    """Version of the yardstick, to which sessions are joined as ratios."""

    def without(self, axis: str) -> Setting:
        """The setting with an axis emptied, and with it the field that follows from it."""
        follows = {_FOLLOWS[axis]: ""} if axis in _FOLLOWS else {}
        return msgspec.structs.replace(self, case=msgspec.structs.replace(self.case, **{axis: ""}), **follows)


def setting(record: Record) -> Setting:
    """The setting in which a record was measured."""
    versioned = {axis: record.as_made(axis) for axis in MADE}
    if record.case.weights == WEIGHTS_OF_FILE:
        versioned["weights"] = usual("weights")
    return Setting(
        machine=record.machine.hardware,
        case=msgspec.structs.replace(record.case, **BLANK, **versioned),
        gpu=record.gpu,
        runtime_version=record.runtime_version,
        torch=record.conditions.versions.get("torch"),
        isolation=record.isolation,
        affinity=record.affinity,
        allowance=record.allowance,
        shell=record.shell.text,
        yardstick=record.yardstick,
    )


def _fields() -> tuple[str, ...]:
    """Names of the fields of a setting: the machine, the axes each with the field listed beside it, the rest."""
    rest = [name for name in Setting.__struct_fields__ if name not in ("machine", "case", *_BESIDE.values())]
    axes = [name for axis in SETTING for name in (axis.name, _BESIDE.get(axis.name)) if name is not None]
    return ("machine", *axes, *rest)


FIELDS_OF_SETTING = _fields()
"""In the order of headings and columns, from the machine to the network."""


def columns(this_setting: Setting) -> dict[str, str | int | None]:
    """A setting for programs, field by field: numbers as numbers, the machine by its id, None what is not known."""
    pairs = (
        (name, getattr(this_setting.case if name in BY_NAME else this_setting, name)) for name in FIELDS_OF_SETTING
    )
    return {name: value.id if isinstance(value, Machine) else value for name, value in pairs}


def values(this_setting: Setting) -> dict[str, str]:
    """A setting as text, field by field, the machine by its id; a value that is not known is a dash."""
    return {name: _text(value) for name, value in columns(this_setting).items()}


def differences(settings: Iterable[Setting]) -> dict[str, tuple[str, ...]]:
    """The fields in which settings differ, each with its values in natural order (2.7 before 2.13)."""
    return differing([values(each_setting) for each_setting in settings])


def fields_apart(first: Setting, second: Setting) -> tuple[str, ...]:
    """Names of the fields in which two settings differ, without those that follow from an axis which differs."""
    names = differences([first, second])
    following = {_FOLLOWS[name] for name in names if name in _FOLLOWS}
    return tuple(name for name in names if name not in following)


def differing(rows: Sequence[Mapping[str, str]]) -> dict[str, tuple[str, ...]]:
    """The fields in which rows of fields and values differ, each with its values in natural order."""
    texts_of = {name: {row[name] for row in rows} for name in (rows[0] if rows else ())}
    return {name: tuple(sorted(texts, key=natural)) for name, texts in texts_of.items() if len(texts) > 1}


def natural(text: str) -> tuple[tuple[int, int | str], ...]:
    """A sort key that orders digits inside text by their value."""
    parts = re.findall(r"[0-9]+|[^0-9]+", text)
    return tuple((0, int(part)) if part[0] in "0123456789" else (1, part) for part in parts)


def enumerate_values(texts: Sequence[str]) -> str:
    """Values for a message: the first few, and how many more."""
    listing = ", ".join(texts[:SHOWN_VALUES])
    return listing if len(texts) <= SHOWN_VALUES else f"{listing} and {len(texts) - SHOWN_VALUES} more"


def case_fields(case: Case) -> dict[str, str]:
    """The fields of a case as text, height and width in one."""
    return {axis.name: str(case.value(axis.name)) for axis in SAID}


def _getter(axis: str) -> Callable[[Record], object]:
    """What reads an axis of a record, as the setting has it: with the package that brings its value."""
    if axis in MADE:
        return lambda record: record.as_made(axis)
    return attrgetter("case.size" if axis == "resolution" else f"case.{axis}")


_GETTERS: dict[str, Callable[[Record], object]] = {
    **{axis.name: _getter(axis.name) for axis in SAID},
    "machine": lambda record: record.machine.hardware.id,
    "gpu": lambda record: record.gpu,
    "session": lambda record: record.session,
    "torch": lambda record: record.conditions.versions.get("torch"),
    "runtime_version": lambda record: record.runtime_version,
    "family": lambda record: record.info.family,
    "isolation": lambda record: record.isolation,
    "affinity": lambda record: record.affinity,
    "allowance": lambda record: record.allowance,
    "shell": lambda record: record.shell.text,
    "yardstick": lambda record: record.yardstick,
    "title": lambda record: record.title,
    "commit": lambda record: record.conditions.commit,
    "processor": lambda record: record.machine.cpu_model,
}
_SET = "set"
"""The field of which a record may have several values: the sets of images that it was scored on."""
FIELDS = tuple(sorted((*_GETTERS, _SET)))
"""Names that `where` understands."""


def where(records: Iterable[Record], wanted: Mapping[str, str | Sequence[str]]) -> list[Record]:
    """The records whose fields have the wanted values, compared as text; of several values of a field, any of them.

    Commas separate values, unless a value with the comma is stored. A network may be named in any way that
    `levit_bench.judge.stored_networks` knows: one of a file without its digest, which means all versions of it. What a
    package brings is chosen by its name alone, or by that and the package: `mybf` or `mybf (their-package 1.0)`. `set`
    keeps what was scored on that set, with these accuracies alone.

    Raises:
        UsageError: there is no such field; the message suggests the nearest.
        NothingToShowError: no record has a value, or none is left; the message names the values that exist.
    """
    matches = list(records)
    for name, given in wanted.items():
        texts = [given] if isinstance(given, str) else list(given)
        if name == _SET:
            matches = _on_sets(matches, texts)
            continue
        if name not in _GETTERS:
            hint = did_you_mean(name, FIELDS)
            raise UsageError(f"cannot choose by {name!r}: no such field.{hint} The fields are {', '.join(FIELDS)}.")
        chosen = [_having(matches, name, value) for text in texts for value in _values_in(matches, name, text)]
        kept = {id(record) for group in chosen for record in group}
        matches = [record for record in matches if id(record) in kept]
    return matches


def _values_in(records: Sequence[Record], name: str, text: str) -> list[str]:
    """The values that a text names: itself where it is stored, else those between its commas."""
    if "," not in text or _with_value(records, name, text):
        return [text]
    return list(split_names(text)) or [text]


def _having(records: Sequence[Record], name: str, value: str) -> list[Record]:
    """The records with a value, at least one."""
    if selected := _with_value(records, name, value):
        return selected
    existing = sorted({_text(_GETTERS[name](record)) for record in records}, key=natural)
    choices = f"Stored are: {enumerate_values(existing)}." if existing else "The store holds no case at all."
    raise NothingToShowError(f"no stored case has {name}={value}. {choices}")


def _with_value(records: Sequence[Record], name: str, value: str) -> list[Record]:
    """The records with a value; where none has it, those that answer to it by another name."""
    if name == "network":
        meant = networks_meant(records, value)
        return [record for record in records if record.case.network in meant]
    ways = (_is, _answers_to)
    selections = ([record for record in records if has(record, name, value)] for has in ways)
    return next((selection for selection in selections if selection), [])


def _is(record: Record, name: str, value: str) -> bool:
    """Whether a record has a value as it is listed."""
    return _text(_GETTERS[name](record)) == (_square(value) if name == "resolution" else value)


def _on_sets(records: Sequence[Record], texts: Sequence[str]) -> list[Record]:
    """The records that were scored on any of the sets, with these accuracies alone; a set's name may hold commas."""
    names = [name for text in texts for name in ([text] if on_sets(records, [text]) else text.split(","))]
    for name in names:
        if not on_sets(records, [name]):
            existing = named_sets(records)
            choices = f"Stored are: {enumerate_values(existing)}." if existing else "No accuracy is stored at all."
            raise NothingToShowError(f"no stored case was scored on set={name[:80]}. {choices}")
    return on_sets(records, names)


def _square(value: str) -> str:
    """`224x224` as it is stored: `224`."""
    height, _, width = value.partition("x")
    return height if height == width else value


def _answers_to(record: Record, name: str, value: str) -> bool:
    """Whether a record has a value by another of its names: that of an axis without the package that brings it, or a
    machine's folder, whose id may depend on more than the hardware.
    """
    if name in MADE:
        return str(getattr(record.case, name)) == value
    return name == "machine" and record.machine.id == value


def _text(value: object) -> str:
    return "–" if value is None else str(value)
