"""The verdict on one case says why, with the figures, and what to do where it fails."""

from __future__ import annotations

import pytest
from levit_bench.judge.gate.gate_report import CaseVerdict
from levit_bench.records import SideDifference
from levit_bench.report.gate.case_message import case_lines
from levit_bench.report.words.safe_text import visible

from tests.report.gate import made
from tests.report.gate.hostile_names import HOSTILE

V = CaseVerdict


def lines(verdict: CaseVerdict, name: str | None = None) -> list[str]:
    return case_lines(made.case(verdict, name), made.EVERY._replace(pytest_words=("--benchmark",)))


def test_a_slower_case_has_its_figures_and_what_differs() -> None:
    assert lines(V.SLOWER) == [
        "slower 1.12: net_slower 224px b1 t1 pinned: takes 1.12 times as long, at least 1.07",
        "levit-bench gate, side b against side a (main): ratio 1.12, 95 % CI 1.07 to 1.17, detectable 3.4 %",
        "differs: file nets.py: 3f2a91c0 in a, 77b1e2d4 in b",
        "differs: package torch: 2.12.0 in a, 2.13.0 in b",
        "Look for the slowdown in what differs between the sides.",
    ]


def test_other_verdicts_say_why_and_what_to_do() -> None:
    assert lines(V.FAILED) == [
        "failed: net_failed 224px b1 t1 pinned: side b failed: RuntimeError: it raised (nets.py:12)",
        "levit-bench gate, side b against side a (main)",
    ]
    assert (
        lines(V.OTHER_OUTPUTS)[-1]
        == "Where other outputs are meant, --bench-allow-other-outputs judges the times alone."
    )
    assert lines(V.MISSING)[-1].startswith("Bring the missing cases back")
    assert lines(V.INCONCLUSIVE)[0].startswith("inconclusive 1.02: net_inconclusive 224px b1 t1 pinned: ")
    assert lines(V.INCONCLUSIVE)[1].endswith(": ratio 1.02, 95 % CI 0.970 to 1.08, detectable 8.3 %")
    assert lines(V.NEW)[0] == "new: net_new 224px b1 t1 pinned: side b alone has it"


def test_what_differs_between_other_networks_is_left_out_and_the_own_file_comes_first() -> None:
    slower = made.renamed(made.case(V.SLOWER), "own.py:build#3f2a91")
    differences = (
        SideDifference(kind="file", name="nets.py", first="1", second="2"),
        SideDifference(kind="networks", name="other.py:build", first=None, second="other.py:build"),
        SideDifference(kind="file", name="own.py", first="3", second="4"),
    )
    told = case_lines(slower, made.report([slower], differences=differences))
    assert [line for line in told if line.startswith("differs")] == [
        "differs: file own.py: 3 in a, 4 in b", "differs: file nets.py: 1 in a, 2 in b",
    ]  # fmt: skip


def test_without_a_difference_none_is_named() -> None:
    alike = made.report([V.SLOWER], differences=())
    told = case_lines(alike.cases[0], alike)
    assert not any(line.startswith("differs") for line in told)
    assert told[-1].startswith("Nothing that is recorded differs")


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
def test_hostile_names_are_visible_text(name: str) -> None:
    assert all(visible(line) == line for line in lines(V.SLOWER, name))
