"""A gate as JUnit XML, for the test reports of build servers.

One `testcase` a case, and before them one for the gate as a whole. What a server shows green or red follows from the
counts of failures and errors, and most count what is skipped as passed. A case that could not be judged did not fail:
it is skipped, whatever its neighbours are. That such a gate is red all the same is what the first `testcase` says: it
fails whenever the exit code is not 0, also where there is no case at all. So a report without a failure or an error is
one of a gate that ended with 0, and no other.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable

from levit_bench.judge.gate.gate_report import CaseVerdict, GateCase, GateOutcome, GateReport
from levit_bench.report.gate.case_figures import case_figures
from levit_bench.report.gate.case_latency import measured_s
from levit_bench.report.gate.case_order import in_order
from levit_bench.report.gate.sentence import overall
from levit_bench.report.words.safe_text import shortened, visible

WHOLE = "the whole gate"
"""Name of the `testcase` that the exit code decides."""
_CLASS = "levit_bench.gate"
_NAME, _REASON = 1000, 4000
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}")
_UNKNOWN_TIME = "1970-01-01T00:00:00"
"""Where no case has a record: the schema asks for a time."""


def junit(report: GateReport, name: str = "") -> bytes:
    """The report in UTF-8.

    Args:
        report: the gate.
        name: of the gate, where a build has several; part of the class of every case.
    """
    shown_name = f"{_CLASS}.{visible(name)}" if name else _CLASS
    suite = ET.Element(
        "testsuite", name=shown_name, timestamp=_timestamp(report), hostname="localhost", time=_seconds(report.cases)
    )
    _properties(suite, _of_gate(report))
    _whole(suite, report, shown_name)
    for case in in_order(report.cases):
        _case(suite, case, shown_name)
    counts = {"tests": len(suite.findall("testcase"))}
    counts |= {word: len(suite.findall(f"testcase/{tag}")) for word, tag in _COUNTED.items()}
    for word, count in counts.items():
        suite.set(word, str(count))
    root = ET.Element("testsuites", name="levit-bench gate", time=suite.attrib["time"])
    for word in ("tests", "failures", "errors"):
        root.set(word, suite.attrib[word])
    root.append(suite)
    ET.indent(root)
    content: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return content + b"\n"


_COUNTED = {"failures": "failure", "errors": "error", "skipped": "skipped"}


def _whole(suite: ET.Element, report: GateReport, shown_name: str) -> None:
    """The `testcase` of the gate as a whole."""
    element = ET.SubElement(suite, "testcase", classname=shown_name, name=WHOLE, time="0")  # All of it is in its cases.
    _properties(element, {"verdict": report.outcome.value, "exit_code": str(report.exit_code)})
    if report.exit_code:
        # Of an interrupted gate nothing was found, neither a failure nor the absence of one.
        tag = "error" if report.outcome is GateOutcome.INTERRUPTED else "failure"
        _told(element, tag, overall(report).text, report.outcome.value)


def _case(suite: ET.Element, case: GateCase, shown_name: str) -> None:
    name = shortened(case.name, _NAME) or "(no name)"
    element = ET.SubElement(suite, "testcase", classname=shown_name, name=name, time=_seconds([case]))
    _properties(element, _of_case(case))
    message = f"{case.verdict.value}: {case.reason}"
    if case.verdict is CaseVerdict.FAILED:
        _told(element, "error", message, case.verdict.value)
    elif case.verdict.fails:
        _told(element, "failure", message, case.verdict.value)
    elif case.verdict.is_open:
        ET.SubElement(element, "skipped", message=shortened(message, _REASON))


def _told(element: ET.Element, tag: str, message: str, kind: str) -> None:
    """A failure or an error, with its message as attribute and as content: servers show one or the other."""
    shown = shortened(message, _REASON)
    ET.SubElement(element, tag, message=shown, type=kind).text = shown


def _of_gate(report: GateReport) -> dict[str, str]:
    return {
        "session": visible(report.session), "baseline": visible(report.baseline), "outcome": report.outcome.value,
        "exit_code": str(report.exit_code), "margin": repr(report.rules.margin),
        "min_effect": repr(report.rules.min_effect), "family": str(report.family),
    }  # fmt: skip


def _of_case(case: GateCase) -> dict[str, str]:
    """The figures of a case as text, unrounded; those that the data do not give are left out."""
    figures = {**case_figures(case), "outputs_apart": case.apart, "outputs_allowed": case.allowed}
    told = {name: repr(float(value)) for name, value in figures.items() if value is not None}
    withdrawn = {"withdrawn": case.withdrawn.value} if case.withdrawn else {}
    return {"verdict": case.verdict.value, **withdrawn, **told}


def _properties(element: ET.Element, values: dict[str, str]) -> None:
    holder = ET.SubElement(element, "properties")
    for name, value in values.items():
        ET.SubElement(holder, "property", name=name, value=value)


def _seconds(cases: Iterable[GateCase]) -> str:
    """Seconds of the timed passes of cases, on both sides together."""
    records = (record for case in cases for record in (case.first, case.second) if record is not None)
    return f"{sum(measured_s(record) for record in records):.6f}"


def _timestamp(report: GateReport) -> str:
    """When the session of the gate began, in UTC and without a zone, as the schema wants it."""
    records = (case.second or case.first for case in report.cases)
    taken = next((record.conditions.taken_at for record in records if record is not None), "")
    match = _TIME.match(taken)
    return match[0] if match else _UNKNOWN_TIME
