"""A bisection as the table of a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from levit_bench.judge.bisect.answers import Standing
from levit_bench.numbers.units import format_duration
from levit_bench.report.bisect.words import ratio_words, standing_words
from levit_bench.report.words.safe_text import message, shortened

if TYPE_CHECKING:
    from rich.table import Table

    from levit_bench.judge.bisect.bisection import Bisection

_STYLES = {Standing.BAD: "bold red", Standing.GOOD: "green", Standing.SKIPPED: "yellow", Standing.OPEN: "yellow"}
_WORDS = 80


def table(found: Bisection) -> Table:
    """One row a measurement, in the order in which they were taken: the ends, the candidates, the pair found."""
    from rich.text import Text

    from levit_bench.report.fitted_table import FittedTable

    out = FittedTable(title=f"{shortened(found.case, _WORDS)}: each against {shortened(found.good.words, _WORDS)}")
    out.add_column("candidate", overflow="fold")
    out.add_column(f"{'speed' if found.is_faster else 'time'} ratio, 95 % CI", no_wrap=True)
    out.add_column("budget", justify="right", no_wrap=True)
    out.add_column("standing", overflow="fold")
    for answer in (found.ends, *found.answers):
        style = _STYLES[answer.standing]
        words = standing_words(answer.standing, is_faster=found.is_faster)
        words += f": {message(answer.reason, 120)}" if answer.reason else ""
        budget = format_duration(answer.budget_s)
        name = Text(shortened(answer.candidate.words, _WORDS))
        out.add_row(name, ratio_words(answer), budget, Text(words, style=style))
    if found.confirmation is not None and found.last_good is not None:
        name = Text(
            f"once more: {shortened(found.possible[-1].words, 50)} against {shortened(found.last_good.words, 50)}"
        )
        proof = "proven" if found.confirmation.standing is Standing.BAD else found.confirmation.standing.value
        style = _STYLES[found.confirmation.standing]
        budget = format_duration(found.confirmation.budget_s)
        out.add_row(name, ratio_words(found.confirmation), budget, Text(proof, style=style))
    return out
