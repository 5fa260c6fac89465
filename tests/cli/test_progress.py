"""What a session says while it gets ready: at once, of what, and how long that still takes."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from levit_bench import api
from levit_bench.asking.request import Request
from levit_bench.cli import progress
from levit_bench.cli.progress import Reporter
from levit_bench.measuring.preparing.preparation_step import PreparationStep, varying_axes
from levit_bench.measuring.preparing.workshop import Workshop
from levit_bench.measuring.session import session
from levit_bench.measuring.session.observer import Silent
from levit_bench.records import Case
from rich.console import Console


class Clock:
    """A clock that a test sets."""

    now_s = 1000.0

    def monotonic(self) -> float:
        return self.now_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(progress, "time", clock)
    return clock


def reporter() -> tuple[Reporter, io.StringIO]:
    """A reporter without a terminal, and what it prints."""
    out = io.StringIO()
    return Reporter(Console(file=out, width=200), None), out


CASE = Case(network="levit_192", resolution=224, runtime="onnxruntime", precision="bf16", form="inference")


def test_without_a_terminal_the_first_thing_is_said_at_once_and_then_a_line_now_and_then(clock: Clock) -> None:
    observer, out = reporter()
    observer.resolving(["nets.py:build", "b", "c", "d", "e"])
    assert out.getvalue() == "looking up nets.py:build, b, c and 2 more (imports libraries)\n"
    observer.starting(8, 2)
    assert out.getvalue().count("\n") == 1
    clock.now_s += 16
    observer.starting(8, 1)
    assert out.getvalue().endswith("preparing 8 cases of 1 network (looks at the machine)\n")


@pytest.mark.parametrize(
    ("varying", "words"),
    [
        ((), "preparing levit_192, onnxruntime (3/12, about 40 s left)"),
        (("form", "precision"), "preparing levit_192, onnxruntime inference bf16 (3/12, about 40 s left)"),
    ],
)
def test_preparing_names_the_runtime_and_what_varies_and_the_time_left(varying: tuple[str, ...], words: str) -> None:
    observer, out = reporter()
    observer.preparing(PreparationStep(CASE, 3, 12, varying, 40.3))
    assert out.getvalue().strip() == words


def test_only_axes_with_several_values_are_told() -> None:
    other = Case(network="b", resolution=224, runtime="eager", precision="fp32", form="inference")
    assert varying_axes([CASE, other]) == ("precision",)
    assert varying_axes([CASE]) == ()


def test_a_wait_for_another_session_is_said_once_a_minute() -> None:
    observer, out = reporter()
    for waited_s in range(130):
        observer.waiting("the session of process 7", float(waited_s))
    assert out.getvalue().count("waiting for the session of process 7. --no-wait goes on at once") == 3


def test_the_budget_that_a_session_chose_is_said() -> None:
    observer, out = reporter()
    observer.budget_chosen("budget 12 s, the smallest honest budget")
    assert "budget 12 s, the smallest honest budget" in out.getvalue()


class Told(Silent):
    """Keeps the order of what is said."""

    def __init__(self) -> None:
        self.order: list[str] = []

    def resolving(self, names: object) -> None:
        self.order.append(f"resolving {names}")

    def starting(self, cases: int, networks: int) -> None:
        self.order.append(f"starting {cases}")


class EndError(Exception):
    """Ends a session where a test has seen enough."""


def test_names_that_need_a_process_are_said_before_it_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Told()

    def resolve(_self: Workshop, names: object) -> None:
        assert told.order == ["resolving ('some_timm_net',)"]
        raise EndError

    monkeypatch.setattr(Workshop, "resolve", resolve)
    with pytest.raises(EndError):
        api.measure_request(Request(networks=("levit_128s", "some_timm_net")), tmp_path, told)


def test_a_session_says_that_it_starts_before_it_looks_at_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Told()

    def conditions() -> None:
        assert told.order == ["starting 2"]
        raise EndError

    monkeypatch.setattr(session, "conditions", conditions)
    with pytest.raises(EndError):
        api.measure_request(Request(networks=("levit_128s", "levit_192")), tmp_path, told)


def test_one_request_that_cannot_be_asked_for_leaves_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def conditions() -> None:
        raise EndError

    monkeypatch.setattr(session, "conditions", conditions)
    refused: list[int] = []
    requests = [Request(networks=("levit_128s",), seed=-1), Request(networks=("levit_128s",))]
    with pytest.raises(EndError):
        api.measure_requests(requests[::-1], tmp_path, Told(), on_refused=lambda number, _error: refused.append(number))
    assert refused == [1]
