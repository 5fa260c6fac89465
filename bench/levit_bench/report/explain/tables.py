"""An explanation as tables, as one equation and as a document for programs.

Knows columns and words; refuses to know how factors were made and how a pass was watched.
"""

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
from levit_bench.numbers.units import format_bytes, format_count, format_latency, significant
from levit_bench.profiles import KindShare, LayerShare, Profile
from levit_bench.records import Estimate, Record
from levit_bench.report.views.cases import axes, fields
from levit_bench.report.words.findings import plain
from levit_bench.report.words.safe_text import distinct, shortened

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
    """What was measured on the spot of one side: a profile, or the reason why there is none."""

    profile: Profile | None = None
    reason: str = ""


def names(first: Record, second: Record) -> tuple[str, str]:
    """Names that tell the two apart: networks, and what else of the cases differs."""
    texts = called((first.info, second.info))
    shown = distinct(texts.values(), _NAME)
    networks = {name: shown[text] for name, text in texts.items()}
    mine, theirs = axes(first.case).split(), axes(second.case).split()
    if first.case.network != second.case.network:  # which have sizes of their own
        mine, theirs = mine[1:], theirs[1:]
    return (
        " ".join([networks[first.case.network], *(word for word in mine if word not in theirs)]),
        " ".join([networks[second.case.network], *(word for word in theirs if word not in mine)]),
    )


def table(found: Explanation) -> Table:
    """One row a stored figure, a column a side, and how many times as much the second has."""
    out = _table("", *names(found.first.record, found.second.record), "times")
    for row in _stored(found):
        out.add_row(*row)
    return out


def sentence(found: Explanation) -> str:
    """The ratio and the product that it is, on one line of text."""
    one, other = (shortened(name, _NAME) for name in names(found.first.record, found.second.record))
    runs = f"{found.ratio.n} run{'' if found.ratio.n == 1 else 's'}"
    head = f"{other} takes {significant(found.ratio.value)} times as long as {one} ({_limits(found.ratio)}, {runs})"
    product = " × ".join(_factor(factor) for factor in found.factors)
    return f"{head}. {significant(found.ratio.value)} = {product}."


def notes(found: Explanation) -> list[str]:
    """What each factor is: to be printed below the tables."""
    return [f"{factor.name}: {_SAID[factor.name]}" for factor in found.factors]


def watched_table(found: Explanation, watched: tuple[SideProfile, SideProfile]) -> Table:
    """What was measured on the spot, a column a side."""
    out = _table("measured here", *names(found.first.record, found.second.record))
    columns = [_measured(side, one.profile) for side, one in zip((found.first, found.second), watched, strict=True)]
    for cells in zip(*columns, strict=True):
        out.add_row(cells[0][0], *(value for _, value in cells))
    return out


def kinds_table(found: Explanation, watched: tuple[SideProfile, SideProfile]) -> Table:
    """One row a kind of operator: its time, its share of the pass, and its rate, for both."""
    first, second = (one.profile for one in watched)
    out = _sided(found, "kind", ("calls", "ms", "%", "GFLOP/s"))
    for row in side_by_side(first, second):
        out.add_row(row.kind, *_kind(row.first, first), *_kind(row.second, second))
    out.add_row("a pass", *_total(first), "", *_total(second), "", style="bold")
    return out


def layers_table(found: Explanation, watched: tuple[SideProfile, SideProfile]) -> Table:
    """The layers of both in the order of execution, with their time and their share of the pass."""
    out = _sided(found, None, ("layer", "ms", "%"))
    columns = [[_layer(one, w.profile) for one in rolled_up(w.profile)] if w.profile else [] for w in watched]
    for one, other in zip_longest(*columns, fillvalue=("", "", "")):
        out.add_row(*one, *other)
    return out


def remarks(found: Explanation, watched: tuple[SideProfile, SideProfile]) -> list[str]:
    """Why there is no profile, or no part of it, of either."""
    sides = zip(names(found.first.record, found.second.record), watched, strict=True)
    told = ((name, one.reason or (one.profile.missing if one.profile else None)) for name, one in sides)
    return [f"{shortened(name, _NAME)}: {shortened(reason, 240)}" for name, reason in told if reason]


def document(found: Explanation, watched: tuple[SideProfile, SideProfile] | None = None) -> dict[str, object]:
    """The same for programs, unrounded; a number that the data cannot give is absent."""
    profiles = watched or (None, None)
    return {
        "summary": sentence(found),
        "session": found.first.record.session,
        "times": _plain(found.ratio),
        "factors": [{"name": factor.name, **_plain(factor.times)} for factor in found.factors],
        "first": _side(found.first, profiles[0]),
        "second": _side(found.second, profiles[1]),
        "findings": plain(found.findings),
    }


def _table(*heads: str) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    out = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    for number, head in enumerate(heads):
        out.add_column(Text(head), justify="right" if number else "left", overflow="fold")
    return out


def _sided(found: Explanation, first: str | None, each: Cells) -> Table:
    """A table whose columns come twice, once a side, under the names of the sides."""
    from rich.text import Text

    heads = [*([first] if first else []), *each, *each]
    out = _table(*heads)
    for number, column in enumerate(out.columns):
        column.justify = "left" if heads[number] in (first, "layer") else "right"
    told = names(found.first.record, found.second.record)
    out.title = Text(f"left: {shortened(told[0], _NAME)}, right: {shortened(told[1], _NAME)}")
    out.title_justify = "left"
    return out


def _stored(found: Explanation) -> list[tuple[str, str, str, str]]:
    one, other = found.first, found.second
    work = next((factor.times.value for factor in found.factors if factor.name == WORK), None)
    times = f"{significant(found.ratio.value)} ({_limits(found.ratio)})"
    rows = [
        ("latency", format_latency(one.latency.value), format_latency(other.latency.value), times),
        ("MACs a pass", format_count(one.macs), format_count(other.macs), _quotient(other.macs, one.macs)),
        (
            "GFLOP/s",
            _giga(one.flops),
            _giga(other.flops),
            "" if work is None else significant(work / found.ratio.value),
        ),
        ("minor faults a pass", _number(one.minor_faults), _number(other.minor_faults), ""),
        ("major faults a pass", _number(one.major_faults), _number(other.major_faults), ""),
        ("threads at work", _number(one.threads_used), _number(other.threads_used), ""),
        ("device's share", _percent(one.device_share), _percent(other.device_share), ""),
        ("pinning saves", _saved(one.cost), _saved(other.cost), ""),
        ("parameters", format_count(one.params), format_count(other.params), _quotient(other.params, one.params)),
        ("their bytes", format_bytes(one.weight_bytes), format_bytes(other.weight_bytes), ""),
    ]
    return [row for row in rows if (row[1], row[2]) != ("–", "–")]


def _measured(side: Side, profile: Profile | None) -> list[tuple[str, str]]:
    if profile is None:
        profile_cells = ["–"] * 7
    else:
        more, macs = disturbance(profile), side.macs
        profile_cells = [
            format_latency(profile.pass_s),
            "–" if more is None else f"{100 * (more - 1):+.0f} %",
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


def _kind(one: KindShare, profile: Profile | None) -> tuple[str, str, str, str]:
    if profile is None or not (one.calls or one.seconds):
        return "", "", "", ""
    part = f"{100 * share(one.seconds, profile):.1f}"
    return str(one.calls or ""), _ms(one.seconds), part, _giga(kind_flops(one), "")


def _layer(one: LayerShare, profile: Profile | None) -> tuple[str, str, str]:
    return shortened(one.path), _ms(one.seconds), f"{100 * share(one.seconds, profile):.1f}"


def _total(profile: Profile | None) -> tuple[str, str, str]:
    if profile is None or profile.profiled_s is None:
        return "", "", ""
    return str(profile.kernels), _ms(profile.profiled_s), "100"


def _factor(factor: Factor) -> str:
    limits = "" if factor.name == WORK or not math.isfinite(factor.times.high) else f", {_limits(factor.times)}"
    return f"{significant(factor.times.value)} ({factor.name}{limits})"


def _limits(found: Estimate) -> str:
    if not math.isfinite(found.high):
        return "no interval"
    return f"{significant(found.low)} to {significant(found.high)}"


def _saved(cost: Cost | None) -> str:
    if cost is None:
        return "–"
    found = cost.share
    return f"{_percent(found.value)} ({100 * found.low:.0f} to {100 * found.high:.0f})"


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


def _plain(found: Estimate) -> dict[str, object]:
    bounded = math.isfinite(found.low) and math.isfinite(found.high)
    return {
        "times": found.value,
        "times_low": found.low if bounded else None,
        "times_high": found.high if bounded else None,
        "log": math.log(found.value),
        "runs": found.n,
        "method": found.method,
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

    told: dict[str, object] = msgspec.to_builtins(profile)
    del told["missing"]
    return {
        **told,
        "kernels": profile.kernels,
        "moved_bytes": profile.moved_bytes,
        "matrix_share": matrix_share(profile, macs),
        "flops_a_byte": intensity(profile, macs),
        "profiler_times": disturbance(profile),
    }
