"""What a resumed session refuses: cases that are no longer what they were."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from levit_bench.errors import UsageError
from levit_bench.measuring import runtimes
from levit_bench.measuring.session.session import (
    Subject,
    _earlier,
    _lines,
    _refuse_changed,
    _refuse_other_packages,
    made_by,
)
from levit_bench.records import Case, CaseLine, RunStartLine, SessionLine
from levit_bench.store.files import Session

from tests.measuring.fake_packages import Install
from tools.simulated.fake_world import CONDITIONS, MACHINE, PROTOCOL

CASE = Case(network="nets:build", resolution=224)
LINE = CaseLine(id=CASE.id, case=CASE, params=1000, macs=2000, logits_std=1.0)


RUNTIME = "def unavailable(): ...\nprepare = load = threads = versions = None"


def _lines_with(install: Install, version: str) -> list[CaseLine]:
    """The lines of a session with a runtime that a package of that version brings."""
    install("levit_bench.runtimes", "theirs", RUNTIME, package="their-package", version=version)
    return _lines([Subject(Case(network="resnet18", resolution=224, runtime="theirs", form="inference"))])


def test_a_session_keeps_which_package_in_which_brings_its_runtime(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject, *own = _lines_with(install, "1.0")
    assert subject.made_by == {"runtime": "their-package 1.0"}
    assert [line.made_by for line in own] == [{}, {}, {}]
    monkeypatch.setattr(runtimes, "version", {"onnxruntime": "1.27.0"}.__getitem__)
    assert made_by(Case(network="a", resolution=1, runtime="onnxruntime")) == {"runtime": "1.27.0"}


def test_a_session_is_not_resumed_with_another_version_of_its_runtime(install: Install) -> None:
    (subject, *_) = _lines_with(install, "1.0")
    _refuse_other_packages(Path("s.jsonl"), [subject])
    _lines_with(install, "2.0")
    with pytest.raises(UsageError, match=r"with runtime theirs their-package 1\.0, here is their-package 2\.0"):
        _refuse_other_packages(Path("s.jsonl"), [subject])
    _refuse_other_packages(Path("s.jsonl"), [msgspec.structs.replace(subject, made_by={})])  # As in older files.


def test_a_network_that_is_what_it_was_is_taken_on() -> None:
    _refuse_changed(Path("s.jsonl"), [LINE], [msgspec.structs.replace(LINE, logits_std=1.0001)])


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"params": 1001}, "parameters 1000, now 1001"),
        ({"macs": 2500}, "multiply-accumulates 2000, now 2500"),
        ({"logits_std": 1.1}, "deviation of its logits 1, now 1.1"),
    ],
)
def test_a_network_that_has_changed_under_its_name_is_refused(changed: dict[str, float], said: str) -> None:
    with pytest.raises(UsageError) as refused:
        _refuse_changed(Path("s.jsonl"), [LINE], [msgspec.structs.replace(LINE, **changed)])
    assert "nets:build 224px b1 t1 pinned is another network than when the session was begun" in str(refused.value)
    assert said in str(refused.value)


def test_a_case_that_failed_or_was_never_prepared_is_not_compared() -> None:
    failed = msgspec.structs.replace(LINE, params=None, logits_std=None, outcome="failed", reason="raised")
    _refuse_changed(Path("s.jsonl"), [LINE], [failed])
    older = msgspec.structs.replace(LINE, params=None, macs=None, logits_std=None)
    _refuse_changed(Path("s.jsonl"), [older], [LINE])


def _sittings(*resumed: int) -> Session:
    """A session whose runs began after so many resumes each."""
    head = SessionLine(session="s", bench="0", machine=MACHINE, protocol=PROTOCOL, conditions=CONDITIONS)
    starts = tuple(
        RunStartLine(run=run, at_s=0.0, seats=(), conditions=CONDITIONS, resumed=before)
        for run, before in enumerate(resumed)
    )
    return Session(head=head, cases=(), starts=starts, turns=(), ends=(), findings=())


@pytest.mark.parametrize(("resumed", "now"), [((), 0), ((0,), 1), ((0, 0, 0), 1), ((0, 0, 1, 1), 2), ((0, 3), 4)])
def test_a_resume_is_counted_once_its_session_has_a_run_that_could_be_seen(resumed: tuple[int, ...], now: int) -> None:
    assert _earlier(_sittings(*resumed)).resumes == now
