"""The JSON document: the same keys in every gate, figures as the report has them, and nothing that JSON lacks."""

from __future__ import annotations

import json
import math
import re

import pytest
from levit_bench.judge.gate.gate_report import CaseVerdict
from levit_bench.report.gate.document import document, encoded
from levit_bench.report.views.cases import fields

from tests.docs.blocks import ROOT
from tests.report.gate import made
from tests.report.gate.hostile_names import HOSTILE

V = CaseVerdict


def read(report: made.GateReport) -> dict[str, object]:
    def refused(constant: str) -> None:
        raise AssertionError(constant)

    return json.loads(encoded(report), parse_constant=refused)


def test_the_figures_are_those_of_the_report_unrounded() -> None:
    told = read(made.EVERY)
    cases = {case["verdict"]: case for case in told["cases"]}
    assert list(cases) == [verdict.value for verdict in CaseVerdict]
    for verdict, (value, low, high, detectable) in made.FIGURES.items():
        case = cases[verdict.value]
        figures = (case["ratio"], case["ratio_low"], case["ratio_high"], case["detectable_ratio"])
        assert figures == (value, low, high, detectable)
        assert (case["level"], case["runs"]) == (pytest.approx(0.99), 12)
    slower = cases["slower"]
    assert (slower["first_latency_s"], slower["second_latency_s"]) == (pytest.approx(0.01), pytest.approx(0.0112))
    assert (cases["other outputs"]["outputs_apart"], cases["other outputs"]["outputs_allowed"]) == (0.31, 0.001)
    assert (cases["failed"]["ratio"], cases["failed"]["runs"]) == (None, 0)
    assert (slower["network"], slower["batch"], slower["allocator"]) == ("net_slower", 1, "pinned")
    assert told["rules"] == made.RULES._asdict()
    assert (told["exit_code"], told["outcome"]) == (1, "failed")
    assert told["counts"] == {verdict.value: 1 for verdict in CaseVerdict}
    assert told["sides"][1]["versions"] == {"torch": "2.13.0"}
    assert told["differences"][0] == {"kind": "file", "name": "nets.py", "first": "3f2a91c0", "second": "77b1e2d4"}


def test_every_document_and_every_case_has_the_same_keys() -> None:
    nothing = made.case(V.NOT_COMPARABLE, first=None, second=None)
    documents = [read(report) for report in (made.EVERY, made.report(), made.ALARMED, made.report([nothing]))]
    assert len({tuple(one) for one in documents}) == 1
    cases = [case for one in documents for case in (*one["cases"], *one["controls"])]
    assert len({tuple(case) for case in cases}) == 1
    assert "side" not in cases[0]


def test_what_is_not_bounded_is_null_and_the_rest_of_it_stays() -> None:
    open_end = made.case(V.INCONCLUSIVE, comparison=made.compared(1.1, 0.0, math.inf, None))
    (case,) = read(made.report([open_end]))["cases"]
    assert (case["ratio"], case["ratio_low"], case["ratio_high"], case["detectable_ratio"]) == (1.1, 0.0, None, None)
    (case,) = read(made.report([made.case(V.SAME, comparison=made.compared(math.nan, -math.inf, 1.0, math.inf))]))[
        "cases"
    ]
    assert (case["ratio"], case["ratio_low"], case["detectable_ratio"]) == (None, None, None)


def test_hostile_names_come_back_as_they_were() -> None:
    report = made.report([made.case(V.SAME, name) for name in HOSTILE.values()])
    assert encoded(report).isascii()
    assert [case["name"] for case in read(report)["cases"]] == list(HOSTILE.values())


def test_no_command_session_or_baseline_is_null() -> None:
    told = document(made.QUIET._replace(session=""))
    assert (told["command"], told["session"], told["baseline"]) == (None, None, None)


def test_the_page_lists_every_key_of_the_document_and_no_other() -> None:
    text = (ROOT / "docs" / "gate-reports.md").read_text(encoding="utf-8")
    tables = {
        heading: re.findall(r"^\| `([a-z_]+)` \|", body, re.M)
        for heading, body in re.findall(r"^### (.+?)\n(.*?)(?=^##|\Z)", text, re.M | re.S)
    }
    told = read(made.EVERY)
    case = {
        name: value for name, value in told["cases"][0].items() if name not in fields(made.measured("n", 1.0, "b").case)
    }
    assert tables["The document"] == list(told)
    assert tables["A case"] == list(case)
    assert tables["A side"] == list(told["sides"][0])
    assert tables["A difference"] == list(told["differences"][0])
