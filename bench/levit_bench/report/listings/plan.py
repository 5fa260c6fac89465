"""A plan as a table and as a JSON document."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from levit_bench.command_lines import side_by_side_line
from levit_bench.judge.variance.expected_precision import Reach
from levit_bench.judge.verdicts import Rules, percent_above
from levit_bench.numbers.units import counted, format_duration, format_latency, significant
from levit_bench.planning.budget import Plan, RunScatter, SettledBudget, settled
from levit_bench.planning.forecast import Forecast
from levit_bench.records import Protocol
from levit_bench.report.views.cases import fields
from levit_bench.report.views.looks import spoken
from levit_bench.report.words import shared_axes
from levit_bench.report.words.safe_text import distinct

if TYPE_CHECKING:
    from rich.table import Table

_SOURCES = {
    "stored": "measured here before", "scaled": "scaled as others were", "macs": "guessed from MACs",
    "guess": "unknown, assumed 1 GMAC",
}  # fmt: skip


def table(forecast: Forecast) -> Table:
    """One row a case: its network, what tells it apart, and how long a pass takes, with the source of that."""
    from rich.text import Text

    from levit_bench.report.fitted_table import FittedTable

    words = shared_axes.words_of([line.case for line in forecast.lines])
    rests = shared_axes.rests(words)
    out = FittedTable(title=shared_axes.heading(words))
    out.add_column("network", overflow="fold")
    if any(rests):
        out.add_column("case", overflow="fold")
    out.add_column("pass", justify="right", no_wrap=True)
    out.add_column("a turn", justify="right", no_wrap=True)
    out.add_column("known", overflow="fold")
    names = distinct(line.case.network for line in forecast.lines)
    for line, rest in zip(forecast.lines, rests, strict=True):
        cells = [Text(names[line.case.network]), *([Text(rest)] if any(rests) else [])]
        out.add_row(*cells, format_latency(line.pass_s), str(line.passes), _SOURCES[line.source])
    return out


def sentences(
    forecast: Forecast,
    plan: Plan,
    protocol: Protocol,
    expected: Reach | None = None,
    budget: SettledBudget | None = None,
) -> list[str]:
    """Runs and rounds, their duration, the expected precision, and the smallest budget that is accepted.

    Args:
        forecast: expected times.
        plan: the division of the budget.
        protocol: with the session's budget.
        expected: precision; None where the runs are too few.
        budget: how that budget follows from what was asked for; None: nothing else was.
    """
    budget = budget or settled(protocol.budget_s, forecast.costs, thin=protocol.thin)
    refused = budget.refusal is not None
    if refused:
        done = f"A budget of {format_duration(protocol.budget_s)} is too small: the run would be refused."
    else:
        done = (
            f"{counted(plan.runs)} of about {counted(plan.rounds, 'round')}, "
            f"{counted(len(forecast.lines), 'turn')} a round: "
            f"{format_duration(plan.seconds)} of {format_duration(protocol.budget_s)}."
        )
    guess_count = sum(line.source in ("macs", "guess") for line in forecast.lines)
    scaled_count = sum(line.source == "scaled" for line in forecast.lines)
    passes = counted(len(forecast.lines), "pass")
    guessed_words = (
        f"{guess_count} of {passes} {'is a guess' if guess_count == 1 else 'are guesses'} and may be off by a factor "
        "of three."
        if guess_count
        else ""
    )
    scaled_words = (
        f"{scaled_count} of {passes} {'is' if scaled_count == 1 else 'are'} scaled as other networks' were, to within "
        "a third."
        if scaled_count
        else ""
    )
    change = [] if budget.change is None else [f"{budget.change[0].upper()}{budget.change[1:]}"]
    looks = f"Looks after {spoken(plan.looks)}; what is decided then gets no more turns." if plan.looks else ""
    networks = [line.case.network for line in forecast.lines if not line.is_reference]
    return [
        *change,
        done,
        *([looks] if looks else []),
        *([] if refused or expected is None else _precision_words(expected, networks)),
        _source(plan.scatter),
        f"Preparation before that: about {format_duration(forecast.prepare_s)}{_reused_words(forecast.reused)}.",
        f"Smallest honest budget: {format_duration(plan.smallest_s + 0.5)}.",
        *([scaled_words] if scaled_words else []),
        *([guessed_words] if guessed_words else []),
    ]


def _reused_words(count: int) -> str:
    networks = "network is" if count == 1 else "networks are"
    return f"; {count} prepared {networks} kept from earlier sessions" if count else ""


def _precision_words(expected: Reach, networks: Sequence[str]) -> list[str]:
    """Expected width of intervals, and the smallest detectable slowdown within a session and between sessions.

    Args:
        expected: the precision.
        networks: that are asked for, by name; the command that is named compares two of them.
    """
    half = f"Expected: ratios to the yardstick to within ±{percent_above(math.exp(expected.half_width))}"
    if expected.side_by_side is not None:
        half += (
            f", and of two networks of the session a slowdown of {percent_above(expected.side_by_side)} found four "
            "times in five"
        )
    if expected.between_sessions is None:
        return [f"{half}."]
    least = percent_above(expected.between_sessions)
    if expected.between_sessions <= 1 + Rules().min_effect:  # nor does one session find less
        return [f"{half}.", f"Between two sessions, too, {least} is the least that counts as a difference."]
    between = (
        f"Between two sessions no budget finds less than about {least}; to find less, measure both sides in one "
        "session and compare them there"
    )
    compare = side_by_side_line("last", networks)
    return [f"{half}.", f"{between}." if compare is None else f"{between}: {compare}"]


def _source(scatter: RunScatter) -> str:
    """The source of the variances by which the budget is divided into runs and rounds."""
    deviations = (
        f"{significant(100 * math.sqrt(scatter.between), 2)} % between runs and "
        f"{significant(100 * math.sqrt(scatter.within), 2)} % within"
    )
    if not scatter.sessions:
        return (
            f"Runs and rounds by the pilot's scatter, {deviations}: the store holds no session of this machine in this "
            "setting with two runs of a network."
        )
    rest = ""
    if scatter.without:
        settings = "one setting" if scatter.without == 1 else f"{scatter.without} settings"
        rest = f", and by the pilot's for {settings} of which there is none"
    sessions = "the stored session" if scatter.sessions == 1 else f"the {scatter.sessions} newest stored sessions"
    return f"Runs and rounds by the scatter of {sessions} of this machine in this setting{rest}: {deviations}."


def document(
    forecast: Forecast,
    plan: Plan,
    protocol: Protocol,
    expected: Reach | None = None,
    budget: SettledBudget | None = None,
) -> dict[str, object]:
    """The plan as data, in seconds; the expected precision is None where the runs are too few."""
    budget = budget or settled(protocol.budget_s, forecast.costs, thin=protocol.thin)
    return {
        "budget_s": budget.budget_s,
        "budget_change": budget.change,
        "refused": budget.refusal is not None,
        "smallest_budget_s": plan.smallest_s,
        "runs": plan.runs,
        "rounds": plan.rounds,
        "looks": list(plan.looks),
        "seconds": plan.seconds,
        "prepare_s": forecast.prepare_s,
        "reused": forecast.reused,
        "round_s": forecast.costs.round_s,
        "start_s": forecast.costs.start_s,
        "scatter": {
            "between_runs": math.sqrt(plan.scatter.between),
            "within_run": math.sqrt(plan.scatter.within),
            "sessions": plan.scatter.sessions,
            "settings_without": plan.scatter.without,
        },
        "half_width": None if expected is None else expected.half_width,
        "detectable_ratio": None if expected is None else expected.side_by_side,
        "detectable_ratio_between_sessions": None if expected is None else expected.between_sessions,
        "cases": [
            {
                "network": line.case.network,
                **fields(line.case),
                "pass_s": line.pass_s,
                "passes": line.passes,
                "source": line.source,
            }
            for line in forecast.lines
        ],
    }
