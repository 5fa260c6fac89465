"""Every kind of finding that the code can raise has a heading in docs/findings.md, and every heading is raised."""

from __future__ import annotations

import ast
import re

import pytest
from levit_bench.judge.explain import profile
from levit_bench.judge.findings import case_checks, machine_checks, run_checks, session_checks, session_view
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
        ("busy-machine", [_percent(machine_checks.STOLEN)]),
        ("drift", [
            _logs(machine_checks.TREND), f"{machine_checks.TREND_ERRORS:g} standard errors",
            f"{case_checks.TREND_ERRORS:g} for one", f"{machine_checks.WITNESSED:g} and",
            f"{machine_checks.WITNESSED_ERRORS:g} suffice", f"{machine_checks.WARMER_C:g} °C",
        ]),
        ("faster-on-known-images", [
            _logs(case_checks.KNOWN), f"{case_checks.SURE:g} standard errors",
            f"{case_checks.KNOWN_PASSES} passes of each",
        ]),
        ("faster-than-matrices", [f"{case_checks.MATRICES:g} times", "four times" if plausibility.MOST == 4 else "?"]),
        ("first-pass-slow", [_logs(case_checks.FIRST), f"{case_checks.SURE:g} standard errors"]),
        ("first-turn-slow", [_logs(case_checks.FIRST), f"{case_checks.SURE:g} standard errors"]),
        ("frequency-fell", [_percent(machine_checks.FELL)]),
        ("null-network-slow", [f"{1e6 * machine_checks.NULL_S:g} µs", _percent(case_checks.NULL_SHARE)]),
        ("page-faults-vary", [
            f"{case_checks.FAULTS:g} times", _percent(case_checks.FAULTS_SHARE), f"{1e6 * case_checks.FAULT_S:g} µs",
        ]),
        ("profiled-unlike", [f"{profile.UNLIKE:g} times"]),
        ("runs-disagree", [
            _logs(run_checks.APART), "one in ten thousand" if run_checks.RARE == 1e-4 else "?",
            f"{_logs(run_checks.SLOW)} and {run_checks.SLOW_APART:g} standard deviations",
            "three usual runs" if run_checks.FEWEST_USUAL == 3 else "?",
        ]),
        ("sharing-differs-from-alone", [
            _logs(session_checks.DIFFERS), f"{session_checks.SURE:g} standard errors",
            "three runs" if session_checks.FEWEST == 3 else "?",
        ]),
        ("spread-large", [_percent(case_checks.SPREAD), f"±{_percent(case_checks.AIM)}"]),
        ("swapping", [f"{machine_checks.SWAPPED >> 20} MiB", _percent(machine_checks.WAITED)]),
        ("throttled", [
            _logs(machine_checks.ROSE), f"{machine_checks.STEP_ERRORS:g} standard errors",
            "eight rounds" if machine_checks.ROUNDS == 8 else "?",
        ]),
        ("turn-too-short", [f"{1e3 * case_checks.TURN_S:g} ms", f"{case_checks.NULLS} passes"]),
        ("two-humps", [
            _logs(case_checks.HUMPS), f"{case_checks.RUNS_APART:g} standard deviations",
            f"passes {case_checks.PASSES_APART:g},",
            "a fifth" if case_checks.HUMPS_SHARE == 0.2 else "?",
        ]),
        ("yardstick-moved", [f"{machine_checks.MOVED:g} times", f"{machine_checks.MOVED_ERRORS:g} standard errors"]),
    ],
)  # fmt: skip
def test_the_page_tells_the_thresholds_that_the_code_has(kind: str, told: list[str]) -> None:
    section = " ".join(PAGE.partition(f"\n## {kind}\n")[2].partition("\n## ")[0].split())
    assert [text for text in told if text not in section] == []


def test_the_budget_after_which_nobody_is_told_to_spend_more_is_an_hour() -> None:
    assert session_view.LONG_S == 3600
