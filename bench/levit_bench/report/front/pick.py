"""A pick as one sentence, as tables and as a JSON document."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from levit_bench.axes import SETTING
from levit_bench.catalog.image_sets import ImageSet
from levit_bench.command_lines import command_line
from levit_bench.judge.comparability import differing, enumerate_values, values
from levit_bench.judge.front.panels import Panel
from levit_bench.judge.front.pick import Pick, Rival, SettingPick, Standing, Tie, network_of, shown_top1
from levit_bench.judge.front.points import Point
from levit_bench.judge.front.ties import DIGITS
from levit_bench.judge.verdicts import percent_of
from levit_bench.numbers.units import counted, exact_duration, significant
from levit_bench.planning.budget import MIN_RUNS
from levit_bench.records import Case, Estimate
from levit_bench.report.words.findings import plain
from levit_bench.report.words.longer_session import resume_command
from levit_bench.report.words.safe_text import distinct, message, shortened, visible
from levit_bench.report.words.setting import phrase, session_words, setting_line, shared_setting

if TYPE_CHECKING:
    from rich.table import Table

RIVALS = 20
"""Networks that a terminal's table of rivals names; `--json` has all."""
SETTINGS = 12
"""Settings that a terminal's table names, the best first; `--json` has all."""
MOST_REASONS = 8
"""Networks of which a refusal says what they lack."""
NAMED = 3
"""Ties and undecided networks that the sentence names; of more it gives the number."""
_NAME = 80
_UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"))


def sentence(pick: Pick) -> str:
    """The answer with its reason, its ties and the undecided networks, on one line of text."""
    parts = [_answer(pick), _across_sessions(pick), *_tie_words(pick), _undecided_words(pick), _drift_words(pick)]
    parts.append(_unknown_words(pick))
    return ". ".join(part for part in parts if part) + "."


def around(pick: Pick) -> list[str]:
    """The setting in which the answer holds, its confidence level, and the excluded cases: lines below the answer."""
    setting = setting_line(pick.panel) if pick.answer is not None else " · ".join(shared_setting(pick.panels))
    out = [f"{setting} · {session_words(pick.panels)}"]
    out += [
        f"of a network in sessions with other {name.replace('_', ' ')} ({enumerate_values(texts)}) the newest counts; "
        f"--where {name}=… chooses"
        for name, texts in pick.passed_over.items()
    ]
    if pick.limits.percentile is not None and any(len(panel.origins) > 1 for panel in pick.panels):
        out.append(f"{_kind(pick)}: of each network's newest session")
    if any(panel.setting.case.precision != "fp32" for panel in pick.panels):
        out.append("published top-1 is of fp32; what another precision changes in it was not measured")
    if pick.level > 0.95 and pick.limits.goal == "top1":
        day = pick.another_day
        day_words = "" if day is None else f", on another day at {percent_of(day.level)}"
        out.append(
            f"fast enough: judged at {percent_of(pick.level)}{day_words}, as all networks near the limit share the 5 %"
        )
    if any(panel.yardstick_s is not None for panel in pick.panels):
        drift = (
            "its own drift is not in the intervals"
            if pick.limits.goal == "speed"
            else "intervals reach from the fastest session to the slowest; --session chooses one"
        )
        out.append(f"sessions joined on one scale by the yardstick; {drift}")
    elif len({tuple(origin.session for origin in panel.origins) for panel in pick.panels}) > 1:
        out.append("settings were measured in different sessions, whose drift is not in the intervals")
    excluded = [exclusion for each in pick.panels for exclusion in each.excluded]
    out += [
        f"left out: {shortened(exclusion.label, _NAME)}: {message(exclusion.reason)}" for exclusion in excluded[:NAMED]
    ]
    if len(excluded) > NAMED:
        out.append(f"left out: {len(excluded) - NAMED} more; to list all of them: {command_line('show')}")
    return out


def more_passes(pick: Pick) -> list[str]:
    """The commands that add the passes that networks lack for the percentile, a line a session."""
    lacking: dict[str, list[Rival]] = {}
    for rival in pick.rivals:
        if rival.missing is not None:
            lacking.setdefault(rival.missing.session, []).append(rival)
    return [_more_passes(pick, session, rivals) for session, rivals in lacking.items()]


def _more_passes(pick: Pick, session: str, rivals: Sequence[Rival]) -> str:
    counts = {rival.point.case: rival.missing for rival in rivals if rival.missing is not None}
    names = _first_few(
        [
            f"{_name(rival.point, pick)} ({counts[rival.point.case].passes} of {counts[rival.point.case].needed})"
            for rival in rivals
        ]
    )
    commands = [command for rival in rivals if (command := _command(pick, rival, rivals))]
    how = commands[0] if commands else f"measure session {visible(session)} again, with a larger --budget"
    return f"passes that {_kind(pick)} with both limits needs, {names}: {how}"


def _command(pick: Pick, rival: Rival, rivals: Sequence[Rival]) -> str | None:
    """The command that adds the passes which a network lacks, and the others of its session."""
    budgets = [each.missing.further_s for each in rivals if each.missing is not None]
    known = [budget for budget in budgets if budget is not None]
    if rival.missing is None or rival.missing.further_s is None or not known:
        return None
    session = rival.missing.session
    store = pick.store_of.get(session)
    return resume_command(session, max(known), None if store is None else [store])


def too_few_passes(pick: Pick) -> tuple[str, list[str]]:
    """Why a pick by a percentile is not to be had where no network has the passes: the message, and a line each."""
    unknown = [rival for rival in pick.rivals if rival.standing is Standing.UNKNOWN]
    lines = [f"{_name(rival.point, pick)}: {_lacks(rival, pick)}" for rival in unknown[:MOST_REASONS]]
    lines += [f"… and {counted(len(unknown) - MOST_REASONS, 'further network')}"] if unknown[MOST_REASONS:] else []
    return f"no network has the passes for {_kind(pick)}:", [*lines, *more_passes(pick)]


def _lacks(rival: Rival, pick: Pick) -> str:
    """What a network lacks for the percentile, in words; empty where it lacks nothing."""
    missing = rival.missing
    if missing is None:
        return "" if rival.is_known else f"too few passes for {_kind(pick)}"
    return f"{missing.passes} passes are too few for {_kind(pick)} with both limits: {missing.needed} are needed"


def settings_table(pick: Pick) -> Table | None:
    """The best network of each setting, the best setting first; None where there is one setting."""
    if len(pick.panels) == 1:
        return None
    from rich.text import Text

    from levit_bench.report.fitted_table import FittedTable

    ordered = sorted(pick.by_setting, key=lambda best: _place(best, pick))[:SETTINGS]
    shown = distinct(point.label for panel in pick.panels for point in panel.points)
    out = FittedTable(title="best of each setting")
    names = _differing_axes(pick.panels)
    out.add_column(names[0] if len(names) == 1 else "setting", overflow="fold")
    out.add_column("network", overflow="fold")
    out.add_column("top-1", justify="right", no_wrap=True)
    out.add_column(_heading(pick), justify="right", no_wrap=True)
    out.add_column("within", justify="right", no_wrap=True)
    for best in ordered:
        point = best.point or best.nearest
        is_answer = pick.answer is not None and best.point is not None and best.point.case == pick.answer.case
        cells = [] if point is None else [shown[point.label], _top1(point, pick, unit=""), _figure(point, pick)]
        within = f"{best.among} of {len(best.panel.points)}"
        row = [" ".join(_setting_words(best.panel.points[0].case, pick)), *(cells or ["–", "", ""]), within]
        style = "bold" if is_answer else "" if best.point is not None else "dim"
        out.add_row(*(Text(cell, style=style) for cell in row))
    captions = [f"{len(pick.by_setting) - SETTINGS} more; --json has all"] if len(pick.by_setting) > SETTINGS else []
    captions += ["0 within: the nearest is shown"] if any(best.point is None for best in ordered) else []
    candidates = sum(len(panel.points) for panel in pick.panels)
    if pick.unknown:
        captions.append(f"{_kind(pick)} of {pick.unknown} of {candidates} not known: too few passes")
    if captions:
        out.caption = Text(". ".join(captions))
    return out


def _place(best: SettingPick, pick: Pick) -> tuple[object, ...]:
    """A key that puts the best setting first by the goal, and those where none is within the limits last."""
    point = best.point or best.nearest
    if point is None:
        return 2, 0.0, 0.0
    speed = point.seconds(pick.limits.metric).value
    is_by_top1 = best.point is not None and pick.limits.goal == "top1"
    return int(best.point is None), -shown_top1(point) if is_by_top1 else 0.0, speed


def rivals_table(pick: Pick) -> Table | None:
    """The other networks, the most accurate first, each in its best setting with what keeps it from being the answer;
    None where there are none.
    """
    if not pick.rivals:
        return None
    from rich.text import Text

    from levit_bench.report.fitted_table import FittedTable

    several = len(pick.panels) > 1
    shown = distinct(point.label for panel in pick.panels for point in panel.points)
    out = FittedTable(title="the others")
    out.add_column("network", overflow="fold")
    if several:
        out.add_column("setting", overflow="fold")
    out.add_column("top-1", justify="right", no_wrap=True)
    out.add_column(_heading(pick), justify="right", no_wrap=True)
    out.add_column("why not", overflow="fold")
    for rival in pick.rivals[:RIVALS]:
        point = rival.point
        setting = [" ".join(_setting_words(point.case, pick))] if several else []
        row = [
            shown[point.label],
            *setting,
            _top1(point, pick, unit=""),
            _rival_figure(rival, pick),
            rival.standing.value,
        ]
        out.add_row(*map(Text, row))
    if len(pick.rivals) > RIVALS:
        out.caption = Text(f"{len(pick.rivals) - RIVALS} more; --json has all")
    return out


def _rival_figure(rival: Rival, pick: Pick) -> str:
    """The figure that is limited; where a percentile is not known, the lower limit that its median gives."""
    if rival.is_known:
        return _figure(rival.point, pick)
    low = rival.point.latency.low
    return f"at least {_highest(low)}" if rival.standing is Standing.TOO_SLOW and low > 0 else "–"


def _differing_axes(panels: Sequence[Panel]) -> list[str]:
    """The axes in which settings differ, from the machine to the network."""
    names = differing([values(panel.setting) for panel in panels])
    return [axis.name for axis in SETTING if axis.name in names]


def _setting_words(case: Case, pick: Pick) -> list[str]:
    """The values of a case in which the settings differ: `openvino`, `t4`; and of settings that are alike in them, the
    conditions that tell them apart: `torch 2.13.0`.
    """
    names = _differing_axes(pick.panels)
    panel = pick.panel_of(case)
    alike = [each for each in pick.panels if _values_of(each, names) == _values_of(panel, names)]
    axes = [visible(axis.word(case.value(axis.name))) for axis in SETTING if axis.name in names]
    return [*axes, *(phrase(name, panel.fields[name]) for name in _telling_apart(alike))]


def _values_of(panel: Panel, names: Sequence[str]) -> list[object]:
    """The values of axes that the cases of a panel share, without versions of packages."""
    return [panel.points[0].case.value(name) for name in names]


def _telling_apart(panels: Sequence[Panel]) -> list[str]:
    """The first fields, no more than needed, by which all of these panels differ from each other."""
    rows = [panel.fields for panel in panels]
    names: list[str] = []
    for name in differing(rows):
        kinds = len({tuple(row[each] for each in names) for row in rows})
        if kinds < len({tuple(row[each] for each in (*names, name)) for row in rows}):
            names.append(name)
    return names


def _heading(pick: Pick) -> str:
    """What the figures of a table are, with their level."""
    is_rate = pick.limits.max_latency_s is None and pick.limits.min_images_per_s is not None
    return "images/s, 95 %" if is_rate else f"{_kind(pick)}, 95 %"


def _kind(pick: Pick) -> str:
    """Which pass a limit of latency is about."""
    return "median" if pick.limits.percentile is None else f"p{100 * pick.limits.percentile:g}"


def _figure(point: Point, pick: Pick) -> str:
    return _speed(point, pick).removeprefix(f"{_kind(pick)} ")


def document(pick: Pick) -> dict[str, object]:
    """The pick as data, unrounded; an answer or a limit that the data cannot give is None."""
    limits = pick.limits
    return {
        "answer": None if pick.answer is None else _row(pick.answer),
        "reason": sentence(pick),
        "goal": limits.goal,
        "among": pick.among,
        "networks": pick.networks,
        "networks_within": pick.networks_within,
        "unknown": pick.unknown,
        "drifted": None if pick.drifted is None else pick.drifted._asdict(),
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
        "by_setting": [_setting_document(best) for best in pick.by_setting],
        "rivals": [_rival_document(rival, pick) for rival in pick.rivals],
        "undecided": [_row(point) for point in pick.undecided],
        "nearest": [_row(point) for point in pick.nearest],
        "limits": {
            "max_latency_s": limits.max_latency_s,
            "min_images_per_s": limits.min_images_per_s,
            "min_top1_percent": limits.min_top1,
            "percentile": limits.percentile,
        },
        "setting": values(pick.panel.setting),
        "set": _set(pick.panel.scored_on),
        "settings": [values(panel.setting) for panel in pick.panels],
        "passed_over": {name: list(texts) for name, texts in pick.passed_over.items()},
        "sessions": sorted({origin.session for panel in pick.panels for origin in panel.origins}),
        "findings": plain([*dict.fromkeys(finding for panel in pick.panels for finding in panel.findings)]),
    }


def _setting_document(best: SettingPick) -> dict[str, object]:
    return {
        "setting": values(best.panel.setting),
        "network": None if best.point is None else _row(best.point),
        "among": best.among,
        "nearest": None if best.nearest is None else _row(best.nearest),
    }


def _rival_document(rival: Rival, pick: Pick) -> dict[str, object]:
    """A rival as data: its latency is None where the percentile is not known."""
    unknown = {"latency_s": None, "latency_low_s": None, "latency_high_s": None, "method": None}
    missing = rival.missing
    return {
        **_row(rival.point),
        **({} if rival.is_known else unknown),
        "standing": rival.standing.value,
        "reason": _lacks(rival, pick) or None,
        "passes": None if missing is None else missing.passes,
        "passes_needed": None if missing is None else missing.needed,
        "command": _command(pick, rival, [rival]),
    }


def _set(image_set: ImageSet | None) -> dict[str, object] | None:
    return (
        None
        if image_set is None
        else {"name": image_set.name, "images": image_set.images, "classes": image_set.classes}
    )


def _answer(pick: Pick) -> str:
    limits, total = pick.limits, _networks(pick.networks)
    on = "" if pick.panel.scored_on is None else f" on {shortened(pick.panel.scored_on.words, _NAME)}"
    if pick.answer is None:
        total = f"{total}{on.replace(' on ', ' scored on ', 1)}"
        if pick.undecided:
            return f"none of {total} is sure to {_limit_words(pick)}"
        nearest = ", ".join(_facts(point, pick) for point in pick.nearest)
        nearest = f". Nearest: {nearest}" if nearest else ""
        limit = _limit_words(pick) if pick.unknown else _limit_words(pick, third_person=True)
        return f"none of {total} {'is sure to ' if pick.unknown else ''}{limit}{nearest}"
    sure = "" if limits.goal == "speed" else "are sure to "
    best = "the fastest" if limits.goal == "speed" else "the most accurate"
    several = f" in one of {len(pick.panels)} settings" if len(pick.panels) > 1 else ""
    of = f"{pick.networks_within} networks" if several else f"{pick.among}"
    role = f"{best} of {of} that {sure}{_limit_words(pick)}{several}"
    if pick.networks_within == 1:
        whom = f"{total} that {'is sure to ' if sure else ''}{_limit_words(pick, third_person=not sure)}"
        role = f"the only one of {whom}{several}"
    speed = _speed(pick.answer, pick, level=True)
    return f"{_name(pick.answer, pick)}: {_top1(pick.answer, pick)} top-1{on}, {speed}; {role}"


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
    alternative = f"{_name(day.answer, pick)} ({_top1(day.answer, pick)}, at most {_highest(day.answer_highest_s)})"
    return f"{statement}; sure to be within the limit on any day is {alternative}"


def _highest(seconds: float) -> str:
    scale, unit = next(((s, u) for s, u in _UNITS if seconds >= s * 0.9995), _UNITS[-1])
    return f"{significant(seconds / scale)} {unit}"


def _networks(count: int) -> str:
    return f"{count} network{'' if count == 1 else 's'}"


def _limit_words(pick: Pick, *, third_person: bool = False) -> str:
    """The limits in words: `take at most 20 ms and have at least 80 % top-1`."""
    limits, batches = pick.limits, {panel.setting.case.batch for panel in pick.panels}
    take, do, have = ("takes", "does", "has") if third_person else ("take", "do", "have")
    phrases = []
    if limits.max_latency_s is not None:
        phrases.append(f"{take} at most {exact_duration(limits.max_latency_s)}{_a_batch(batches)} ({_kind(pick)})")
    if limits.min_images_per_s is not None:
        phrases.append(f"{do} at least {limits.min_images_per_s:.10g} images/s")
    if limits.min_top1 is not None:
        phrases.append(f"{have} at least {limits.min_top1:.10g} % top-1")
    return " and ".join(phrases)


def _tie_words(pick: Pick) -> list[str]:
    """The other networks that are as good, each in its fastest setting, and further settings of the answer that may be
    as fast.
    """
    if pick.answer is None:
        return []
    others: dict[object, Tie] = {}
    for tie in pick.ties:
        if network_of(tie.point) != network_of(pick.answer):
            others.setdefault(network_of(tie.point), tie)
    settings = [t for t in pick.ties if network_of(t.point) == network_of(pick.answer) and t.ratio.low <= 1]
    is_by_top1 = pick.limits.goal == "top1"
    parts = []
    if others:
        top1 = {tie.point.case: "" if is_by_top1 else f"{_top1(tie.point, pick)}, " for tie in others.values()}
        names = [f"{_name(tie.point, pick)} ({top1[tie.point.case]}{_times(tie)})" for tie in others.values()]
        parts.append(f"{'As accurate' if is_by_top1 else 'Perhaps as fast'}: {_first_few(names)}")
    if settings:
        words = [f"{' · '.join(_setting_words(tie.point.case, pick))} ({_times(tie)})" for tie in settings]
        parts.append(f"Perhaps as fast in {_first_few(words)}")
    return parts


def _undecided_words(pick: Pick) -> str:
    """The networks that may be the better answer, each in the setting in which it would be the best one."""
    first: dict[object, Point] = {}
    for point in pick.undecided:
        first.setdefault(network_of(point), point)
    return "May fit: " + _first_few([_facts(point, pick) for point in first.values()]) if first else ""


def _drift_words(pick: Pick) -> str:
    """Why networks are undecided that the intervals of their runs would decide."""
    drift = pick.drifted
    if drift is None:
        return ""
    return (
        f"Joined sessions differ in speed: the yardstick took {significant(drift.factor)} times as long in "
        f"{visible(drift.slowest)} as in {visible(drift.fastest)}, and a limit must hold in each"
    )


def _unknown_words(pick: Pick) -> str:
    """The networks that lack the passes for the percentile, and could be the better answer."""
    unknown = [_name(rival.point, pick) for rival in pick.rivals if rival.standing is Standing.UNKNOWN]
    return f"Too few passes for {_kind(pick)}: {_first_few(unknown)}" if unknown else ""


def _first_few(words: Sequence[str]) -> str:
    named = ", ".join(words[:NAMED])
    return named if len(words) <= NAMED else f"{named} and {len(words) - NAMED} more"


def _facts(point: Point, pick: Pick) -> str:
    """`levit_256 (81.6 %, 37.5 ms, 35.4 to 39.8)`."""
    return f"{_name(point, pick)} ({_top1(point, pick)}, {_speed(point, pick)})"


def _name(point: Point, pick: Pick) -> str:
    """The network, and what of its setting differs from the others: `levit_192 · openvino`."""
    return " · ".join([shortened(point.label, _NAME), *_setting_words(point.case, pick)])


def _top1(point: Point, pick: Pick, unit: str = " %") -> str:
    """Top-1 with the published number of digits, or all of them where rounding would cross the limit."""
    top1, limit = point.accuracy.top1, pick.limits.min_top1
    misleading = limit is not None and (shown_top1(point) >= limit) != (top1 >= limit)
    return f"{top1:.10g}{unit}" if misleading else f"{top1:.{DIGITS}f}{unit}"


def _speed(point: Point, pick: Pick, *, level: bool = False) -> str:
    """`37.5 ms, 35.4 to 39.8`, or the same in images a second where the limit is one of throughput; or both."""
    limits, time = pick.limits, point.latency
    figures = []
    if limits.max_latency_s is not None or limits.min_images_per_s is None:
        scale, unit = next(((s, u) for s, u in _UNITS if time.value >= s * 0.9995), _UNITS[-1])
        unit += _a_batch({point.case.batch}) if level else ""
        limit = math.inf if limits.max_latency_s is None else limits.max_latency_s
        kind = "" if limits.percentile is None else f"{_kind(pick)} "
        figures.append(kind + _with_limits(time, limit, scale, unit, level=level))
    if limits.min_images_per_s is not None:
        figures.append(_with_limits(point.throughput, limits.min_images_per_s, 1.0, "images/s", level=level))
    return ", ".join(figures)


def _with_limits(estimate: Estimate, limit: float, scale: float, unit: str, *, level: bool) -> str:
    value = f"{significant(estimate.value / scale)} {unit}"
    if estimate.n > 1 and estimate.low > 0 and math.isinf(estimate.high):  # of a percentile
        return f"{value}, {f'{100 * estimate.level:.0f} %: ' if level else ''}{significant(estimate.low / scale)} to ∞"
    few = f" from {counted(estimate.n, 'run')}" if estimate.n < MIN_RUNS else ""
    if not (math.isfinite(estimate.low) and math.isfinite(estimate.high)):
        return f"{value}, no interval from {counted(estimate.n, 'run')}"
    low, high = (_on_its_side(edge / scale, limit / scale) for edge in (estimate.low, estimate.high))
    return f"{value}, {f'{100 * estimate.level:.0f} %: ' if level else ''}{low} to {high}{few}"


def _on_its_side(value: float, limit: float) -> str:
    """Three digits, or as many as show on which side of the limit the value lies."""
    shown = significant(value)
    for digits in range(4, 10):
        if value == limit or math.isinf(limit) or (float(shown) - limit) * (value - limit) > 0:
            break
        shown = significant(value, digits)
    return shown


def _a_batch(batches: set[int]) -> str:
    """Of which batch a time is; empty where each pass is of one image."""
    if batches == {1}:
        return ""
    return f" a batch of {next(iter(batches))}" if len(batches) == 1 else " a batch"


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
