"""A gate in one sentence, with what to do next and the command that does it."""

from __future__ import annotations

from typing import NamedTuple

from levit_bench.judge.gate.gate_report import CaseVerdict, GateCase, GateOutcome, GateReport
from levit_bench.judge.gate.pairs import finds_margin
from levit_bench.judge.verdicts import percent_above
from levit_bench.numbers.units import counted
from levit_bench.report.gate.case_order import ORDER, in_order
from levit_bench.report.gate.commands import longer, option_words, same_again
from levit_bench.report.words.listing import first_few
from levit_bench.report.words.safe_text import shortened

_NAME, _REASON = 80, 160
_EQUAL = "sides-equal"
"""Kind of the finding that nothing differs between the sides."""
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
        GateOutcome.INTERRUPTED: _interrupted,
        GateOutcome.FAILED: _failed,
        GateOutcome.INCONCLUSIVE: _inconclusive,
        GateOutcome.NOTHING: _nothing,
        GateOutcome.PASSED: _passed,
    }
    told = make[report.outcome](report)
    if not any(finding.kind == _EQUAL for finding in report.findings):
        return told
    sentence = f"{told.sentence} Nothing differs between the sides: code was compared with itself."
    if report.outcome is GateOutcome.PASSED:
        options = "--bench-gate" if report.pytest_words else "--a and --b"
        return Overall(sentence, f"Where a change was meant to be judged, name what has it with {options}.")
    return told._replace(sentence=sentence)


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
    allowed = f", which {allowing} lets pass" if report.is_allowed else ""
    sentence = f"Gate inconclusive{allowed}: {_counts(report)}."
    unsure = report.having(CaseVerdict.INCONCLUSIVE)
    if report.rules.allow_inconclusive and not report.is_allowed:
        sentence += f" {allowing} covers what was measured and cannot be told, and not what was never compared."
    if any(case.withdrawn and not case.lacks_control for case in unsure):
        advice = "Side a differs from itself in the same session: measure on a quieter machine, or longer:"
        return Overall(sentence, advice, longer(report))
    if any(case.lacks_control for case in unsure):
        advice = "Mend what keeps the control from being measured: the reason stands with the cases. Then again:"
        return Overall(sentence, advice, same_again(report))
    if not unsure:
        return Overall(sentence, "Make the sides comparable: what keeps them apart stands with the cases.")
    if any(case.comparison is None or not finds_margin(case.comparison) for case in unsure):
        return Overall(sentence, f"{_hidden(unsure)}To find a slowdown of {_margin(report)}:", longer(report))
    return Overall(
        sentence,
        f"The differences lie about {option_words(report, 'min-effect')} or the margin, and more runs need not tell on "
        "which side: look at the cases, or change what counts.",
    )


def _interrupted(report: GateReport) -> Overall:
    """Which verdicts there would be says what was seen; that none of them counts comes first."""
    what = "Gate interrupted" if report.is_stopped else "Gate interrupted, for its session did not come to its end"
    measured = f"; until then {_counts(report)}" if report.cases else ""
    advice = "That is a moment at which nothing was to be judged. To measure it again, to its end:"
    return Overall(f"{what}: no verdict counts{measured}.", advice, same_again(report))


def _nothing(report: GateReport) -> Overall:
    if not report.cases:
        advice = "A gate without cases never passes. See that both sides have the networks, and measure again:"
        return Overall("Nothing was compared: no case.", advice, same_again(report))
    advice = "That is never a pass: the reasons stand with the cases. To measure again:"
    if len(report.having(CaseVerdict.NEW)) == len(report.cases):
        advice = (
            "What is compared with has none of them, and that is never a pass. A network that was moved or renamed is "
            "compared where a file at the old path imports it, by that path; a new one from the next change on. To "
            "measure again:"
        )
    return Overall(f"Nothing was compared: {_counts(report)}.", advice, same_again(report))


def _passed(report: GateReport) -> Overall:
    judged = [case for case in report.cases if case.verdict.passes]
    least = [case.comparison.detectable for case in judged if case.comparison and case.comparison.detectable]
    where = "it" if len(judged) == 1 else "each of them"
    if len(judged) < len(report.cases):
        where = "the one that was compared" if len(judged) == 1 else f"each of the {len(judged)} that were compared"
    found = f" A slowdown of {percent_above(max(least))} would have been found in {where}, four times in five."
    # Of a case without one no such thing is known, and then nothing is said of all.
    found = found if len(least) == len(judged) else ""
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
