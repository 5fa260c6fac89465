"""One network against another by runtime, batch and allocator."""

from __future__ import annotations

import io

import pytest
from levit_bench.errors import NothingToShowError
from levit_bench.judge.compare.reference_network import against
from levit_bench.records import Record
from levit_bench.report.views.grid import Grid, grids, markdown, table
from rich.console import Console

from tests.making import record


def pairs(session: str = "s1") -> list[Record]:
    """`slow` takes twice as long as `fast` in eager mode, and three times compiled, where batch 16 is missing."""
    out = []
    for runtime, batch, factor in (("eager", 1, 2.0), ("eager", 16, 2.5), ("compile", 1, 3.0)):
        for name, seconds in (("fast", 0.01), ("slow", 0.01 * factor)):
            runs = [seconds * x for x in (0.99, 1.0, 1.01)]
            out.append(record(name, runs, runtime=runtime, batch=batch, session=session))
    return out


def only(records: list[Record]) -> Grid:
    (found,) = grids(against(records, "fast"), "slow").values()
    return found


def test_every_ratio_has_its_cell_and_what_was_not_measured_is_a_dash() -> None:
    found = only(pairs())
    assert found.rows == ("eager", "compile")
    assert found.columns == ("batch 1, pinned", "batch 16, pinned")
    lines = markdown(found)
    assert lines[0] == "| runtime | batch 1, pinned | batch 16, pinned |"
    assert lines[2].startswith("| eager | 2.00 (")
    assert lines[3].startswith("| compile | 3.00 (")
    assert lines[3].endswith("| – |")


def test_unusual_axes_are_told_in_the_row() -> None:
    both = [record(name, threads=2, precision="bf16", form="inference", streams=2) for name in ("fast", "slow")]
    assert only(both).rows == ("eager t2 s2 inference bf16",)


def test_sessions_have_grids_of_their_own_and_those_without_the_network_none() -> None:
    found = grids(against([*pairs("s1"), *pairs("s2"), record("fast", session="s3")], "fast"), "slow")
    assert [line.partition(" ")[0] for line in found] == ["s1", "s2"]


def test_resolutions_of_one_network_have_rows_of_their_own() -> None:
    made = [record("fast"), record("slow", (0.02,) * 3), record("slow", (0.03,) * 3, resolution=288)]
    assert only(made).rows == ("eager 224px", "eager 288px")


def test_a_cell_without_a_ratio_says_why() -> None:
    failed = record("slow", (), batch=2, outcome="failed", reason="hung")
    few = [record(name, (0.01, 0.01), batch=4) for name in ("fast", "slow")]
    lines = markdown(only([*pairs(), record("fast", batch=2), failed, *few]))
    assert lines[0] == "| runtime | batch 1, pinned | batch 2, pinned | batch 4, pinned | batch 16, pinned |"
    assert lines[2].split(" | ")[2:4] == ["failed", "too few runs"]


def test_four_columns_fit_a_terminal_of_eighty_and_no_number_is_torn() -> None:
    made = [
        record(name, [0.01 * factor * x for x in (0.95, 1.0, 1.06)], runtime=runtime, batch=batch, allocator=allocator)
        for name, factor in (("fast", 1.0), ("slow", 2.5))
        for runtime in ("channels-last", "onnxruntime")
        for batch in (1, 16)
        for allocator in ("pinned", "shipped")
    ]
    found = only(made)
    out = io.StringIO()
    Console(file=out, width=80).print(table(found))
    lines = out.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    (at,) = [number for number, line in enumerate(lines) if line.strip().startswith("channels-last")]
    assert lines[at].split()[1:] == ["2.50"] * 4
    assert lines[at + 1].split() == ["2.50", "to", "2.50"] * 4


def test_a_network_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(NothingToShowError, match=r"no case of 'absent' was measured beside the base.*fast, slow"):
        grids(against(pairs(), "fast"), "absent")
