"""A file says what was measured, or a finding says with the line why something of it does not count."""

from __future__ import annotations

import gzip
import json
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from levit_bench import api
from levit_bench.cli import main
from levit_bench.errors import SchemaError, StoreError, UsageError
from levit_bench.judge.estimates import latency
from levit_bench.records import Estimate, Record
from levit_bench.store.files import beginnings, is_emulated, load, read_session, read_sessions, records, session_files
from levit_bench.store.lookup import resolve_session

from tools.simulated.generate_store import MACHINE, PAPER, case_of, write_session

CASES = [(case_of(truth), truth) for truth in PAPER[:2]]
FIRST, SECOND = (case.id for case, _ in CASES)
Lines = list[dict[str, Any]]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Session `a`: 2 cases, 2 yardsticks, 3 runs of 2 rounds: 1 + 4 + 3 * (2 + 8) = 35 lines."""
    write_session(tmp_path / "store", "a", CASES, runs=3, rounds=2, seed=1)
    return tmp_path / "store"


@pytest.fixture
def a(store: Path) -> Path:
    """Its file."""
    return store / MACHINE.id / "a.jsonl"


@pytest.fixture
def b(tmp_path: Path) -> bytes:
    """Another session of the same cases, with a run more, as its file holds it."""
    written = write_session(tmp_path / "other", "b", CASES, runs=4, rounds=2, seed=2).read_text(encoding="utf-8")
    # As a real one, it began at another moment: no line of it equals one of the other session.
    return (
        written.replace("2026-01-02T03:04:05Z", "2026-02-03T04:05:06Z").replace('"probe_s":0.', '"probe_s":1.').encode()
    )


def edit(path: Path, change: Callable[[Lines], Lines | None]) -> None:
    """Change the lines of a file."""
    lines = [json.loads(line) for line in path.read_bytes().splitlines()]
    lines = change(lines) or lines
    path.write_bytes(b"".join(json.dumps(line, separators=(",", ":")).encode() + b"\n" for line in lines))


def kinds(path: Path) -> list[str]:
    """Findings about a file, as `kind line`."""
    found = read_sessions(path)
    return [f"{f.kind} {f.message.removeprefix(f'{path}:').split(':')[0]}" for one in found for f in one.findings]


def shape(root: Path) -> dict[str, dict[str, list[int]]]:
    """Turns of each run of each subject, by session and network."""
    out: dict[str, dict[str, list[int]]] = {}
    for record in load(root)[0]:
        if record.info.role == "subject":
            session = out.setdefault(record.session, {})
            session[record.case.network] = [len(run.turns) for run in record.runs]
    return out


def width(record: Record) -> tuple[float, float]:
    """Limits of a record's latency."""
    found = latency(record)
    assert isinstance(found, Estimate)
    return found.low, found.high


WHOLE = {"levit_128s": [2, 2, 2], "levit_128": [2, 2, 2]}


def test_two_sessions_in_one_file_are_two_sessions_with_the_line_of_the_second(store: Path, a: Path, b: bytes) -> None:
    alone = {record.info.id: width(record) for record in load(store)[0]}
    a.write_bytes(a.read_bytes() + b)
    found, findings = load(store)
    assert shape(store) == {"a": WHOLE, "b": {"levit_128s": [2, 2, 2, 2], "levit_128": [2, 2, 2, 2]}}
    assert {r.info.id: width(r) for r in found if r.session == "a"} == alone
    (finding,) = findings
    assert finding.kind == "joined-sessions"
    assert finding.message.startswith(f"{a}:36: a second session begins, b. ")
    with pytest.raises(StoreError, match=r":36: a second session begins.*One session is asked for here"):
        read_session(a)


def test_a_session_whose_first_line_was_lost_in_a_merge_adds_nothing_to_the_one_before(
    store: Path, a: Path, b: bytes
) -> None:
    alone = load(store)[0]
    lines = b.splitlines(keepends=True)
    whole = a.read_bytes()
    # Without the head; without its cases, too; without its first run, too; with a head that is torn.
    for rest in (lines[1:], lines[5:], lines[15:], [lines[0][:90], b"\n", *lines[5:]], [b"=======\n", *lines[5:]]):
        a.write_bytes(whole + b"".join(rest))
        found, findings = load(store)
        assert [width(one) for one in found] == [width(one) for one in alone]
        assert findings[-1].kind == "line-out-of-place"
        assert "another session" in findings[-1].message


def test_runs_that_a_merge_of_two_resumed_files_numbers_alike_count_once(store: Path, a: Path, b: bytes) -> None:
    whole = a.read_bytes()
    theirs = b.splitlines(keepends=True)[25:]  # Their runs 2 and 3.
    a.write_bytes(whole + b"".join(theirs))
    assert shape(store) == {"a": WHOLE}
    assert kinds(a) == ["line-out-of-place 36"]
    assert "begins run 2 once more" in load(store)[1][0].message


def test_what_is_there_twice_counts_once(store: Path, a: Path) -> None:
    whole, alone = a.read_bytes(), load(store)[0]
    lines = whole.splitlines(keepends=True)
    # The whole file; all but the head; the turns; the last run; a single turn, beside itself.
    for copies in (lines, lines[1:], [line for line in lines if b'"turn"' in line], lines[25:], lines[33:34]):
        a.write_bytes(whole + b"".join(copies))
        assert [one.runs for one in load(store)[0]] == [one.runs for one in alone]
        assert kinds(a) == ["line-out-of-place 36"]


def test_a_file_that_was_copied_before_it_was_resumed_and_joined_again_is_whole(store: Path, a: Path) -> None:
    lines = a.read_bytes().splitlines(keepends=True)
    a.write_bytes(b"".join([*lines[:15], *lines]))
    assert shape(store) == {"a": WHOLE}


def test_a_session_that_two_files_hold_counts_once(store: Path, a: Path) -> None:
    alone = load(store)[0]
    (store / "elsewhere").mkdir()
    lines = a.read_bytes().splitlines(keepends=True)
    (a.parent / "copy.jsonl").write_bytes(a.read_bytes())
    (store / "elsewhere" / "a.jsonl").write_bytes(b"".join(lines[:15]))
    found, findings = load(store)
    assert [one.runs for one in found] == [one.runs for one in alone]
    assert [finding.kind for finding in findings] == ["session-twice"]
    assert "copy.jsonl" in findings[0].message


def test_swapped_ids_move_no_time(store: Path, a: Path) -> None:
    def swap(lines: Lines) -> None:
        lines[1]["id"], lines[2]["id"] = SECOND, FIRST

    edit(a, swap)
    assert shape(store) == {}
    assert kinds(a)[:2] == ["line-out-of-place 2", "line-out-of-place 3"]
    assert f"gives {SECOND} as the id of a case whose id is {FIRST}" in load(store)[1][0].message


@pytest.mark.parametrize("field", ["network", "resolution", "batch", "threads", "runtime", "allocator"])
def test_a_case_that_was_edited_has_no_times(store: Path, a: Path, field: str) -> None:
    def change(lines: Lines) -> None:
        value = lines[1]["case"][field]
        lines[1]["case"][field] = f"{value}x" if isinstance(value, str) else value + 1

    edit(a, change)
    assert shape(store) == {"a": {"levit_128": [2, 2, 2]}}


def _turns(lines: Lines, run: int) -> Lines:
    return [line for line in lines if line["kind"] == "turn" and line["run"] == run]


def _twice_otherwise(lines: Lines) -> Lines:
    again = [line | {"duration_s": [9.0] * 5} for line in _turns(lines, 2)]
    return [*lines[:-1], *again, lines[-1]]


def _other_place(lines: Lines) -> None:
    mine = next(line for line in _turns(lines, 2) if line["case"] == FIRST)
    mine["position"] = (mine["position"] + 1) % 4


def _relabelled(lines: Lines) -> None:
    next(line for line in _turns(lines, 2) if line["case"] == FIRST)["case"] = SECOND


@pytest.mark.parametrize(
    ("change", "left", "said"),
    [
        (lambda lines: [*lines, *(line | {"run": 7} for line in _turns(lines, 0))], [2, 2, 2], "which had not started"),
        (lambda lines: [*lines, *(line | {"round": 7} for line in _turns(lines, 2))], [2, 2, 2], "2, which had ended"),
        (lambda lines: [*lines, *(line | {"round": 7} for line in _turns(lines, 0))], [2, 2, 2], "0, which had ended"),
        (lambda lines: [each for each in lines if each["kind"] != "run-start" or each["run"]], [2, 2], "not started"),
        (_twice_otherwise, [2, 2], "none of them counts"),
        (_other_place, [2, 2, 1], "none of them counts"),
        (_relabelled, [2, 2, 1], "none of them counts"),
        (lambda lines: [*lines[:1], *lines[2:]], None, "which no line before it declares"),
        (lambda lines: [*lines[:1], *lines[2:], lines[1]], None, "declares a case after the first run"),
        (lambda lines: [*lines, lines[-1] | {"at_s": 9e5}], [2, 2, 2], "ends run 2, which had ended"),
        (lambda lines: [*lines[:25], lines[15], *lines[25:]], [2, 2, 2], "repeats an earlier line"),
        (lambda lines: [*lines[:2], lines[1] | {"accuracy": None}, *lines[2:]], [2, 2, 2], "again, and otherwise"),
    ],
)  # fmt: skip
def test_what_cannot_have_been_written_where_it_stands_does_not_count(
    store: Path, a: Path, change: Callable[[Lines], Lines | None], left: list[int] | None, said: str
) -> None:
    before = {
        each for record in load(store)[0] for run in record.runs for turn in run.turns for each in turn.duration_s
    }
    edit(a, change)
    found, findings = load(store)
    after = {each for record in found for run in record.runs for turn in run.turns for each in turn.duration_s}
    assert after <= before
    assert shape(store)["a"].get("levit_128s") == left
    assert any(said in finding.message for finding in findings), findings


def test_a_turn_of_a_seat_that_does_not_hold_its_case_does_not_count(store: Path, a: Path) -> None:
    edit(a, lambda lines: next(line for line in _turns(lines, 2) if line["case"] == FIRST).update(seat=3))
    assert shape(store)["a"]["levit_128s"] == [2, 2, 1]
    assert "in worker 3, which does not hold it in run 2" in load(store)[1][0].message


def test_passes_that_do_not_go_up_with_streams_do_not_count(store: Path, a: Path) -> None:
    edit(a, lambda lines: next(line for line in _turns(lines, 2) if line["case"] == FIRST).update(device_s=[0.1]))
    assert shape(store)["a"]["levit_128s"] == [2, 2, 1]


def test_a_case_that_failed_stays_failed_whatever_is_said_of_it_later(store: Path, a: Path) -> None:
    def change(lines: Lines) -> Lines:
        failed = lines[1] | {"outcome": "failed", "reason": "it raised"}
        return [*lines[:12], failed, *lines[12:], lines[1], failed | {"macs": 1, "accuracy": None}]

    edit(a, change)
    (record,) = (record for record in records(read_session(a)) if record.info.id == FIRST)
    assert (record.outcome, record.reason) == ("failed", "it raised")
    assert record.info.accuracy is not None
    assert kinds(a) == ["line-out-of-place 37"]


def test_a_file_with_lines_out_of_place_is_not_resumed(store: Path, a: Path, b: bytes) -> None:
    from levit_bench.measuring.session.observer import Silent
    from levit_bench.measuring.session.session import resume

    whole = a.read_bytes()
    a.write_bytes(whole + b"".join(b.splitlines(keepends=True)[5:]))
    with pytest.raises(UsageError, match=r"cannot resume .*:36: .*Start a new session, or restore the file"):
        resume(a, 10.0, Silent(), None)  # type: ignore[arg-type]
    a.write_bytes(whole + b)
    with pytest.raises(StoreError, match="One session is asked for here"):
        resume(a, 10.0, Silent(), None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "schema", ["0", "-1", "-3", "null", '"3"', "1.5", "1" + "0" * 400, "1e300", "true", "[3]", None]
)
def test_a_file_whose_format_is_no_number_is_refused_with_advice(a: Path, schema: str | None) -> None:
    text = a.read_text(encoding="utf-8")
    head, _, rest = text.partition(',"session":')
    given = '{"kind":"session"' if schema is None else f'{{"kind":"session","schema":{schema}'
    a.write_text(f'{given},"session":{rest}', encoding="utf-8")
    assert head.startswith('{"kind":"session","schema":')
    with pytest.raises(StoreError, match=r":1: not a session of this suite .*schema.*Remove the file") as error:
        read_session(a)
    assert not isinstance(error.value, SchemaError)
    assert len(str(error.value)) < 600


VALUES = {
    "turn": {
        "duration_s": [[-1.0], [0.0], [1e300], [], [1e-300], None, "0.1", [None], [[0.1]], {"a": 0.1}, [10**400]],
        "settle_s": [[-1.0], [1e300]], "run": [-1, 10**400, 1e300, 2.5, None, "0", True, 10**9], "round": [-1, 10**9],
        "position": [-1, 10**18], "seat": [-1], "case": ["", "x" * 65, None, 5, "x" * 10**6], "cpu_s": [-1.0, 1e300],
        "minor_faults": [-1, 10**400], "device_s": [[-1.0]], "witness_s": [0, -1.0], "at_s": [-1.0, 1e300],
    },
    "case": {
        "params": [-1, 10**400, 1.5], "macs": [-1, 10**18], "passes": [0, -1], "family": ["x" * 10**6],
        "outcome": ["fine"],
        "role": ["king"], "logits_std": [-1.0], "artifact_sha256": ["", "x" * 64],
    },
    "run-start": {"run": [-1, 10**9], "at_s": [-1.0, 1e300], "seats": [None, [None]], "conditions": [None, {}]},
    "run-end": {"run": [-1], "outcome": ["well"], "peak_bytes": [[-1]], "told_cpu_s": [1e300]},
}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        pytest.param(kind, field, value, id=f"{kind}-{field}-{str(value)[:12]}")
        for kind, fields in VALUES.items() for field, values in fields.items() for value in values
    ],
)  # fmt: skip
def test_a_value_beyond_its_range_costs_its_line_and_is_named(a: Path, kind: str, field: str, value: object) -> None:
    place = {"turn": 10, "case": 1, "run-start": 25, "run-end": 34}[kind]
    sound = read_session(a)

    def change(lines: Lines) -> None:
        assert lines[place]["kind"] == kind
        lines[place][field] = value

    edit(a, change)
    found = read_session(a)
    bad = next(finding for finding in found.findings if finding.kind == "bad-line")
    assert bad.message.startswith(f"{a}:{place + 1}: ")
    assert field in bad.message.split(". The other")[0]
    assert len(bad.message) < 500
    assert len(found.turns) >= len(sound.turns) - (8 if kind == "run-start" else 6)
    assert len(found.cases) >= 3


CASE_VALUES = {
    "batch": [0, -1, 10**9, 10**400, 1.5], "resolution": [0, -224, 10**6], "threads": [0, 10**9],
    "streams": [0, -1, 10**9],
    "network": ["x" * 10**6, None],
}  # fmt: skip


@pytest.mark.parametrize(
    ("field", "value"), [(field, value) for field, given in CASE_VALUES.items() for value in given]
)
def test_a_case_that_nobody_can_run_costs_its_line(store: Path, a: Path, field: str, value: object) -> None:
    edit(a, lambda lines: lines[1]["case"].update({field: value}))
    assert "bad-line 2" in kinds(a)
    assert shape(store) == {"a": {"levit_128": [2, 2, 2]}}


@pytest.mark.parametrize("date", ["99999-01-01T00:00:00Z", "2026-01-02", "tomorrow", "", "2026-01-02T03:04:05Z\n"])
def test_a_date_that_is_none_costs_its_line(a: Path, date: str) -> None:
    edit(a, lambda lines: lines[25]["conditions"].update(taken_at=date))
    assert kinds(a)[0] == "bad-line 26"


RAW = {
    "not a number": b'"at_s":NaN', "infinity": b'"at_s":Infinity', "too large": b'"at_s":1e999',
    "zero byte": b'"at_s":0\x00',
    "a key twice": b'"at_s":0.0,"run":1', "a decisive key twice": b'"at_s":0.0,"duration_s":[0.1]',
    "half a character": b'"at_s":0.0,"more":"\\ud800"',
    "deep": b'"at_s":0.0,"more":' + b"[" * 100_000, "an octal number": b'"at_s":010', "another quote": b"'at_s':0.0",
}  # fmt: skip


@pytest.mark.parametrize("what", RAW)
def test_a_line_that_is_no_sound_json_costs_itself(a: Path, what: str) -> None:
    lines = a.read_bytes().splitlines(keepends=True)
    assert b'"at_s":0.0' in lines[10] or b'"at_s":' in lines[10]
    head, _, rest = lines[10].partition(b'"at_s":')
    lines[10] = head + RAW[what] + b"," + rest.partition(b",")[2]
    a.write_bytes(b"".join(lines))
    found = read_session(a)
    assert kinds(a) == ["bad-line 11"]
    assert len(found.turns) == 23


def test_bytes_that_are_no_text_cost_their_line(a: Path) -> None:
    a.write_bytes(a.read_bytes().replace(b'"family":"LeViT"', b'"family":"Le\xffViT"', 1))
    assert kinds(a)[0] == "bad-line 2"
    assert "is not text in UTF-8" in read_session(a).findings[0].message


# Each is added to the end of a turn line: the first half stands there already, or not, in the line and in others.
TWICE = (
    b'"duration\\u005fs":[9.0,9.0]', b'"duration_s":[9.0,9.0]', b'"cpu_s":99.0', b'"cpu_s":1.0,"cpu_s":99.0',
    b'"position":0', b'"p\\u006fsition":0', b'"seat":0', b'"settle_s":[9.0]', b'"witness_s":9.0,"witness_s":8.0',
    b'"minor_faults":9', b'"at_s":9.0', b'"at_s" : 9.0', b'"run":0', b'"round":0', b'"case":"000000000000"',
    b'"kind":"turn"', b'"device_s":[]', b'"others_cpu_s":0.5', b'"later":1,"later":2', b'"l1":{"a":1,"a":2}',
    b'":k":1,":k":2', b'"\xc3\xa9":1,"\xc3\xa9":2',
)  # fmt: skip
ONCE = (b'"l1":1,"l2":2', b'"e":"a \\"run\\":1 {}","f":[":",{"run":7}]', b'"b":":","c":"}{","\xc3\xa9":1')


def _like_stored(line: bytes) -> bytes:
    """A turn as a session's worker tells it: every key is there."""
    made = json.loads(line)
    if made["kind"] == "turn":
        made |= {
            "device_s": [], "cpu_s": 1.5e-05, "witness_s": None, "minor_faults": 0, "major_faults": 0,
            "others_cpu_s": -1e-5,
        }  # fmt: skip
    return json.dumps(made, separators=(",", ":")).encode() + b"\n"


@pytest.mark.parametrize("elsewhere", ["nothing", "a line less by that key", "a line that cannot be read"])
@pytest.mark.parametrize("added", [*TWICE, *ONCE])
def test_whether_a_line_counts_does_not_depend_on_the_others(a: Path, added: bytes, elsewhere: str) -> None:
    lines = [_like_stored(line) for line in a.read_bytes().splitlines()]
    assert b'"turn"' in lines[10] + lines[11]
    lines[10] = lines[10].rstrip()[:-1] + b"," + added + b"}\n"
    if elsewhere == "a line less by that key":
        # Counted over the whole file, every key stands as often as it should.
        other = json.loads(lines[11])
        for key in ("cpu_s", "witness_s", "minor_faults", "device_s", "others_cpu_s"):
            del other[key]
        lines[11] = json.dumps(other, separators=(",", ":")).encode() + b"\n"
    elif elsewhere == "a line that cannot be read":
        lines.append(b"torn {")
    a.write_bytes(b"".join(lines))
    found = read_session(a)
    told = [finding for finding in found.findings if finding.message.startswith(f"{a}:11:")]
    assert len(found.turns) == (23 if added in TWICE else 24)
    assert [finding.kind for finding in told] == (["bad-line"] if added in TWICE else [])
    assert all("stands twice" in finding.message for finding in told)


def test_lines_are_those_of_the_file_whatever_their_number(a: Path) -> None:
    lines = a.read_bytes().splitlines(keepends=True)
    assert b'"turn"' in lines[9] + lines[10]
    joined, broken = lines[9].rstrip() + lines[10], lines[9].replace(b',"round"', b',\n"round"')
    for made in (
        [joined, b"\n"],  # Two on one line and none on the next.
        [b"\n", joined],
        [lines[9].rstrip()[:-1] + b"\n", b"}" + lines[10]],  # One ends where the next stands.
        [broken, lines[10].rstrip() + lines[11]],  # One on two lines and two on one.
    ):
        a.write_bytes(b"".join([*lines[:9], *made, *lines[9 + (2 if made[-1] is not made[0] else 1) :]]))
        found = read_session(a)
        assert len(found.turns) < 24
        assert found.findings[0].kind == "bad-line"


def test_a_first_line_with_a_key_twice_begins_nothing(store: Path, a: Path) -> None:
    whole = a.read_bytes()
    assert len(beginnings(store)) == 1
    a.write_bytes(whole.replace(b'{"kind":"session",', b'{"kind":"session","bench":"0",', 1))
    assert beginnings(store) == []
    with pytest.raises(StoreError, match='the key "bench" stands twice'):
        read_session(a)


def _all_but(*gone: int) -> Callable[[Lines], Lines]:
    return lambda lines: [line for index, line in enumerate(lines) if index not in gone]


def _of_round(lines: Lines, run: int, round_: int) -> set[int]:
    return {at for at, line in enumerate(lines) if (line.get("run"), line.get("round")) == (run, round_)}


def missing(path: Path) -> list[str]:
    """What findings say is missing."""
    return [
        finding.message.removeprefix(f"{path}:").partition(". ")[0]
        for finding in read_session(path).findings
        if finding.kind == "turns-missing"
    ]


@pytest.mark.parametrize("run", [0, 1, 2])
@pytest.mark.parametrize("round_", [0, 1])
@pytest.mark.parametrize("position", [0, 1, 2, 3])
def test_a_turn_whose_line_is_gone_is_told_with_run_and_round(a: Path, run: int, round_: int, position: int) -> None:
    lines = [json.loads(line) for line in a.read_bytes().splitlines()]
    (at,) = (at for at in _of_round(lines, run, round_) if lines[at]["position"] == position)
    edit(a, _all_but(at))
    (said,) = missing(a)
    start = 6 + 10 * run
    assert said.startswith(f"{start}: run {run}, round {round_}: 1 turn is missing, of ")
    assert len(read_session(a).turns) == 23
    # Of a run that was broken off, the last round may end early: what is gone from its middle is missed.
    edit(a, lambda lines: [line for line in lines if line["kind"] != "run-end" or line["run"] != run])
    assert len(missing(a)) == (0 if (round_, position) == (1, 3) else 1)


def test_what_is_gone_as_a_whole_is_told(a: Path) -> None:
    whole = a.read_bytes()
    lines = [json.loads(line) for line in whole.splitlines()]
    first, second = _of_round(lines, 1, 0), _of_round(lines, 1, 1)
    for gone, said in (
        (first, ["16: run 1, round 0: 4 turns are missing, of levit_128s, levit_128, "]),
        (first | second, ["16: run 1, round 0: 4 turns are missing, of levit_128s, levit_128, "]),
        (set(range(15, 25)), ["16: run 1 is missing, and later ones are there"]),
        (set(range(5, 25)), ["6: runs 0 to 1 are missing, and later ones are there"]),
        # As if the session had had fewer of them: nobody can tell.
        (second, []),
        (set(range(25, 35)), []),
    ):
        a.write_bytes(whole)
        edit(a, _all_but(*gone))
        found = missing(a)
        assert len(found) == len(said)
        assert all(one.startswith(other) for one, other in zip(found, said, strict=True)), found


def test_a_round_that_nobody_took_is_one_finding_however_far_it_is(a: Path) -> None:
    edit(a, lambda lines: next(line for line in _turns(lines, 2) if line["round"]).update(round=1_000_000))
    assert [one.partition(", of ")[0] for one in missing(a)] == [
        "26: run 2, round 1: 1 turn is missing",
        "26: run 2, rounds 2 to 999999: 3,999,992 turns are missing",
        "26: run 2, round 1000000: 3 turns are missing",
    ]


def test_turns_that_a_case_did_not_take_because_it_failed_are_not_missing(a: Path) -> None:
    whole = a.read_bytes()
    lines = [json.loads(line) for line in whole.splitlines()]
    last = [at for at in sorted(_of_round(lines, 1, 1)) if lines[at]["case"] == FIRST]

    def failed(lines: Lines) -> Lines:
        """It fails in the second round of run 1, and is not loaded again."""
        out = [line for at, line in enumerate(lines) if at not in last]
        out.insert(last[0], lines[1] | {"outcome": "failed", "reason": "it raised"})
        for line in out:
            if line["kind"] == "run-end" and line["run"] == 1:
                line["failed"] = {FIRST: "it raised"}
            if line["kind"] == "run-start" and line["run"] == 2:
                line["seats"][0]["cases"].remove(FIRST)
        out = [line for line in out if line["kind"] != "turn" or line["run"] < 2 or line["case"] != FIRST]
        for round_ in (0, 1):
            for at, one in enumerate(line for line in out if (line.get("run"), line.get("round")) == (2, round_)):
                one["position"] = at
        return out

    edit(a, failed)
    assert read_session(a).findings == ()
    # A turn that it took before is missed by the gap that it leaves, unless it was the last of its round.
    sound = a.read_bytes()
    for round_, run in ((0, 0), (1, 0), (0, 1)):
        a.write_bytes(sound)
        lines = [json.loads(line) for line in sound.splitlines()]
        (at,) = (at for at in _of_round(lines, run, round_) if lines[at]["case"] == FIRST)
        edit(a, _all_but(at))
        assert len(missing(a)) == 1 or lines[at]["position"] == 3


def test_a_line_that_is_told_as_bad_is_not_told_as_missing_too(a: Path) -> None:
    lines = a.read_bytes().splitlines(keepends=True)
    lines[10] = lines[10][:40] + b"\n"
    a.write_bytes(b"".join(lines))
    assert kinds(a) == ["bad-line 11"]
    del lines[8]
    a.write_bytes(b"".join(lines))
    assert kinds(a) == ["bad-line 10", *["turns-missing 6"] * len(missing(a))]
    assert {one.partition(": 1 turn")[0] for one in missing(a)} == {"6: run 0, round 0", "6: run 0, round 1"}


def test_keys_that_stand_twice_are_found_in_lines_of_every_kind(a: Path) -> None:
    whole = a.read_bytes().splitlines(keepends=True)
    for index, line in enumerate(whole):
        if index:
            text = line.rstrip()[:-1] + b',"kind":' + line.split(b'"kind":')[1].split(b",")[0] + b"}\n"
            a.write_bytes(b"".join([*whole[:index], text, *whole[index + 1 :]]))
            assert kinds(a)[0] == f"bad-line {index + 1}"
    spaced = b"".join(json.dumps(json.loads(line)).encode() + b"\n" for line in whole)
    a.write_bytes(spaced)
    assert kinds(a) == []


def test_a_file_of_garbage_is_told_in_a_few_findings(a: Path) -> None:
    a.write_bytes(a.read_bytes() + b"garbage\n" * 10_000)
    found = read_session(a)
    assert len(found.findings) == 21
    assert f"{a}:56: 9980 further lines cannot be read, up to line 10035." in found.findings[-1].message


@pytest.mark.parametrize("how", ["bom", "crlf", "no newline", "blank lines", "spaces"])
def test_what_editors_do_to_a_file_changes_nothing(a: Path, how: str) -> None:
    sound, data = read_session(a), a.read_bytes()
    a.write_bytes(
        {
            "bom": b"\xef\xbb\xbf" + data, "crlf": data.replace(b"\n", b"\r\n"), "no newline": data.rstrip(),
            "blank lines": data.replace(b"\n", b"\n\n"),
            "spaces": b"".join(json.dumps(json.loads(line)).encode() + b"\n" for line in data.splitlines()),
        }[how]
    )  # fmt: skip
    assert read_session(a) == sound


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda data: data.decode().encode("utf-16"), "is text in UTF-16"),
        (gzip.compress, "is compressed. Unpack it with gunzip"),
        (lambda _: b"", "the file is empty"),
        (lambda _: b"\n\n \n", "the file is empty"),
        (lambda _: b"\x00" * 4096, "not a session of this suite"),
        (lambda data: data.partition(b"\n")[2], "not a session of this suite"),
    ],
)
def test_a_file_of_another_kind_is_refused_and_the_others_are_read(
    store: Path, a: Path, make: Callable[[bytes], bytes], said: str
) -> None:
    stray = a.parent / "stray.jsonl"
    stray.write_bytes(make(a.read_bytes()))
    with pytest.raises(StoreError, match=said):
        read_session(stray)
    found, findings = load(store)
    assert len(found) == 4
    assert [finding.kind for finding in findings] == ["unreadable-file"]
    assert [one.path for one in beginnings(store)] == [a]


def _fifo(path: Path) -> None:
    os.mkfifo(path)


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        os.chdir(path.parent)  # Names of sockets are short.
        one.bind(path.name)


def _huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(2 << 30)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (_fifo, "is a pipe, and a session is a file"),
        (lambda path: path.mkdir(), "is a folder, and a session is a file"),
        (_socket, "is a socket, and a session is a file"),
        (lambda path: path.symlink_to("/dev/zero"), "is a device, and a session is a file"),
        (lambda path: path.symlink_to("/dev/full"), "is a device, and a session is a file"),
        (lambda path: path.symlink_to(path.name), "cannot read"),
        (lambda path: path.symlink_to("nowhere"), "cannot read"),
        (_huge, "has 2048 MiB, and no session has more than 1024"),
    ],
    ids=["pipe", "folder", "socket", "device", "full device", "loop of links", "broken link", "huge"],
)
@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="has no pipes with names")
def test_what_is_no_file_is_told_without_waiting_for_it(
    store: Path, a: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], None], said: str
) -> None:
    monkeypatch.chdir(store)
    stray = a.parent / "20991231T000000Z-stray.jsonl"
    make(stray)
    found, findings = load(store)
    assert len(found) == 4
    assert [finding.kind for finding in findings] == ["unreadable-file"]
    assert said in findings[0].message
    assert [one.path for one in beginnings(store)] == [a]
    assert is_emulated(stray) is False
    assert resolve_session(store, "a") == a
    if not stray.is_dir():
        with pytest.raises(StoreError, match=said):
            load(stray)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_or_folder_that_may_not_be_read_is_told(store: Path, a: Path) -> None:
    (store / "closed").mkdir(mode=0)
    closed = a.parent / "closed.jsonl"
    closed.write_bytes(a.read_bytes())
    closed.chmod(0)
    found, findings = load(store)
    assert len(found) == 4
    assert [finding.kind for finding in findings] == ["unreadable-file"] * 2


def test_a_folder_that_cannot_be_listed_is_told(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed, look = store / "closed", Path.iterdir
    closed.mkdir()

    def refusing(path: Path) -> Iterator[Path]:
        if path == closed:
            raise PermissionError(13, "Permission denied")
        return look(path)

    monkeypatch.setattr(Path, "iterdir", refusing)
    found, findings = load(store)
    assert len(found) == 4
    assert "cannot look into" in findings[0].message
    assert len(session_files(store)) == 1


def test_a_pipe_in_a_store_keeps_no_verb_waiting(
    store: Path, a: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(store.parent)
    if not hasattr(os, "mkfifo"):
        pytest.skip("has no pipes with names")
    os.mkfifo(a.parent / "z.jsonl")
    for words in ("show", "front --json", "pick --min-top1 70", "aa --stored", "compare a a", "show --session last"):
        with pytest.raises(SystemExit) as ended:
            main([*words.split(), "--store", str(store)])
        told = " ".join(capsys.readouterr().err.split())
        assert ended.value.code in (0, 1, 2, 3), words
        assert "Traceback" not in told
    assert "is a pipe" in told
    assert len(api.load(store)) == 4
