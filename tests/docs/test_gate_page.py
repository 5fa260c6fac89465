"""docs/gate-measured.md and its picture are computed from stored gates, and hold what docs/gate.md promises."""

from __future__ import annotations

import pytest
from levit_bench.judge.gate.gate_report import CaseVerdict
from PIL import Image

from tools.gates.composed import upper_limit
from tools.pages import gate_page


@pytest.mark.slow
def test_the_page_is_computed_from_the_stored_sessions() -> None:
    assert gate_page.PAGE.read_text(encoding="utf-8") == gate_page.page(), "run: python -m tools.pages.gate_page"


def test_the_picture_is_of_the_stored_upgrade() -> None:
    with Image.open(gate_page.PICTURE) as picture:
        assert picture.info["Source"] == gate_page.source(), "run: python -m tools.pages.gate_page"


def test_unchanged_code_raises_no_more_alarms_than_promised() -> None:
    quiet = gate_page.unchanged("gate_unchanged")
    assert quiet.gates >= 40
    assert upper_limit(quiet.alarms, quiet.gates) <= 0.08
    assert gate_page.unchanged("gate_loaded").alarms == gate_page.unchanged("gate_states").alarms == 0


def test_an_upper_limit_is_that_of_clopper_and_pearson() -> None:
    assert upper_limit(0, 40) == pytest.approx(1 - 0.05 ** (1 / 40), abs=1e-6)
    assert upper_limit(1, 40) == pytest.approx(0.1134, abs=1e-3)
    assert upper_limit(5, 5) == 1.0


def test_a_large_slowdown_is_called_by_every_gate_that_was_measured() -> None:
    for topic in ("gate_10", "gate_faster"):
        wanted = CaseVerdict.FASTER if topic == "gate_faster" else CaseVerdict.SLOWER
        for report in gate_page.reports(topic)[1:]:
            assert {case.verdict for case in report.cases} == {wanted}
