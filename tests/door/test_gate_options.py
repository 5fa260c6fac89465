"""What options about a gate ask for, and what side b is called where tests have the value of an axis."""

from __future__ import annotations

from pathlib import Path

import pytest
from levit_bench.asking.request import Request
from levit_bench.errors import UsageError
from levit_bench.judge.verdicts import GATE
from levit_bench.pytest_gate import asked_gate, side_b


def test_without_an_option_nothing_is_judged_but_a_stored_gate_is() -> None:
    assert asked_gate({}, ["budget"]) is None
    read = asked_gate({}, [], is_read=True)
    assert read is not None
    assert (read.side, read.rules[:2], read.given) == (None, tuple(GATE), ())


def test_options_become_rules() -> None:
    given = {"gate": "runtime=eager", "margin": "7%", "min-effect": "1%", "null": True, "allow-inconclusive": True}
    asked = asked_gate(given, [], words=("--benchmark",))
    assert asked is not None
    assert asked.rules == (0.01, 0.07, True, False)
    assert (asked.side, asked.has_control, asked.find, asked.words) == ("runtime=eager", True, None, ("--benchmark",))


def test_a_slowdown_to_be_found_takes_the_place_of_the_budget() -> None:
    asked = asked_gate({"gate": "runtime=eager", "find": "3%"}, [])
    assert asked is not None
    assert (asked.find, asked.at_most) == (0.03, "10m")
    asked = asked_gate({"gate": "runtime=eager", "find": "3%", "at-most": "1h"}, [])
    assert asked is not None
    assert asked.at_most == "1h"


@pytest.mark.parametrize(
    ("given", "of_session", "message"),
    [
        ({"gate": " "}, (), "--gate is empty"),
        ({"null": True}, (), "--null goes with --gate"),
        ({"gate": "runtime=eager", "at-most": "1m"}, (), "--at-most goes with --find"),
        ({"gate": "runtime=eager", "find": "3%"}, ("budget",), "--find plans the budget itself"),
        ({"gate": "runtime=eager", "find": "0%"}, (), "give a slowdown above 0%"),
        ({"gate": "runtime=eager", "find": "soon"}, (), "--find: "),
        ({"gate": "runtime=eager", "margin": "x"}, (), "--margin"),
        ({"gate": "runtime=eager", "out": ""}, (), "--out names no folder"),
        ({"gate": "runtime=eager"}, ("seed", "target-error"), "--target-error has no place in a gate"),
        ({"gate": "runtime=eager"}, ("start-method",), "--start-method has no place in a gate"),
        (
            {"gate": "no-such-word"},
            (),
            "'no-such-word' is no environment in a folder, no requirement and no axis=value",
        ),
    ],
)
def test_what_cannot_be_asked_for_is_said(
    given: dict[str, str | bool], of_session: tuple[str, ...], message: str, monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(UsageError, match=message):
        asked_gate(given, of_session)


def single(runtime: str, batch: int = 1) -> Request:
    """A request for one case, as a test has it."""
    return Request(networks=("levit_128s",), runtimes=(runtime,), batches=(batch,), allocators=("pinned",))


def test_side_b_has_the_tests_value_of_an_axis_that_side_a_names() -> None:
    words, requests = side_b("HEAD runtime=eager", [single("onnxruntime"), single("onnxruntime", 4)])
    assert words == "runtime=onnxruntime"
    assert [(one.runtimes, one.batches) for one in requests] == [((), (1,)), ((), (4,))]
    assert side_b("HEAD", [single("eager")]) == (None, [single("eager")])


def test_several_values_of_such_an_axis_are_refused() -> None:
    with pytest.raises(UsageError, match=r"--gate names runtime.* the tests have eager, onnxruntime"):
        side_b("runtime=openvino", [single("eager"), single("onnxruntime")])
