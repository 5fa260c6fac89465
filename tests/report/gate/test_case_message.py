"""The verdict on one case says why, with the figures, and what to do where it fails."""

from __future__ import annotations

import pytest
from levit_bench.judge.gate.gate_report import CaseVerdict
from levit_bench.report.gate.case_message import case_lines
from levit_bench.report.words.safe_text import visible

from tests.report.gate import made
from tests.report.gate.hostile_names import HOSTILE

V = CaseVerdict


def lines(verdict: CaseVerdict, name: str | None = None) -> list[str]:
    return case_lines(made.case(verdict, name), made.EVERY._replace(pytest_words=("--benchmark",)))


def test_a_slower_case_has_its_figures_and_what_differs() -> None:
    assert lines(V.SLOWER) == [
        "net_slower 224px b1 t1 pinned: slower than on side a (main): takes 1.12 times as long, at least 1.07",
        "ratio 1.12, 95 % CI 1.07 to 1.17, detectable 3.4 %",
        "differs: file nets.py: 3f2a91c0 in a, 77b1e2d4 in b",
        "differs: package torch: 2.12.0 in a, 2.13.0 in b",
        "Look for the slowdown in what differs between the sides.",
    ]


def test_other_verdicts_say_why_and_what_to_do() -> None:
    assert lines(V.FAILED) == [
        "net_failed 224px b1 t1 pinned: failed: side b failed: RuntimeError: it raised (nets.py:12)"
    ]
    assert (
        lines(V.OTHER_OUTPUTS)[-1]
        == "Where other outputs are meant, --bench-allow-other-outputs judges the times alone."
    )
    assert lines(V.MISSING)[-1].startswith("Bring the missing cases back")
    assert lines(V.INCONCLUSIVE)[1] == "ratio 1.02, 95 % CI 0.970 to 1.08, detectable 8.3 %"
    assert lines(V.NEW) == ["net_new 224px b1 t1 pinned: new: side b alone has it"]


def test_without_a_difference_none_is_named() -> None:
    alike = made.report([V.SLOWER], differences=())
    told = case_lines(alike.cases[0], alike)
    assert not any(line.startswith("differs") for line in told)
    assert told[-1].startswith("Nothing that is recorded differs")


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
def test_hostile_names_are_visible_text(name: str) -> None:
    assert all(visible(line) == line for line in lines(V.SLOWER, name))
