"""What a session says of prepared networks that it used again."""

from __future__ import annotations

from levit_bench.records import Record
from levit_bench.report.words.reused_networks import sentence
from msgspec.structs import replace

from tests.making import record


def used_again(name: str, digest: str, when: str | None) -> Record:
    one = record(name)
    return replace(one, info=replace(one.info, artifact_sha256=digest, prepared_at=when))


def test_nothing_is_said_where_everything_was_prepared() -> None:
    assert sentence([record("a"), record("b")]) is None


def test_networks_are_counted_once_with_the_time_that_they_are_of() -> None:
    morning, noon = "2026-11-30T08:46:12Z", "2026-11-30T12:00:59Z"
    one = used_again("a", "1" * 64, morning)
    assert sentence([one, used_again("a", "1" * 64, morning), record("b")]) == (
        "1 prepared network used again, of 2026-11-30 08:46 (UTC); --fresh prepares anew"
    )
    assert sentence([one, used_again("b", "2" * 64, noon)]) == (
        "2 prepared networks used again, of 2026-11-30 08:46 to 2026-11-30 12:00 (UTC); --fresh prepares anew"
    )
