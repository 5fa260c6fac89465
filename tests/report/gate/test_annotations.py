"""Workflow commands: the right level, each on one line, escaped as the runner decodes them, and never too many."""

from __future__ import annotations

import re

import pytest
from levit_bench.judge.gate.gate_report import CaseVerdict
from levit_bench.report.gate.annotations import LEVELS, MOST, workflow_commands

from tests.report.gate import made
from tests.report.gate.hostile_names import HOSTILE

V = CaseVerdict
_COMMAND = re.compile(r"::(error|warning|notice) ([^:]*)::(.*)")


def decoded(line: str) -> tuple[str, dict[str, str], str]:
    """Level, properties and message, as the runner reads a line: properties end at commas, the list at `::`."""
    match = _COMMAND.fullmatch(line)
    assert match, line
    level, properties, message = match.groups()
    values = dict(one.split("=", 1) for one in properties.split(","))
    codes = {"%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ",", "%25": "%"}

    def plain(text: str) -> str:
        return re.sub("%0D|%0A|%3A|%2C|%25", lambda code: codes[code[0]], text)

    return level, {name: plain(value) for name, value in values.items()}, plain(message)


def test_failing_cases_are_errors_open_ones_warnings_and_faster_ones_notices() -> None:
    told = [decoded(line) for line in workflow_commands(made.EVERY)]
    assert [(level, values["title"].removeprefix("levit-bench gate: ")) for level, values, _ in told] == [
        ("error", "failed"), ("error", "missing"), ("error", "slower"), ("error", "other outputs"),
        ("warning", "inconclusive"), ("warning", "not comparable"), ("notice", "faster"),
    ]  # fmt: skip
    assert told[2][2] == (
        "net_slower 224px b1 t1 pinned: takes 1.12 times as long, at least 1.07 (ratio 1.12, 95 % CI 1.07 to 1.17)"
    )


@pytest.mark.parametrize(
    ("network", "file"),
    [
        ("nets.py:build#3f2a91", "nets.py"),
        ("a/b, c.py:build", "a/b, c.py"),
        ("a\\nets.py:build#3f", "a/nets.py"),
        ("../nets.py:build#3f", ""),
        ("/home/me/nets.py:build#3f", ""),
        ("C:/nets.py:build#3f", ""),
        ("package.module:build", ""),
        ("model.onnx#3f", ""),
        ("levit_128s", ""),
    ],
)
def test_the_file_is_that_of_a_network_built_by_a_file_of_the_checkout(network: str, file: str) -> None:
    (line,) = workflow_commands(made.report([made.renamed(made.case(V.SLOWER), network)]))
    assert decoded(line)[1].get("file", "") == file


def test_a_missing_case_is_annotated_where_side_a_has_it() -> None:
    (line,) = workflow_commands(made.report([made.renamed(made.case(V.MISSING), "nets.py:build#3f")]))
    assert decoded(line)[1]["file"] == "nets.py"


@pytest.mark.parametrize("name", HOSTILE.values(), ids=list(HOSTILE))
def test_a_hostile_name_stays_within_the_message_of_its_line(name: str) -> None:
    case = made.renamed(made.case(V.SLOWER, name, reason=name), "nets.py:build")
    (line,) = workflow_commands(made.report([case]))
    assert all(character.isprintable() or character == "\u2003" for character in line)
    level, values, message = decoded(line)
    assert (level, values) == ("error", {"title": "levit-bench gate: slower", "file": "nets.py"})
    assert len(message) <= 1000


def test_at_most_ten_of_a_level_and_the_last_counts_the_others() -> None:
    lines = [decoded(line) for line in workflow_commands(made.many(400))]
    for level in LEVELS:
        of_level = [message for kind, _, message in lines if kind == level]
        assert len(of_level) == MOST
    counting = [message for _, _, message in lines if message.endswith(" more cases: gate.json has them.")]
    assert [message.split()[0] for message in counting] == ["171", "79", "35"]
    ten = workflow_commands(made.many(10, V.SLOWER))
    assert len(ten) == 10
    assert not any("more case" in line for line in ten)


def test_nothing_compared_is_an_error_and_a_control_that_alarms_a_warning() -> None:
    (line,) = workflow_commands(made.report())
    assert decoded(line)[0] == "error"
    told = [decoded(line) for line in workflow_commands(made.ALARMED)]
    assert [level for level, _, _ in told] == ["warning", "warning"]
    assert "withdrawn: 1 of slower" in told[0][2]


def test_a_gate_that_passed_says_nothing_but_what_became_faster() -> None:
    assert [decoded(line)[0] for line in workflow_commands(made.QUIET)] == ["notice"]
