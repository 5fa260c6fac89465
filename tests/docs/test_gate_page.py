"""docs/gate-measured.md is computed from stored gates, which hold what docs/gate.md promises."""

from __future__ import annotations

import pytest
from levit_bench.judge.gate.gate_report import CaseVerdict, GateOutcome

from tools.gates.composed import upper_limit
from tools.pages import gate_page


@pytest.mark.slow
def test_the_page_is_computed_from_the_stored_sessions() -> None:
    assert gate_page.PAGE.read_text(encoding="utf-8") == gate_page.page(), "run: python -m tools.pages.gate_page"


def test_no_stored_gate_of_unchanged_code_calls_a_case_slower() -> None:
    reports = gate_page.reports("gate_unchanged")
    assert len(reports) >= 40
    assert not [case for report in reports for case in report.cases if case.verdict is CaseVerdict.SLOWER]
    assert {report.outcome for report in reports} <= {GateOutcome.PASSED, GateOutcome.INCONCLUSIVE}


def test_an_upper_limit_is_that_of_clopper_and_pearson() -> None:
    assert upper_limit(0, 40) == pytest.approx(1 - 0.05 ** (1 / 40), abs=1e-6)
    assert upper_limit(1, 40) == pytest.approx(0.1134, abs=1e-3)
    assert upper_limit(5, 5) == 1.0


@pytest.mark.parametrize("topic", ["gate_loaded", "gate_states"])
def test_no_more_gates_of_a_disturbed_machine_call_a_case_than_one_in_twenty_allows(topic: str) -> None:
    gates = gate_page.unchanged(topic)
    assert gates.gates >= 20
    # Four of twenty would be beyond chance (1.6 %) at one in twenty.
    assert gates.alarms + gates.faster <= 3


@pytest.mark.parametrize(("topic", "called"), [("gate_10", CaseVerdict.SLOWER), ("gate_faster", CaseVerdict.FASTER)])
def test_every_stored_gate_of_ten_percent_calls_both_networks(topic: str, called: CaseVerdict) -> None:
    for report in gate_page.reports(topic):
        assert [case.verdict for case in report.cases] == [called] * 2


def test_the_readme_says_what_the_stored_upgrade_found() -> None:
    text = gate_page.README.read_text(encoding="utf-8")
    _, _, rest = text.partition(gate_page.BEGIN)
    assert rest.partition(gate_page.END)[0] == f"{gate_page.readme_block()}\n", "run: python -m tools.pages.gate_page"


def test_the_picture_of_the_upgrade_is_of_the_stored_session() -> None:
    from PIL import Image

    with Image.open(gate_page.PICTURE) as picture:
        assert picture.info["Source"] == gate_page.source()
