"""One night: a stored plan is measured, and its session judged against the trend and against a reference."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from levit_bench import api
from levit_bench.errors import (
    EXIT_DONE,
    EXIT_FAILED_CASE,
    EXIT_INTERRUPTED,
    BenchError,
    NothingToShowError,
)
from levit_bench.judge.gate.gate_report import GateReport, GateRules
from levit_bench.judge.trend.change_points import SHORTEST
from levit_bench.judge.verdicts import gate_rules
from levit_bench.measuring.session.observer import Observer
from levit_bench.measuring.session.session import Outcome
from levit_bench.nightly.plan import NightlyPlan
from levit_bench.reading import acknowledged
from levit_bench.reading.gate import gate_of_stored
from levit_bench.reading.report_page import NAME, report_page
from levit_bench.reading.trend import TrendPage, reference_sessions
from levit_bench.records import Finding
from levit_bench.report.trend.comment import Tonight, comment
from levit_bench.store.files import session_files

COMMENT = "comment.md"
FILES = (NAME, COMMENT, "trend.json", "trend.svg", "trend.png")
"""What a night writes, beside its session."""
_NO_TREND_YET = (
    f"no case has two sessions with three runs each in this store, and {SHORTEST} are needed before a change can be "
    "found. Each night adds one."
)


class Night(NamedTuple):
    """What a night came to."""

    outcome: Outcome
    """Of its session."""
    trend: TrendPage | None
    """Absent before any case has two sessions, and where the night was interrupted."""
    against: GateReport | None
    """Tonight's session against the reference; absent where none is named or the two cannot be compared."""
    findings: tuple[Finding, ...] = ()
    """Why parts are absent."""

    @property
    def exit_code(self) -> int:
        """130 where it was interrupted, 1 where a case failed or an alert is new, else 0."""
        if self.outcome.interrupted:
            return EXIT_INTERRUPTED
        is_alarmed = bool(self.outcome.failed) or (self.trend is not None and bool(self.trend.new))
        return EXIT_FAILED_CASE if is_alarmed else EXIT_DONE

    @property
    def tonight(self) -> Tonight:
        """As the comment tells it."""
        trend = None if self.trend is None else self.trend.trend
        return Tonight(
            self.outcome.path.stem, self.outcome.failed, trend, self.against, self.findings,
            is_interrupted=self.outcome.interrupted,
        )  # fmt: skip

    def write(self, folder: Path) -> tuple[Path, ...]:
        """Write the page, the trend and the comment; returns their paths. What cannot be shown is left out.

        Raises:
            StoreError: the folder or a file cannot be written.
            UsageError: matplotlib is missing.
        """
        from levit_bench.paths.whole_files import make_folder, write_whole

        make_folder(folder)
        written = [write_whole(folder / COMMENT, comment(self.tonight).encode())]
        with suppress(NothingToShowError):  # Every case failed, which the comment says.
            along = None if self.trend is None else self.trend.trend
            written.append(report_page(api.load(self.outcome.path), along=along).write(folder))
        if self.trend is not None:
            written += self.trend.write(folder)
        return tuple(written)


def check(plan: NightlyPlan, root: Path) -> None:
    """Refuse a reference that has vanished and acknowledgements that cannot be read, before anything is measured.

    Raises:
        BenchError: the store has no such session or tag, or the file is malformed.
    """
    acknowledged.read(plan.acknowledged or Path(acknowledged.FILE))
    if plan.reference is not None:
        reference_sessions([root], plan.reference)


def carry_out(plan: NightlyPlan, root: Path, observer: Observer) -> Night:
    """Measure the plan of a night into the store, and judge it.

    Args:
        plan: what is measured; see `check`.
        root: the store.
        observer: receives progress.

    Raises:
        BenchError: the request is refused, the reference has vanished, or the store cannot be written.
    """
    outcome = api.measure_request(plan.request, root, observer, title=plan.title)
    if outcome.interrupted:
        return Night(outcome, None, None)
    try:
        return judged(plan, root, outcome)
    except (Exception, KeyboardInterrupt) as error:
        error.add_note(f"What was measured is kept in {outcome.path}.")
        raise


def judged(plan: NightlyPlan, root: Path, outcome: Outcome) -> Night:
    """A measured session, judged against the trend and the reference.

    Raises:
        BenchError: the store cannot be read.
    """
    findings: list[Finding] = []
    trend, against = None, None
    try:
        trend = api.load(root).trend(
            reference=plan.reference, since=plan.since, min_effect=plan.min_effect, acknowledged=plan.acknowledged,
            repository=".",
        )  # fmt: skip
    except NothingToShowError:
        findings.append(Finding(kind="no-trend-yet", message=_NO_TREND_YET))
    if plan.reference is not None and len(session_files(root)) > 1:
        rules = gate_rules(None, None)
        try:
            against = gate_of_stored(
                root, outcome.path.stem, [plan.reference], GateRules(rules.min_effect, rules.margin)
            )
        except BenchError as error:
            findings.append(Finding(kind="no-reference", message=" ".join(error.lines)[:1000]))
    return Night(outcome, trend, against, tuple(findings))
