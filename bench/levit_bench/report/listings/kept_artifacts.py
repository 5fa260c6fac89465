"""What is kept between sessions, as a table and as data."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from levit_bench.numbers.units import counted, format_bytes
from levit_bench.records import Case
from levit_bench.report.words.safe_text import shortened, visible

if TYPE_CHECKING:
    from pathlib import Path

    from rich.table import Table


class KeptArtifact(NamedTuple):
    """One prepared network that is kept."""

    case: Case
    """The case that stands for all with this artifact."""
    batches: tuple[int, ...]
    """Those at which it was checked."""
    bytes: int
    sha256: str
    prepare_s: float
    """Seconds that its preparation took."""
    prepared_at: str
    """When, in UTC."""
    used_at: float
    """When it was used last, in seconds since the epoch."""


class KeptReadings(NamedTuple):
    """What is kept of stored sessions that were read: their summaries, quantiles and pictures."""

    files: int
    bytes: int
    limit_bytes: int


class KeptSide(NamedTuple):
    """An environment that was made for the requirements of a gate's side."""

    requirements: tuple[str, ...]
    bytes: int
    used_at: float
    """When it was used last, in seconds since the epoch."""


def table(kept: Sequence[KeptArtifact]) -> Table:
    """One row an artifact, the one used last first."""
    from rich.text import Text

    from levit_bench.report.fitted_table import FittedTable

    out = FittedTable()
    out.add_column("network", overflow="fold")
    out.add_column("for", overflow="fold")
    out.add_column("size", justify="right", no_wrap=True)
    out.add_column("prepared", no_wrap=True)
    out.add_column("used", no_wrap=True)
    for one in kept:
        case = one.case
        batches = ",".join(str(batch) for batch in one.batches)
        words = f"{case.runtime} {case.shape.size}px b{batches} {case.form} {case.precision}"
        out.add_row(
            Text(shortened(case.network, 60)), Text(visible(words)), format_bytes(one.bytes),
            _day(one.prepared_at), _day(_utc(one.used_at)),
        )  # fmt: skip
    return out


def sentence(kept: Sequence[KeptArtifact], folder: Path, limit_bytes: int) -> str:
    """How much is kept, where, and what may be."""
    total = sum(one.bytes for one in kept)
    count = counted(len(kept), "prepared network")
    return f"{count}, {format_bytes(total)} of at most {format_bytes(limit_bytes)}, in {visible(str(folder))}"


def readings_sentence(read: KeptReadings) -> str:
    """How much is kept of what was read, and what may be."""
    return (
        f"{counted(read.files, 'reading')} of stored sessions, {format_bytes(read.bytes)} of at most "
        f"{format_bytes(read.limit_bytes)}"
    )


def environments_lines(sides: Sequence[KeptSide], most: int) -> list[str]:
    """How many environments of gates are kept, and each with what was asked for."""
    if not sides:
        return []
    size = format_bytes(sum(side.bytes for side in sides))
    return [
        f"{counted(len(sides), 'environment')} of gates, {size}, at most {most} of them:",
        *(
            f"  {shortened(' '.join(side.requirements), 60)}, {format_bytes(side.bytes)}, "
            f"used {_day(_utc(side.used_at))}"
            for side in sides
        ),
    ]


def document(
    kept: Sequence[KeptArtifact], folder: Path, limit_bytes: int, read: KeptReadings, sides: Sequence[KeptSide] = ()
) -> dict[str, object]:
    """The same as plain data; sizes in bytes, times in UTC."""
    return {
        "folder": str(folder),
        "limit_bytes": limit_bytes,
        "bytes": sum(one.bytes for one in kept),
        "artifacts": [
            {
                "network": one.case.network,
                "case": one.case.id,
                "runtime": one.case.runtime,
                "form": one.case.form,
                "precision": one.case.precision,
                "batches": list(one.batches),
                "bytes": one.bytes,
                "prepared_at": one.prepared_at,
                "used_at": _utc(one.used_at),
                "prepare_s": one.prepare_s,
                "sha256": one.sha256,
            }
            for one in kept
        ],
        "readings": {"files": read.files, "bytes": read.bytes, "limit_bytes": read.limit_bytes},
        "environments": [
            {"requirements": list(side.requirements), "bytes": side.bytes, "used_at": _utc(side.used_at)}
            for side in sides
        ],
    }


def _utc(seconds: float) -> str:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _day(text: str) -> str:
    return text.partition("T")[0]
