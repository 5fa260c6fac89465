"""Every kind of finding that the code can raise has a heading in docs/findings.md, and every heading is raised."""

from __future__ import annotations

import ast
import re

import pytest
from levit_bench.judge.explain import profile
from levit_bench.judge.findings import of_a_case, of_runs, of_sessions, of_the_machine, session_view
from levit_bench.measuring.session import plausibility

from tests.docs.blocks import ROOT

PAGE = (ROOT / "docs/findings.md").read_text(encoding="utf-8")


def _raised() -> set[str]:
    """First arguments or `kind=` of whatever makes a finding."""
    kinds = set()
    for path in (ROOT / "bench").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            given = [word.value for word in node.keywords if word.arg == "kind"] if name == "Finding" else []
            given += node.args[:1] if name == "_notice" else []
            kinds |= {value.value for value in given if isinstance(value, ast.Constant)}
    return kinds


def test_every_finding_has_a_heading_and_every_heading_is_a_finding() -> None:
    headings = re.findall(r"^## (.+)$", PAGE, re.M)
    assert headings == sorted(headings)
    assert _raised()
    # `case-failed` and `case-skipped` are made from the outcome.
    assert _raised() | {"case-failed"} == set(headings)


def _percent(share: float) -> str:
    return f"{100 * share:.4g} %"


def _logs(units: float) -> str:
    return f"{units:g} log units"


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("busy-machine", [_percent(of_the_machine.STOLEN)]),
        ("drift", [
            _logs(of_the_machine.TREND), f"{of_the_machine.TREND_ERRORS:g} standard errors",
            f"{of_a_case.TREND_ERRORS:g} for one", f"{of_the_machine.WITNESSED:g} and",
            f"{of_the_machine.WITNESSED_ERRORS:g} suffice", f"{of_the_machine.WARMER_C:g} °C",
        ]),
        ("faster-on-known-images", [
            _logs(of_a_case.KNOWN), f"{of_a_case.SURE:g} standard errors", f"{of_a_case.KNOWN_PASSES} passes of each",
        ]),
        ("faster-than-matrices", [f"{of_a_case.MATRICES:g} times", "four times" if plausibility.MOST == 4 else "?"]),
        ("first-pass-slow", [_logs(of_a_case.FIRST), f"{of_a_case.SURE:g} standard errors"]),
        ("first-turn-slow", [_logs(of_a_case.FIRST), f"{of_a_case.SURE:g} standard errors"]),
        ("frequency-fell", [_percent(of_the_machine.FELL)]),
        ("null-network-slow", [f"{1e6 * of_the_machine.NULL_S:g} µs", _percent(of_a_case.NULL_SHARE)]),
        ("page-faults-vary", [
            f"{of_a_case.FAULTS:g} times", _percent(of_a_case.FAULTS_SHARE), f"{1e6 * of_a_case.FAULT_S:g} µs",
        ]),
        ("profiled-unlike", [f"{profile.UNLIKE:g} times"]),
        ("runs-disagree", [
            _logs(of_runs.APART), "one in ten thousand" if of_runs.RARE == 1e-4 else "?",
            f"{_logs(of_runs.SLOW)} and {of_runs.SLOW_APART:g} standard deviations",
            "three usual runs" if of_runs.FEWEST_USUAL == 3 else "?",
        ]),
        ("sharing-differs-from-alone", [
            _logs(of_sessions.DIFFERS), f"{of_sessions.SURE:g} standard errors",
            "three runs" if of_sessions.FEWEST == 3 else "?",
        ]),
        ("spread-large", [_percent(of_a_case.SPREAD), f"±{_percent(of_a_case.AIM)}"]),
        ("swapping", [f"{of_the_machine.SWAPPED >> 20} MiB", _percent(of_the_machine.WAITED)]),
        ("throttled", [
            _logs(of_the_machine.ROSE), f"{of_the_machine.STEP_ERRORS:g} standard errors",
            "eight rounds" if of_the_machine.ROUNDS == 8 else "?",
        ]),
        ("turn-too-short", [f"{1e3 * of_a_case.TURN_S:g} ms", f"{of_a_case.NULLS} passes"]),
        ("two-humps", [
            _logs(of_a_case.HUMPS), f"{of_a_case.RUNS_APART:g} standard deviations",
            f"passes {of_a_case.PASSES_APART:g},",
            "a fifth" if of_a_case.HUMPS_SHARE == 0.2 else "?",
        ]),
        ("yardstick-moved", [f"{of_the_machine.MOVED:g} times", f"{of_the_machine.MOVED_ERRORS:g} standard errors"]),
    ],
)  # fmt: skip
def test_the_page_tells_the_thresholds_that_the_code_has(kind: str, told: list[str]) -> None:
    section = " ".join(PAGE.partition(f"\n## {kind}\n")[2].partition("\n## ")[0].split())
    assert [text for text in told if text not in section] == []


def test_the_budget_after_which_nobody_is_told_to_spend_more_is_an_hour() -> None:
    assert session_view.LONG_S == 3600
