"""A pick as one sentence and as a JSON document."""

from __future__ import annotations

import math
from collections.abc import Sequence

from levit_bench.catalog.image_sets import ImageSet
from levit_bench.judge.comparability import values
from levit_bench.judge.front.pick import Pick, Tie, shown_top1
from levit_bench.judge.front.points import Point
from levit_bench.judge.front.ties import DIGITS
from levit_bench.judge.verdicts import percent_of
from levit_bench.numbers.units import exact_duration, significant
from levit_bench.records import Estimate
from levit_bench.report.words.findings import plain
from levit_bench.report.words.safe_text import shortened
from levit_bench.report.words.setting import session_words, setting_line

NAMED = 3
"""Ties and undecided networks that the sentence names; of more it gives the number."""
_NAME = 80
_UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"))


def sentence(pick: Pick) -> str:
    """The answer with its reason, its ties and the undecided networks, on one line of text."""
    parts = [_answer(pick), _across_sessions(pick), _tie_words(pick), _undecided_words(pick)]
    return ". ".join(part for part in parts if part) + "."


def around(pick: Pick) -> list[str]:
    """The setting in which the answer holds, its confidence level, and the excluded cases: lines below the answer."""
    panel = pick.panel
    out = [f"{setting_line(panel)} · {session_words([panel])}"]
    if pick.level > 0.95 and pick.limits.goal == "top1":
        day = pick.another_day
        day_words = "" if day is None else f", on another day at {percent_of(day.level)}"
        out.append(
            f"fast enough: judged at {percent_of(pick.level)}{day_words}, as all networks near the limit share the 5 %"
        )
    if panel.yardstick_s is not None:
        out.append("sessions joined on one scale by the yardstick; its own drift is not in the intervals")
    out += [
        f"left out: {shortened(exclusion.label, _NAME)}: {shortened(exclusion.reason, 200)}"
        for exclusion in panel.excluded[:NAMED]
    ]
    if len(panel.excluded) > NAMED:
        out.append(f"left out: {len(panel.excluded) - NAMED} more; levit-bench show lists them")
    return out


def document(pick: Pick) -> dict[str, object]:
    """The pick as data, unrounded; an answer or a limit that the data cannot give is None."""
    limits = pick.limits
    return {
        "answer": None if pick.answer is None else _row(pick.answer),
        "reason": sentence(pick),
        "goal": limits.goal,
        "among": pick.among,
        "ties": [
            _row(tie.point)
            | {
                "ratio": tie.ratio.value,
                "ratio_low": tie.ratio.low if math.isfinite(tie.ratio.high) else None,
                "ratio_high": tie.ratio.high if math.isfinite(tie.ratio.high) else None,
                "paired_runs": tie.ratio.runs,
            }
            for tie in pick.ties
        ],
        "level": pick.level,
        "another_day": None
        if pick.another_day is None
        else {
            "latency_high_s": pick.another_day.highest_s,
            "within": pick.another_day.within,
            "level": pick.another_day.level,
            "answer": None if pick.another_day.answer is None else pick.another_day.answer.label,
        },
        "undecided": [_row(point) for point in pick.undecided],
        "nearest": [_row(point) for point in pick.nearest],
        "limits": {
            "max_latency_s": limits.max_latency_s,
            "min_images_per_s": limits.min_images_per_s,
            "min_top1_percent": limits.min_top1,
        },
        "setting": values(pick.panel.setting),
        "set": _set(pick.panel.scored_on),
        "sessions": [origin.session for origin in pick.panel.origins],
        "findings": plain(pick.panel.findings),
    }


def _set(image_set: ImageSet | None) -> dict[str, object] | None:
    return (
        None
        if image_set is None
        else {"name": image_set.name, "images": image_set.images, "classes": image_set.classes}
    )


def _answer(pick: Pick) -> str:
    limits, total = pick.limits, _networks(len(pick.panel.points))
    on = "" if pick.panel.scored_on is None else f" on {shortened(pick.panel.scored_on.words, _NAME)}"
    if pick.answer is None:
        total = f"{total}{on.replace(' on ', ' scored on ', 1)}"
        if pick.undecided:
            return f"none of {total} is sure to {_limit_words(pick)}"
        nearest = ", ".join(_facts(point, pick) for point in pick.nearest)
        return f"none of {total} {_limit_words(pick, third_person=True)}. Nearest: {nearest}"
    sure = "" if limits.goal == "speed" else "are sure to "
    best = "the fastest" if limits.goal == "speed" else "the most accurate"
    role = f"{best} of {pick.among} that {sure}{_limit_words(pick)}"
    if pick.among == 1:
        role = (
            f"the only one of {total} that {'is sure to ' if sure else ''}{_limit_words(pick, third_person=not sure)}"
        )
    return (
        f"{_name(pick.answer)}: {_top1(pick.answer, pick)} top-1{on}, {_speed(pick.answer, pick, level=True)}; {role}"
    )


def _across_sessions(pick: Pick) -> str:
    """The answer's upper limit across sessions, where the drift between them is known."""
    day = pick.another_day
    if day is None:
        return ""
    statement = f"On another day it takes at most {_highest(day.highest_s)}"
    if day.within:
        return f"{statement}: within the limit then, too"
    if day.answer is None or day.answer_highest_s is None:
        return f"{statement}, and no network is sure to be within the limit then"
    alternative = f"{_name(day.answer)} ({_top1(day.answer, pick)}, at most {_highest(day.answer_highest_s)})"
    return f"{statement}; sure to be within the limit on any day is {alternative}"


def _highest(seconds: float) -> str:
    scale, unit = next(((s, u) for s, u in _UNITS if seconds >= s * 0.9995), _UNITS[-1])
    return f"{significant(seconds / scale)} {unit}"


def _networks(count: int) -> str:
    return f"{count} network{'' if count == 1 else 's'}"


def _limit_words(pick: Pick, *, third_person: bool = False) -> str:
    """The limits in words: `take at most 20 ms and have at least 80 % top-1`."""
    limits, batch = pick.limits, pick.panel.setting.case.batch
    take, do, have = ("takes", "does", "has") if third_person else ("take", "do", "have")
    phrases = []
    if limits.max_latency_s is not None:
        phrases.append(f"{take} at most {exact_duration(limits.max_latency_s)}{_a_batch(batch)}")
    if limits.min_images_per_s is not None:
        phrases.append(f"{do} at least {limits.min_images_per_s:.10g} images/s")
    if limits.min_top1 is not None:
        phrases.append(f"{have} at least {limits.min_top1:.10g} % top-1")
    return " and ".join(phrases)


def _tie_words(pick: Pick) -> str:
    if not pick.ties:
        return ""
    if pick.limits.goal == "top1":
        return "As accurate: " + _first_few([f"{_name(tie.point)} ({_times(tie)})" for tie in pick.ties])
    ties = [f"{_name(tie.point)} ({_top1(tie.point, pick)}, {_times(tie)})" for tie in pick.ties]
    return "Perhaps as fast: " + _first_few(ties)


def _undecided_words(pick: Pick) -> str:
    return "May fit: " + _first_few([_facts(point, pick) for point in pick.undecided]) if pick.undecided else ""


def _first_few(words: Sequence[str]) -> str:
    named = ", ".join(words[:NAMED])
    return named if len(words) <= NAMED else f"{named} and {len(words) - NAMED} more"


def _facts(point: Point, pick: Pick) -> str:
    """`levit_256 (81.6 %, 37.5 ms, 35.4 to 39.8)`."""
    return f"{_name(point)} ({_top1(point, pick)}, {_speed(point, pick)})"


def _name(point: Point) -> str:
    return shortened(point.label, _NAME)


def _top1(point: Point, pick: Pick) -> str:
    """Top-1 with the published number of digits, or all of them where rounding would cross the limit."""
    top1, limit = point.accuracy.top1, pick.limits.min_top1
    misleading = limit is not None and (shown_top1(point) >= limit) != (top1 >= limit)
    return f"{top1:.10g} %" if misleading else f"{top1:.{DIGITS}f} %"


def _speed(point: Point, pick: Pick, *, level: bool = False) -> str:
    """`37.5 ms, 35.4 to 39.8`, or the same in images a second where the limit is one of throughput; or both."""
    limits, time = pick.limits, point.latency
    figures = []
    if limits.max_latency_s is not None or limits.min_images_per_s is None:
        scale, unit = next(((s, u) for s, u in _UNITS if time.value >= s * 0.9995), _UNITS[-1])
        unit += _a_batch(point.case.batch) if level else ""
        limit = math.inf if limits.max_latency_s is None else limits.max_latency_s
        figures.append(_with_limits(time, limit, scale, unit, level=level))
    if limits.min_images_per_s is not None:
        figures.append(_with_limits(point.throughput, limits.min_images_per_s, 1.0, "images/s", level=level))
    return ", ".join(figures)


def _with_limits(estimate: Estimate, limit: float, scale: float, unit: str, *, level: bool) -> str:
    value = f"{significant(estimate.value / scale)} {unit}"
    if not (math.isfinite(estimate.low) and math.isfinite(estimate.high)):
        return f"{value}, no interval from {estimate.n} run{'' if estimate.n == 1 else 's'}"
    low, high = (_on_its_side(edge / scale, limit / scale) for edge in (estimate.low, estimate.high))
    return f"{value}, {f'{100 * estimate.level:.0f} %: ' if level else ''}{low} to {high}"


def _on_its_side(value: float, limit: float) -> str:
    """Three digits, or as many as show on which side of the limit the value lies."""
    shown = significant(value)
    for digits in range(4, 10):
        if value == limit or math.isinf(limit) or (float(shown) - limit) * (value - limit) > 0:
            break
        shown = significant(value, digits)
    return shown


def _a_batch(batch: int) -> str:
    return f" a batch of {batch}" if batch > 1 else ""


def _times(tie: Tie) -> str:
    """`1.01 times as long, 0.98 to 1.04`."""
    ratio = tie.ratio
    value = f"{significant(ratio.value)} times as long"
    if not math.isfinite(ratio.high):
        return f"{value}, no interval"
    low, high = (_on_its_side(edge, 1.0) for edge in (ratio.low, ratio.high))
    return f"{value}, {low} to {high}{'' if ratio.runs else ', not paired'}"


def _row(point: Point) -> dict[str, object]:
    time, images = point.latency, point.throughput
    bounded, counted = math.isfinite(time.high), math.isfinite(images.high)
    return {
        "network": point.case.network,
        "label": point.label,
        "resolution": point.case.shape.pixels,
        "family": point.family,
        "top1_percent": point.accuracy.top1,
        "accuracy_source": point.accuracy.source,
        "accuracy_set": point.accuracy.dataset,
        "latency_s": time.value,
        "latency_low_s": time.low if bounded else None,
        "latency_high_s": time.high if bounded else None,
        "images_per_s": images.value,
        "images_per_s_low": images.low if counted else None,
        "images_per_s_high": images.high if counted else None,
        "level": time.level,
        "runs": time.n,
        "method": time.method,
        "sessions": list(point.sessions),
        "findings": plain(point.findings),
    }
