"""The comment of a night: what it says first, and what it never is."""

from __future__ import annotations

from levit_bench.judge.trend.events import alerts_of, events_of
from levit_bench.judge.trend.trend_report import Trend
from levit_bench.numbers.dates import Period
from levit_bench.records import Finding
from levit_bench.report.trend.comment import MARKER, Tonight, comment, headline_of

from tests.judge.trend.nights import judged_of, nights


def trend_of(count: int, name: str = "net") -> Trend:
    records = [r for at in range(count) for r in nights(f"{name}{at}", 40, {20: 1.08} if at == 0 else {})]
    known = judged_of(records)
    return Trend(known, events_of(alerts_of(known), known), {}, Period())


def test_a_new_alert_comes_first_with_its_id() -> None:
    trend = trend_of(3)
    text = comment(Tonight("s9", {}, trend, None, ()))
    lines = text.splitlines()
    assert lines[0] == MARKER
    assert lines[1] == "### ❌ Nightly: 1 new alert"
    assert trend.new[0].id in text
    assert "so the network" in text


def test_a_quiet_night_a_first_one_a_failed_one_and_an_interrupted_one() -> None:
    quiet = trend_of(1)._replace(since=Period("2030"))
    assert headline_of(Tonight("s", {}, quiet, None, ())) == "✅ Nightly: no new alert"
    assert headline_of(Tonight("s", {}, None, None, ())) == "✅ Nightly: no trend yet"
    assert headline_of(Tonight("s", {"a": "b"}, quiet, None, ())) == "❌ Nightly: 1 case failed"
    assert headline_of(Tonight("s", {}, None, None, (), is_interrupted=True)) == "❌ Nightly: interrupted"


def test_hostile_names_are_text_and_the_length_is_bounded() -> None:
    trend = trend_of(2, name="<img src=x onerror=alert(1)>|@everyone`")
    findings = [Finding(kind="k", message="see #1 and <b>" + "x" * 900)] * 400
    text = comment(Tonight("s", {f"<b>{at}|": "@me" for at in range(900)}, trend, None, findings))
    assert len(text.encode()) <= 65_000
    assert "left out here" in text
    assert "<img" not in text.replace("`", "") or "`<img" in text
    assert "<b>" not in [line for line in text.splitlines() if line.startswith("- ")]
