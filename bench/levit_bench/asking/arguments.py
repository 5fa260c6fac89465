"""Converts what Python, the mark of pytest and the options of both command lines are given to fields of a request.

One value or several, NumPy's numbers too; in a text, commas separate several, as on the command line. Checks the kind
of each value; `levit_bench.asking.request` checks what a request may ask for.
"""

from __future__ import annotations

import difflib
import math
import os
from collections.abc import Callable, Iterable, Mapping
from numbers import Real
from operator import index
from pathlib import Path
from typing import Any, get_args

from levit_bench import axes
from levit_bench.asking import session_options
from levit_bench.catalog.network_calls import split_names
from levit_bench.errors import UsageError
from levit_bench.numbers import units
from levit_bench.numbers.ranges import Words
from levit_bench.records import LARGEST_RESOLUTION, ImageShape, parse_size

_ONE_NUMBER = "give one whole number."
_PERCENT = "give percent, such as 78.3."
_LONGEST_TITLE: int = get_args(Words)[1].max_length
"""Characters; a session file with a longer one cannot be read."""
_SHORTEST_S = 1e-6
"""Seconds; a shorter duration has no digits in a text with six decimals."""


def words(name: str, value: object) -> tuple[str, ...]:
    """One text or several, each once: commas separate them, but not within a call.

    Raises:
        UsageError: it is neither, or a call is not closed.
    """
    return tuple(dict.fromkeys(word for text in texts(name, value) for word in split_names(text)))


def names(name: str, value: object) -> tuple[str, ...]:
    """Names of an axis: one text or several. Empty where the value is an empty list: the usual ones.

    Raises:
        UsageError: it is neither, or a text without a name.
    """
    given = texts(name, value)
    chosen = words(name, given)
    if given and not chosen:
        raise nothing_named(axes.BY_NAME[name])
    return chosen


def nothing_named(axis: axes.Axis) -> UsageError:
    """The error for an axis of which no value is left."""
    return UsageError(f"{axis.option} names nothing. Leave it out, or give a value, such as {axis.usual}.")


def numbers(name: str, value: object) -> tuple[int, ...]:
    """Whole numbers, each once: one or several, or a text such as `1,16`.

    Raises:
        UsageError: it is none of these.
    """
    return _several_numbers(name, value, units.whole_numbers)


def batches(name: str, value: object) -> tuple[int, ...]:
    """Batches, each once: one number or several, or a text such as `1,16,max`.

    Raises:
        UsageError: it is none of these, or a number is not a batch size.
    """
    return _several_numbers(name, value, units.batches)


def _several_numbers(name: str, value: object, parse: Callable[[str], tuple[int, ...]]) -> tuple[int, ...]:
    """The numbers, all through the parser: it refuses those that stand for something else in a request."""
    chosen: list[int] = []
    for item in _items(value):
        text = item if isinstance(item, str) else str(_whole(name, item, "give whole numbers."))
        try:
            chosen += parse(text)
        except UsageError as error:
            option = axes.BY_NAME[name].option if name in axes.BY_NAME else name
            raise UsageError(f"{option}: {error}" if not str(error).startswith(option) else str(error)) from error
    return tuple(dict.fromkeys(chosen))


def number(name: str, value: object) -> int:
    """A whole number, also one of NumPy's.

    Raises:
        UsageError: it is not a whole number.
    """
    return _whole(name, value, _ONE_NUMBER)


def _whole(name: str, value: Any, advice: str) -> int:  # noqa: ANN401 (any value of the user's)
    try:
        if not isinstance(value, bool):
            return index(value)
    except TypeError:
        pass
    raise _refusal(name, value, advice)


def duration(name: str, value: object) -> str:
    """A duration as text; a bare number is seconds.

    Raises:
        UsageError: it is neither, or a number that is not positive.
    """
    if isinstance(value, str):
        return value
    duration_s = _real(value)
    if duration_s is None:
        raise _refusal(name, value, "give a text such as '60s', or a number of seconds.")
    if not _SHORTEST_S <= duration_s < math.inf:
        raise _refusal(name, value, "invalid duration. Give a positive number of seconds, or a text such as '60s'.")
    return f"{duration_s:f}s"


def _real(value: object) -> float | None:
    """A number, also one of NumPy's; None for any other value."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf


def size(name: str, value: object) -> object:
    """Height and width in pixels as they were given, or None.

    Raises:
        UsageError: they are not a size.
    """
    if value is not None and parse_size(value) is None:
        raise _refusal(
            name,
            value,
            f"give pixels from 1 to {LARGEST_RESOLUTION}, such as 224, or height and width, such as '192x256' or "
            "(192, 256).",
        )
    return value


def text(name: str, value: object) -> str:
    """One text.

    Raises:
        UsageError: it is not a text.
    """
    if not isinstance(value, str):
        raise _refusal(name, value, "give a text.")
    return value


def flag(name: str, value: object) -> bool:
    """Whether an option is set.

    Raises:
        UsageError: it is neither True nor False.
    """
    if not isinstance(value, bool):
        raise _refusal(name, value, "give True or False.")
    return value


def percent(name: str, value: object) -> float | None:
    """A number of percent, or None.

    Raises:
        UsageError: it is neither.
    """
    if value is None:
        return None
    points = _real(value)
    if points is None:
        raise _refusal(name, value, _PERCENT)
    return points


def title(value: object) -> str | None:
    """The title of a session, or None.

    Raises:
        UsageError: it is not a text, or not one that a file can hold.
    """
    if value is None:
        return None
    words_of_title = text("title", value)
    try:
        words_of_title.encode("utf-8")
    except UnicodeEncodeError as error:
        raise UsageError(
            f"--title {words_of_title[:80]!r} holds bytes that are not text. Write it in UTF-8."
        ) from error
    if len(words_of_title) > _LONGEST_TITLE:
        raise UsageError(f"--title has {len(words_of_title)} characters. Give at most {_LONGEST_TITLE}.")
    return words_of_title


def texts(name: str, value: object) -> tuple[str, ...]:
    """One text or several, as they are.

    Raises:
        UsageError: it is neither.
    """
    for item in (items := _items(value)):
        if not isinstance(item, str):
            raise _refusal(name, item, "give a text, or several.")
    return items


def _items(value: object) -> tuple[Any, ...]:
    """The values of a list, tuple or array; any other value is the only one."""
    if isinstance(value, str | bytes) or not isinstance(value, Iterable):
        return (value,)
    try:
        return tuple(value)
    except TypeError:  # An array without a dimension.
        return (value,)


def _refusal(name: str, value: object, advice: str) -> UsageError:
    return UsageError(f"{name}={repr(value)[:80]}: {advice}")


_OF_AXES: dict[axes.AxisKind, Callable[[str, object], object]] = {
    axes.AxisKind.NUMBERS: numbers,
    axes.AxisKind.BATCHES: batches,
    axes.AxisKind.NAMES: names,
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
        TypeError: no axis or option has that name; names the nearest one.
    """
    out: dict[str, Any] = {}
    for name, value in arguments.items():
        axis, option = axes.BY_NAME.get(name), session_options.BY_NAME.get(name)
        if axis is not None and axis.asked:
            out[axis.plural or name] = _of_axis(axis, value)
        elif option is not None:
            is_left_out = value is None and option.usual is None
            out[name] = None if is_left_out else _OF_OPTIONS[option.kind](name, value)
        else:
            raise TypeError(_unknown(name))
    return out


def _unknown(name: str) -> str:
    """The message for an argument that nothing has, with the nearest one, or all where none is near."""
    known = [*(axis.name for axis in axes.AXES if axis.asked), *session_options.BY_NAME]
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"Did you mean {near[0]!r}?" if near else f"There are {', '.join(known)}."
    return f"no argument of a session is called {name!r}. {hint}"


def _of_axis(axis: axes.Axis, value: object) -> object:
    """The values of an axis; no value at all is refused, but for names whose usual one depends on something."""
    values = _OF_AXES[axis.kind](axis.name, value)
    if values == () and not (axis.usual_words and axis.kind is axes.AxisKind.NAMES):
        raise nothing_named(axis)
    return values


def of_option(name: str, text: str) -> Any:  # noqa: ANN401 (axes and options have kinds of their own)
    """The value of an axis or option from the text behind its option, on the command line and in pytest.

    Sizes, durations and names of one thing stay texts: `levit_bench.asking.request` reads them.

    Args:
        name: of the axis or option.
        text: as it was written.

    Raises:
        UsageError: naming the option.
    """
    axis = axes.BY_NAME.get(name)
    if axis is not None:
        return _of_axis(axis, text) if axis.plural else text
    option = session_options.BY_NAME[name]
    try:
        if option.kind is session_options.OptionKind.NUMBER:
            return int(text)
        return float(text) if option.kind is session_options.OptionKind.PERCENT else text
    except ValueError:
        advice = _PERCENT if option.kind is session_options.OptionKind.PERCENT else _ONE_NUMBER
        raise UsageError(f"{option.option} {text[:80]!r}: {advice}") from None


# Arguments of the methods that read stored sessions.


def paths(name: str, value: object) -> tuple[Path, ...]:
    """One path or several.

    Raises:
        UsageError: it is neither.
    """
    values = _items(value)
    if not all(isinstance(item, str | os.PathLike) for item in values):
        raise _refusal(name, value, "give the path of a file, or several.")
    return tuple(Path(item) for item in values if isinstance(item, str | os.PathLike))


def stores(name: str, value: object) -> tuple[Path, ...]:
    """One path of a store or session, or several.

    Raises:
        UsageError: it is neither, or an empty list.
    """
    chosen = paths(name, value)
    if not chosen:
        raise _refusal(name, value, "give the path of a store, or several.")
    return chosen


def session_names(name: str, value: object) -> tuple[str, ...]:
    """Names of sessions, one or several, each once; none for None.

    Raises:
        UsageError: it is neither, or an empty list.
    """
    if value is None:
        return ()
    given = texts(name, value)
    if not given:
        raise _refusal(name, value, "give the name of a session, or several.")
    return tuple(dict.fromkeys(given))


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
    figure = _real(value)
    if figure is None:
        raise _refusal(name, value, "give a number.")
    return figure


def share(name: str, value: object) -> str:
    """A share as text, such as `3%`.

    Raises:
        UsageError: it is not a text.
    """
    if not isinstance(value, str):
        raise _refusal(name, value, "give percent as a text, such as '3%'.")
    return value


def conditions(name: str, value: object) -> dict[str, str]:
    """Fields and one value each as text, by which a panel is chosen.

    Sizes may be given as `(192, 256)`. None chooses what is not known, such as the GPU of a processor.

    Raises:
        UsageError: it holds no fields and values, or a value is neither a text nor a number.
    """
    return {field: _condition(field, each) for field, each in _mapping(name, value).items()}


def several_conditions(name: str, value: object) -> dict[str, tuple[str, ...]]:
    """Fields and one value or several each as text, by which cases are chosen: of several, any of them.

    Sizes may be given as `(192, 256)`, and several of them as `[(192, 256), 224]`. None chooses what is not known.

    Raises:
        UsageError: it holds no fields and values, a field has an empty list, or a value is neither a text nor a number.
    """
    return {field: _conditions_of(field, each) for field, each in _mapping(name, value).items()}


def _mapping(name: str, value: object) -> dict[str, object]:
    if not isinstance(value, Mapping):
        raise UsageError(f"{name}={value!r}: give fields and values, such as {{'runtime': 'eager', 'batch': 16}}.")
    return {str(field): each for field, each in value.items()}


def _conditions_of(field: str, value: object) -> tuple[str, ...]:
    is_size = field == "resolution" and parse_size(value) is not None
    values = (value,) if is_size else _items(value)
    if not values:
        raise UsageError(f"{field}={value!r} holds no value. Give one or several, such as {field}=[1, 16].")
    return tuple(_condition(field, each) for each in values)


def _condition(field: str, value: object) -> str:
    if value is None:
        return "–"
    if field == "resolution" and (sides := parse_size(value)) is not None:
        return ImageShape(3, *sides).size
    if isinstance(value, bool) or not isinstance(value, str | Real):
        raise _refusal(field, value, "give a text or a number.")
    return str(value)
