"""What a gate found: a verdict for each case, and one for all of them, with the exit code that follows."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from levit_bench.errors import EXIT_DONE, EXIT_FAILED_CASE, EXIT_INTERRUPTED, EXIT_NOTHING
from levit_bench.judge.verdicts import Comparison
from levit_bench.records import Finding, Record, Side, SideDifference


class CaseVerdict(StrEnum):
    """How a case of side b compares with the same case of side a."""

    FAILED = "failed"
    """It has no time on side b, or on either side, because it failed."""
    MISSING = "missing"
    """Side a has it, and side b has not."""
    OTHER_OUTPUTS = "other outputs"
    """The two sides compute different things."""
    SLOWER = "slower"
    INCONCLUSIVE = "inconclusive"
    """The data cannot tell, or could not have found a slowdown of the margin."""
    NOT_COMPARABLE = "not comparable"
    """It failed on side a alone, or stored sessions were not asked alike."""
    FASTER = "faster"
    SAME = "same"
    NEW = "new"
    """Side b has it, and side a has not."""

    @property
    def fails(self) -> bool:
        """Whether a gate with such a case fails."""
        return self in (CaseVerdict.FAILED, CaseVerdict.MISSING, CaseVerdict.OTHER_OUTPUTS, CaseVerdict.SLOWER)

    @property
    def is_open(self) -> bool:
        """Whether such a case was meant to be judged and could not be."""
        return self in (CaseVerdict.INCONCLUSIVE, CaseVerdict.NOT_COMPARABLE)

    @property
    def passes(self) -> bool:
        """Whether such a case was judged and is no slower."""
        return self in (CaseVerdict.SAME, CaseVerdict.FASTER)


class GateCase(NamedTuple):
    """One case on both sides, and how they compare."""

    name: str
    """The case in a few words, equal from gate to gate: without digests of files and without sides."""
    verdict: CaseVerdict
    reason: str
    """In a sentence, with the numbers that decided."""
    comparison: Comparison | None = None
    """Ratio of side b's time to side a's with its interval, the detectable slowdown, margin and findings; absent where
    nothing was compared."""
    first: Record | None = None
    """Of side a; absent where it has none."""
    second: Record | None = None
    """Of side b; absent where it has none."""
    apart: float | None = None
    """Relative L2 distance of the outputs of the two sides, where both were prepared."""
    allowed: float | None = None
    """The largest such distance that rounding explains."""
    withdrawn: CaseVerdict | None = None
    """Its verdict before the control withdrew that, where it did: now it is inconclusive."""
    lacks_control: bool = False
    """Whether its verdict was withdrawn because its control has no ratio."""

    @property
    def may_pass(self) -> bool:
        """Whether it is inconclusive by its data: both sides and their control were measured, and cannot tell."""
        is_judged = self.comparison is not None and self.comparison.ratio is not None and not self.lacks_control
        return self.verdict is CaseVerdict.INCONCLUSIVE and is_judged


class GateRules(NamedTuple):
    """What decides a gate, beside the data."""

    min_effect: float
    """Slowdowns below this share do not fail the gate, however sure they are."""
    margin: float
    """A case is the same within this share, and a gate that could not have found so much is inconclusive."""
    allow_inconclusive: bool = False
    allow_other_outputs: bool = False


class GateOutcome(StrEnum):
    """What all cases say together."""

    INTERRUPTED = "interrupted"
    """Its session did not come to its end, so that its verdicts are of a moment that nobody declared: none counts."""

    FAILED = "failed"
    """A case is slower, failed, missing, or computes something else."""
    INCONCLUSIVE = "inconclusive"
    """None of these, and of a case it is not known whether it is slower."""
    NOTHING = "nothing compared"
    PASSED = "passed"


class GateReport(NamedTuple):
    """The verdicts of one gate."""

    cases: tuple[GateCase, ...]
    """Those that decide, in the order in which the session holds them."""
    rules: GateRules
    sides: tuple[Side, ...] = ()
    """Of its session, `a` first; empty where stored sessions were compared."""
    differences: tuple[SideDifference, ...] = ()
    """What differs between the sides: python, packages, files, axes."""
    controls: tuple[GateCase, ...] = ()
    """Side a against itself in the same session: see `levit_bench.judge.gate.control`."""
    findings: tuple[Finding, ...] = ()
    """What its readers should know of the sides and of the session."""
    session: str = ""
    """Name of the session that measured both sides; of stored ones the name of the judged one."""
    baseline: str = ""
    """Where stored sessions were compared: the name of what was compared with; else empty."""
    looks_taken: int = 1
    """How often the results were looked at."""
    looks_declared: int = 1
    """How often they could have been, which every interval allows for."""
    family: int = 1
    """Comparisons that share the level: false alarms are at most one in twenty gates for all of them together."""
    is_over: bool = True
    """Whether its session came to its end; otherwise the verdicts are what was measured until it was interrupted."""
    is_stopped: bool = False
    """Whether whoever asked for this report stopped the session, which then ends with 130."""
    command: tuple[str, ...] = ()
    """Words after `levit-bench gate` that ask for the same again: sides, networks, axes, budget and rules, without
    store and exports. Empty where no command line asked."""
    pytest_words: tuple[str, ...] = ()
    """The same after `pytest`, where tests declared the cases; else empty."""

    def having(self, *verdicts: CaseVerdict) -> tuple[GateCase, ...]:
        """The cases with one of these verdicts."""
        return tuple(case for case in self.cases if case.verdict in verdicts)

    @property
    def outcome(self) -> GateOutcome:
        """What the cases say together; nothing where the session did not come to its end."""
        if self.is_stopped or not self.is_over:
            return GateOutcome.INTERRUPTED
        return outcome_of([case.verdict for case in self.cases])

    @property
    def is_allowed(self) -> bool:
        """Whether it is inconclusive, and lets that pass: every case that is open was measured, and is allowed to be.

        What was not measured, or may not be compared, is never allowed.
        """
        is_open = [case for case in self.cases if case.verdict.is_open]
        allowed = self.rules.allow_inconclusive and all(case.may_pass for case in is_open)
        return allowed and self.outcome is GateOutcome.INCONCLUSIVE

    @property
    def exit_code(self) -> int:
        """0 where it passed, 1 where it failed, 3 where it could not tell and that is not allowed.

        A gate that compared nothing is never 0, whatever is allowed, and neither is one that was interrupted: 130 where
        that has just happened, and 3 where its session is read later.
        """
        codes = {
            GateOutcome.INTERRUPTED: EXIT_INTERRUPTED if self.is_stopped else EXIT_NOTHING,
            GateOutcome.PASSED: EXIT_DONE,
            GateOutcome.FAILED: EXIT_FAILED_CASE,
            GateOutcome.NOTHING: EXIT_NOTHING,
            GateOutcome.INCONCLUSIVE: EXIT_DONE if self.is_allowed else EXIT_NOTHING,
        }
        return codes[self.outcome]


def outcome_of(verdicts: Sequence[CaseVerdict]) -> GateOutcome:
    """What verdicts say together: a failure wins over what is open, and both win over what passed."""
    if any(verdict.fails for verdict in verdicts):
        return GateOutcome.FAILED
    compared = [verdict for verdict in verdicts if verdict in _COMPARED]
    if not compared:
        return GateOutcome.NOTHING
    return GateOutcome.INCONCLUSIVE if any(verdict.is_open for verdict in verdicts) else GateOutcome.PASSED


_COMPARED = (CaseVerdict.SLOWER, CaseVerdict.FASTER, CaseVerdict.SAME, CaseVerdict.INCONCLUSIVE)
