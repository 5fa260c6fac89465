"""Reads sessions from JSON lines, `<root>/<machine>/<session>.jsonl`, and assembles their records.

Everything readable is read, and findings list the rest; `store/writer.py` writes. Neither measuring nor judging is
imported here. Reading never writes into a store; summaries of what was parsed are kept in the user's cache.
"""

from __future__ import annotations

import gc
import math
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from levit_bench.command_lines import measuring_line
from levit_bench.errors import MissingStoreError, SchemaError, StoreError
from levit_bench.numbers.units import counted
from levit_bench.paths.file_kinds import is_lost, kind_of
from levit_bench.paths.kept_files import KeptFiles, kept_files
from levit_bench.records import (
    SCHEMA,
    CaseLine,
    Finding,
    Line,
    Record,
    Run,
    RunEndLine,
    RunStartLine,
    SeatInfo,
    SessionLine,
    TurnLine,
)
from levit_bench.store.line_order import Part, parts
from levit_bench.store.lines import BOM, LONGEST_LINE, content, decoded, opened, read
from levit_bench.store.missing_turns import Missing
from levit_bench.store.summaries import SessionSummary, keep_summary, kept_summary, summary_key
from levit_bench.store.writer import SessionWriter, check_writable

__all__ = [
    "Beginning",
    "FirstLine",
    "Session",
    "SessionWriter",
    "beginnings",
    "check_writable",
    "first_line",
    "is_emulated",
    "load",
    "load_readable",
    "read_session",
    "read_sessions",
    "records",
    "session_files",
    "sticks_of",
    "unreadable",
]

_MOST_LINES_NAMED = 20  # Lines of a file that are listed one by one: in a file of another kind all are wrong.
_MOST_NAMED = 3
_Sticks = dict[int, tuple[Sequence[TurnLine], ...]]


class _State(msgspec.Struct, frozen=True):
    """The part of a first line's conditions by which sessions are chosen."""

    taken_at: str = ""
    emulated: bool = False


class _Purpose(msgspec.Struct, frozen=True):
    """The part of a first line's protocol by which sessions are chosen."""

    goal: str = ""


class FirstLine(msgspec.Struct, frozen=True):
    """The part of a session's first line by which sessions are chosen."""

    session: str = ""
    """Name of the session."""
    title: str | None = None
    """What the session was taken for."""
    conditions: _State = _State()
    """When it began, in UTC, and whether under an emulator."""
    protocol: _Purpose = _Purpose()
    """Whether it is a gate's."""


class Session(NamedTuple):
    """One session as it was read."""

    head: SessionLine
    cases: tuple[CaseLine, ...]
    starts: tuple[RunStartLine, ...]
    turns: tuple[TurnLine, ...]
    ends: tuple[RunEndLine, ...]
    findings: tuple[Finding, ...]
    """Problems of the file itself."""


def nothing_at(stores: Sequence[Path]) -> MissingStoreError:
    """The error that says that stores hold no session, and what to do about it."""
    where = " and ".join(map(str, stores))
    return MissingStoreError(f"no results at {where}. Measure something first: {measuring_line(stores[:1])}")


def session_files(root: Path) -> list[Path]:
    """All session files below a store, or the file itself when `root` is one, in name order.

    Raises:
        StoreError: the file or folder does not exist, or is a device or a pipe.
    """
    return _list_files(root)[0]


def _list_files(root: Path) -> tuple[list[Path], list[Finding]]:
    """Session files of a store in name order, and a finding for each folder that cannot be read."""
    if not os.path.isdir(root):  # noqa: PTH112 (Path.is_dir raises without permission)
        if os.path.lexists(root):
            if kind := _kind_at(root):
                raise StoreError(
                    f"{root} is {kind}, and a session is a file. Name one, or a folder of them, with --store."
                )
            # Reading it reports what is wrong with it.
            return [root], []
        if is_lost(root):
            raise StoreError(
                f"the current folder was deleted, and {root} is looked for in it. Go to a folder that exists, or name "
                "the store by its whole path."
            )
        raise nothing_at([root])
    paths: list[Path] = []
    findings: list[Finding] = []
    folders = _entries(root, findings)
    if findings:
        raise StoreError(findings[0].message)
    for entry in folders:
        if os.path.isdir(entry):  # noqa: PTH112 (as above)
            paths += [path for path in _entries(entry, findings) if path.suffix == ".jsonl"]
        elif entry.suffix == ".jsonl":  # A copy of somebody else's, without the machine's folder.
            paths.append(entry)
    return sorted(paths, key=lambda path: (path.parent.name, path.name)), findings


def _kind_at(path: Path) -> str:
    """What is at a path that is no regular file, with its article; empty where that cannot be told."""
    try:
        return kind_of(path.stat().st_mode)
    except (OSError, ValueError):
        return ""


def _entries(folder: Path, findings: list[Finding]) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError as error:
        message = f"cannot look into {folder}: {error.strerror or error}. What is in it was not read."
        findings.append(Finding(kind="unreadable-file", message=message))
        return []


def first_line(path: Path) -> FirstLine:
    """What a session's first line says of it; an empty one where that cannot be read."""
    try:
        with opened(path) as file:
            return msgspec.json.decode(file.readline(LONGEST_LINE).removeprefix(BOM), type=FirstLine)
    except (OSError, StoreError, msgspec.DecodeError, ValueError, RecursionError):
        return FirstLine()


def unreadable(path: Path) -> Finding | None:
    """The finding about a file that holds no session that can be read; None where it holds one, or a newer version's.

    Where the first line is one of a session, the others are not looked at.
    """
    if _beginning(path) is not None:
        return None
    try:
        read(path, content(path))
    except SchemaError:
        return None  # Who reads the file is told to upgrade.
    except StoreError as error:
        return Finding(kind="unreadable-file", message=str(error))
    return None


def is_emulated(path: Path) -> bool:
    """Whether a session was taken under an emulator, by its first line; False where that cannot be read."""
    return first_line(path).conditions.emulated


def is_of_gate(path: Path) -> bool:
    """Whether a session is a gate's, by its first line; False where that cannot be read."""
    return first_line(path).protocol.goal == "gate"


class Beginning(NamedTuple):
    """First line and first cases of a file: enough to know machine, protocol and cases."""

    path: Path
    head: SessionLine
    cases: tuple[CaseLine, ...]


def beginnings(root: Path) -> list[Beginning]:
    """First line and first cases of every session of a store, oldest first; unreadable files are left out.

    Reads a few lines of each file, so that a large store need not be read as a whole.
    """
    try:
        paths = session_files(root)
    except StoreError:
        return []
    return sorted(
        (beginning for path in paths if (beginning := _beginning(path))),
        key=lambda beginning: (beginning.head.session, beginning.path),
    )


def _beginning(path: Path) -> Beginning | None:
    cases: list[CaseLine] = []
    head: Line | None = None
    try:
        with opened(path) as file:
            head = decoded(file.readline(LONGEST_LINE).removeprefix(BOM))
            while isinstance(line := decoded(file.readline(LONGEST_LINE)), CaseLine):
                if line.id == line.case.id:
                    cases.append(line)
    except (OSError, StoreError, msgspec.DecodeError, ValueError, RecursionError):
        pass  # Lines before it count: a file may end after its cases.
    if not isinstance(head, SessionLine) or head.schema > SCHEMA:
        return None
    return Beginning(path, head, tuple(cases))


def read_session(path: Path) -> Session:
    """Read a file that holds one session; bad lines are skipped, and a finding reports each.

    Raises:
        SchemaError: a newer version of this package wrote the file.
        StoreError: the file cannot be read, its first line is not a session line, or it holds several sessions.
    """
    first, *others = read_sessions(path)
    if others:
        joint = next(finding for finding in others[0].findings if finding.kind == "joined-sessions")
        raise StoreError(f"{joint.message} One session is asked for here.")
    return first


def read_sessions(path: Path) -> list[Session]:
    """Read one file, which holds one session unless files were joined; bad lines are skipped, and findings report them.

    Raises:
        SchemaError: a newer version of this package wrote the file.
        StoreError: the file cannot be read, or its first line is not a session line.
    """
    return _sessions_in(path, content(path))


def _sessions_in(path: Path, data: bytes) -> list[Session]:
    """The sessions of a file with this content."""
    lines = read(path, data)
    sessions = parts(lines.good, [number for number, _ in lines.bad])
    ends = [*(part.first for part in sessions[1:]), math.inf]
    out = []
    for part, end in zip(sessions, ends, strict=True):
        bad = [
            (number, why) for number, why in lines.bad if (part is sessions[0] or number >= part.first) and number < end
        ]
        findings = [*_about_bad_lines(path, bad, len(part.lines)), *_about_lines_left_out(path, part)]
        findings += _about_missing_turns(path, part)
        if part is not sessions[0]:
            findings.insert(0, _joined_finding(path, part))
        out.append(_session(part, findings))
    return out


def _were_read(count: int) -> str:
    """That the other lines of a file were read, in words."""
    return "The other line was read." if count == 1 else f"The other {count} lines were read."


def _about_bad_lines(path: Path, bad: Sequence[tuple[int, str]], good_lines: int) -> list[Finding]:
    findings = [
        Finding(
            kind="bad-line",
            message=f"{path}:{number}: {why}. {_were_read(good_lines)} "
            "A kill or a full disk leaves such a line; it can be deleted.",
        )
        for number, why in bad[:_MOST_LINES_NAMED]
    ]
    if further := bad[_MOST_LINES_NAMED:]:
        lines = counted(len(further), "further line")
        message = f"{path}:{further[0][0]}: {lines} cannot be read, up to line {further[-1][0]}."
        findings.append(Finding(kind="bad-line", message=message))
    return findings


def _about_lines_left_out(path: Path, part: Part) -> list[Finding]:
    findings = []
    for out in part.left_out[:_MOST_LINES_NAMED]:
        more = out.lines - 1
        many = f", nor {'does' if more == 1 else 'do'} {more} more up to line {out.last}" if more else ""
        findings.append(
            Finding(
                kind="line-out-of-place",
                message=f"{path}:{out.first}: {out.why}. It does not count{many}. {_were_read(len(part.lines))} "
                "Files that were joined, merged or edited hold such lines.",
            )
        )
    if further := part.left_out[_MOST_LINES_NAMED:]:
        lines = sum(out.lines for out in further)
        do = "does" if lines == 1 else "do"
        message = f"{path}:{further[0].first}: {counted(lines, 'further line')} {do} not count."
        findings.append(Finding(kind="line-out-of-place", message=message))
    return findings


def _about_missing_turns(path: Path, part: Part) -> list[Finding]:
    names = {line.id: line.called for line in part.lines if isinstance(line, CaseLine)}
    findings = [
        Finding(
            kind="turns-missing",
            message=f"{path}:{gap.number}: {_lacking(gap, names)}. Somebody removed lines, or a merge lost them. What "
            "is there counts: restore the file from a copy, or measure again.",
        )
        for gap in part.missing[:_MOST_LINES_NAMED]
    ]
    if further := part.missing[_MOST_LINES_NAMED:]:
        message = f"{path}:{further[0].number}: turns are missing in {counted(len(further), 'further place')}."
        findings.append(Finding(kind="turns-missing", message=message))
    return findings


def _lacking(gap: Missing, names: Mapping[str, str]) -> str:
    """Which turns or runs are missing, in words."""
    if gap.hole is None:
        runs = f"run {gap.run} is" if gap.run == gap.last else f"runs {gap.run} to {gap.last} are"
        return f"{runs} missing, and later ones are there"
    first, last, turns, cases = gap.hole
    where = f"run {gap.run}, round {first}" if first == last else f"run {gap.run}, rounds {first} to {last}"
    count = "1 turn is missing" if turns == 1 else f"{turns:,} turns are missing"
    labels = [names.get(case, case) for case in cases[:_MOST_NAMED]]
    if further := len(cases) - len(labels):
        labels.append(f"{further} more")
    return f"{where}: {count}{', of ' if labels else ''}{', '.join(labels)}"


def _joined_finding(path: Path, part: Part) -> Finding:
    head = part.lines[0]
    assert isinstance(head, SessionLine)
    message = (
        f"{path}:{part.first}: a second session begins, {head.session}. Each counts as a session of its own; to have "
        "them in files of their own, cut the file before this line."
    )
    return Finding(kind="joined-sessions", message=message)


def _session(part: Part, findings: Sequence[Finding]) -> Session:
    head = part.lines[0]
    assert isinstance(head, SessionLine)
    sorts: dict[type, list[Any]] = {}
    for line in part.lines:  # in one pass: nearly all lines are turns
        sorts.setdefault(type(line), []).append(line)
    return Session(
        head=head,
        cases=tuple(sorts.get(CaseLine, ())),
        starts=tuple(sorts.get(RunStartLine, ())),
        turns=tuple(sorts.get(TurnLine, ())),
        ends=tuple(sorts.get(RunEndLine, ())),
        findings=tuple(findings),
    )


def records(session: Session) -> list[Record]:
    """Assemble a session's records, those of yardsticks and null network included, in the order of declaration."""
    return _records(_summary(session))


def _summary(session: Session) -> SessionSummary:
    """The session with its turns by case and run."""
    turns: dict[tuple[str, int], list[TurnLine]] = {}
    for turn in session.turns:
        turns.setdefault((turn.case, turn.run), []).append(turn)
    return SessionSummary(
        session.head, session.cases, session.starts, session.ends,
        {group: tuple(members) for group, members in turns.items()}, session.findings,
    )  # fmt: skip


def _records(session: SessionSummary) -> list[Record]:
    starts = {start.run: start for start in session.starts}
    ends = {end.run: end for end in session.ends}
    turns = session.turns
    infos = {info.id: info for info in session.cases}
    # Of several streams, the seat of the first.
    seats = {(key, s.run): seat for s in session.starts for seat in reversed(s.seats) for key in seat.cases}
    numbers = sorted({run for _, run in turns})
    yardsticks = [info for info in infos.values() if info.role == "yardstick"]
    run_findings = [finding for end in session.ends for finding in end.findings]
    is_over = _is_over(infos.values(), session.starts, session.ends)
    # Cases with the same yardsticks share one tuple a run, so that results derived from it are computed once.
    shared: dict[tuple[str, ...], _Sticks] = {}
    out = []
    for info in infos.values():
        key = sticks_of(info, yardsticks)
        if key not in shared:
            shared[key] = {n: tuple(turns.get((stick, n), ()) for stick in key) for n in numbers}
        record = _record(session, info, numbers, starts, ends, turns, seats, shared[key], run_findings, is_over=is_over)
        allocator = infos[key[0]].case.allocator if key else None
        out.append(msgspec.structs.replace(record, yardstick_allocator=allocator))
    return out


def _is_over(infos: Iterable[CaseLine], starts: Sequence[RunStartLine], ends: Sequence[RunEndLine]) -> bool:
    """Whether a session came to its end, by the last of its runs; one without a case to be timed has none to wait for.

    Of an older file, whose runs do not say, a run that has an end is taken for the last one.
    """
    if not any(info.role == "subject" and info.outcome == "done" for info in infos):
        return True
    end = max(ends, key=lambda end: end.run, default=None)
    if end is None or any(start.run > end.run for start in starts):
        return False
    return end.last is not False


def _peak(seat: SeatInfo | None, end: RunEndLine | None) -> int | None:
    """Peak resident memory of a seat until the end of its run, in bytes; absent where its line lacks it."""
    peaks = end.peak_bytes if end is not None else ()
    return peaks[seat.seat] if seat is not None and 0 <= seat.seat < len(peaks) else None


def sticks_of(info: CaseLine, yardsticks: Iterable[CaseLine]) -> tuple[str, ...]:
    """Ids of the yardsticks that a case is compared with: same device and threads, and same allocator if possible."""
    near = [s for s in yardsticks if (s.case.device, s.case.threads) == (info.case.device, info.case.threads)]
    same = [s for s in near if s.case.allocator == info.case.allocator]
    return tuple(s.id for s in same or near)


def _record(
    session: SessionSummary,
    info: CaseLine,
    numbers: Iterable[int],
    starts: dict[int, RunStartLine],
    ends: dict[int, RunEndLine],
    turns: Mapping[tuple[str, int], Sequence[TurnLine]],
    seats: dict[tuple[str, int], SeatInfo],
    sticks: _Sticks,
    run_findings: list[Finding],
    *,
    is_over: bool,
) -> Record:
    runs = tuple(
        Run(
            run=number,
            turns=turns[info.id, number],
            yardsticks=sticks[number],
            complete=number in ends and ends[number].outcome == "done",
            before=starts[number].conditions if number in starts else None,
            after=ends[number].conditions if number in ends else None,
            began_s=starts[number].at_s if number in starts else None,
            ended_s=ends[number].at_s if number in ends else None,
            told_cpu_s=ends[number].told_cpu_s if number in ends else None,
            system_cpu_s=ends[number].system_cpu_s if number in ends else None,
            cold=starts[number].cold.get(info.id) if number in starts else None,
            seat=seats.get((info.id, number)),
            seat_peak_bytes=_peak(seats.get((info.id, number)), ends.get(number)),
            seats_at_once=len(starts[number].seats) if number in starts else None,
        )
        for number in numbers
        if (info.id, number) in turns
    )
    reasons = [end.failed[info.id] for end in ends.values() if info.id in end.failed]
    outcome = info.outcome if info.outcome != "done" else ("failed" if reasons else "done")
    return Record(
        session=session.head.session,
        machine=session.head.machine,
        protocol=session.head.protocol,
        conditions=session.head.conditions,
        info=info,
        runs=runs,
        outcome=outcome,
        reason=info.reason or (reasons[0] if reasons else None),
        findings=tuple(
            f for f in (*session.head.findings, *session.findings, *run_findings) if f.case in (None, info.id)
        ),
        bench=session.head.bench,
        title=session.head.title,
        looks=tuple(end.look for end in session.ends if end.look is not None),
        is_over=is_over,
        resumes=max((start.resumed for start in session.starts), default=0),
        shell=session.head.shell,
        sides=session.head.sides,
        differences=session.head.differences,
        revision=session.head.revision,
        dirty=session.head.dirty,
    )


def load(*roots: Path) -> tuple[list[Record], list[Finding]]:
    """Read every session of a store, or of several as one: records, and findings about files that could not be read.

    Args:
        roots: folders of sessions, or files of one.

    Raises:
        SchemaError: a file is newer than this reader.
        StoreError: the store does not exist, or no file in it could be read.
    """
    lists = [_list_files(root) for root in roots]
    paths = list(dict.fromkeys(path for files, _ in lists for path in files))
    findings = [finding for _, found in lists for finding in found]
    failure: StoreError | None = None
    sessions: list[tuple[Path, SessionSummary]] = []
    with _no_collection(), _summaries_kept() as summaries:
        for path in paths:
            try:
                sessions += [(path, session) for session in _summaries(path, summaries)]
            except SchemaError:
                raise
            except StoreError as error:
                findings.append(Finding(kind="unreadable-file", message=str(error)))
                failure = error
        if failure is not None and not sessions:
            raise failure
        out = _records_of(sessions, findings)
    return out, findings


def load_readable(paths: Iterable[Path]) -> tuple[list[Record], list[Finding]]:
    """Records of the files that can be read, and a finding for each of the others."""
    sessions: list[tuple[Path, SessionSummary]] = []
    findings: list[Finding] = []
    with _no_collection(), _summaries_kept() as summaries:
        for path in paths:
            try:
                sessions += [(path, session) for session in _summaries(path, summaries)]
            except StoreError as error:
                findings.append(Finding(kind="unreadable-file", message=str(error)))
        return _records_of(sessions, []), findings


def _summaries(path: Path, files: KeptFiles | None) -> list[SessionSummary]:
    """The sessions of a file: parsed, unless a file with the same content was parsed before."""
    data = content(path)
    if files is None:
        return [_summary(session) for session in _sessions_in(path, data)]
    key = summary_key(data)
    if (kept := kept_summary(files, key)) is not None:
        return [kept]
    summaries = [_summary(session) for session in _sessions_in(path, data)]
    if len(summaries) > 1 or summaries[0].findings or not files.accepts_more:
        return summaries
    return [keep_summary(files, key, summaries[0])]


@contextmanager
def _summaries_kept() -> Iterator[KeptFiles | None]:
    """Where summaries are kept; None where nothing is."""
    files = kept_files()
    yield files
    if files is not None:
        files.shrink()


def _records_of(sessions: Sequence[tuple[Path, SessionSummary]], findings: list[Finding]) -> list[Record]:
    """Records of all sessions, each counted once however many files hold it; adds the findings about their files."""
    groups: dict[tuple[str, str], list[tuple[Path, SessionSummary]]] = {}
    for path, session in sessions:
        groups.setdefault((session.head.machine.id, session.head.session), []).append((path, session))
    out: list[Record] = []
    for copies in groups.values():
        path, session = max(copies, key=lambda copy: copy[1].turn_count)
        further: list[Finding] = []
        if len(copies) > 1:
            # Counted twice, it would look like two sessions that agree.
            other_paths = ", ".join(str(other_path) for other_path, copy in copies if copy is not session)
            further.append(
                Finding(
                    kind="session-twice",
                    message=f"session {session.head.session} is in {path} and in {other_paths}. It counts once, as the "
                    "one with the most turns, the first of these, has it. Remove the others.",
                )
            )
        session = session._replace(findings=(*session.findings, *further))
        findings.extend(session.findings)
        out.extend(_records(session))
    return out


@contextmanager
def _no_collection() -> Iterator[None]:
    """Pause the garbage collector while lines are read: they form no cycles, and collecting doubles the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
