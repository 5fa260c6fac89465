"""The commands that a gate's readers are told ask for the same in anybody's checkout."""

from __future__ import annotations

import shlex
from pathlib import Path

import msgspec
from levit_bench.command_lines import of_stores
from levit_bench.judge.gate.gate_report import CaseVerdict, GateCase
from levit_bench.records import SideDifference
from levit_bench.report.gate.commands import longer, same_again, where_outputs_differ

from tests.report.gate import made

V = CaseVerdict


def with_protocol(case: GateCase, **fields: object) -> GateCase:
    assert case.second is not None
    protocol = msgspec.structs.replace(case.second.protocol, **fields)
    return case._replace(second=msgspec.structs.replace(case.second, protocol=protocol))


def test_a_measured_gate_names_no_store_and_a_stored_one_does() -> None:
    with of_stores([Path("/somewhere/else")]):
        measured = made.report([V.INCONCLUSIVE])
        for command in (same_again(measured), longer(measured), where_outputs_differ(measured)):
            assert "store" not in command
        stored = made.report([V.INCONCLUSIVE], baseline="good", session="s1", command=())
        assert same_again(stored) == "levit-bench gate --baseline good --session s1 --store /somewhere/else"


def test_a_longer_gate_has_one_length() -> None:
    words = ("--networks", "n", "--budget", "60s", "--null", "--find", "20%", "--at-most", "60s", "--margin", "5%")
    assert longer(made.report([V.INCONCLUSIVE], command=words)) == (
        "levit-bench gate --networks n --null --margin 5% --find 5%"
    )
    words = ("--benchmark", "--bench-gate=main", "--bench-budget=60s", "--budget", "9s", "-k", "budget")
    assert longer(made.report([V.INCONCLUSIVE], pytest_words=words)) == (
        "pytest --benchmark --bench-gate=main -k budget --bench-find 5%"
    )


def test_an_option_that_was_given_is_not_given_twice() -> None:
    words = ("--networks", "n", "--allow-other-outputs")
    assert where_outputs_differ(made.report([V.OTHER_OUTPUTS], command=words)) == (
        "levit-bench gate --networks n --allow-other-outputs"
    )


def test_a_stored_gate_implies_what_decided_its_measurement() -> None:
    cases = [with_protocol(made.case(V.SAME), budget_s=180, seats="alone"), made.case(V.SAME)]
    controlled = made.report(cases, command=(), controls=(made.case(V.SAME),))
    words = shlex.split(same_again(controlled))
    for option, value in (("--budget", "3min"), ("--isolation", "alone"), ("--batch", "1"), ("--min-effect", "3%")):
        assert words[words.index(option) + 1] == value
    assert "--null" in words
    assert "--margin" not in words, "the usual one goes without saying"
    found = made.report([with_protocol(made.case(V.SAME), find=0.2, budget_s=60)], command=())
    words = shlex.split(same_again(found))
    assert words[words.index("--find") + 1] == "20%"
    assert words[words.index("--at-most") + 1] == "1min"
    assert "--budget" not in words


def test_an_axis_that_a_side_names_is_asked_of_the_side_alone() -> None:
    axis = SideDifference(kind="axis", name="batch", first="4", second="1")
    assert "--batch" not in same_again(made.report([V.SAME], command=(), differences=(axis,)))
