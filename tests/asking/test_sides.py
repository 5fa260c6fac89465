"""Requests on two sides: each has its cases on both, and one that a side lacks is told apart."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from levit_bench.asking.request import Request
from levit_bench.asking.sides import (
    CasesOfRequest,
    NetworksMissingError,
    NothingSharedError,
    check_requests,
    request_of,
    subjects_of_sides,
)
from levit_bench.errors import NothingToShowError, UsageError
from levit_bench.judge.gate.gate_report import GateRules
from levit_bench.judge.gate.one_sided import one_sided
from levit_bench.measuring.sides.interpreters import Packages
from levit_bench.measuring.sides.side_places import PlacedSide, PlacedSides
from levit_bench.measuring.sides.side_words import SideWords, side_words
from levit_bench.measuring.workers.place import HERE, Place
from levit_bench.records import ImageShape, Side, SideName
from levit_bench.report.gate import pages

SHAPE = ImageShape(3, 32, 32)


def placed(name: SideName, place: Place = HERE) -> PlacedSide:
    return PlacedSide(Side(name=name, asked=name, python="3.11"), place, Packages("3.11", {}), {}, Path())


class Workshops:
    """Knows these networks of the user's on each side."""

    def __init__(self, **known: tuple[str, ...]) -> None:
        self._known = known

    def of_side(self, name: str) -> Any:
        return SimpleNamespace(resolve=lambda names: self._resolved(list(names), self._known[name]))

    def _resolved(self, names: list[str], known: tuple[str, ...]) -> Any:
        missing = {name: f"cannot find {name}" for name in names if name.partition("#")[0] not in known}
        return SimpleNamespace(missing=missing, known=(), models={}, shapes=dict.fromkeys(names, SHAPE))


SIDES = PlacedSides(placed("a"), placed("b"), ())


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is there; what is in it, the workshops say."""
    functions = ("new", "old", "both", "rival", "build", "none")
    (tmp_path / "n.py").write_text("".join(f"def {name}(): ...\n" for name in functions), encoding="utf-8")
    monkeypatch.chdir(tmp_path)


def asked(networks: str, **more: Any) -> Request:
    return Request(networks=(networks,), **more)


def ids(cases: CasesOfRequest) -> tuple[int, int]:
    return len(cases.first), len(cases.second)


def test_each_request_has_its_cases_on_both_sides_and_what_is_beside_them_on_the_second() -> None:
    requests = [asked("levit_128s"), asked("levit_128s", batches=(1, 4))]
    found = subjects_of_sides(requests, SIDES, Workshops(a=(), b=()), beside=[asked("levit_192")])  # type: ignore[arg-type]
    assert [ids(cases) for cases in found.cases] == [(1, 1), (2, 2), (0, 1)]
    assert [(s.case.network, s.case.batch, s.case.side) for s in found.subjects] == [
        ("levit_128s", 1, "a"), ("levit_128s", 1, "b"), ("levit_128s", 4, "a"), ("levit_128s", 4, "b"),
        ("levit_192", 1, "b"),
    ]  # fmt: skip
    assert found.cases[0].second == found.cases[1].second[:1], "equal cases are one"


def test_a_network_on_one_side_is_a_difference_that_is_told_once() -> None:
    requests = [asked("n.py:new"), asked("n.py:new", batches=(4,)), asked("n.py:old"), asked("n.py:both")]
    workshops = Workshops(a=("n.py:old", "n.py:both"), b=("n.py:new", "n.py:both"))
    found = subjects_of_sides(requests, SIDES, workshops)  # type: ignore[arg-type]
    assert [ids(cases) for cases in found.cases] == [(0, 1), (0, 1), (1, 0), (1, 1)]
    assert [(one.name, one.first, one.second) for one in found.differences] == [
        ("n.py:new", None, "n.py:new"), ("n.py:old", "n.py:old", None),
    ]  # fmt: skip
    assert [finding.kind for finding in found.findings] == ["network-on-one-side"] * 2


def test_a_request_that_neither_side_has_is_refused_alone_where_somebody_hears_of_it() -> None:
    requests, workshops = [asked("n.py:none"), asked("n.py:both")], Workshops(a=("n.py:both",), b=("n.py:both",))
    refused: list[int] = []
    found = subjects_of_sides(  # type: ignore[arg-type]
        requests, SIDES, workshops, beside=[asked("n.py:rival")], on_refused=lambda number, _: refused.append(number)
    )
    assert refused == [0, 2]
    assert [ids(cases) for cases in found.cases] == [(0, 0), (1, 1), (0, 0)]
    with pytest.raises(UsageError, match=r"cannot find n\.py:none"):
        subjects_of_sides(requests, SIDES, workshops)  # type: ignore[arg-type]


def test_what_side_b_alone_has_is_asked_for_where_each_request_is_judged_for_itself() -> None:
    workshops = Workshops(a=(), b=("n.py:new",))
    found = subjects_of_sides([asked("n.py:new")], SIDES, workshops, on_refused=lambda *_: None)  # type: ignore[arg-type]
    assert ids(found.cases[0]) == (0, 1)
    with pytest.raises(NothingToShowError, match="nothing can be compared"):
        subjects_of_sides([asked("n.py:new")], SIDES, workshops)  # type: ignore[arg-type]
    with pytest.raises(NetworksMissingError, match=r"side b has no 'n\.py:old'"):
        subjects_of_sides(  # type: ignore[arg-type]
            [asked("n.py:old")], SIDES, Workshops(a=("n.py:old",), b=()), on_refused=lambda *_: None
        )


def test_where_no_network_is_on_both_sides_nothing_is_asked_for_and_each_is_named() -> None:
    workshops = Workshops(a=("n.py:old",), b=("n.py:new",))
    with pytest.raises(NetworksMissingError, match="none of these networks in common") as caught:
        subjects_of_sides([asked("n.py:new"), asked("n.py:old")], SIDES, workshops)  # type: ignore[arg-type]
    assert caught.value.exit_code == 1
    made = one_sided(*caught.value.found, GateRules(0.02, 0.05))
    assert [(case.name, case.verdict.value) for case in made.cases] == [("n.py:new", "new"), ("n.py:old", "missing")]
    assert made.exit_code == 1
    assert "side a has no 'n.py:new': " in made.cases[0].reason


def test_a_temporary_folder_is_in_no_message(tmp_path: Path) -> None:
    folder = tmp_path / "side-a"
    folder.mkdir()
    first = placed("a", Place(folder=str(folder)))._replace(root=folder)
    sides = PlacedSides(first, placed("b"), ())
    with pytest.raises(NothingSharedError, match="leave a file at the old path") as caught:
        subjects_of_sides([asked("n.py:new")], sides, Workshops(a=(), b=("n.py:new",)))  # type: ignore[arg-type]
    (reason,) = caught.value.found.reasons.values()
    assert reason == "side a has no 'n.py:new': there is no file 'n.py'."
    made = one_sided(*caught.value.found, GateRules(0.02, 0.05))
    assert (made.outcome.value, made.exit_code) == ("nothing compared", 3)
    pages.write(made, tmp_path / "out")
    assert "new" in (tmp_path / "out" / "comment.md").read_text(encoding="utf-8")


def test_another_checkout_has_files_of_its_own() -> None:
    pinned = asked("n.py:build#123456@64")
    assert request_of(pinned, placed("a", Place(folder="x"))).networks == ("n.py:build@64",)
    assert request_of(pinned, placed("b")).networks == ("n.py:build#123456@64",)


@pytest.mark.parametrize(
    "text",
    ["runtime=nosuch", "precision=fp7", "form=nosuch", "allocator=nosuch", "device=cdua", "threads=0", "threads=x",
     "batch=-1", "batch=max", "streams=0", "resolution=big", "resolution=0"],
)  # fmt: skip
def test_a_value_that_no_axis_has_is_refused_before_any_side_is_made(text: str) -> None:
    words = side_words("--b", text)
    with pytest.raises(UsageError, match=f"--b '{text}': "):
        check_requests([asked("levit_128s")], SideWords(), words)


def test_where_each_request_is_refused_for_itself_only_the_sides_own_values_refuse_all() -> None:
    odd = asked("levit_128s", runtimes=("nosuch",))
    check_requests([odd], SideWords(), SideWords(), strict=False)
    with pytest.raises(UsageError, match="unknown runtime 'nosuch'"):
        check_requests([odd], SideWords(), SideWords())
    with pytest.raises(UsageError, match=r"'nosuch\*'"):
        check_requests([asked("nosuch*")], SideWords(), SideWords())
    with pytest.raises(UsageError, match="--a 'runtime=nosuch': "):
        check_requests([odd], side_words("--a", "runtime=nosuch"), SideWords(), strict=False)
