"""Older files of results mean what they meant when they were written."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pytest
from levit_bench.judge.estimates import latency
from levit_bench.records import (
    SCHEMA,
    Case,
    CaseLine,
    Estimate,
    Finding,
    RunEndLine,
    RunStartLine,
    SeatInfo,
    SessionLine,
)
from levit_bench.store.files import load, read_session, records

from tests.making import turn
from tools.simulated.generate_store import CONDITIONS, MACHINE, PROTOCOL

OLD, NEW = "levit_192", "levit_192.fb_dist_in1k"
OTHER = Case(network="resnet18", resolution=224)


def _started(run: int, *cases: str) -> RunStartLine:
    seat = SeatInfo(
        seat=0, runtime="eager", threads=1, allocator="pinned", device="cpu", load_s=1.0, rss_bytes=1, cases=cases
    )
    return RunStartLine(run=run, at_s=0.0, seats=(seat,), conditions=CONDITIONS)


def written(folder: Path, schema: int, added: Iterable[str] = ()) -> Path:
    """A file with a LeViT and another network; `added` are ids under which a later version added a run."""
    import msgspec

    case = Case(network=OLD, resolution=224)
    head = SessionLine(
        schema=schema, session="s", bench="0", machine=MACHINE, protocol=PROTOCOL, conditions=CONDITIONS,
        findings=(Finding(kind="finding", message="about it", case=case.id), Finding(kind="finding", message="all")),
    )  # fmt: skip
    lines = [
        head,
        CaseLine(id=case.id, case=case),
        CaseLine(id=OTHER.id, case=OTHER),
        _started(0, case.id, OTHER.id),
        turn(0.02, run=0, case=case.id),
        turn(0.02, run=0, number=1, case=case.id),
        *(msgspec.structs.replace(turn(0.03, run=0, number=i, case=OTHER.id), position=1) for i in (0, 1)),
        RunEndLine(
            run=0, at_s=1.0, conditions=CONDITIONS, outcome="done", findings=(),
            failed={} if not added else {case.id: "it raised"},
        ),
        _started(1, *added),
        *(turn(0.02, run=1, number=i, case=name) for name in added for i in (0, 1)),
    ]  # fmt: skip
    path = folder / MACHINE.id / "s.jsonl"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))
    return path


def test_the_levit_of_a_file_of_format_1_is_timms(tmp_path: Path) -> None:
    path = written(tmp_path, 1)
    before = path.read_bytes()
    levit, other = records(read_session(path))
    assert levit.case == Case(network=NEW, resolution=224)
    assert levit.info.id == levit.case.id
    assert [len(run.turns) for run in levit.runs] == [2]
    assert [finding.message for finding in levit.findings] == ["about it", "all"]
    assert other.case == OTHER
    assert [finding.message for finding in other.findings] == ["all"]
    assert path.read_bytes() == before, "reading writes nothing"


def test_the_levit_of_a_file_of_the_present_format_is_ours(tmp_path: Path) -> None:
    levit, _ = records(read_session(written(tmp_path, SCHEMA)))
    assert levit.case.network == OLD


def test_runs_that_a_newer_version_added_to_an_old_file_are_of_the_same_case(tmp_path: Path) -> None:
    levit, _ = records(read_session(written(tmp_path, 1, [Case(network=NEW, resolution=224).id])))
    assert [run.run for run in levit.runs] == [0, 1]
    assert (levit.outcome, levit.reason) == ("failed", "it raised")


def test_ours_and_timms_are_two_networks_although_old_files_called_them_alike(tmp_path: Path) -> None:
    written(tmp_path / "old", 1)
    written(tmp_path / "new", SCHEMA)
    ids = {
        record.info.id
        for folder in ("old", "new")
        for record in load(tmp_path / folder)[0]
        if record.case.network != OTHER.network
    }
    assert len(ids) == 2


@pytest.mark.parametrize("name", ["levit_128s", "levit_384"])
def test_every_committed_session_of_format_1_keeps_its_times(name: str) -> None:
    """The raw passes are those of the file's own lines, whatever the case is called now."""
    root = Path(__file__).parents[2] / "results"
    seen = 0
    for path in sorted(root.glob("*/*.jsonl")):
        raw = [json.loads(line) for line in path.read_bytes().splitlines()]
        old = {line["id"] for line in raw if line["kind"] == "case" and line["case"]["network"] == name}
        if raw[0]["schema"] != 1 or not old:
            continue
        passes = sorted(d for line in raw if line["kind"] == "turn" and line["case"] in old for d in line["duration_s"])
        found = [record for record in records(read_session(path)) if record.case.network == f"{name}.fb_dist_in1k"]
        assert sorted(d for r in found for run in r.runs for t in run.turns for d in t.duration_s) == passes
        assert all(isinstance(latency(record), Estimate) for record in found)
        seen += 1
    assert seen
