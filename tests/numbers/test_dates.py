"""Periods of time: what users write, and which moments lie in them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from levit_bench.errors import UsageError
from levit_bench.numbers.dates import period

NOW = datetime(2026, 3, 1, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("since", "until", "inside", "outside"),
    [
        ("2026-11-26", None, ["2026-11-26T00:00:00Z", "2027-01-01T00:00:00Z"], ["2026-11-25T23:59:59Z"]),
        (None, "2026-11-26", ["2026-11-26T23:59:59Z", "2025-01-01T00:00:00Z"], ["2026-11-27T00:00:00Z"]),
        ("2026-11", "2026-11", ["2026-11-01T00:00:00Z", "2026-11-30T23:59:59Z"], ["2026-12-01T00:00:00Z"]),
        ("2026", "2026-02-03", ["2026-02-03T12:00:00Z"], ["2025-12-31T00:00:00Z", "2026-02-04T00:00:00Z"]),
        ("2026-11-26T10:40", "2026-11-26T10:41", ["2026-11-26T10:41:59Z"], ["2026-11-26T10:42:00Z"]),
        ("20261126T1040", "20261126", ["2026-11-26T10:40:00Z"], ["2026-11-26T10:39:59Z"]),
        ("2026-11-26 10", "2026-11-26t10:00:00z", ["2026-11-26T10:00:00Z"], ["2026-11-26T10:00:01Z"]),
        ("36h", None, ["2026-02-27T12:30:00Z"], ["2026-02-27T12:29:59Z"]),
        ("0999", None, ["0999-01-01T00:00:00Z", "2026-01-01T00:00:00Z"], ["0998-12-31T23:59:59Z"]),
        (None, "0999-12", ["0999-12-31T23:59:59Z"], ["1000-01-01T00:00:00Z", "2026-01-01T00:00:00Z"]),
        ("60000w", None, ["0876-03-29T00:30:00Z", "2026-01-01T00:00:00Z"], ["0876-03-29T00:29:59Z"]),
        ("2w", "1d", ["2026-02-15T00:30:00Z", "2026-02-28T00:30:00Z"], ["2026-02-28T00:30:01Z"]),
    ],
)
def test_a_period_holds_the_moments_that_its_limits_mean(
    since: str | None, until: str | None, inside: list[str], outside: list[str]
) -> None:
    chosen = period(since, until, NOW)
    assert chosen.is_bounded
    assert [moment for moment in (*inside, *outside) if chosen.holds(moment)] == inside


def test_without_limits_every_moment_lies_in_it_and_with_them_none_that_is_unknown() -> None:
    assert period(None, None).holds("")
    assert not period("2026", None).holds("")


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2026-13", "2026-02-30", "26.11.2026", "7", "-1d", "99999999w", "20261x"]
)
def test_what_is_no_time_is_refused_with_examples(text: str) -> None:
    with pytest.raises(UsageError, match=r"--since .*: write a time in UTC such as 2026-11-26.* 12h, 7d, 2w\."):
        period(text, None, NOW)


def test_an_end_before_the_beginning_is_refused() -> None:
    with pytest.raises(UsageError, match="--since 2026-12 is later than --until 2026-11-30"):
        period("2026-12", "2026-11-30")
    assert period("2026-11-30", "2026-11").is_bounded
