"""Leads in top-1 that other images might undo."""

from __future__ import annotations

import pytest
from levit_bench.judge.front.panels import panels
from levit_bench.judge.front.top1_leads import Ranked, least_lead, small_leads

from tests.making import record


def test_at_every_tenth_image_the_least_lead_on_fifty_thousand_is_0_28_points() -> None:
    assert least_lead(50_000) == pytest.approx(1.96 * 0.1414, abs=1e-3)
    assert least_lead(1000) == pytest.approx(1.96)
    assert least_lead(0) == pytest.approx(100 * 1.96 * 0.1**0.5)


def test_a_sure_member_is_told_by_its_lead_over_the_best_of_the_faster_ones() -> None:
    made = [Ranked(name, top1, 50_000, sure) for name, top1, sure in (
        ("first", 75.0, True), ("near", 75.2, True), ("far", 76.0, True), ("open", 76.1, False), ("next", 76.2, True),
    )]  # fmt: skip
    assert small_leads(made) == ["near", "next"]
    assert small_leads([]) == []


def test_a_panel_says_so_and_counts_its_sure_places() -> None:
    calm = (1.0, 1.01, 0.99)
    close = [record("fast", [0.01 * f for f in calm], top1=79.9), record("good", [0.02 * f for f in calm], top1=80.0)]
    (panel,) = panels(close)
    (told,) = (finding for finding in panel.findings if finding.kind == "small-lead")
    assert told.message.startswith("1 of 2 sure places lead the top-1 of every faster network by less than 0.28 points")
    assert "(good)" in told.message
    (apart,) = panels([close[0], record("good", [0.02 * f for f in calm], top1=82.0)])
    assert "small-lead" not in {finding.kind for finding in apart.findings}
