"""The trend of stored sessions: series, events, and which alerts are new; for the command line and for Python."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from levit_bench.command_lines import command_line
from levit_bench.errors import NothingToShowError, UsageError
from levit_bench.judge.trend.cause import Cause
from levit_bench.judge.trend.change_points import MIN_EFFECT, SHORTEST
from levit_bench.judge.trend.commit_range import CommitRange
from levit_bench.judge.trend.events import Alert, Event, alerts_of, events_of, judged
from levit_bench.judge.trend.series import Series, all_series
from levit_bench.judge.trend.trend_report import Acknowledgement, Trend
from levit_bench.numbers.dates import Period
from levit_bench.numbers.units import counted
from levit_bench.reading.commit_ranges import commit_range
from levit_bench.reading.trend_findings import findings_of
from levit_bench.report.trend.document import document
from levit_bench.report.trend.files import write

if TYPE_CHECKING:
    from levit_bench.reading.selection import StoredSelection


class TrendPage(NamedTuple):
    """The trend that `levit-bench trend` prints."""

    trend: Trend
    """Everything that was found."""

    def __repr__(self) -> str:
        return repr(self.trend).replace("<Trend:", "<TrendPage:")

    @property
    def events(self) -> tuple[Event, ...]:
        """The events, the oldest first."""
        return self.trend.events

    @property
    def new(self) -> tuple[Alert, ...]:
        """The new alerts."""
        return self.trend.new

    @property
    def exit_code(self) -> int:
        """1 where there are new alerts, else 0."""
        return self.trend.exit_code

    def document(self) -> dict[str, Any]:
        """What `levit-bench trend --json` prints."""
        return document(self.trend)

    def write(self, folder: str | Path, *, each: bool = False) -> tuple[Path, ...]:
        """Write `trend.json`, `trend.svg` and `trend.png`, replacing older ones; returns their paths.

        Args:
            folder: created when it is missing.
            each: also a picture of each case.

        Raises:
            StoreError: the folder or a file cannot be written.
            UsageError: matplotlib is missing; nothing was written.
        """
        return write(self.trend, Path(folder), each=each)


def trend(
    results: StoredSelection,
    *,
    reference: Collection[str] = (),
    since: Period = Period(),  # noqa: B008 (immutable)
    acknowledged: Mapping[str, Acknowledgement] | None = None,
    min_effect: float = MIN_EFFECT,
    repository: Path | None = None,
    is_named: bool = True,
) -> TrendPage:
    """The trend of the chosen records, judged among all records of their stores.

    All are judged, whatever is chosen: alerts share a rate of false ones, and who moved with whom tells the cause. So
    an alert is the same one however its case was chosen.

    Args:
        results: the records.
        reference: names of the sessions that slow drift is held against; empty: the first of each series.
        since: in which an alert must have been found to be new.
        acknowledged: alerts that a person has seen, by their ids.
        min_effect: least lasting change, as a share of the time.
        repository: folder in a git repository that is asked for commits; None: none is.
        is_named: whether the user named the file of acknowledgements: the usual one may be about another store.

    Raises:
        NothingToShowError: no case was measured in two sessions.
        UsageError: a session of the reference is not there.
    """
    measured = all_series(results.whole)
    every = [series for series in measured if len(series.points) > 1]
    chosen = _chosen(every, results)
    if not any(not series.is_yardstick for series in every if series.id in chosen):
        raise _too_few(results)
    _check_reference(reference, every)
    known = [one for one in judged(measured, frozenset(reference), min_effect) if len(one.series.points) > 1]
    alerts = alerts_of(known)
    events = tuple(
        event
        for event in events_of(alerts, known)
        if _is_of(event, chosen)
    )  # fmt: skip
    seen = acknowledged or {}
    told = seen if is_named or any(alert.id in seen for alert in alerts) else {}
    commits = {} if repository is None else _commits(events, repository)
    found = Trend(
        tuple(one for one in known if one.series.id in chosen),
        events, seen, since, commits,
        (*results.findings, *findings_of(results.whole, every, told, alerts, commits)),
    )  # fmt: skip
    return TrendPage(found)


def _is_of(event: Event, chosen: Collection[str]) -> bool:
    """Whether an event is of a chosen case; one of a yardstick is where no case has an alert in it."""
    of_cases = [alert.series.id for alert in event.alerts if not alert.series.is_yardstick]
    ids = of_cases or [alert.series.id for alert in event.alerts]
    return any(one in chosen for one in ids)


def _chosen(every: Sequence[Series], results: StoredSelection) -> set[str]:
    """Ids of the series that hold a chosen record, and of the yardsticks of their machines."""
    wanted = {(record.session, record.info.id) for record in results.records if record.info.role == "subject"}
    ids = {
        series.id
        for series in every
        if any((point.session, point.record.info.id) in wanted for point in series.points) and not series.is_yardstick
    }
    machines = {series.machine for series in every if series.id in ids}
    return ids | {series.id for series in every if series.is_yardstick and series.machine in machines}


def _too_few(results: StoredSelection) -> NothingToShowError:
    sessions = len({record.session for record in results.records})
    return NothingToShowError(
        f"no case was measured in two sessions of one machine with three runs each, and {SHORTEST} are needed before a "
        f"change can be found: here {'is' if sessions == 1 else 'are'} {counted(sessions, 'session')}. Measure again: "
        f"{command_line('run', '--networks', 'paper', '--budget', '3m')}"
    )


def _check_reference(reference: Collection[str], every: Sequence[Series]) -> None:
    sessions = {point.session for series in every if not series.is_yardstick for point in series.points}
    for name in reference:
        if name not in sessions:
            raise UsageError(
                f"the reference {name[:80]!r} is no session of these series: it has vanished from the store, or it "
                "holds other cases or too few runs. Name one that is there with --reference, or leave it out: then the "
                "first sessions of each series are it."
            )


def _commits(events: Sequence[Event], repository: Path) -> dict[str, CommitRange]:
    """The commits of each change of which both sessions know theirs; a drift is at no one commit."""
    out = {}
    for event in events:
        if event.cause is Cause.DRIFT:
            continue
        found = commit_range(event.earliest.record, event.latest.record, repository)
        if found is not None:
            out[event.alerts[0].id] = found
    return out


def reference_sessions(stores: Sequence[Path], name: str | None) -> list[str]:
    """The sessions that a name or tag of a store means; none without a name.

    Raises:
        UsageError: it means none.
    """
    from levit_bench.store.lookup import resolve_sessions

    return [] if name is None else [path.stem for path in resolve_sessions(stores, name)]
