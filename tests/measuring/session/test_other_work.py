"""Other work on the machine before the budget begins: when it is said, and when it is waited for."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator

import msgspec
import pytest
from levit_bench.cli import progress
from levit_bench.measuring.machine.processor_use import ProcessorUse
from levit_bench.measuring.session import session
from levit_bench.measuring.session.observer import Silent
from levit_bench.records import Finding
from rich.console import Console

from tools.simulated.fake_world import PROTOCOL


class Waiting(Silent):
    """Waits until it is quiet, or gives up after so many looks."""

    def __init__(self, looks: int) -> None:
        self.looks, self.said = looks, ""

    def busy(self, finding: Finding, is_quiet: Callable[[], bool]) -> bool:
        self.said = finding.message
        return any(is_quiet() for _ in range(self.looks))


@pytest.fixture
def uses(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Sets what others will be seen to use, look by look, a second apart."""

    def set_to(*others: float) -> None:
        moments, at_s, busy_s = [], 0.0, 0.0
        for used in (0.0, *others):
            at_s, busy_s = at_s + 1.0, busy_s + used + 0.5
            moments.append(ProcessorUse(at_s, busy_s, 0.5 * at_s))
        following: Iterator[ProcessorUse] = iter(moments)
        monkeypatch.setattr(ProcessorUse, "now", classmethod(lambda cls: next(following)))

    monkeypatch.setattr(session, "usable_processors", lambda: 2)
    return set_to


@pytest.mark.parametrize("others", [None, 0.0, 0.24])
def test_a_machine_with_little_other_work_is_no_finding(others: float | None) -> None:
    assert session._wait_for_quiet(others, PROTOCOL, Waiting(0)) == []


def test_other_work_is_said_with_its_size_and_nobody_waits_unasked(uses: Callable[..., None]) -> None:
    uses()
    (finding,) = session._wait_for_quiet(0.9, PROTOCOL, Silent())
    assert finding.kind == "busy-before"
    assert "other processes used 90% of a processor" in finding.message


def test_what_was_waited_for_until_it_ended_is_no_finding(uses: Callable[..., None]) -> None:
    uses(1.0, 0.8, 0.1)
    observer = Waiting(3)
    assert session._wait_for_quiet(0.9, PROTOCOL, observer) == []
    assert "90%" in observer.said


def test_nobody_waits_for_a_sketch(uses: Callable[..., None]) -> None:
    uses(0.0)
    observer = Waiting(1)
    thin = msgspec.structs.replace(PROTOCOL, thin=True)
    assert [finding.kind for finding in session._wait_for_quiet(0.9, thin, observer)] == ["busy-before"]
    assert observer.said == ""


def test_what_did_not_end_stays_a_finding(uses: Callable[..., None]) -> None:
    uses(1.0, 0.8, 0.3)
    assert [finding.kind for finding in session._wait_for_quiet(0.9, PROTOCOL, Waiting(3))] == ["busy-before"]


def test_own_work_is_not_that_of_others() -> None:
    before, after = ProcessorUse(10.0, 100.0, 50.0), ProcessorUse(14.0, 108.0, 54.0)
    assert after.others_since(before) == pytest.approx(1.0)
    assert after.others_since(ProcessorUse(10.0, None, 50.0)) is None
    assert ProcessorUse(14.0, 104.0, 56.0).others_since(before) == 0.0


FINDING = Finding(kind="busy-before", message="other processes used 90% of a processor")


def test_without_a_terminal_the_session_goes_on_at_once() -> None:
    with progress.reporter(Console(file=io.StringIO())) as reporter:
        assert reporter.busy(FINDING, lambda: True) is False


@pytest.mark.parametrize(
    ("typed", "quiet", "waited"), [(True, False, False), (False, True, True), (False, False, False)]
)
def test_on_a_terminal_it_waits_for_quiet_or_enter_and_not_for_ever(
    monkeypatch: pytest.MonkeyPatch, typed: bool, quiet: bool, waited: bool
) -> None:
    screen, keyboard = io.StringIO(), io.StringIO("\n")
    monkeypatch.setattr(keyboard, "isatty", lambda: True)
    monkeypatch.setattr("sys.stdin", keyboard)
    monkeypatch.setattr(progress.select, "select", lambda *_: ([keyboard] if typed else [], [], []))
    with progress.reporter(Console(file=screen, force_terminal=True, width=100)) as reporter:
        assert reporter.busy(FINDING, lambda: quiet) is waited
    assert "90% of a processor" in screen.getvalue()
    assert "Enter goes on" in screen.getvalue()
