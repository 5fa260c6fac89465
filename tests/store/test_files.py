import errno
import json
import os
import resource
import sys
import textwrap
from pathlib import Path

import msgspec
import pytest
from levit_bench.errors import SchemaError, StoreError, UsageError
from levit_bench.judge.front.panels import panels
from levit_bench.records import RunStartLine, SeatInfo, SessionLine
from levit_bench.store.files import (
    SessionWriter,
    beginnings,
    check_writable,
    load,
    load_readable,
    read_session,
    records,
    session_files,
)

from tests.making import turn
from tests.programs import output
from tools.simulated.generate_store import (
    CONDITIONS,
    MACHINE,
    PAPER,
    PROTOCOL,
    Noise,
    case_of,
    write_session,
    write_store,
)

ROOT = Path(__file__).parents[2]
HEAD = SessionLine(session="s1", bench="0.1.0", machine=MACHINE, protocol=PROTOCOL, conditions=CONDITIONS)
CASE = case_of(PAPER[0])
SEAT = SeatInfo(
    seat=0, runtime="eager", threads=1, allocator="pinned", device="cpu", load_s=2.0, rss_bytes=1 << 29,
    cases=(CASE.id,),
)  # fmt: skip


def started(run):
    """The first line of a run that holds `CASE`."""
    return RunStartLine(run=run, at_s=0.0, seats=(SEAT,), conditions=CONDITIONS)


@pytest.fixture
def session(tmp_path):
    """A session of two cases, two yardsticks, two runs, three rounds: 1 + 4 + 2 * (2 + 12) = 33 lines."""
    return write_session(tmp_path, "s1", [(case_of(t), t) for t in PAPER[:2]], runs=2, rounds=3)


def in_a_process(script):
    """What a fresh interpreter printed: for limits that a process cannot take back."""
    return output([sys.executable, "-c", textwrap.dedent(script)])


def lines_of(path):
    return path.read_bytes().splitlines(keepends=True)


def test_a_run_knows_the_machine_before_and_after_it_and_a_record_who_measured_it(session):
    found = read_session(session)
    (run, *_) = records(found)[0].runs
    assert (run.before, run.after) == (found.starts[0].conditions, found.ends[0].conditions)
    assert (run.began_s, run.ended_s) == (found.starts[0].at_s, found.ends[0].at_s)
    assert records(found)[0].bench == found.head.bench


def test_a_run_whose_ends_were_lost_knows_nothing_of_the_machine(session):
    found = read_session(session)._replace(starts=(), ends=())
    (run, *_) = records(found)[0].runs
    assert (run.before, run.after, run.began_s, run.ended_s) == (None, None, None, None)


def test_what_was_written_is_read_back(session):
    found = read_session(session)
    assert len(lines_of(session)) == 33
    assert (len(found.cases), len(found.starts), len(found.turns), len(found.ends)) == (4, 2, 24, 2)
    assert found.findings == ()
    assert session.parent.name == MACHINE.id
    levit, other, *sticks = records(found)
    assert (levit.case.network, other.case.network) == ("levit_128s", "levit_128")
    assert [stick.info.role for stick in sticks] == ["yardstick", "yardstick"]
    assert [len(run.turns) for run in levit.runs] == [3, 3]
    assert [[len(turns) for turns in run.yardsticks] for run in levit.runs] == [[3, 3], [3, 3]]
    assert all(run.complete for run in levit.runs)


def test_reading_changes_nothing(session):
    before = session.read_bytes(), session.stat().st_mtime_ns
    load(session.parent.parent)
    assert (session.read_bytes(), session.stat().st_mtime_ns) == before
    assert [path.name for path in session.parent.iterdir()] == ["s1.jsonl"]


def test_a_truncated_last_line_costs_that_line_and_leaves_the_run_incomplete(session):
    content = session.read_bytes()
    session.write_bytes(content[:-10])
    found = read_session(session)
    (finding,) = found.findings
    assert finding.kind == "bad-line"
    assert f"{session}:33: " in finding.message
    assert "The other 32 lines were read." in finding.message
    assert [run.complete for run in records(found)[0].runs] == [True, False]


def test_a_corrupt_line_in_the_middle_costs_itself(session):
    lines = lines_of(session)
    lines[10] = b'\x00\xff{"kind":"turn"\n'
    session.write_bytes(b"".join(lines))
    found = read_session(session)
    assert len(found.turns) == 23
    assert [f.message.split(": ")[0] for f in found.findings] == [f"{session}:11"]


def test_two_values_on_one_line_and_blank_lines_are_told_from_whole_lines(session):
    lines = lines_of(session)
    whole = read_session(session)
    session.write_bytes(b"".join([*lines[:8], b"\n", *lines[8:]]))
    assert read_session(session) == whole
    session.write_bytes(b"".join([*lines[:8], lines[8].rstrip() + lines[9], *lines[10:]]))
    found = read_session(session)
    assert len(found.turns) == len(whole.turns) - 2
    assert f"{session}:9:" in found.findings[0].message


def test_a_duration_that_is_not_positive_is_named_with_its_line(session):
    lines = lines_of(session)
    bad = json.loads(lines[16])
    assert bad["kind"] == "turn"
    bad["duration_s"][1] = -0.002
    lines[16] = json.dumps(bad).encode() + b"\n"
    session.write_bytes(b"".join(lines))
    (finding,) = read_session(session).findings
    assert finding.message.startswith(f"{session}:17: duration_s[1]: -0.002 is less than 1e-09. The other 32 lines")


def test_a_newer_format_is_refused_with_advice_even_when_its_fields_are_unknown(session):
    lines = lines_of(session)
    lines[0] = b'{"kind":"session","schema":99,"novelty":[1]}\n'
    session.write_bytes(b"".join(lines))
    with pytest.raises(SchemaError, match=r"format 99, .* reads up to [0-9]+\. Update .*: git pull, then"):
        load(session.parent.parent)


def test_fields_that_a_later_version_added_are_ignored(session):
    lines = lines_of(session)
    head = json.loads(lines[0]) | {"added_later": 1}
    session.write_bytes(json.dumps(head).encode() + b"\n" + b"".join(lines[1:]))
    assert read_session(session).findings == ()


@pytest.mark.parametrize("content", [b"", b"not json\n", b'{"kind":"run-end"}\n', b"[]\n", b"\xff\n"])
def test_a_file_that_is_no_session_costs_a_finding_when_others_can_be_read(session, content):
    stray = session.parent / "stray.jsonl"
    stray.write_bytes(content)
    with pytest.raises(StoreError, match=r"stray.jsonl:1: not a session of this suite"):
        read_session(stray)
    found, findings = load(session.parent.parent)
    assert len(found) == 4
    assert [finding.kind for finding in findings] == ["unreadable-file"]
    session.unlink()
    with pytest.raises(StoreError):
        load(session.parent.parent)


def test_how_sessions_begin_is_read_without_their_turns(session):
    (found,) = beginnings(session.parent.parent)
    whole = read_session(session)
    assert (found.path, found.head, found.cases) == (session, whole.head, whole.cases)
    session.write_bytes(b"".join(lines_of(session)[:3]) + b"torn {")
    assert [len(one.cases) for one in beginnings(session.parent.parent)] == [2]


@pytest.mark.parametrize("content", [b"", b"not json\n", b'{"kind":"run-end"}\n', b"\xff\xfe\n", b'{"schema":99}\n'])
def test_what_is_no_session_has_no_beginning_and_costs_a_finding_where_one_can_do_without(session, content):
    stray = session.parent / "stray.jsonl"
    stray.write_bytes(content)
    assert [one.path for one in beginnings(session.parent.parent)] == [session]
    found, findings = load_readable(session_files(session.parent.parent))
    assert len(found) == 4
    assert [finding.kind for finding in findings] == ["unreadable-file"]


def test_a_missing_store_has_no_beginnings(tmp_path):
    assert beginnings(tmp_path / "nowhere") == []


def test_a_missing_store_says_how_to_make_one(tmp_path):
    with pytest.raises(StoreError, match="Measure something first: levit-bench run --networks"):
        session_files(tmp_path / "nowhere")


def test_one_file_is_a_store_too_and_files_come_in_name_order(tmp_path):
    paths = [write_session(tmp_path, name, [], runs=0) for name in ("b", "a", "c")]
    assert [path.name for path in session_files(tmp_path)] == ["a.jsonl", "b.jsonl", "c.jsonl"]
    assert session_files(paths[0]) == [paths[0]]


def test_a_torn_file_is_reopened_without_losing_the_next_line(session):
    session.write_bytes(session.read_bytes()[:-10])
    writer = SessionWriter.reopen(session)
    writer.append(turn(0.01, run=1, number=3, case=CASE.id))
    writer.close()
    found = read_session(session)
    assert found.turns[-1].round == 3
    assert [f.message.split(": ")[0] for f in found.findings] == [f"{session}:33"]


def test_a_whole_file_is_reopened_without_an_empty_line(session):
    before = session.read_bytes()
    writer = SessionWriter.reopen(session)
    writer.append(started(2))
    writer.append(turn(0.01, run=2, case=CASE.id))
    writer.close()
    assert session.read_bytes().startswith(before)
    assert b"\n\n" not in session.read_bytes()
    assert read_session(session).findings == ()


def test_a_session_is_never_overwritten(session):
    before = session.read_bytes()
    with pytest.raises(StoreError, match="exists"):
        SessionWriter.create(session.parent.parent, HEAD)
    assert session.read_bytes() == before


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "a\nb", "x" * 101, "é"])
def test_a_session_name_cannot_leave_its_folder(tmp_path, name):
    with pytest.raises(UsageError, match="invalid session name"):
        SessionWriter.create(tmp_path, msgspec.structs.replace(HEAD, session=name))
    assert list(tmp_path.iterdir()) == []


def test_a_store_that_cannot_be_written_says_so(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    below = tmp_path / "file"
    for write in (lambda: SessionWriter.create(below, HEAD), lambda: check_writable(below / "m")):
        with pytest.raises(StoreError, match=r"cannot write .*directory\. Name a folder that can be written") as error:
            write()
        assert "kept" not in str(error.value), "of nothing nothing is kept"


def test_a_read_only_store_says_so(tmp_path):
    tmp_path.chmod(0o500)
    done = in_a_process(f"""
        import os
        from pathlib import Path
        from levit_bench.errors import StoreError
        from levit_bench.store.files import SessionWriter
        from tests.store.test_files import HEAD
        if os.geteuid() == 0:
            os.setuid(65534)  # root may write everywhere
        try:
            SessionWriter.create(Path({str(tmp_path)!r}), HEAD)
        except StoreError as error:
            print(error)
    """)
    assert "Permission denied. Name a folder that can be written with --store." in done


@pytest.mark.parametrize(
    ("number", "advice"),
    [
        (errno.ENOSPC, "Free some space, or name another folder with --store."),
        (errno.EDQUOT, "Free some space, or name another folder with --store."),
        (errno.EFBIG, "Raise the limit on the size of files ('ulimit -f'), or name another folder with --store."),
        (errno.EROFS, "Name a folder that can be written with --store."),
        (errno.EACCES, "Name a folder that can be written with --store."),
        (errno.EIO, "Name a folder that can be written with --store."),
    ],
)
def test_advice_follows_what_the_system_refused_and_what_is_kept_is_what_was_written(
    tmp_path, monkeypatch, number, advice
):
    def refused(_file, _data):
        raise OSError(number, os.strerror(number))

    writer = SessionWriter.create(tmp_path, HEAD)
    monkeypatch.setattr("levit_bench.store.writer._write_all", refused)
    with pytest.raises(StoreError) as error:
        writer.append(started(0))
    assert str(error.value) == (
        f"cannot write {writer.path}: {os.strerror(number)}. What was written before is kept. {advice}"
    )
    writer.close()
    with pytest.raises(StoreError) as error:
        SessionWriter.create(tmp_path / "other", HEAD)
    assert str(error.value).endswith(f"s1.jsonl: {os.strerror(number)}. {advice}")


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_FSIZE"), reason="the system cannot limit file sizes")
def test_a_full_disk_costs_the_line_that_did_not_fit_and_nothing_before(tmp_path):
    done = in_a_process(f"""
        import resource, signal, sys
        from pathlib import Path
        from levit_bench.errors import StoreError
        from levit_bench.store.files import SessionWriter
        from tests.making import turn
        from levit_bench.records import CaseLine
        from tests.store.test_files import CASE, HEAD, started
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        writer = SessionWriter.create(Path({str(tmp_path)!r}), HEAD)
        writer.append(CaseLine(id=CASE.id, case=CASE))
        writer.append(started(0))
        size = writer.path.stat().st_size
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 1000, size + 1000))
        try:
            for number in range(100):
                writer.append(turn(0.01, number=number, case=CASE.id))
        except StoreError as error:
            print(number, error)
    """)
    written, message = done.split(" ", 1)
    assert "File too large. What was written before is kept." in message
    (path,) = session_files(tmp_path)
    found = read_session(path)
    assert len(found.turns) == int(written) > 0
    assert found.findings == ()


def test_the_collector_of_cycles_works_again_after_reading(session):
    import gc

    assert gc.isenabled()
    load(session.parent.parent)
    assert gc.isenabled()


def test_a_generated_store_holds_the_truth_it_was_made_from(tmp_path):
    calm = Noise(session=0.2, run=0.05, case_run=0.001, one_pass=0.001)
    for number in range(4):
        write_session(tmp_path, f"s{number}", [(case_of(t), t) for t in PAPER], rounds=2, noise=calm, seed=number)
    (panel,) = panels(load(tmp_path)[0])
    levit = {point.label: point.latency.value for point in panel.points}
    for truth in PAPER:
        expected = truth.latency_s / PAPER[0].latency_s
        assert levit[truth.network] / levit["levit_128s"] == pytest.approx(expected, rel=0.01)


def test_a_store_of_many_cases_has_the_number_asked_for(tmp_path):
    write_store(tmp_path, 23, sessions=2, networks=8)
    found, findings = load(tmp_path)
    assert sum(record.info.role == "subject" for record in found) == 23
    assert findings == []
    assert len({record.machine.id for record in found}) == 2
