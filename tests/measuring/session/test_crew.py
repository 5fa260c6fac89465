"""Which cases share a seat, and what a seat that cannot be started, filled or described costs."""

from __future__ import annotations

from pathlib import Path

import pytest
from levit_bench.measuring.preparing.workshop import Artifact
from levit_bench.measuring.session import case_loading
from levit_bench.measuring.session.crew import Crew, groups_of
from levit_bench.measuring.workers.messages import (
    Answer,
    CaseLoaded,
    Describe,
    Description,
    Failed,
    Load,
    Multiplied,
    Multiply,
    Prepared,
    Request,
)
from levit_bench.measuring.workers.seat import Seat, SeatLostError
from levit_bench.records import Case, CaseLine, ColdStart, SeatMode

from tools.simulated.fake_world import PROTOCOL


def _line(network: str, role: str = "subject", **axes: object) -> CaseLine:
    case = Case(network=network, resolution=224, **axes)  # type: ignore[arg-type]
    return CaseLine(id=case.id, case=case, role=role)  # type: ignore[arg-type]


LINES = [
    *(_line(name, allocator=allocator) for allocator in ("pinned", "shipped") for name in ("a", "b")),
    _line("yardstick-1a", "yardstick"),
    _line("null-1", "null"),
]


@pytest.mark.parametrize(
    ("mode", "seats"),
    [
        ("shared", [{"a", "b", "yardstick-1a", "null-1"}, {"a", "b"}]),
        ("alone", [{"a"}, {"b"}, {"a"}, {"b"}, {"yardstick-1a", "null-1"}]),
        ("auto", [{"a", "b", "yardstick-1a", "null-1"}, {"a"}, {"b"}]),
    ],
)
def test_cases_share_a_seat_by_environment_unless_their_mode_sets_them_apart(
    mode: SeatMode, seats: list[set[str]]
) -> None:
    assert [{case.network for case in group.cases} for group in groups_of(LINES, mode)] == seats


def test_other_threads_are_another_seat_in_every_mode() -> None:
    lines = [_line("a", threads=1), _line("a", threads=2)]
    for mode in ("shared", "alone", "auto"):
        assert len(groups_of(lines, mode)) == 2


def test_a_users_network_has_a_seat_of_its_own_unless_all_share() -> None:
    lines = [*LINES, _line("nets.py:build#3f2a91"), _line("their.module:build", batch=4)]
    seats = [{case.network for case in group.cases} for group in groups_of(lines, "auto")]
    assert {"nets.py:build#3f2a91"} in seats
    assert {"their.module:build"} in seats
    assert {"a", "b", "yardstick-1a", "null-1"} in seats
    shared = [{case.network for case in group.cases} for group in groups_of(lines, "shared")]
    assert {"a", "b", "yardstick-1a", "null-1", "nets.py:build#3f2a91", "their.module:build"} in shared


class FakeSeat:
    """Answers at once; networks named `kills`, `refuses` and `spoils` do that to it."""

    started_at = 0.0
    is_forked = False

    def begin(self) -> None: ...

    describes: Answer | None = Description(threads=1, affinity=None, rss_bytes=1, versions={})
    most = 99
    opened = 0

    def __init__(self, *_: object, **__: object) -> None:
        if type(self).opened >= type(self).most:
            raise SeatLostError("cannot start a process (Cannot allocate memory)")
        type(self).opened += 1
        self.holds: list[str] = []

    def ask(self, request: Request, _timeout_s: float) -> Answer:
        if isinstance(request, Load):
            name = request.case.network
            if name == "kills":
                raise SeatLostError("crashed")
            if name == "refuses":
                return Failed(reason="refuses")
            self.holds.append(name)
            return CaseLoaded(cold=ColdStart(load_s=1.0, first_pass_s=0.1, grown_bytes=0))
        assert isinstance(request, Describe)
        if "spoils" in self.holds:
            raise SeatLostError("was killed")
        if "mute" in self.holds:
            return Failed(reason="cannot tell")
        if type(self).describes is None:
            raise SeatLostError("never could")
        return type(self).describes

    def kill(self) -> None: ...

    close = kill


@pytest.fixture(autouse=True)
def _fresh() -> None:
    FakeSeat.opened, FakeSeat.most = 0, 99


def _crew(monkeypatch: pytest.MonkeyPatch, *networks: str, seat: type[FakeSeat] = FakeSeat) -> Crew:
    monkeypatch.setattr(case_loading, "Seat", seat)
    lines = [_line(name) for name in networks]
    prepared = Prepared(sha256="0", params=1, macs=None, logits_std=1.0, seconds=1.0, compile_s=0.0, distinct_images=9)
    return Crew(lines, {line.id: Artifact(Path(), prepared) for line in lines}, PROTOCOL)


def _by_network(crew: Crew, networks: tuple[str, ...]) -> dict[str, str]:
    return {name: crew.failed[_line(name).id] for name in networks if _line(name).id in crew.failed}


@pytest.mark.parametrize(
    "order", [("a", "spoils", "b", "mute"), ("mute", "a", "b", "spoils"), ("spoils", "mute", "b", "a")]
)
def test_who_makes_a_seat_unable_to_describe_itself_costs_itself_alone(
    monkeypatch: pytest.MonkeyPatch, order: tuple[str, ...]
) -> None:
    with _crew(monkeypatch, *order, "kills", "refuses") as made:
        failed = _by_network(made, (*order, "kills", "refuses"))
        assert failed == {
            "spoils": "was killed",
            "mute": "its process could not describe itself: cannot tell",
            "kills": "crashed",
            "refuses": "refuses",
        }
        assert {case for info in made.infos for case in info.cases} == {_line("a").id, _line("b").id}
        assert set(made.cold) == {_line("a").id, _line("b").id}


def test_a_process_that_can_say_nothing_at_all_costs_its_cases_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    class Mute(FakeSeat):
        describes = None

    with _crew(monkeypatch, "a", "b", seat=Mute) as made:
        assert _by_network(made, ("a", "b")).keys() == {"a", "b"}
        assert made.cold == {}
        assert [info.cases for info in made.infos] == [()]


def test_a_process_that_the_system_cannot_start_costs_its_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    FakeSeat.most = 1
    with _crew(monkeypatch, "a", "nets.py:build") as made:
        assert _by_network(made, ("a", "nets.py:build")) == {
            "nets.py:build": "cannot start a process (Cannot allocate memory)"
        }
        assert [info.cases for info in made.infos] == [(_line("a").id,)]


def test_a_system_without_room_for_a_process_is_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(12, "Cannot allocate memory")

    monkeypatch.setattr("levit_bench.measuring.workers.seat.subprocess.Popen", full)
    with pytest.raises(SeatLostError, match=r"cannot start a process \(Cannot allocate memory\)"):
        Seat(1, "pinned")


class Multiplying(FakeSeat):
    """Says how fast matrices are multiplied, and remembers what it held when it was asked."""

    asked: list[list[str]] = []

    def ask(self, request: Request, timeout_s: float) -> Answer:
        if isinstance(request, Multiply):
            self.asked.append(self.holds)
            return Multiplied(macs_s=7e9)
        return super().ask(request, timeout_s)

    def __enter__(self) -> Multiplying:
        return self

    def __exit__(self, *_: object) -> None: ...


@pytest.mark.parametrize(
    ("networks", "held"), [(["own.py:build", "a"], ["a"]), (["own.py:build"], []), (["a", "b"], ["a", "b"])]
)
def test_how_fast_matrices_are_is_never_asked_where_a_users_code_has_been(
    monkeypatch: pytest.MonkeyPatch, networks: list[str], held: list[str]
) -> None:
    monkeypatch.setattr(Multiplying, "asked", [])
    monkeypatch.setattr("levit_bench.measuring.session.crew.Seat", Multiplying)
    crew = _crew(monkeypatch, *networks, seat=Multiplying)
    assert crew.matrix_rates() == {_line(name).id: 7e9 for name in networks}
    assert Multiplying.asked == [held]
