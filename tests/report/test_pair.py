"""One network against another by runtime, batch and allocator."""

from __future__ import annotations

import pytest

from bench.errors import NothingToShowError
from bench.judge.against import against
from bench.report.pair import grid, markdown
from tests.making import record


def pairs() -> list[object]:
    """`slow` takes twice as long as `fast` in eager mode, and three times compiled, where batch 16 is missing."""
    out = []
    for runtime, batch, factor in (("eager", 1, 2.0), ("eager", 16, 2.5), ("compile", 1, 3.0)):
        for name, seconds in (("fast", 0.01), ("slow", 0.01 * factor)):
            out.append(record(name, [seconds * x for x in (0.99, 1.0, 1.01)], runtime=runtime, batch=batch))
    return out


def test_every_ratio_has_its_cell_and_what_was_not_measured_is_a_dash() -> None:
    found = grid(against(pairs(), "fast"), "slow")
    assert found.rows == ("eager", "compile")
    assert found.columns == ("batch 1, pinned", "batch 16, pinned")
    lines = markdown(found)
    assert lines[0] == "| runtime | batch 1, pinned | batch 16, pinned |"
    assert lines[2].startswith("| eager | 2.00 (")
    assert lines[3].startswith("| compile | 3.00 (")
    assert lines[3].endswith("| – |")


def test_unusual_axes_are_told_in_the_row() -> None:
    both = [record(name, threads=2, precision="bf16", form="inference", streams=2) for name in ("fast", "slow")]
    assert grid(against(both, "fast"), "slow").rows == ("eager inference bf16 t2 s2",)


def test_a_network_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(NothingToShowError, match=r"no case of 'absent' was measured beside the base.*fast, slow"):
        grid(against(pairs(), "fast"), "absent")
