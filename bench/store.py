"""The wall between taking and reading: sessions as JSON lines, `<root>/<machine>/<session>.jsonl`.

Writes a line at a time so that a kill costs at most one turn; reads whatever is readable and says what was not.
Refuses to know how a number was taken or what it means. Reading never writes.
"""

from __future__ import annotations

import gc
import os
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple, Self

import msgspec

from bench.errors import BenchError, SchemaError, StoreError, UsageError
from bench.history import modern
from bench.records import (
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

_decoder: msgspec.json.Decoder[Line] = msgspec.json.Decoder(Line)
_SESSION_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


_SHORTEST_S = 1e-9  # A tick of the clock that passes are timed with.
_LONGEST_S = 1e9
_LONGEST_LINE = 1 << 20  # Bytes of a session's or a case's line; longer ones are not what they seem.
_Sticks = dict[int, tuple[tuple[TurnLine, ...], ...]]


class _Head(msgspec.Struct):
    """The least of a first line: enough to see that it is newer than this reader."""

    schema: int = 0


class _State(msgspec.Struct, frozen=True):
    """Of the conditions of a first line, what says whether its times are worth anything."""

    emulated: bool = False


class _Began(msgspec.Struct, frozen=True):
    """Of a first line, in what state the session began."""

    conditions: _State = _State()


class Session(NamedTuple):
    """One file as it was read."""

    head: SessionLine
    cases: tuple[CaseLine, ...]
    starts: tuple[RunStartLine, ...]
    turns: tuple[TurnLine, ...]
    ends: tuple[RunEndLine, ...]
    findings: tuple[Finding, ...]
    """What was wrong with the file itself."""


class SessionWriter:
    """Appends lines to one session's file, each complete on disk before the next turn begins."""

    def __init__(self, path: Path, file: IO[bytes]) -> None:
        self.path = path
        self._file = file

    @classmethod
    def create(cls, root: Path, head: SessionLine) -> SessionWriter:
        """Start a new file for a session.

        Raises:
            StoreError: the folder cannot be written, or the session exists already.
        """
        if not _SESSION_NAME.fullmatch(head.session):
            raise UsageError(f"{head.session[:80]!r} is no session name. Use letters, digits, '.', '_' and '-'.")
        path = root / head.machine.id / f"{head.session}.jsonl"
        first = _encoded(head)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = path.open("xb", buffering=0)
        except OSError as error:
            raise _cannot_write(path, error) from error
        try:
            _lock(file, path)
            writer = cls(path, file)
            writer._write(first)
        except BaseException:
            # A file without its first line would be in the way of every reader.
            file.close()
            path.unlink(missing_ok=True)
            raise
        return writer

    @classmethod
    def reopen(cls, path: Path) -> SessionWriter:
        """Go on with a session's file. A line that a kill left unfinished stays where it is, on a line of its own.

        Raises:
            StoreError: the file cannot be written.
        """
        try:
            with path.open("rb") as file:
                file.seek(0, os.SEEK_END)
                if file.tell():
                    file.seek(-1, os.SEEK_END)
                torn = file.read(1) not in (b"\n", b"")
            again = path.open("ab", buffering=0)
        except OSError as error:
            raise _cannot_write(path, error) from error
        try:
            _lock(again, path)
            if torn:
                again.write(b"\n")
        except BaseException:
            again.close()
            raise
        return cls(path, again)

    def append(self, line: Line) -> None:
        """Write one line.

        Raises:
            StoreError: the disk is full or gone; the lines before are intact.
        """
        self._write(_encoded(line))

    def _write(self, data: bytes) -> None:
        start = self._file.seek(0, os.SEEK_END)
        try:
            written = 0
            while written < len(data):
                written += self._file.write(data[written:]) or 0
        except OSError as error:
            self._cut(start)
            raise _cannot_write(self.path, error) from error

    def _cut(self, size: int) -> None:
        """Take back a half-written line; where even that fails, the reader reports the torn line."""
        try:
            self._file.truncate(size)
        except OSError:
            return

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if error is not None and not isinstance(error, BenchError):  # nobody foresaw it, and its message names no file
            error.add_note(f"What was measured is kept in {self.path}.")
        self.close()

    def close(self) -> None:
        """Flush to the device and close; a second time does nothing."""
        if self._file.closed:
            return
        try:
            os.fsync(self._file.fileno())
            self._file.close()
        except OSError as error:
            raise _cannot_write(self.path, error) from error


def _encoded(line: Line) -> bytes:
    """One line of the file. Text that is no Unicode, as a shell may pass, is marked and kept."""
    try:
        return msgspec.json.encode(line) + b"\n"
    except UnicodeEncodeError as error:
        raise UsageError(f"a name or title holds bytes that are no text ({error.reason}). Write it anew.") from error


def _lock(file: IO[bytes], path: Path) -> None:
    """Refuse a second writer: two that number their runs alike would leave runs that nobody measured.

    The lock goes with the process, however it ends.
    """
    if sys.platform == "win32":
        return
    import fcntl

    try:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise StoreError(
            f"{path} is being written by another process. Wait for it, or measure a new session."
        ) from error
    except OSError:
        return  # Some network file systems know no locks.


def _cannot_write(path: Path, error: OSError) -> StoreError:
    return StoreError(
        f"cannot write {path}: {error.strerror or error}. What was written before is kept. "
        "Free some space or name another folder with --store."
    )


def check_writable(folder: Path) -> None:
    """Find out before the work begins whether its results can be kept.

    Raises:
        StoreError: they cannot.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"0")
    except OSError as error:
        raise _cannot_write(folder, error) from error


def session_files(root: Path) -> list[Path]:
    """All session files below a store, or the file itself when `root` is one, in name order.

    Raises:
        StoreError: there is no such file or folder.
    """
    if root.is_file():
        return [root]
    if not root.is_dir():
        raise StoreError(f"no results at {root}. Measure something first: levit-bench run --store {root}")
    return sorted(root.glob("*/*.jsonl"), key=lambda path: (path.parent.name, path.name))


def is_emulated(path: Path) -> bool:
    """Whether a session was taken under an emulator, by its first line; not so where none can be read."""
    try:
        with path.open("rb") as file:
            return msgspec.json.decode(file.readline(), type=_Began).conditions.emulated
    except (OSError, msgspec.DecodeError, RecursionError):
        return False


class Beginning(NamedTuple):
    """How a file begins: enough to know what it is of."""

    path: Path
    head: SessionLine
    cases: tuple[CaseLine, ...]


def beginnings(root: Path) -> list[Beginning]:
    """First line and first cases of every session of a store, oldest first; nothing of what cannot be read.

    Takes a few lines of each file, so that a large store need not be read as a whole.
    """
    try:
        paths = session_files(root)
    except StoreError:
        return []
    return sorted((one for path in paths if (one := _beginning(path))), key=lambda one: (one.head.session, one.path))


def _beginning(path: Path) -> Beginning | None:
    cases: list[CaseLine] = []
    head: Line | None = None
    try:
        with path.open("rb") as file:
            head = _decoder.decode(file.readline(_LONGEST_LINE))
            while isinstance(line := _decoder.decode(file.readline(_LONGEST_LINE)), CaseLine):
                cases.append(line)
    except (OSError, msgspec.DecodeError, ValueError, RecursionError):
        pass  # What was read before it counts: a file may end after its cases.
    if not isinstance(head, SessionLine) or head.schema > SCHEMA:
        return None
    return Beginning(path, head, tuple(cases))


def read_session(path: Path) -> Session:
    """Read one file; bad lines cost themselves and a finding.

    Raises:
        SchemaError: a newer version of this package wrote the file.
        StoreError: the file cannot be read, or its first line is no session.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise StoreError(f"cannot read {path}: {error.strerror or error}.") from error
    _refuse_newer(path, data.partition(b"\n")[0])
    kept, bad = _at_once(data) or _one_by_one(data)
    if not kept or not isinstance(kept[0], SessionLine):
        why = bad[0][1] if bad else "the file is empty"
        raise StoreError(
            f"{path}:1: not a session of this suite ({why}). Remove the file from the store, or restore its first line."
        )
    findings = tuple(
        Finding(
            kind="bad-line",
            message=f"{path}:{number}: {why}. The other {len(kept)} lines were read. "
            "A kill or a full disk leaves such a line; it can be deleted.",
        )
        for number, why in bad
    )
    kept = modern(kept)
    head = kept[0]
    assert isinstance(head, SessionLine)
    sorts: dict[type, list[Any]] = {}
    for line in kept:  # once: nearly all of them are turns
        sorts.setdefault(type(line), []).append(line)
    return Session(
        head=head,
        cases=tuple(sorts.get(CaseLine, ())),
        starts=tuple(sorts.get(RunStartLine, ())),
        turns=tuple(sorts.get(TurnLine, ())),
        ends=tuple(sorts.get(RunEndLine, ())),
        findings=findings,
    )


_Lines = tuple[list[Line], list[tuple[int, str]]]
"""Good lines, and the others by number with what is wrong."""


def _at_once(data: bytes) -> _Lines | None:
    """Lines of a file of which each holds one that is good, as in nearly all files, in less time; else nothing."""
    try:
        lines = _decoder.decode_lines(data)
        for line in lines:
            _check(line)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
    return (lines, []) if data.endswith(b"\n") and len(lines) == data.count(b"\n") else None


def _one_by_one(data: bytes) -> _Lines:
    kept: list[Line] = []
    bad: list[tuple[int, str]] = []
    for number, raw in enumerate(data.split(b"\n"), 1):
        if not raw.strip():
            continue
        try:
            line = _decoder.decode(raw)
            _check(line)
        except (msgspec.DecodeError, ValueError, RecursionError) as error:
            bad.append((number, str(error)))
            continue
        kept.append(line)
    return kept, bad


def _refuse_newer(path: Path, raw: bytes) -> None:
    """Tell a newer file from a broken one before its lines are read."""
    try:
        schema = msgspec.json.decode(raw, type=_Head).schema
    except (msgspec.DecodeError, RecursionError):
        return
    if schema > SCHEMA:
        raise SchemaError(
            f"{path}: written in format {schema}, this version reads up to {SCHEMA}. "
            "Upgrade levit-bench: pip install -U levit-bench"
        )


def _check(line: Line) -> None:
    """Range checks that types cannot express: no pass takes less than a tick of the clock, or thirty years."""
    if isinstance(line, TurnLine):
        passes = line.duration_s
        if passes and not _SHORTEST_S <= min(passes) <= max(passes) < _LONGEST_S:
            duration = next(duration for duration in passes if not _SHORTEST_S <= duration < _LONGEST_S)
            why = " is not positive" if duration <= 0 else " is no time that a pass takes"
            raise ValueError(f"duration {duration} s{why}")
    elif isinstance(line, CaseLine):
        case = line.case
        if min(*case.shape[:3], case.batch, case.threads, case.streams) < 1:
            raise ValueError("resolution, width, channels, batch, threads and streams of a case are at least 1")
        for accuracy in line.scored:
            if not 0 <= accuracy.top1 <= 100:
                raise ValueError(f"top-1 {accuracy.top1} is no percentage")


def records(session: Session) -> list[Record]:
    """Assemble a session's records, the instrument's own cases included, in the order the cases were declared."""
    starts = {start.run: start for start in session.starts}
    ends = {end.run: end for end in session.ends}
    turns: dict[tuple[str, int], list[TurnLine]] = {}
    for turn in session.turns:
        turns.setdefault((turn.case, turn.run), []).append(turn)
    infos = {info.id: info for info in session.cases}
    # Of several streams the first seat.
    seats = {(key, s.run): seat for s in session.starts for seat in reversed(s.seats) for key in seat.cases}
    numbers = sorted({turn.run for turn in session.turns})
    yardsticks = [info for info in infos.values() if info.role == "yardstick"]
    found = [finding for end in session.ends for finding in end.findings]
    # Cases with the same yardsticks share one tuple a run: what is derived from it is then derived once.
    shared: dict[tuple[str, ...], _Sticks] = {}
    out = []
    for info in infos.values():
        key = sticks_of(info, yardsticks)
        if key not in shared:
            shared[key] = {n: tuple(tuple(turns.get((stick, n), ())) for stick in key) for n in numbers}
        record = _record(session, info, numbers, starts, ends, turns, seats, shared[key], found)
        allocator = infos[key[0]].case.allocator if key else None
        out.append(msgspec.structs.replace(record, yardstick_allocator=allocator))
    return out


def _peak(seat: SeatInfo | None, end: RunEndLine | None) -> int | None:
    """Most resident memory of a seat until the end of its run; absent where its line says nothing of it."""
    told = end.peak_bytes if end is not None else ()
    return told[seat.seat] if seat is not None and 0 <= seat.seat < len(told) else None


def sticks_of(info: CaseLine, yardsticks: Iterable[CaseLine]) -> tuple[str, ...]:
    """Ids of the yardsticks that correct a case: of its device and threads, and of its allocator if there are such."""
    near = [s for s in yardsticks if (s.case.device, s.case.threads) == (info.case.device, info.case.threads)]
    same = [s for s in near if s.case.allocator == info.case.allocator]
    return tuple(s.id for s in same or near)


def _record(
    session: Session,
    info: CaseLine,
    numbers: Iterable[int],
    starts: dict[int, RunStartLine],
    ends: dict[int, RunEndLine],
    turns: dict[tuple[str, int], list[TurnLine]],
    seats: dict[tuple[str, int], SeatInfo],
    sticks: _Sticks,
    found: list[Finding],
) -> Record:
    runs = tuple(
        Run(
            run=number,
            turns=tuple(turns[info.id, number]),
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
        findings=tuple(f for f in (*session.head.findings, *session.findings, *found) if f.case in (None, info.id)),
        bench=session.head.bench,
        looks=tuple(end.look for end in session.ends if end.look is not None),
        resumes=max((start.resumed for start in session.starts), default=0),
        shell=session.head.shell,
    )


def load(root: Path) -> tuple[list[Record], list[Finding]]:
    """Read every session of a store: its records, and findings about files that could not be read.

    Raises:
        SchemaError: a file is newer than this reader.
        StoreError: the store does not exist, or not one file in it could be read.
    """
    out: list[Record] = []
    findings: list[Finding] = []
    failure: StoreError | None = None
    with _no_collection():
        for session in _readable(session_files(root), findings):
            if isinstance(session, StoreError):
                failure = session
                continue
            findings.extend(session.findings)
            out.extend(records(session))
    if failure is not None and not out:
        raise failure
    return out, findings


def load_readable(paths: Iterable[Path]) -> tuple[list[Record], list[Finding]]:
    """Records of the files that can be read, and a finding for each of the others: for those who can do without."""
    out: list[Record] = []
    findings: list[Finding] = []
    with _no_collection():
        for path in paths:
            try:
                out.extend(records(read_session(path)))
            except StoreError as error:
                findings.append(Finding(kind="unreadable-file", message=str(error)))
    return out, findings


@contextmanager
def _no_collection() -> Iterator[None]:
    """Hold the cycle collector while lines are read: they form no cycles, and looking for some doubles the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _readable(paths: Iterable[Path], findings: list[Finding]) -> Iterator[Session | StoreError]:
    for path in paths:
        try:
            yield read_session(path)
        except SchemaError:
            raise
        except StoreError as error:
            findings.append(Finding(kind="unreadable-file", message=str(error)))
            yield error
