"""A gate in one sentence, with what to do next and the command that does it."""

from __future__ import annotations

from typing import NamedTuple

from levit_bench.judge.gate.gate_report import CaseVerdict, GateCase, GateOutcome, GateReport
from levit_bench.judge.gate.pairs import finds_margin
from levit_bench.judge.verdicts import percent_above
from levit_bench.numbers.units import counted
from levit_bench.report.gate.case_order import ORDER, in_order
from levit_bench.report.gate.commands import longer, option_words, same_again, where_outputs_differ
from levit_bench.report.gate.control import alarms
from levit_bench.report.words.listing import first_few
from levit_bench.report.words.safe_text import shortened

_NAME, _REASON = 80, 160
_WORDS = {CaseVerdict.OTHER_OUTPUTS: "with other outputs"}
"""Verdicts that need another word behind a number."""


class Overall(NamedTuple):
    """What all cases say together."""

    sentence: str
    """The outcome and the number of cases of each verdict, those that fail by name."""
    advice: str
    """What to do next; ends with a full stop, or with a colon before the command."""
    command: str = ""
    """The command line that does it; empty where none does."""

    @property
    def text(self) -> str:
        """All of it on one line, the command last."""
        return " ".join(part for part in (self.sentence, self.advice, self.command) if part)


def overall(report: GateReport) -> Overall:
    """The outcome of a gate, what to do, and the command that does it, as visible text."""
    make = {
        GateOutcome.FAILED: _failed,
        GateOutcome.INCONCLUSIVE: _inconclusive,
        GateOutcome.NOTHING: _nothing,
        GateOutcome.PASSED: _passed,
    }
    return make[report.outcome](report)


def about_failing(report: GateReport) -> dict[CaseVerdict, str]:
    """What a person does about the cases of each verdict that fails a gate, in a sentence."""
    return {
        CaseVerdict.FAILED: "Fix what failed, for the reasons that stand with the cases.",
        CaseVerdict.MISSING: "Bring the missing cases back, or take them out of the gate where they were meant to go.",
        CaseVerdict.SLOWER: _about_slower(report),
        CaseVerdict.OTHER_OUTPUTS: f"Where other outputs are meant, add {option_words(report, 'allow-other-outputs')}.",
    }


def _failed(report: GateReport) -> Overall:
    what_to_do = about_failing(report)
    advice = [what_to_do[verdict] for verdict in ORDER if verdict in what_to_do and report.having(verdict)]
    return Overall(f"Gate failed: {_counts(report)}.", " ".join([*advice, "To measure it again:"]), same_again(report))


def _about_slower(report: GateReport) -> str:
    """What to do about slower cases, by what is known to differ."""
    if report.baseline:
        return f"Look for what was changed since session {shortened(report.baseline, _NAME)}."
    if report.differences:
        return "Look for the slowdown in what differs between the sides."
    null = option_words(report, "null")
    return f"Nothing that is recorded differs between the sides: add {null} to see whether this machine can tell."


def _inconclusive(report: GateReport) -> Overall:
    allowing = option_words(report, "allow-inconclusive")
    allowed = f", which {allowing} lets pass" if report.rules.allow_inconclusive else ""
    sentence = f"Gate inconclusive{allowed}: {_counts(report)}."
    unsure = report.having(CaseVerdict.INCONCLUSIVE)
    if alarms(report) and any(case.is_downgraded for case in unsure):
        advice = "Side a was called slower than itself in the same session: measure on a quieter machine, or longer:"
        return Overall(sentence, advice, longer(report))
    if not unsure:
        return Overall(sentence, "Make the sides comparable: what keeps them apart stands with the cases.")
    if any(case.comparison is None or not finds_margin(case.comparison) for case in unsure):
        return Overall(sentence, f"{_hidden(unsure)}To find a slowdown of {_margin(report)}:", longer(report))
    return Overall(
        sentence,
        f"The differences lie about {option_words(report, 'min-effect')} or the margin, and more runs need not tell on "
        "which side: look at the cases, or change what counts.",
    )


def _nothing(report: GateReport) -> Overall:
    if not report.cases:
        advice = "A gate without cases never passes. See that both sides have the networks, and measure again:"
        return Overall("Nothing was compared: no case.", advice, same_again(report))
    advice = "That is never a pass: the reasons stand with the cases. To measure again:"
    return Overall(f"Nothing was compared: {_counts(report)}.", advice, same_again(report))


def _passed(report: GateReport) -> Overall:
    least = [case.comparison.detectable for case in report.cases if case.comparison and case.comparison.detectable]
    found = f" A slowdown of {percent_above(max(least))} would have been found in each of them, four times in five."
    found = found if least else ""
    return Overall(f"Gate passed, nothing is slower: {_counts(report)}.{found}", "No action is needed.")


def _counts(report: GateReport) -> str:
    """The number of cases of each verdict, the first few of those that fail with their names."""
    cases = in_order(report.cases)
    parts = []
    for verdict in ORDER:
        of_kind = [case for case in cases if case.verdict is verdict]
        if of_kind:
            names = f" ({first_few([_named(case) for case in of_kind])})" if verdict.fails or verdict.is_open else ""
            parts.append(f"{len(of_kind)} {_WORDS.get(verdict, verdict.value)}{names}")
    return f"of {counted(len(cases), 'case')} {', '.join(parts)}"


def _named(case: GateCase) -> str:
    name = shortened(case.name, _NAME)
    return f"{name} {shortened(case.reason, _REASON)}" if case.verdict is CaseVerdict.SLOWER else name


def _hidden(cases: tuple[GateCase, ...]) -> str:
    """The largest slowdown that could have hidden in cases, in a sentence; empty where none has a detectable one."""
    least = [case.comparison.detectable for case in cases if case.comparison and case.comparison.detectable]
    return f"A slowdown of up to {percent_above(max(least))} could have hidden. " if least else ""


def _margin(report: GateReport) -> str:
    return f"{100 * report.rules.margin:.10g} %"
