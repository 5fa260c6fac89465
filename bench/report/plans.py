"""A plan as a table and as a document for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.budget import Plan
from bench.judge.forecast import Forecast
from bench.records import Protocol
from bench.report.cases import axes, fields
from bench.report.looks import spoken
from bench.report.text import distinct
from bench.units import format_duration, format_latency

if TYPE_CHECKING:
    from rich.table import Table

_SOURCES = {
    "stored": "measured here before", "scaled": "scaled as others were", "macs": "guessed from MACs",
    "guess": "unknown, assumed 1 GMAC",
}  # fmt: skip


def table(what: Forecast, spent: Plan, protocol: Protocol) -> Table:
    """One row a case, and what the budget buys below."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    out = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1), caption_justify="left")
    out.add_column("network", overflow="fold")
    out.add_column("case", overflow="fold")
    out.add_column("pass", justify="right", no_wrap=True)
    out.add_column("a turn", justify="right", no_wrap=True)
    out.add_column("known", overflow="fold")
    names = distinct(line.case.network for line in what.lines)
    for line in what.lines:
        name = Text(names[line.case.network])
        out.add_row(name, Text(axes(line.case)), format_latency(line.pass_s), str(line.passes), _SOURCES[line.source])
    out.caption = Text("\n".join(sentences(what, spent, protocol)))
    return out


def sentences(what: Forecast, spent: Plan, protocol: Protocol) -> list[str]:
    """What will be done, how long it takes, and the smallest honest budget."""
    refused = protocol.budget_s < spent.smallest_s
    if refused and not protocol.thin:
        done = f"A budget of {format_duration(protocol.budget_s)} is too small: the run would be refused."
    else:
        done = (
            f"{spent.runs} runs of about {spent.rounds} rounds, {len(what.lines)} turns a round: "
            f"{format_duration(spent.seconds)} of {format_duration(protocol.budget_s)}."
        )
    guessed = sum(line.source in ("macs", "guess") for line in what.lines)
    scaled = sum(line.source == "scaled" for line in what.lines)
    sure = f"{guessed} of {len(what.lines)} passes are guesses and may be off by a factor of three." if guessed else ""
    near = (
        f"{scaled} of {len(what.lines)} passes are scaled as other networks' were, to within a third." if scaled else ""
    )
    looks = f"Looks after {spoken(spent.looks)}; what is decided then gets no more turns." if spent.looks else ""
    return [
        done,
        *([looks] if looks else []),
        f"Preparation before that: about {format_duration(what.prepare_s)}.",
        f"Smallest honest budget: {format_duration(spent.smallest_s + 0.5)}.",
        *([near] if near else []),
        *([sure] if sure else []),
    ]


def document(what: Forecast, spent: Plan, protocol: Protocol) -> dict[str, object]:
    """The same for programs, in seconds."""
    return {
        "budget_s": protocol.budget_s,
        "refused": protocol.budget_s < spent.smallest_s and not protocol.thin,
        "smallest_budget_s": spent.smallest_s,
        "runs": spent.runs,
        "rounds": spent.rounds,
        "looks": list(spent.looks),
        "seconds": spent.seconds,
        "prepare_s": what.prepare_s,
        "round_s": what.costs.round_s,
        "start_s": what.costs.start_s,
        "cases": [
            {
                "network": line.case.network,
                **fields(line.case),
                "pass_s": line.pass_s,
                "passes": line.passes,
                "source": line.source,
            }
            for line in what.lines
        ],
    }
