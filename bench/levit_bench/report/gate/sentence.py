"""A gate in one sentence, with what to do next and the command that does it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from levit_bench.judge.gate.gate_report import CaseVerdict, GateCase, GateOutcome, GateReport
from levit_bench.judge.gate.pairs import finds_margin
from levit_bench.judge.verdicts import Verdict, percent_above
from levit_bench.numbers.units import counted, significant
from levit_bench.report.gate.case_order import ORDER, in_order
from levit_bench.report.gate.commands import longer, option_words, same_again, where_outputs_differ
from levit_bench.report.words.listing import first_few
from levit_bench.report.words.ratios import limits_words
from levit_bench.report.words.safe_text import shortened

_NAME, _REASON = 80, 160
_ONE_AND_MORE = {
    CaseVerdict.FAILED: ("failed", "failed"),
    CaseVerdict.OTHER_OUTPUTS: ("has other outputs", "have other outputs"),
    CaseVerdict.SAME: ("is the same", "are the same"),
}
"""What is said of one case and of several with a verdict; of the others `is` or `are` and its word."""
_EQUAL = "sides-equal"
"""Kind of the finding that nothing differs between the sides."""
_OUT_OF_REACH = "sessions-out-of-reach"
"""Kind of the finding that no budget lets two single sessions find so little."""


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
        CaseVerdict.OTHER_OUTPUTS: (
            f"Where other outputs are meant, {option_words(report, 'allow-other-outputs')} judges the times alone."
        ),
    }


def _failed(report: GateReport) -> Overall:
    what_to_do = about_failing(report)
    advice = [what_to_do[verdict] for verdict in ORDER if verdict in what_to_do and report.having(verdict)]
    sentence = f"Gate failed: {_counts(report)}."
    again = "compare" if report.baseline else "measure"
    if report.having(CaseVerdict.OTHER_OUTPUTS):
        return Overall(sentence, " ".join([*advice, f"To {again} again so:"]), where_outputs_differ(report))
    return Overall(sentence, " ".join([*advice, f"To {again} again:"]), same_again(report))


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
        if any(finding.kind == _OUT_OF_REACH for finding in report.findings):
            return Overall(
                sentence,
                f"{_hidden(unsure)}No budget lets two single sessions find {_margin(report)}: measure both sides in "
                "one session, with levit-bench gate --a and what is compared with.",
            )
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
    """The number of cases of each verdict, the first few of those that fail with their names.

    `1 of 3 networks is slower (NAME takes 1.12 times as long, at least 1.07), 2 are the same`.
    """
    cases, noun = in_order(report.cases), case_noun(report)
    parts: list[str] = []
    for verdict in ORDER:
        of_kind = [case for case in cases if case.verdict is verdict]
        if of_kind:
            count = str(len(of_kind)) if parts else _share(len(of_kind), len(cases), noun)
            names = f" ({first_few([_named(case) for case in of_kind])})" if verdict.fails or verdict.is_open else ""
            parts.append(f"{count} {verdict_words(verdict, len(of_kind))}{names}")
    relative = "; times are multiples of the yardstick's" if report.baseline and _has_ratio(cases) else ""
    return f"{', '.join(parts)}{relative}"


def case_noun(report: GateReport) -> str:
    """What the cases of a gate are called: networks where each is another one."""
    names = [record.case.network for case in report.cases if (record := case.second or case.first)]
    return "network" if len(set(names)) == len(report.cases) > 0 else "case"


def verdict_words(verdict: CaseVerdict, count: int) -> str:
    """The verdict behind a number of cases: `is slower`, `are slower`."""
    one, more = _ONE_AND_MORE.get(verdict, (f"is {verdict.value}", f"are {verdict.value}"))
    return one if count == 1 else more


def _share(count: int, of: int, noun: str) -> str:
    """`the only network`, `all 3 networks`, `1 of 3 networks`."""
    if count == of:
        return f"the only {noun}" if of == 1 else f"all {counted(of, noun)}"
    return f"{count} of {counted(of, noun)}"


def _has_ratio(cases: Sequence[GateCase]) -> bool:
    return any(case.comparison is not None and case.comparison.ratio is not None for case in cases)


def _named(case: GateCase) -> str:
    """The name, with how its time compares where that fails the gate or might."""
    name = shortened(case.name, _NAME)
    if case.verdict is CaseVerdict.SLOWER:
        return f"{name} {shortened(case.reason, _REASON)}"
    if case.verdict is CaseVerdict.OTHER_OUTPUTS and (times := times_words(case)):
        return f"{name}, {times}"
    return name


def times_words(case: GateCase) -> str:
    """How the time of a case of other outputs compares: `and is slower: takes 1.65 times as long, at least 1.6`."""
    comparison = case.comparison
    if comparison is None or comparison.ratio is None:
        return ""
    if comparison.verdict in (Verdict.SLOWER, Verdict.FASTER):
        return f"and is {comparison.verdict.value}: {shortened(comparison.reason, _REASON)}"
    return f"and takes {significant(comparison.ratio.value)} times as long, {limits_words(comparison.ratio)}"


def _hidden(cases: tuple[GateCase, ...]) -> str:
    """The largest slowdown that could have hidden in cases, in a sentence; empty where none has a detectable one."""
    least = [case.comparison.detectable for case in cases if case.comparison and case.comparison.detectable]
    return f"A slowdown of up to {percent_above(max(least))} could have hidden. " if least else ""


def _margin(report: GateReport) -> str:
    return f"{100 * report.rules.margin:.10g} %"
