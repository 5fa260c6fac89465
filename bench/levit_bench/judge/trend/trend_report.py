"""What a trend found: series, events, and which of their alerts are new."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from levit_bench.errors import EXIT_DONE, EXIT_FAILED_CASE
from levit_bench.judge.trend.commit_range import CommitRange
from levit_bench.judge.trend.events import Alert, Event, JudgedSeries
from levit_bench.judge.trend.series import Series
from levit_bench.numbers.dates import Period
from levit_bench.numbers.units import counted
from levit_bench.records import Finding

VERDICTS = ("expected", "fixed", "noise")
"""What a person found: a change that was meant, one that was mended, or one that was none."""


class Acknowledgement(NamedTuple):
    """What a person said about an alert."""

    id: str
    verdict: str
    """One of `VERDICTS`."""
    who: str
    why: str


class Trend(NamedTuple):
    """What the sessions of some cases say along time."""

    judged: tuple[JudgedSeries, ...]
    """Every chosen case that was measured in at least two sessions, with what was found in it; of its machine the
    yardsticks, too."""
    events: tuple[Event, ...]
    """Those of the chosen cases, the oldest first."""
    acknowledged: Mapping[str, Acknowledgement]
    """By the id of the alert."""
    since: Period
    """In which an alert must have been found to be new."""
    commits: Mapping[str, CommitRange] = {}
    """The commits between the sessions around an event, by the id of its first alert; none where no repository was
    asked."""
    findings: tuple[Finding, ...] = ()

    def __repr__(self) -> str:
        new = counted(len(self.new), "new alert")
        cases = sum(not one.series.is_yardstick for one in self.judged)
        return f"<Trend: {counted(cases, 'case')}, {counted(len(self.events), 'event')}, {new}>"

    @property
    def series(self) -> tuple[Series, ...]:
        """The series."""
        return tuple(one.series for one in self.judged)

    @property
    def alerts(self) -> tuple[Alert, ...]:
        """All alerts of the chosen cases, by event."""
        return tuple(alert for event in self.events for alert in self.of_chosen(event))

    def of_chosen(self, event: Event) -> tuple[Alert, ...]:
        """The alerts of an event that are of chosen cases."""
        chosen = {series.id for series in self.series}
        return tuple(alert for alert in event.alerts if alert.series.id in chosen)

    @property
    def new(self) -> tuple[Alert, ...]:
        """The alerts of chosen cases that were found in the period and are not acknowledged."""
        return tuple(alert for alert in self.alerts if self.is_new(alert))

    def is_new(self, alert: Alert) -> bool:
        """Whether an alert was found in the period and is not acknowledged.

        One of a yardstick never is: it says that the whole machine became slower or faster, and of no case. Neither is
        a drift that a change accounts for: the change has an alert of its own.
        """
        is_open = alert.id not in self.acknowledged and not alert.series.is_yardstick and not alert.explained_by
        return is_open and self.since.holds(alert.found_with.at)

    @property
    def exit_code(self) -> int:
        """1 where there are new alerts, else 0."""
        return EXIT_FAILED_CASE if self.new else EXIT_DONE
