"""Periods of time as users write them: a date, a month, a moment, or how long ago."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from levit_bench.errors import UsageError

_AGO = re.compile(r"([0-9]{1,5})\s*([hdw])")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_FORMATS = ("%Y", "%Y-%m", "%Y-%m-%d", "%Y-%m-%dT%H", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S")
"""From a year to a second: how much of a time in UTC is written."""
_COMPACT = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})(?:T([0-9]{2})([0-9]{2})?([0-9]{2})?)?")


class Period(NamedTuple):
    """A span of time in UTC; both ends belong to it, and an end without hours is the whole day."""

    since: str = ""
    """Beginning of a time such as `2026-11-26` or `2026-11-26T10:40`; empty: no limit."""
    until: str = ""
    """The same for the end; empty: no limit."""

    @property
    def is_bounded(self) -> bool:
        """Whether it has an end at all."""
        return bool(self.since or self.until)

    def holds(self, moment: str) -> bool:
        """Whether a time such as `2026-11-26T10:40:14Z` lies in it; an empty one only where there are no limits.

        Times are compared as far as the limits are written: `2026-11` is the whole month.
        """
        if not self.is_bounded:
            return True
        return bool(moment) and self.since <= moment[: len(self.since)] and self._is_before_end(moment)

    def _is_before_end(self, moment: str) -> bool:
        return not self.until or moment[: len(self.until)] <= self.until


def period(since: str | None, until: str | None, now: datetime | None = None) -> Period:
    """The period between two times, each a date, a month, a moment in UTC, or how long ago.

    Args:
        since: `2026-11-26`, `2026-11`, `2026-11-26T10:40`, or with hours, days or weeks ago `12h`, `7d`, `2w`.
        until: the same.
        now: the present; by default that of the system's clock.

    Raises:
        UsageError: one is no such time, or the end is before the beginning.
    """
    present = datetime.now(UTC) if now is None else now
    chosen = Period(_moment("--since", since, present), _moment("--until", until, present))
    common = min(len(chosen.since), len(chosen.until))
    if chosen.since[:common] > chosen.until[:common]:
        raise UsageError(f"--since {chosen.since} is later than --until {chosen.until}. Exchange them.")
    return chosen


def _moment(option: str, text: str | None, now: datetime) -> str:
    """The beginning of an ISO 8601 time that a text means; empty for None."""
    if text is None:
        return ""
    compact = text.strip()
    if ago := _AGO.fullmatch(compact.lower()):
        try:
            return _written((now - int(ago[1]) * _UNITS[ago[2]]).astimezone(UTC), _FORMATS[-1])
        except OverflowError:
            pass
    written = compact.upper().removesuffix("Z").replace(" ", "T")
    if parts := _COMPACT.fullmatch(written):
        written = "-".join(parts.group(1, 2, 3)) + (
            "T" + ":".join(filter(None, parts.group(4, 5, 6))) if parts[4] else ""
        )
    for form in _FORMATS:
        try:
            moment = datetime.strptime(written, form).replace(tzinfo=UTC)
        except ValueError:
            continue
        return _written(moment, form)
    raise UsageError(
        f"{option} {text[:80]!r}: write a time in UTC such as 2026-11-26, 2026-11 or 2026-11-26T10:40, or how long "
        "ago: 12h, 7d, 2w."
    )


def _written(moment: datetime, form: str) -> str:
    """A time with four digits of its year: strftime gives one before 1000 fewer, and texts are compared."""
    return moment.strftime(form.replace("%Y", f"{moment.year:04}"))
