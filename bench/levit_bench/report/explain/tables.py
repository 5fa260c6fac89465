"""An explanation as tables, as one equation and as a JSON document."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, NamedTuple

from levit_bench.judge.explain.factors import ALLOCATOR, EFFICIENCY, REST, WORK, Cost, Explanation, Factor, Side
from levit_bench.judge.explain.profile import (
    disturbance,
    intensity,
    kind_flops,
    matrix_share,
    rolled_up,
    share,
    side_by_side,
)
from levit_bench.judge.network_labels import called
from levit_bench.numbers.units import counted, format_bytes, format_count, format_latency, significant
from levit_bench.profiles import KindShare, LayerShare, Profile
from levit_bench.records import Estimate, Record
from levit_bench.report.views.cases import axes, fields
from levit_bench.report.words.findings import plain
from levit_bench.report.words.safe_text import distinct, message, shortened

if TYPE_CHECKING:
    from rich.table import Table

    Cells = Sequence[str]

_NAME = 60
_SAID = {
    WORK: "multiply-accumulates, counted",
    ALLOCATOR: "what the second loses as shipped against pinned, over what the first loses: a difference of cases, not "
    "a measurement of page faults",
    EFFICIENCY: "what is left: how many times as many operations a second the first gets out of the machine",
    REST: "all of it: the work was not counted",
}


class SideProfile(NamedTuple):
    """A profile of one side, measured for the explanation, or the reason why it is missing."""

    profile: Profile | None = None
    reason: str = ""


def names(first: Record, second: Record) -> tuple[str, str]:
    """Distinct names of the two cases: their networks, and the axes in which they differ."""
    texts = called((first.info, second.info))
    shown = distinct(texts.values(), _NAME)
    networks = {name: shown[text] for name, text in texts.items()}
    first_words, second_words = axes(first.case).split(), axes(second.case).split()
    if first.case.network != second.case.network:  # the size differs by network
        first_words, second_words = first_words[1:], second_words[1:]
    return (
        " ".join([networks[first.case.network], *(word for word in first_words if word not in second_words)]),
        " ".join([networks[second.case.network], *(word for word in second_words if word not in first_words)]),
    )


def table(explanation: Explanation) -> Table:
    """One row a stored figure, a column a side, and the second's ratio to the first."""
    out = _table("", *names(explanation.first.record, explanation.second.record), "ratio")
    for row in _stored_rows(explanation):
        out.add_row(*row)
    return out


def sentence(explanation: Explanation) -> str:
    """The ratio as a product of its factors, on one line of text."""
    first_name, second_name = (
        shortened(name, _NAME) for name in names(explanation.first.record, explanation.second.record)
    )
    runs = counted(explanation.ratio.n, "run")
    times = significant(explanation.ratio.value)
    head = f"{second_name} takes {times} times as long as {first_name} ({_limits(explanation.ratio)}, {runs})"
    product = " × ".join(_factor(factor) for factor in explanation.factors)
    return f"{head}. {times} = {product}."


def notes(explanation: Explanation) -> list[str]:
    """The meaning of each factor, for lines below the tables."""
    return [f"{factor.name}: {_SAID[factor.name]}" for factor in explanation.factors]


def watched_table(explanation: Explanation, watched: tuple[SideProfile, SideProfile]) -> Table:
    """Figures of the profiles, a column a side."""
    out = _table("measured here", *names(explanation.first.record, explanation.second.record))
    columns = [
        _profile_cells(side, side_profile.profile)
        for side, side_profile in zip((explanation.first, explanation.second), watched, strict=True)
    ]
    for cells in zip(*columns, strict=True):
        out.add_row(cells[0][0], *(value for _, value in cells))
    return out


def kinds_table(explanation: Explanation, watched: tuple[SideProfile, SideProfile]) -> Table:
    """One row a kind of operator: its time, its share of the pass, and its rate, for both."""
    first, second = (side.profile for side in watched)
    out = _two_sided_table(explanation, "kind", ("calls", "ms", "%", "GFLOP/s"))
    for row in side_by_side(first, second):
        out.add_row(row.kind, *_kind(row.first, first), *_kind(row.second, second))
    out.add_row("a pass", *_total(first), "", *_total(second), "", style="bold")
    return out


def layers_table(explanation: Explanation, watched: tuple[SideProfile, SideProfile]) -> Table:
    """The layers of both in the order of execution, with their time and their share of the pass."""
    out = _two_sided_table(explanation, None, ("layer", "ms", "%"))
    columns = [
        [_layer(layer, side.profile) for layer in rolled_up(side.profile)] if side.profile else [] for side in watched
    ]
    for left, right in zip_longest(*columns, fillvalue=("", "", "")):
        out.add_row(*left, *right)
    return out


def remarks(explanation: Explanation, watched: tuple[SideProfile, SideProfile]) -> list[str]:
    """Reasons why a profile, or a part of it, is missing."""
    sides = zip(names(explanation.first.record, explanation.second.record), watched, strict=True)
    reasons = ((name, side.reason or (side.profile.missing if side.profile else None)) for name, side in sides)
    return [f"{shortened(name, _NAME)}: {message(reason)}" for name, reason in reasons if reason]


def document(explanation: Explanation, watched: tuple[SideProfile, SideProfile] | None = None) -> dict[str, object]:
    """The explanation as data, unrounded; figures that the data cannot give are None."""
    profiles = watched or (None, None)
    return {
        "summary": sentence(explanation),
        "session": explanation.first.record.session,
        "ratio": _ratio_fields(explanation.ratio),
        "factors": [{"name": factor.name, **_ratio_fields(factor.times)} for factor in explanation.factors],
        "first": _side(explanation.first, profiles[0]),
        "second": _side(explanation.second, profiles[1]),
        "findings": plain(explanation.findings),
    }


def _table(*heads: str) -> Table:
    from rich.text import Text

    from levit_bench.report.fitted_table import FittedTable

    out = FittedTable()
    for number, head in enumerate(heads):
        out.add_column(Text(head), justify="right" if number else "left", overflow="fold")
    return out


def _two_sided_table(explanation: Explanation, first: str | None, each: Cells) -> Table:
    """A table with the same columns for each side, under the names of the sides."""
    from rich.text import Text

    heads = [*([first] if first else []), *each, *each]
    out = _table(*heads)
    for number, column in enumerate(out.columns):
        column.justify = "left" if heads[number] in (first, "layer") else "right"
    side_names = names(explanation.first.record, explanation.second.record)
    out.title = Text(f"left: {shortened(side_names[0], _NAME)}, right: {shortened(side_names[1], _NAME)}")
    return out


def _stored_rows(explanation: Explanation) -> list[tuple[str, str, str, str]]:
    first, second = explanation.first, explanation.second
    work = next((factor.times.value for factor in explanation.factors if factor.name == WORK), None)
    times = f"{significant(explanation.ratio.value)} ({_limits(explanation.ratio)})"
    rows = [
        ("latency", format_latency(first.latency.value), format_latency(second.latency.value), times),
        ("MACs a pass", format_count(first.macs), format_count(second.macs), _quotient(second.macs, first.macs)),
        (
            "GFLOP/s",
            _giga(first.flops),
            _giga(second.flops),
            "" if work is None else significant(work / explanation.ratio.value),
        ),
        ("minor faults a pass", _number(first.minor_faults), _number(second.minor_faults), ""),
        ("major faults a pass", _number(first.major_faults), _number(second.major_faults), ""),
        ("threads at work", _number(first.threads_used), _number(second.threads_used), ""),
        ("device's share", _percent(first.device_share), _percent(second.device_share), ""),
        ("pinning saves", _saving_cell(first.cost), _saving_cell(second.cost), ""),
        ("parameters", format_count(first.params), format_count(second.params), _quotient(second.params, first.params)),
        ("their bytes", format_bytes(first.weight_bytes), format_bytes(second.weight_bytes), ""),
    ]
    return [row for row in rows if (row[1], row[2]) != ("–", "–")]


def _profile_cells(side: Side, profile: Profile | None) -> list[tuple[str, str]]:
    if profile is None:
        profile_cells = ["–"] * 7
    else:
        overhead, macs = disturbance(profile), side.macs
        profile_cells = [
            format_latency(profile.pass_s),
            "–" if overhead is None else f"{100 * (overhead - 1):+.0f} %",
            f"{_giga(profile.matrix_flops)} ({profile.matrix_size}, {profile.matrix_format})",
            _percent(matrix_share(profile, macs)),
            str(profile.kernels) if profile.kinds else "–",
            format_bytes(profile.moved_bytes) if profile.kinds else "–",
            _number(intensity(profile, macs)),
        ]
    heads = (
        "a pass", "the profiler adds", "square matrices, GFLOP/s", "share of that", "kernels a pass",
        "bytes they read and write", "FLOP a byte",
    )  # fmt: skip
    return list(zip(heads, profile_cells, strict=True))


def _kind(kind_share: KindShare, profile: Profile | None) -> tuple[str, str, str, str]:
    if profile is None or not (kind_share.calls or kind_share.seconds):
        return "", "", "", ""
    part = f"{100 * share(kind_share.seconds, profile):.1f}"
    return str(kind_share.calls or ""), _ms(kind_share.seconds), part, _giga(kind_flops(kind_share), "")


def _layer(layer: LayerShare, profile: Profile | None) -> tuple[str, str, str]:
    return shortened(layer.path), _ms(layer.seconds), f"{100 * share(layer.seconds, profile):.1f}"


def _total(profile: Profile | None) -> tuple[str, str, str]:
    if profile is None or profile.profiled_s is None:
        return "", "", ""
    return str(profile.kernels), _ms(profile.profiled_s), "100"


def _factor(factor: Factor) -> str:
    limits = "" if factor.name == WORK or not math.isfinite(factor.times.high) else f", {_limits(factor.times)}"
    return f"{significant(factor.times.value)} ({factor.name}{limits})"


def _limits(estimate: Estimate) -> str:
    if not math.isfinite(estimate.high):
        return "no interval"
    return f"{significant(estimate.low)} to {significant(estimate.high)}"


def _saving_cell(cost: Cost | None) -> str:
    if cost is None:
        return "–"
    saving = cost.share
    return f"{_percent(saving.value)} ({100 * saving.low:.0f} to {100 * saving.high:.0f})"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.0f} %"


def _giga(value: float | None, none: str = "–") -> str:
    return none if value is None else significant(value / 1e9)


def _ms(seconds: float) -> str:
    return f"{1e3 * seconds:.2f}"


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}" if value >= 1000 else significant(value)


def _quotient(second: float | None, first: float | None) -> str:
    return significant(second / first) if first and second is not None else ""


def _ratio_fields(estimate: Estimate) -> dict[str, object]:
    bounded = math.isfinite(estimate.low) and math.isfinite(estimate.high)
    return {
        "ratio": estimate.value,
        "ratio_low": estimate.low if bounded else None,
        "ratio_high": estimate.high if bounded else None,
        "log": math.log(estimate.value),
        "runs": estimate.n,
        "method": estimate.method,
    }


def _side(side: Side, watched: SideProfile | None) -> dict[str, object]:
    cost = side.cost
    out: dict[str, object] = {
        "network": side.record.case.network,
        "case": side.record.info.id,
        **fields(side.record.case),
        "latency_s": side.latency.value,
        "macs_a_pass": side.macs,
        "flops_a_second": side.flops,
        "minor_faults_a_pass": side.minor_faults,
        "major_faults_a_pass": side.major_faults,
        "threads_at_work": side.threads_used,
        "device_share": side.device_share,
        "params": side.params,
        "weight_bytes": side.weight_bytes,
        "pinned_saves": None
        if cost is None
        else {
            "share": cost.share.value,
            "share_low": cost.share.low,
            "share_high": cost.share.high,
            "runs": cost.share.n,
            "seconds": cost.seconds,
            "faults": cost.faults,
            "seconds_a_fault": cost.fault_s,
        },
    }
    if watched is not None:
        out["profile"] = None if watched.profile is None else _profile(watched.profile, side.macs)
        out["no_profile"] = watched.reason or (watched.profile.missing if watched.profile else None)
    return out


def _profile(profile: Profile, macs: int | None) -> dict[str, object]:
    import msgspec

    values: dict[str, object] = msgspec.to_builtins(profile)
    del values["missing"]
    return {
        **values,
        "kernels": profile.kernels,
        "moved_bytes": profile.moved_bytes,
        "matrix_share": matrix_share(profile, macs),
        "flops_a_byte": intensity(profile, macs),
        "profiler_times": disturbance(profile),
    }
