"""docs/gate-measured.md is computed from stored gates, which hold what docs/gate.md promises."""

from __future__ import annotations

import pytest
from levit_bench.judge.gate.gate_report import CaseVerdict, GateOutcome

from tools.gates.composed import upper_limit
from tools.pages import gate_page


def test_the_page_is_computed_from_the_stored_sessions() -> None:
    assert gate_page.PAGE.read_text(encoding="utf-8") == gate_page.page(), "run: python -m tools.pages.gate_page"


def test_no_stored_gate_of_unchanged_code_calls_a_case_slower() -> None:
    reports = gate_page.reports("gate_unchanged")
    assert len(reports) >= 28
    assert not [case for report in reports for case in report.cases if case.verdict is CaseVerdict.SLOWER]
    assert {report.outcome for report in reports} <= {GateOutcome.PASSED, GateOutcome.INCONCLUSIVE}


def test_an_upper_limit_is_that_of_clopper_and_pearson() -> None:
    assert upper_limit(0, 40) == pytest.approx(1 - 0.05 ** (1 / 40), abs=1e-6)
    assert upper_limit(1, 40) == pytest.approx(0.1134, abs=1e-3)
    assert upper_limit(5, 5) == 1.0
