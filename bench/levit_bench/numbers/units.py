"""Parsing and formatting of durations, percentages, counts and sizes: pure functions on numbers and text."""

from __future__ import annotations

import math
import re

from levit_bench.axes import BY_NAME
from levit_bench.errors import UsageError

_SECONDS = {"us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}
_COUNTS = {"": 1.0, "k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12}
_COUNT = re.compile(r"([0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?)\s*([kKmMgGtT]?)")
_PERCENT = re.compile(r"([0-9]+(?:\.[0-9]*)?)\s*%")
_NUMBER = re.compile(r"\d{1,9}(?:\.\d{1,9})?")
_DURATION = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(us|µs|μs|ms|s|min|m|h)")


def parse_duration(text: str, unit: str = "s") -> float:
    """Seconds in a text such as `60s`, `3m`, `1h30m`, `250 ms` or `800us`; `µs` is read as `us`.

    Args:
        text: the duration.
        unit: `s` or `ms`: what is usual for it, and so what the message for a bare number adds.

    Raises:
        UsageError: the text is not a positive duration with a unit.
    """
    compact = text.strip().lower()
    total, at = 0.0, 0
    for match in _DURATION.finditer(compact):
        if match.start() != at:
            break
        total, at = total + float(match[1]) * _SECONDS[match[2]], match.end()
    if at != len(compact) or not compact or not 0 < total < math.inf:
        examples = "90s, 3m or 1h30m" if unit == "s" else "20ms or 1.5s"
        is_bare = _NUMBER.fullmatch(compact) and float(compact) > 0
        example = f"{compact}{unit}" if is_bare else examples
        raise UsageError(f"invalid duration {text[:80]!r}. Write a positive number with a unit, such as {example}.")
    return total


def parse_percent(text: str) -> float:
    """The share in a text such as `1%` or `2.5 %`: 0.01, 0.025.

    Raises:
        UsageError: the text is not a number of percent from 0 to 100.
    """
    match = _PERCENT.fullmatch(text.strip())
    share = float(match[1]) / 100 if match else math.nan
    if not 0 <= share <= 1:
        raise UsageError(f"invalid share {text[:80]!r}. Write percent from 0 to 100 with the sign, such as 1% or 2.5%.")
    return share


def whole_numbers(text: str) -> tuple[int, ...]:
    """The whole numbers of a list such as `1,2,4`, each once, in their order.

    Raises:
        UsageError: a part is not a whole number.
    """
    try:
        return tuple(dict.fromkeys(int(part) for part in text.split(",")))
    except ValueError:
        raise UsageError(
            f"invalid list of whole numbers {text[:80]!r}. Write one or several, such as 1 or 1,16."
        ) from None


MAX = -1
"""In place of a batch: the largest that fits. Written `max`; not a number that a user may give."""


def batches(text: str) -> tuple[int, ...]:
    """Batches such as `1,16,max`, each once, in their order; `1..256` are the powers of two from 1 to 256.

    Raises:
        UsageError: a part is none of these.
    """
    chosen: list[int] = []
    for part in (part.strip() for part in text.split(",")):
        first, dots, last = part.partition("..")
        if part == "max":
            chosen.append(MAX)
        elif dots and first.isdecimal() and last.isdecimal() and int(first) > 0:
            span = [int(first) * 2**at for at in range(int(last).bit_length())]
            if not (doubled := [batch for batch in span if batch <= int(last)]):
                raise UsageError(f"--batch {part[:80]}: the second number is the smaller one.")
            chosen += doubled
        else:
            chosen.append(_batch(part, text))
    return tuple(dict.fromkeys(chosen))


def _batch(part: str, text: str) -> int:
    try:
        batch = int(part)
    except ValueError:
        raise UsageError(
            f"invalid list of batches {text[:80]!r}. Write one or several, such as 1 or 1,16 or 1..256 (powers of two)"
            "; on a GPU also max, the largest that fits."
        ) from None
    if batch < 1:
        raise UsageError(f"--batch {batch}: give a whole number from 1 to {BY_NAME['batch'].largest}.")
    return batch


def batch_word(batch: int) -> str:
    """A batch as it is written: a number, or `max`."""
    return "max" if batch == MAX else str(batch)


def format_duration(seconds: float) -> str:
    """A duration in words: `45 s`, `3 min 20 s`, `1 h 05 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min" + (f" {whole % 60:02d} s" if whole % 60 else "")
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def exact_duration(seconds: float) -> str:
    """A duration as it was asked for, in its natural unit and not rounded: `20 ms`, `1.5 s`, `800 µs`."""
    for scale, unit in ((1.0, "s"), (1e-3, "ms")):
        if seconds >= scale:
            return f"{seconds / scale:.10g} {unit}"
    return f"{seconds / 1e-6:.10g} µs"


def significant(value: float, digits: int = 3) -> str:
    """A number with that many significant digits and no exponent, infinity as `∞`."""
    if math.isinf(value):
        return "-∞" if value < 0 else "∞"
    if value == 0 or math.isnan(value):
        return f"{value:.0f}"
    exponent = int(f"{value:.{digits - 1}e}".partition("e")[2])  # after rounding: 9.999 has the exponent of 10.0
    return f"{value:.{max(0, digits - 1 - exponent)}f}"


def format_latency(seconds: float) -> str:
    """A latency with three significant digits and its unit: `850 µs`, `12.3 ms`, `1.20 s`."""
    scale, unit = latency_unit(seconds)
    return f"{significant(seconds / scale)} {unit}"


def latency_unit(seconds: float) -> tuple[float, str]:
    """The unit that a latency is written in: its seconds and its symbol."""
    for scale, unit in ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if seconds >= scale * 0.9995:
            return scale, unit
    return 1e-9, "ns"


def counted(count: int, noun: str = "run") -> str:
    """A number of things in words: `1 run`, `3 rounds`, `2 passes`."""
    plural = f"{noun}es" if noun.endswith("s") else f"{noun}s"
    return f"{count} {noun if count == 1 else plural}"


def format_count(count: float | None) -> str:
    """A count with an SI suffix: `305M`, `1.13G`; a dash when it is not known."""
    if count is None:
        return "–"
    for scale, suffix in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if count >= scale:
            return f"{significant(count / scale)}{suffix}"
    return f"{count:.0f}"


def parse_count(text: str) -> float:
    """A count in a text such as `600M`, `1.2G`, `5e9` or `250000`.

    Raises:
        UsageError: the text is not a positive number, or its suffix is not one of k, M, G and T.
    """
    match = _COUNT.fullmatch(text.strip())
    count = float(match[1]) * _COUNTS[match[2].lower()] if match else 0.0
    if not 0 < count < math.inf:
        raise UsageError(f"invalid count {text[:80]!r}. Write a positive number, such as 600M, 1.2G or 250000.")
    return count


def format_bytes(count: int | None) -> str:
    """A size in binary units: `32 MiB`; a dash when it is not known."""
    if count is None:
        return "–"
    for shift, unit in ((30, "GiB"), (20, "MiB"), (10, "KiB")):
        if count >= 1 << shift:
            return f"{count / (1 << shift):.3g} {unit}"
    return f"{count} B"


def ordinal(number: int) -> str:
    """A place in a row: `1st`, `2nd`, `3rd`, `11th`."""
    last = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{last}"
