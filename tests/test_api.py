"""The suite from Python, and the doctests of its front page."""

from __future__ import annotations

import doctest
import sys
from pathlib import Path

import levit_bench
import numpy as np
import pytest
from levit_bench.api import planner_for
from levit_bench.asking.request import Request
from levit_bench.errors import UsageError
from levit_bench.numbers.units import parse_duration
from levit_bench.planning.budget import PILOT, Costs
from levit_bench.planning.policy import Earlier, Spending
from levit_bench.records import SCHEMA, CaseLine, Machine
from levit_bench.store.lines import content

from tests.programs import output
from tools.simulated.generate_store import CONDITIONS, MACHINE, PAPER, PROTOCOL, case_of, write_session
from tools.simulated.generate_store import main as generate

ROOT = Path(__file__).parents[1]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    generate(["--cases", "12", str(tmp_path)])
    return tmp_path


def test_results_load_as_one_row_a_case_with_base_units(store: Path) -> None:
    frame = levit_bench.load(store).to_pandas()
    subjects = frame[frame.role == "subject"]
    assert len(subjects) == 12
    assert (subjects.latency_low_s < subjects.latency_s).all()
    assert (subjects.latency_s < subjects.latency_high_s).all()
    assert set(frame.role) >= {"subject", "yardstick"}


def test_raw_passes_are_all_there_in_order(store: Path) -> None:
    results = levit_bench.load(store)
    turns = results.turns()
    stored = [d for record in results.records for run in record.runs for turn in run.turns for d in turn.duration_s]
    assert turns.duration_s.tolist() == stored
    assert (turns.groupby(["session", "case", "run", "round"])["pass"].max() >= 1).all()


def test_the_front_of_results_has_members_and_dominated_points(store: Path) -> None:
    (panel, *_) = levit_bench.load(store).front().panels
    assert panel.front
    assert any(point.dominated_by for point in panel.points)


def test_an_empty_folder_is_refused_with_advice(tmp_path: Path) -> None:
    with pytest.raises(levit_bench.BenchError, match="Measure something first"):
        levit_bench.load(tmp_path)


def test_the_catalog_is_a_table() -> None:
    frame = levit_bench.networks()
    assert len(frame) >= 32
    assert frame.set_index("name").loc["levit_192", "top1"] == 80.0


@pytest.mark.slow
def test_measuring_returns_the_session_it_wrote(tmp_path: Path) -> None:
    results = levit_bench.measure("tests.hostile_networks:sound", budget="auto", store=tmp_path, thin=True)
    assert results.path is not None or len(results) == 4
    (row,) = [row for row in results.to_pandas().to_dict("records") if row["role"] == "subject"]
    assert row["latency_s"] > 0
    assert results._repr_html_().startswith("<table")
    assert "4 records of 1 session>" in repr(results)


def test_an_unknown_option_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="colour"):
        levit_bench.measure("levit_128s", store=tmp_path, colour="blue")


def test_only_the_public_names_are_offered() -> None:
    assert set(levit_bench.__all__) == {"BenchError", "Results", "__version__", "load", "measure", "networks"}
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        levit_bench.nothing  # noqa: B018


def test_the_doctests_of_the_package_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    tried = doctest.testmod(levit_bench)
    assert tried.attempted >= 3
    assert tried.failed == 0


def test_importing_the_package_loads_nothing_heavy() -> None:
    heavy = ("torch", "pandas", "numpy", "msgspec", "rich")
    code = f"import levit_bench, sys; print([m for m in {heavy} if m in sys.modules])"
    assert output([sys.executable, "-c", code]).strip() == "[]"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"networks": 3}, "networks=3: give a text, or several"),
        ({"networks": [3]}, "give a text, or several"),
        ({"batch": 1.5}, "batch=1.5: give whole numbers"),
        ({"batch": "x"}, "invalid list of batches 'x'"),
        ({"batch": [1.0]}, "batch=1.0: give whole numbers"),
        ({"batch": []}, "--batch names nothing"),
        ({"form": ()}, "--form names nothing"),
        ({"form": [1]}, "give a text, or several"),
        ({"budget": None}, "budget=None: give a text such as '60s', or a number of seconds"),
        ({"budget": -1}, "budget=-1: invalid duration. Give a positive number of seconds"),
        ({"title": 3}, "title=3: give a text"),
        ({"title": "\ud800"}, "--title '\\ud800' holds bytes that are not text"),
        ({"title": "x" * 20_001}, "--title has 20001 characters. Give at most 20000"),
        ({"timeout": []}, "timeout=[]: give a text"),
        ({"seed": 1.5}, "seed=1.5: give one whole number"),
        ({"resolution": "224px"}, "resolution='224px'"),
        ({"device": None}, "device=None: give a text"),
        ({"accuracy": "78"}, "accuracy='78': give percent"),
    ],
)
def test_an_argument_of_another_kind_is_refused_before_anything_is_measured(
    words: dict[str, object], said: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError) as refused:
        levit_bench.measure(**{"networks": "levit_128s", "store": tmp_path, **words})  # type: ignore[arg-type]
    assert said in str(refused.value)
    assert list(tmp_path.iterdir()) == []


def test_numbers_of_numpy_and_a_budget_in_seconds_are_understood(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Request] = []

    def instead(request: Request, *_: object, **__: object) -> None:
        asked.append(request)
        raise KeyboardInterrupt

    monkeypatch.setattr("levit_bench.api.measure_request", instead)
    with pytest.raises(KeyboardInterrupt):
        levit_bench.measure("levit_128s", batch=np.array([1, 2]), threads=np.int64(2), budget=90, seed=np.int32(3))  # type: ignore[arg-type]
    (one,) = asked
    assert (one.batches, one.threads, one.seed, parse_duration(one.budget)) == ((1, 2), (2,), 3, 90.0)


CASES = [(case_of(one), one) for one in PAPER[:2]]


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Machine:
    """This machine is the one that the stores of the tests are of."""
    monkeypatch.setattr("levit_bench.measuring.machine.description.machine", lambda **_: MACHINE)
    monkeypatch.setattr("levit_bench.measuring.machine.description.conditions", lambda: CONDITIONS)
    return MACHINE


def _planned(root: Path) -> Spending:
    lines = [CaseLine(id=case.id, case=case) for case, _ in CASES]
    return planner_for(root)(Costs(4.0, 0.5), PROTOCOL, lines, Earlier())


@pytest.mark.usefixtures("here")
def test_a_session_is_planned_by_what_the_store_holds_of_this_machine(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_session(tmp_path, name, CASES, runs=5)
    what = _planned(tmp_path).plan
    assert (what.scatter.sessions, what.scatter.without) == (2, 0)
    assert what.scatter.within < PILOT.within / 4


@pytest.mark.usefixtures("here")
def test_a_store_that_says_nothing_of_this_machine_leaves_the_pilots_scatter(tmp_path: Path) -> None:
    assert _planned(tmp_path / "nowhere").plan.scatter == PILOT
    assert _planned(tmp_path).plan.scatter == PILOT
    other = Machine(cpu_model="Another", isa="x86_64", logical_cores=2, memory_bytes=1 << 30)
    write_session(tmp_path, "other", CASES, machine=other)
    write_session(tmp_path, "single", CASES, runs=1)
    broken = write_session(tmp_path, "broken", CASES)
    broken.write_bytes(broken.read_bytes()[:-10].replace(b'"duration_s"', b'"duration"'))
    newer = write_session(tmp_path, "newer", CASES)
    newer.write_bytes(newer.read_bytes().replace(b'"schema":%d' % SCHEMA, b'"schema":%d' % (SCHEMA + 1)))
    assert _planned(tmp_path).plan.scatter == PILOT._replace(without=1)


@pytest.mark.usefixtures("here")
def test_of_many_sessions_only_the_newest_are_read_and_each_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(40):
        write_session(tmp_path, f"s{number:02}", CASES, runs=2, rounds=2)
    read: list[str] = []

    def watched(path: Path) -> bytes:
        read.append(path.stem)
        return content(path)

    monkeypatch.setattr("levit_bench.store.files.content", watched)
    assert _planned(tmp_path).plan.scatter.sessions == 20
    assert sorted(read) == [f"s{number:02}" for number in range(20, 40)]
