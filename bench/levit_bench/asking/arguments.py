"""Arguments of Python's door as fields of a request: one value or several, numpy's numbers among them.

Knows kinds of values; refuses to know what a request may ask for, which `levit_bench.asking.request` checks.
"""

from __future__ import annotations

from collections.abc import Iterable
from operator import index
from typing import Any

from levit_bench.errors import UsageError
from levit_bench.numbers import units
from levit_bench.records import LARGEST_RESOLUTION, parse_size


def words(name: str, value: object) -> tuple[str, ...]:
    """One text or several.

    Raises:
        UsageError: it is neither.
    """
    several = (value,) if isinstance(value, str) else tuple(value) if isinstance(value, Iterable) else (None,)
    texts = tuple(one for one in several if isinstance(one, str))
    if len(texts) < len(several):
        raise UsageError(f"{name}={value!r}: give a text, or several.")
    return texts


def numbers(name: str, value: object) -> tuple[int, ...]:
    """One whole number or several.

    Raises:
        UsageError: it is neither.
    """
    several = value if isinstance(value, Iterable) and not isinstance(value, str | bytes) else (value,)
    return tuple(number(name, one) for one in several)


def batches(name: str, value: object) -> tuple[int, ...]:
    """Batches: one number or several, or a text such as `1,16,max`.

    Raises:
        UsageError: it is neither, or a number is no batch.
    """
    if isinstance(value, str):
        return units.batches(value)
    several = value if isinstance(value, Iterable) and not isinstance(value, bytes) else (value,)
    out: list[int] = []
    for one in several:
        out += units.batches(one) if isinstance(one, str) else units.batches(str(number(name, one)))
    return tuple(out)


def number(name: str, value: Any) -> int:  # noqa: ANN401 (whatever the user gives)
    """A whole number, also one of numpy's.

    Raises:
        UsageError: it is none.
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


def field(name: str, value: object) -> Any:  # noqa: ANN401 (fields have kinds of their own)
    """A further field of a request, as the request holds it.

    Raises:
        UsageError: it is of another kind.
    """
    if name == "timeout":
        return duration(name, value)
    if name == "seed" or (name in ("images", "classes") and value is not None):
        return number(name, value)
    if name == "resolution" and value is not None and parse_size(value) is None:
        raise UsageError(
            f"{name}={value!r}: give pixels from 1 to {LARGEST_RESOLUTION}, such as 224, or height and width, such as "
            "'192x256' or (192, 256)."
        )
    if name in ("device", "seats", "target_error", "dataset", "label") and not isinstance(value, str):
        raise UsageError(f"{name}={value!r}: give a text.")
    if name in ("bind", "thin", "race", "witness") and not isinstance(value, bool):
        raise UsageError(f"{name}={value!r}: give True or False.")
    if name == "accuracy" and not (value is None or isinstance(value, int | float)):
        raise UsageError(f"{name}={value!r}: give percent, such as 78.3.")
    return value
