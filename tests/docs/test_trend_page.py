"""docs/trend.md and docs/bisect.md say what stored sessions and stored simulations hold."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import levit_bench
import pytest
from levit_bench.judge.trend.cause import Cause
from PIL import Image

from tools.pages import ROOT, trend_page


@pytest.mark.parametrize(("path", "begin", "block"), trend_page.BLOCKS, ids=["series", "rules", "bisected", "versions"])
def test_a_block_is_computed_from_what_is_stored(path: Path, begin: str, block: Callable[[], str]) -> None:
    _, _, rest = path.read_text(encoding="utf-8").partition(begin)
    assert rest.partition("<!-- end -->")[0] == f"{block()}\n", "run: python -m tools.pages.trend_page"


def test_the_picture_is_of_the_stored_sessions() -> None:
    with Image.open(trend_page.PICTURE) as picture:
        assert picture.info["Source"] == trend_page.source()


def test_both_planted_changes_are_found_placed_and_told_apart() -> None:
    nights = trend_page.names(trend_page.sessions("trend"))
    events = [event for event in trend_page.series().events if event.cause is not Cause.YARDSTICK]
    assert [event.cause for event in events] == [Cause.NETWORK, Cause.ALL]
    assert [nights.index(event.first_after.session) for event in events] == [7, 13]
    assert {alert.series.network for alert in events[0].alerts} == {"planted.py:levit_128s"}
    assert "shell" in events[1].conditions


def test_both_are_found_among_all_sessions_of_the_store_too() -> None:
    nights = trend_page.names(trend_page.sessions("trend"))
    events = levit_bench.load(ROOT / "results").trend().events
    found = [event.first_after.session for event in events if event.cause in (Cause.NETWORK, Cause.ALL)]
    assert {nights[7], nights[13]} <= set(found)
    of_one = levit_bench.load(ROOT / "results").where(network="planted.py:levit_128s").trend().events
    of_cases = [[a.series.network for a in event.alerts if not a.series.is_yardstick] for event in of_one]
    assert [nights[7], nights[13]] == [
        event.first_after.session for event in of_one if event.cause is not Cause.YARDSTICK
    ]
    assert all("planted.py:levit_128s" in names for names in of_cases if names)


def test_our_rule_raises_at_most_one_false_alert_a_year_but_for_a_level_that_wanders() -> None:
    rows = json.loads(trend_page.RULES.read_text(encoding="utf-8"))["rows"]
    ours = [row for row in rows if row["rule"] == "levit-bench trend"]
    assert len(ours) == 7
    assert all(row["false_a_year"] <= 1 and row["years"] >= 50 for row in ours if row["noise"] != "drift")
    assert len({row["rule"] for row in rows}) == 6
