"""What a bisection came to, in sentences."""

from __future__ import annotations

import math

from levit_bench.catalog.candidates import Candidate
from levit_bench.judge.bisect.answers import NOT_TOLD_APART, Answer, Standing
from levit_bench.judge.bisect.bisection import Bisection, BisectOutcome
from levit_bench.numbers.units import counted, format_duration, significant
from levit_bench.report.words.safe_text import message, shortened, visible

_WORDS = 80
_PARTLY = 0.75
"""Share of the difference of the ends below which the pair found does not account for it."""


def ratio_words(answer: Answer) -> str:
    """A ratio with its limits: `1.068 (1.061 to 1.075)`; a dash where there is none."""
    if answer.ratio is None:
        return "–"
    value, low, high = (significant(math.exp(log), 4) for log in answer.ratio)
    return f"{value} ({low} to {high})"


def outcome_words(found: Bisection) -> str:
    """What it came to, in a sentence or two."""
    what = "faster" if found.is_faster else "slower"
    times = "times as fast as" if found.is_faster else "times as long as"
    takes = "is" if found.is_faster else "takes"
    ends = f"{_name(found.bad.words)} {takes} {ratio_words(found.ends)} {times} {_name(found.good.words)}"
    if found.outcome is BisectOutcome.NOTHING:
        return f"Nothing to bisect: {ends}, so it is surely less than {100 * found.least:g} % {what}."
    if found.outcome is BisectOutcome.UNTOLD:
        after = format_duration(found.ends.budget_s)
        return (
            f"Not told apart: {ends}, after {after}. Nothing was bisected. Give more time by --at-most, or ends that "
            "lie further apart."
        )
    assert found.last_good is not None
    assert found.confirmation is not None
    pair = ratio_words(found.confirmation)
    before, after = _name(found.last_good.words), _name(found.possible[-1].words)
    if found.outcome is BisectOutcome.UNCONFIRMED:
        return (
            f"Not confirmed: {after} came out as the first {what} one, but against {before} it is {pair} when measured "
            "once more. The answers contradict each other: measure again with a larger --budget."
        )
    if found.outcome is BisectOutcome.FOUND:
        answer = f"The first {what} one is {after}. Measured once more, it {takes} {pair} {times} {before}."
    else:
        others = {one.id for one in found.possible[:-1]}
        untold = sum(one.candidate.id in others and one.reason == NOT_TOLD_APART for one in found.answers)
        why = [
            f"{counted(count, 'candidate')} between them {what_of}"
            for count, what_of in (
                (len(others) - untold, "could not be measured"), (untold, "could not be told apart from both ends"),
            )
            if count
        ]  # fmt: skip
        answer = (
            f"It became {what} between {before} and {after}, which {takes} {pair} {times} the other when measured once "
            f"more. {', and '.join(why)}."
        )
    return answer + _share_words(found)


def _share_words(found: Bisection) -> str:
    share = found.share
    if share is None or share >= _PARTLY:
        return ""
    return (
        f" That is {100 * share:.0f} % of the difference of the ends, {ratio_words(found.ends)}: the rest lies "
        "elsewhere between them."
    )


def answer_words(answer: Answer, against: Candidate, *, is_faster: bool, is_pair: bool) -> str:
    """One answer, in a sentence.

    Args:
        answer: of a candidate.
        against: the candidate that it was measured against.
        is_faster: whether a speed-up is sought.
        is_pair: whether it is the pair that was found, measured once more.
    """
    name = _name(answer.candidate.words)
    if answer.standing is Standing.SKIPPED:
        return f"{name}: skipped, {message(answer.reason, 200)}"
    takes = "is" if is_faster else "takes"
    times = "times as fast as" if is_faster else "times as long as"
    of = f"{name} against {_name(against.words)}"
    if answer.ratio is not None:
        of = f"{name} {takes} {ratio_words(answer)} {times} {_name(against.words)}"
    if answer.standing is Standing.OPEN:
        return f"{of}: not told apart in {format_duration(answer.budget_s)}"
    proven = is_pair and answer.standing is Standing.BAD
    return f"{of}: {'proven' if proven else standing_words(answer.standing, is_faster=is_faster)}"


def standing_words(standing: Standing, *, is_faster: bool) -> str:
    """Where a candidate stands; where a speed-up is sought nothing is good or bad."""
    speed_ups = {Standing.GOOD: "as before", Standing.BAD: "faster"}
    return speed_ups.get(standing, standing.value) if is_faster else standing.value


def _name(words: str) -> str:
    return shortened(visible(words), _WORDS)
