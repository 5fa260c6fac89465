"""Findings as people and programs read them: a kind once, with what it is about."""

from __future__ import annotations

import json

import levit_bench
import pytest
from levit_bench.api import Results
from levit_bench.cli.output import MOST, print_findings
from levit_bench.judge.front.panels import panels
from levit_bench.records import Accuracy, Finding, Record
from levit_bench.report.front import table
from levit_bench.report.front.export import document
from levit_bench.report.views import cases
from levit_bench.report.words.findings import About, about, grouped, of_panels

from tests.judge.findings.faults import in_state, of_case, replace, slower
from tests.making import record
from tools.simulated.machine import REGULAR
from tools.simulated.sessions import session


def accurate(records: list[Record]) -> list[Record]:
    """The subjects with an accuracy, so that a front has a place for them."""
    top1 = Accuracy(top1=80.0, source="made up")
    return [replace(r, info=replace(r.info, accuracy=top1)) if r.info.role == "subject" else r for r in records]


@pytest.fixture(scope="module")
def healthy() -> list[Record]:
    return accurate(session(REGULAR["quiet"], 7, runs=5, rounds=6))


@pytest.fixture(scope="module")
def sick(healthy: list[Record]) -> list[Record]:
    """On a battery, and two cases with two states."""
    odd = {of_case(healthy, name) for name in ("resnet50", "levit_192")}
    return in_state(slower(healthy, lambda t: 1.4 if t.case in odd and t.run in (1, 3) else 1.0), on_battery=True)


def of_kind(findings: list[Finding], kind: str) -> Finding:
    (found,) = [finding for finding in findings if finding.kind == kind]
    return found


def test_a_healthy_session_has_nothing_to_tell(healthy):
    assert cases.findings_of(healthy) == []
    assert all(row["findings"] == [] for row in cases.rows(healthy))
    assert all(not panel.findings and not point.findings for panel in panels(healthy) for point in panel.points)


def test_a_kind_is_told_once_and_names_its_cases(sick):
    found = cases.findings_of(sick)
    assert len({finding.kind for finding in found}) == len(found)
    said = of_kind(found, "two-humps")
    assert said.message.startswith("levit_192: has two latencies")
    assert said.message.endswith("The same holds for resnet50.")


def test_what_is_about_the_session_is_told_without_a_case_and_first(sick):
    found = cases.findings_of(sick)
    assert found[0].kind == "on-battery"
    assert found[0].message.startswith("the machine ran from its battery")


def test_of_several_sessions_the_first_is_named_and_the_others_are_counted(sick):
    again = [[replace(r, session=f"again-{n}") for r in sick] for n in (1, 2)]
    said = of_kind(cases.findings_of([*sick, *again[0], *again[1]]), "on-battery").message
    assert said.startswith("session simulated-7: the machine ran")
    assert said.endswith("The same holds for 2 more sessions.")


def test_cases_of_one_network_are_told_apart():
    both = [record("net", (0.01, 0.02), batch=batch) for batch in (1, 16)]
    assert cases.findings_of(both)[0].message.startswith("net b1: 2 runs")


def test_a_choice_of_cases_keeps_what_the_whole_session_shows(sick):
    chosen = [r for r in sick if r.case.network == "resnet50"]
    assert {f.kind for f in cases.findings_of(chosen, sick)} == {"on-battery", "two-humps", "runs-disagree"}
    (row,) = cases.rows(chosen, sick)
    assert [one["kind"] for one in row["findings"]] == ["on-battery", "two-humps", "runs-disagree"]
    assert not {
        f.kind for f in cases.findings_of([r for r in sick if r.case.network == "deit_tiny_patch16_224"], sick)
    } - {"on-battery"}


def test_what_a_file_says_of_every_run_is_told_once():
    noticed = tuple(Finding(kind="seat-not-idle", message=f"an idle seat still gained {n}.0 ms") for n in (1, 2, 3))
    one = replace(record(), findings=noticed)
    assert [f.message for f in cases.findings_of([one])] == ["an idle seat still gained 1.0 ms"]
    assert len(about([one])[one.session, None]) == 1


def test_many_cases_are_counted_after_the_first_few():
    found = [About(Finding(kind="drift", message="moved."), f"net{n}", "s") for n in range(9)]
    (said,) = grouped(found)
    assert said.message == "net0: moved. The same holds for net1, net2, net3 and 5 more."


def test_rows_and_frames_are_plain(sick):
    rows = cases.rows(sick)
    assert json.loads(json.dumps(rows, allow_nan=False)) == rows
    by_network = {row["network"]: row["findings"] for row in rows if row["role"] == "subject"}
    assert by_network["resnet50"][0]["case"] is None
    frame = cases.frame(sick)
    assert set(frame[frame.network == "resnet50"].findings) == {"on-battery two-humps runs-disagree"}
    assert set(frame[frame.role == "null"].findings) == {""}


def test_results_in_python_have_their_findings(sick):
    results = Results(sick)
    assert {finding.kind for finding in results.case_findings} == {"on-battery", "two-humps", "runs-disagree"}
    assert results.findings == ()
    assert isinstance(results, levit_bench.Results)


def test_a_front_tells_what_is_about_its_session_once_and_the_rest_at_its_points(sick):
    (panel,) = panels(sick)
    assert [finding.kind for finding in panel.findings] == ["on-battery"]
    points = {point.label: {finding.kind for finding in point.findings} for point in panel.points}
    assert points["resnet50"] == {"two-humps", "runs-disagree"}
    assert points["efficientnet_b0"] == set()
    told = [finding.kind for finding in of_panels([panel])]
    assert told[0] == "on-battery"
    assert sorted(told[1:]) == ["runs-disagree", "two-humps"]
    page = document([panel])
    assert page.count("the machine ran from its battery") == 1
    assert "- `two-humps` (" in page
    (row,) = [row for row in table.rows([panel]) if row["network"] == "resnet50"]
    assert {one["kind"] for one in row["findings"]} == {"on-battery", "two-humps", "runs-disagree"}


def test_a_network_of_several_settings_is_named_with_its_own():
    crowd = [
        record(name, runs, runtime=runtime)
        for runtime, runs in (("eager", [0.01, 0.011]), ("openvino", [0.01, 0.012]))
        for name in (["net", "only"] if runtime == "eager" else ["net"])
    ]
    both = panels(crowd)
    (few,) = [finding for finding in of_panels(both) if finding.kind == "too-few-runs"]
    assert few.message.startswith("net · runtime eager: ")
    assert few.message.endswith("The same holds for only and net · runtime openvino.")
    page = document(both)
    assert "- `too-few-runs` (net · runtime eager, only, net · runtime openvino): " in page
    (chosen,) = both[1].points
    assert of_panels(both, [chosen])[-1].message.startswith("net · runtime openvino: ")


def test_sessions_of_two_versions_are_a_finding_about_the_front_that_joins_them(healthy):
    other = [replace(r, session="later", bench="9.9") for r in healthy]
    (panel,) = panels([*healthy, *other])
    assert "engine-changed" in {finding.kind for finding in panel.findings}
    (alone,) = panels(other)
    assert "engine-changed" not in {finding.kind for finding in alone.findings}


def test_a_terminal_shows_a_handful_and_names_the_rest(capsys: pytest.CaptureFixture[str]):
    found = [Finding(kind=f"kind-{n}", message="odd") for n in range(MOST + 2)]
    print_findings(found, most=MOST)
    said = capsys.readouterr().err.splitlines()
    assert len(said) == MOST
    assert said[-1] == f"also: kind-{MOST - 1}, kind-{MOST}, kind-{MOST + 1}; --json tells all"
    print_findings(found[:MOST], most=MOST)
    assert len(capsys.readouterr().err.splitlines()) == MOST
