"""Converts arguments of the Python interface to fields of a request: one value or several, NumPy's numbers too.

Checks the kind of each value; `levit_bench.asking.request` checks what a request may ask for.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from numbers import Real
from operator import index
from pathlib import Path
from typing import Any

from levit_bench import axes
from levit_bench.asking import session_options
from levit_bench.catalog import network_calls
from levit_bench.errors import UsageError
from levit_bench.numbers import units
from levit_bench.records import LARGEST_RESOLUTION, ImageShape, parse_size


def words(name: str, value: object) -> tuple[str, ...]:
    """One text or several.

    Raises:
        UsageError: it is neither.
    """
    values = (value,) if isinstance(value, str) else tuple(value) if isinstance(value, Iterable) else (None,)
    texts = tuple(item for item in values if isinstance(item, str))
    if len(texts) < len(values):
        raise UsageError(f"{name}={value!r}: give a text, or several.")
    return texts


def numbers(name: str, value: object) -> tuple[int, ...]:
    """One whole number or several.

    Raises:
        UsageError: it is neither.
    """
    values = value if isinstance(value, Iterable) and not isinstance(value, str | bytes) else (value,)
    return tuple(number(name, item) for item in values)


def batches(name: str, value: object) -> tuple[int, ...]:
    """Batches: one number or several, or a text such as `1,16,max`.

    Raises:
        UsageError: it is neither, or a number is not a batch size.
    """
    if isinstance(value, str):
        return units.batches(value)
    values = value if isinstance(value, Iterable) and not isinstance(value, bytes) else (value,)
    out: list[int] = []
    for item in values:
        out += units.batches(item) if isinstance(item, str) else units.batches(str(number(name, item)))
    return tuple(out)


def number(name: str, value: Any) -> int:  # noqa: ANN401 (any value of the user's)
    """A whole number, also one of NumPy's.

    Raises:
        UsageError: it is not a whole number.
    """
    try:
        return index(value)
    except TypeError:
        raise UsageError(f"{name}={value!r}: give whole numbers.") from None


def duration(name: str, value: object) -> str:
    """A duration as text; a bare number is seconds.

    Raises:
        UsageError: it is neither.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:f}s"
    raise UsageError(f"{name}={value!r}: give a text such as '60s', or a number of seconds.")


def size(name: str, value: object) -> object:
    """Height and width in pixels as they were given, or None.

    Raises:
        UsageError: they are not a size.
    """
    if value is not None and parse_size(value) is None:
        raise UsageError(
            f"{name}={value!r}: give pixels from 1 to {LARGEST_RESOLUTION}, such as 224, or height and width, such as "
            "'192x256' or (192, 256)."
        )
    return value


def text(name: str, value: object) -> str:
    """One text.

    Raises:
        UsageError: it is not a text.
    """
    if not isinstance(value, str):
        raise UsageError(f"{name}={value!r}: give a text.")
    return value


def flag(name: str, value: object) -> bool:
    """Whether an option is set.

    Raises:
        UsageError: it is neither True nor False.
    """
    if not isinstance(value, bool):
        raise UsageError(f"{name}={value!r}: give True or False.")
    return value


def percent(name: str, value: object) -> float | None:
    """A number of percent, or None.

    Raises:
        UsageError: it is neither.
    """
    if not (value is None or isinstance(value, int | float)):
        raise UsageError(f"{name}={value!r}: give percent, such as 78.3.")
    return value


_OF_AXES: dict[axes.AxisKind, Callable[[str, object], object]] = {
    axes.AxisKind.NUMBERS: numbers,
    axes.AxisKind.BATCHES: batches,
    axes.AxisKind.NAMES: words,
    axes.AxisKind.NAME: text,
    axes.AxisKind.SIZE: size,
}
_OF_OPTIONS: dict[session_options.OptionKind, Callable[[str, object], object]] = {
    session_options.OptionKind.TIME: duration,
    session_options.OptionKind.NUMBER: number,
    session_options.OptionKind.PERCENT: percent,
    session_options.OptionKind.TEXT: text,
    session_options.OptionKind.FLAG: flag,
}


def fields(arguments: Mapping[str, object]) -> dict[str, Any]:
    """Axes and options of a session as fields of a request.

    Args:
        arguments: values by the name of their axis or option.

    Raises:
        UsageError: a value is of another kind.
        TypeError: no axis or option has that name.
    """
    out: dict[str, Any] = {}
    for name, value in arguments.items():
        axis, option = axes.BY_NAME.get(name), session_options.BY_NAME.get(name)
        if axis is not None and axis.asked:
            out[axis.plural or name] = _OF_AXES[axis.kind](name, value)
        elif option is not None:
            is_left_out = value is None and option.usual is None
            out[name] = None if is_left_out else _OF_OPTIONS[option.kind](name, value)
        else:
            raise TypeError(f"a request has no {name!r}")
    return out


# Arguments of the methods that read stored sessions.


def names(name: str, value: object) -> tuple[str, ...]:
    """Names: a text such as `torch,isolation`, as the command line takes it, or several texts.

    Raises:
        UsageError: it is neither.
    """
    return network_calls.words(value) if isinstance(value, str) else words(name, value)


def whole_numbers(name: str, value: object) -> tuple[int, ...]:
    """Whole numbers: one, several, or a text such as `1,16`.

    Raises:
        UsageError: it is none of these.
    """
    return units.whole_numbers(value) if isinstance(value, str) else numbers(name, value)


def paths(name: str, value: object) -> tuple[Path, ...]:
    """One path or several.

    Raises:
        UsageError: it is neither.
    """
    several = isinstance(value, Iterable) and not isinstance(value, str | bytes)
    values = tuple(value) if several and isinstance(value, Iterable) else (value,)
    if not all(isinstance(item, str | os.PathLike) for item in values):
        raise UsageError(f"{name}={value!r}: give the path of a file, or several.")
    return tuple(Path(item) for item in values if isinstance(item, str | os.PathLike))


def optional_text(name: str, value: object) -> str | None:
    """One text, or None.

    Raises:
        UsageError: it is neither.
    """
    return None if value is None else text(name, value)


def real(name: str, value: object) -> float:
    """A number, also one of NumPy's.

    Raises:
        UsageError: it is not a number.
    """
    if isinstance(value, bool) or not isinstance(value, Real):
        raise UsageError(f"{name}={value!r}: give a number.")
    return float(value)


def share(name: str, value: object) -> str:
    """A share as text, such as `3%`.

    Raises:
        UsageError: it is not a text.
    """
    if not isinstance(value, str):
        raise UsageError(f"{name}={value!r}: give percent as a text, such as '3%'.")
    return value


def conditions(name: str, value: object) -> dict[str, str]:
    """Fields and values as text, by which cases or panels are chosen.

    Sizes may be given as `(192, 256)`. None chooses what is not known, such as the GPU of a processor.

    Raises:
        UsageError: it holds no fields and values, or a value is neither a text nor a number.
    """
    if not isinstance(value, Mapping):
        raise UsageError(f"{name}={value!r}: give fields and values, such as {{'runtime': 'eager', 'batch': 16}}.")
    return {str(field): _condition(field, each) for field, each in value.items()}


def _condition(field: object, value: object) -> str:
    if value is None:
        return "–"
    if field == "resolution" and (sides := parse_size(value)) is not None:
        return ImageShape(3, *sides).size
    if isinstance(value, bool) or not isinstance(value, str | Real):
        raise UsageError(f"{field}={value!r}: give a text or a number.")
    return str(value)
