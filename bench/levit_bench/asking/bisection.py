"""Carries a bisection out: proves both ends, asks candidates with the gate as judge, and proves the pair it finds."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection
from typing import NamedTuple, Protocol

from levit_bench.asking.bisection_log import BisectionLog
from levit_bench.catalog.candidates import Candidate
from levit_bench.errors import BudgetTooSmallError, UsageError
from levit_bench.judge.bisect.answers import NOT_TOLD_APART, Answer, Probe, Standing, standing_of
from levit_bench.judge.bisect.bisection import Bisection, middle, sought

Measure = Callable[[Candidate, Candidate, float, float], Probe]
"""Measures the second side against the first, with a budget in seconds, and the share of the time that matters."""


class CandidateRange(Protocol):
    """What is between the ends: see `levit_bench.measuring.sides.revision_range` and `version_range`."""

    good: Candidate
    bad: Candidate

    def possible(self, good: Collection[str], bad: str) -> list[Candidate]:
        """Those that may still be the first bad one, the best to ask first, and `bad` last."""

    def in_order(self, candidates: Collection[Candidate]) -> list[Candidate]:
        """From the oldest to the newest."""

    def last_good(self, good: Collection[str], bad: str, skipped: Collection[str]) -> Candidate:
        """The nearest good one before a bad one."""


class BisectRules(NamedTuple):
    """What decides, and for how long may be asked."""

    least: float = 0.02
    """Least difference of the ends that counts, as a share of the time."""
    budget_s: float = 60.0
    """Of the first measurement of each candidate, in seconds."""
    at_most_s: float = 480.0
    """Up to which the budget is doubled where a candidate is not told apart."""
    is_faster: bool = False
    """Whether a speed-up is sought."""


class Step(NamedTuple):
    """What is about to be measured."""

    words: str
    """What it is for."""
    number: int
    """Of the step, from 1."""
    about: int
    """Steps in all, as far as can be foretold."""
    left_s: float
    """Seconds that are left, by those that were taken; NaN before the first."""


class Teller(Protocol):
    """Is told how a bisection goes on."""

    def step(self, step: Step) -> None:
        """A measurement is about to begin."""

    def answered(self, answer: Answer, against: Candidate, *, is_known: bool, is_pair: bool) -> None:
        """There is an answer; `is_known`: an earlier call has given it; `is_pair`: it is of the pair that was found."""


def carry_out(
    candidates: CandidateRange, case: str, measure: Measure, rules: BisectRules, log: BisectionLog, teller: Teller
) -> Bisection:
    """Find the first bad candidate.

    The answers are kept in the log as they come, and removed from it by whoever shows the bisection.

    Args:
        candidates: between the two ends.
        case: that is measured, in words.
        measure: measures two sides.
        rules: what decides.
        log: answers of an earlier call with the same question, and where further ones are kept.
        teller: is told of each step.

    Raises:
        BudgetTooSmallError: the largest budget does not hold one run.
        UsageError: an end cannot be built or measured.
        BenchError: a measurement fails for a reason that is not a candidate's.
    """
    return _Search(candidates, case, measure, rules, log, teller).carried_out()


class _Search:
    """One bisection under way; its arguments are those of `carry_out`."""

    def __init__(
        self, candidates: CandidateRange, case: str, measure: Measure, rules: BisectRules, log: BisectionLog,
        teller: Teller,
    ) -> None:  # fmt: skip
        self._range, self._case, self._measure = candidates, case, measure
        self._rules, self._log, self._teller = rules, log, teller
        self._number, self._seconds = 0, list[float]()

    def carried_out(self) -> Bisection:
        """The bisection, carried out."""
        good, bad = self._range.good, self._range.bad
        between = self._range.possible({good.id}, bad.id)
        ends = self._ask(good, bad, sought(self._rules.least), "both ends", 1 + self._steps_of(between[:-1]))
        found = Bisection(self._case, good, bad, self._rules.is_faster, self._rules.least, ends, history=(ends,))
        if ends.standing is Standing.SKIPPED:
            raise UsageError(
                f"the ends cannot be compared: {ends.reason.rstrip('.')}. Nothing was bisected. Name ends that can "
                "both be built and measured."
            )
        if ends.standing is not Standing.BAD or ends.ratio is None:
            return found
        threshold, answers = middle(ends.ratio), list[Answer]()
        known_good, first_bad, skipped = {good.id}, bad, set[str]()
        while True:
            possible = self._range.possible(known_good, first_bad.id)
            open_ones = [one for one in possible[:-1] if one.id not in skipped]
            if not open_ones:
                break
            answer = self._ask(good, open_ones[0], threshold, "", self._steps_of(open_ones))
            answers.append(answer)
            if answer.standing is Standing.BAD:
                first_bad = answer.candidate
            elif answer.standing is Standing.GOOD:
                known_good.add(answer.candidate.id)
            else:
                skipped.add(answer.candidate.id)
        last_good = self._range.last_good(known_good, first_bad.id, skipped)
        confirmation = self._proof(last_good, first_bad, [ends, *answers])
        return found._replace(
            answers=tuple(answers),
            history=self._in_history([*answers, ends]),
            possible=tuple(self._range.in_order(possible)),
            last_good=last_good,
            confirmation=confirmation,
        )

    def _in_history(self, answers: list[Answer]) -> tuple[Answer, ...]:
        by_id = {answer.candidate.id: answer for answer in answers}
        return tuple(by_id[one.id] for one in self._range.in_order([answer.candidate for answer in answers]))

    def _proof(self, last_good: Candidate, first_bad: Candidate, before: list[Answer]) -> Answer:
        """The pair that was found, measured side by side once more, at least as long as what decided before."""
        longest = max(answer.budget_s for answer in before)
        return self._ask(last_good, first_bad, 0.0, "the pair that was found", 1, first_s=longest, is_pair=True)

    def _steps_of(self, open_ones: Collection[Candidate]) -> int:
        """Steps that are left, by halving, with the proof at the end."""
        return (math.ceil(math.log2(len(open_ones) + 1)) if open_ones else 0) + 1

    def _ask(
        self, first: Candidate, second: Candidate, threshold: float, words: str, left: int, *,
        first_s: float | None = None, is_pair: bool = False,
    ) -> Answer:  # fmt: skip
        """Where a candidate stands; its budget is doubled until that is told apart, or at its most."""
        key = f"{first.id}..{second.id}" if is_pair else second.id
        known = self._log.known(key, threshold)
        if known is not None and (known.is_final or known.budget_s >= self._rules.at_most_s):
            answer = known._replace(candidate=second)
            self._number += 1
            self._teller.answered(answer, first, is_known=True, is_pair=is_pair)
            return answer
        budget_s = min(first_s or self._rules.budget_s, self._rules.at_most_s)
        while True:
            self._number += 1
            mean_s = sum(self._seconds) / len(self._seconds) if self._seconds else math.nan
            about = self._number - 1 + left
            self._teller.step(Step(words or second.words, self._number, about, mean_s * left))
            began = time.monotonic()
            answer = self._measured(first, second, threshold, budget_s)
            self._seconds.append(time.monotonic() - began)
            if answer.standing is not Standing.OPEN:
                break
            if budget_s >= self._rules.at_most_s:
                if not is_pair and second != self._range.bad:
                    answer = answer._replace(standing=Standing.SKIPPED, reason=NOT_TOLD_APART)
                break
            self._teller.answered(answer, first, is_known=False, is_pair=is_pair)
            budget_s = min(2 * budget_s, self._rules.at_most_s)
        if second.id != self._range.bad.id or is_pair or not answer.reason:  # An end that fails may be mended.
            self._log.keep(answer._replace(candidate=second._replace(id=key)), threshold)
        self._teller.answered(answer, first, is_known=False, is_pair=is_pair)
        return answer

    def _measured(self, first: Candidate, second: Candidate, threshold: float, budget_s: float) -> Answer:
        try:
            probe = self._measure(first, second, budget_s, math.expm1(max(threshold, sought(self._rules.least) / 2)))
        except BudgetTooSmallError:
            if budget_s >= self._rules.at_most_s:
                raise
            probe = Probe(None, "")
        ratio = probe.ratio
        if ratio is not None and self._rules.is_faster:
            ratio = ratio.turned
        if probe.problem:
            return Answer(second, Standing.SKIPPED, None, budget_s, probe.session, probe.problem)
        return Answer(second, standing_of(ratio, threshold), ratio, budget_s, probe.session)
