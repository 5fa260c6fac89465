"""JUnit XML: the schema that servers share, the right outcome a case, and never green where the exit code is not 0."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest
from levit_bench.judge.gate.gate_report import CaseVerdict
from levit_bench.report.gate.junit import WHOLE, junit

from tests.report.gate import made
from tests.report.gate.hostile_names import HOSTILE

V = CaseVerdict
CHILDREN = {
    "testsuites": {"testsuite"},
    "testsuite": {"properties", "testcase"},
    "properties": {"property"},
    "testcase": {"properties", "skipped", "error", "failure"},
    "property": set(), "skipped": set(), "error": set(), "failure": set(),
}  # fmt: skip
COUNTED = {"tests": "testcase", "failures": "failure", "errors": "error", "skipped": "skipped"}
REQUIRED = {
    "testsuites": {"name", "tests", "failures", "errors"},
    "testsuite": {"name", "tests", "failures", "errors", "skipped", "time", "timestamp", "hostname"},
    "testcase": {"name", "classname", "time"},
    "property": {"name", "value"},
    "failure": {"message", "type"},
    "error": {"message", "type"},
    "skipped": {"message"},
}
"""Of the schemas of Ant, Jenkins and Windyroad, each as strict as the strictest."""


def checked(content: bytes) -> ET.Element:
    """The root of a report that the common schema accepts."""
    root = ET.fromstring(content)
    assert root.tag == "testsuites"
    for element in root.iter():
        assert {child.tag for child in element} <= CHILDREN[element.tag], element.tag
        assert REQUIRED.get(element.tag, set()) <= set(element.attrib), element.tag
        assert len({child.tag for child in element} - {"properties"}) <= 1  # at most one outcome a case
    for holder in (root, *root.iter("testsuite")):
        found = {word: len(list(holder.iter(tag))) for word, tag in COUNTED.items()}
        assert {word: int(holder.attrib[word]) for word in found if word in holder.attrib} == {
            word: count for word, count in found.items() if word in holder.attrib
        }
    for suite in root.iter("testsuite"):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", suite.attrib["timestamp"])
        assert suite.attrib["hostname"] == "localhost"
    assert all(float(element.attrib["time"]) >= 0 for element in root.iter() if "time" in element.attrib)
    return root


def outcomes(root: ET.Element) -> dict[str, str]:
    """What each case came to, by its name."""
    return {
        case.attrib["name"]: next((child.tag for child in case if child.tag != "properties"), "passed")
        for case in root.iter("testcase")
    }


def test_each_verdict_has_its_outcome_and_its_reason() -> None:
    root = checked(junit(made.EVERY))
    assert outcomes(root) == {
        WHOLE: "failure",
        "net_failed 224px b1 t1 pinned": "error",
        "net_missing 224px b1 t1 pinned": "failure",
        "net_slower 224px b1 t1 pinned": "failure",
        "net_other_outputs 224px b1 t1 pinned": "failure",
        "net_inconclusive 224px b1 t1 pinned": "skipped",
        "net_not_comparable 224px b1 t1 pinned": "skipped",
        "net_faster 224px b1 t1 pinned": "passed",
        "net_same 224px b1 t1 pinned": "passed",
        "net_new 224px b1 t1 pinned": "passed",
    }
    slower = next(case for case in root.iter("testcase") if case.attrib["name"].startswith("net_slower"))
    failure = slower.find("failure")
    assert (failure.attrib["type"], failure.text) == ("slower", "slower: takes 1.12 times as long, at least 1.07")
    values = {one.attrib["name"]: one.attrib["value"] for one in slower.iter("property")}
    assert values == {
        "verdict": "slower", "ratio": "1.12", "ratio_low": "1.07", "ratio_high": "1.17",
        "detectable_ratio": "1.034",
    }  # fmt: skip
    assert root.find("testsuite").attrib["timestamp"] == "2026-01-02T03:04:05"


@pytest.mark.parametrize("allow", [False, True])
@pytest.mark.parametrize("verdict", [None, *V])
def test_a_report_is_green_where_and_only_where_the_gate_ends_with_0(verdict: V | None, allow: bool) -> None:
    cases = [verdict, V.SAME] if verdict else []
    for shown in (cases, cases[:1]):
        report = made.report(shown, rules=made.ALLOWED if allow else made.RULES)
        root = checked(junit(report))
        is_red = any(int(root.attrib[word]) for word in ("failures", "errors"))
        assert is_red is (report.exit_code != 0)


def test_times_are_those_of_the_timed_passes_of_both_sides() -> None:
    same = made.case(V.SAME)
    root = checked(junit(made.report([same, V.NEW])))
    seconds = [
        sum(sum(turn.duration_s) for run in side.runs for turn in run.turns) for side in (same.first, same.second)
    ]
    times = {case.attrib["name"].partition(" ")[0]: float(case.attrib["time"]) for case in root.iter("testcase")}
    assert times["net_same"] == pytest.approx(sum(seconds), abs=1e-6)
    assert times["net_new"] == pytest.approx(seconds[0], rel=0.01)
    assert float(root.attrib["time"]) == pytest.approx(sum(times.values()), abs=1e-5)


def test_an_inconclusive_gate_fails_as_a_whole_with_what_to_do() -> None:
    root = checked(junit(made.many(3, V.INCONCLUSIVE)))
    assert set(outcomes(root).values()) == {"failure", "skipped"}
    failure = root.find("testsuite/testcase/failure")
    assert failure.attrib["type"] == "inconclusive"
    assert failure.text.endswith("--find 5%")
    allowed = checked(junit(made.report([V.INCONCLUSIVE], rules=made.ALLOWED)))
    assert sorted(outcomes(allowed).values()) == ["passed", "skipped"]


@pytest.mark.parametrize("is_stopped", [True, False])
def test_an_interrupted_gate_is_an_error_as_a_whole(is_stopped: bool) -> None:
    root = checked(junit(made.interrupted(is_stopped=is_stopped)))
    whole = root.find("testsuite/testcase/error")
    assert whole.attrib["type"] == "interrupted"
    assert whole.text.startswith("Gate interrupted")


def test_a_withdrawn_verdict_is_marked() -> None:
    marked = checked(junit(made.ALARMED)).findall("testsuite/testcase/properties/property[@name='withdrawn']")
    assert [one.attrib["value"] for one in marked] == ["slower"]


@pytest.mark.parametrize("name", HOSTILE.values(), ids=list(HOSTILE))
def test_hostile_text_is_text(name: str) -> None:
    report = made.report([made.case(V.FAILED, name, reason=name)], session=name)
    root = checked(junit(report, name))
    assert len(list(root.iter("testcase"))) == 2
    texts = [text for element in root.iter() for text in (element.text or "", *element.attrib.values())]
    assert all(c.isprintable() or c in "\n\u2003" for text in texts for c in text)


def test_several_gates_of_a_build_have_classes_of_their_own() -> None:
    (suite,) = checked(junit(made.QUIET, "arm64"))
    assert suite.attrib["name"] == "levit_bench.gate.arm64"
    assert {case.attrib["classname"] for case in suite.iter("testcase")} == {"levit_bench.gate.arm64"}


def test_every_case_of_a_large_gate_is_there() -> None:
    assert checked(junit(made.many(400))).attrib["tests"] == "401"
