"""Resumes are looks, and intervals pay for them: resuming until a difference shows hardly makes equals differ more."""

from __future__ import annotations

import pytest

from tests.docs.blocks import ROOT
from tools.pages import known_truth_page
from tools.simulated.known_truth import most_alarms
from tools.simulated.machine import REGULAR
from tools.simulated.resumes_truth import shown, shows

MOST = 0.07
"""Share of sessions of equals that may come to show a difference, however often they are resumed."""


@pytest.mark.parametrize("runs", [1, *range(3, 9)])
def test_ten_resumes_show_a_difference_of_equals_in_at_most_seven_percent(runs: int) -> None:
    found = shown(runs, 10_000, paid=True)
    assert found[0] == pytest.approx(0.05, abs=0.01)
    assert found[-1] <= MOST


def test_the_simulation_finds_what_unpaid_looks_do() -> None:
    found = shown(5, 10_000, paid=False)
    assert found[2] > 0.10
    assert found[-1] > 0.18


def test_equals_that_the_engine_timed_rarely_differ_however_often_they_are_resumed() -> None:
    assert sum(shows(REGULAR["quiet"], seed, 3, resumes=4) for seed in range(40)) <= most_alarms(40, MOST)


@pytest.mark.slow
@pytest.mark.exhaustive
@pytest.mark.parametrize("name", ["normal", "quiet"])
def test_a_thousand_sessions_resumed_ten_times_differ_in_at_most_seven_percent(name: str) -> None:
    assert sum(shows(REGULAR[name], seed, 3) for seed in range(1000)) <= most_alarms(1000, MOST, 0.99)


def test_the_page_says_what_resuming_does() -> None:
    page = (ROOT / "docs/statistics.md").read_text(encoding="utf-8")
    assert "\n".join(known_truth_page.resuming()) in page
