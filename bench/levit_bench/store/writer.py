"""Writes one session's file, a line at a time, so that a kill costs at most one turn.

Notices when the file is renamed, removed or replaced while it is written: nothing that was measured is lost, and it is
said where the lines are. Refuses to know what a line means.
"""

from __future__ import annotations

import errno
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Self

import msgspec

from levit_bench.errors import BenchError, StoreError, UsageError
from levit_bench.records import Conditions, Finding, Line, RunEndLine, RunStartLine, SessionLine
from levit_bench.store.lines import decoder, opened

_SESSION_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_F_GETPATH = 50  # Of macOS: the path of an open file.
_LONGEST_PATH = 1024
_NO_SPACE = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}

FindingSink = Callable[[Finding], None]
"""FindingSink what happened to the file."""


def _ignore(_finding: Finding) -> None:
    """Tells nobody."""


class SessionWriter:
    """Appends lines to one session's file, each complete on disk before the next turn begins."""

    def __init__(self, path: Path, file: IO[bytes], report: FindingSink = _ignore, content: bytes = b"") -> None:
        self.path = path
        """Where the lines are; another file when somebody moved, removed or changed the one before."""
        self._file = file
        self._report = report
        # A few million bytes an hour: kept for the day on which somebody removes the file, or writes over it.
        self._content = bytearray(content)
        self._unsure: int | None = None
        """Where the line begins that is being written: an interrupt may come before or after it is on the disk."""

    @classmethod
    def create(cls, root: Path, head: SessionLine, report: FindingSink = _ignore) -> SessionWriter:
        """Start a new file for a session.

        Raises:
            StoreError: the folder cannot be written, or the session exists already.
            UsageError: the session has no name that a file can have, or a title that cannot be read back.
        """
        if not _SESSION_NAME.fullmatch(head.session):
            raise UsageError(f"invalid session name {head.session[:80]!r}. Use letters, digits, '.', '_' and '-'.")
        path = root / head.machine.id / f"{head.session}.jsonl"
        first = _encoded(head)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = path.open("xb", buffering=0)
        except OSError as error:
            raise _cannot_write(path, error) from error
        try:
            _lock(file, path)
            writer = cls(path, file, report)
            writer._write(first)
        except BaseException:
            # A file without its first line would be in the way of every reader.
            file.close()
            path.unlink(missing_ok=True)
            raise
        return writer

    @classmethod
    def reopen(cls, path: Path, report: FindingSink = _ignore) -> SessionWriter:
        """Go on with a session's file. A line that a kill left unfinished stays where it is, on a line of its own.

        Raises:
            StoreError: the file cannot be written, or another process writes it.
        """
        try:
            with opened(path) as file:
                content = file.read()
            handle = path.open("r+b", buffering=0)
        except OSError as error:
            raise _cannot_write(path, error) from error
        try:
            _lock(handle, path)
            writer = cls(path, handle, report, content)
            if content and not content.endswith(b"\n"):
                writer._write(b"\n")
        except BaseException:
            handle.close()
            raise
        return writer

    def append(self, line: Line) -> None:
        """Write one line.

        Raises:
            StoreError: the disk is full or gone; the lines before are intact.
        """
        data = _encoded(line)
        self._keep_hold()
        self._write(data)

    def _write(self, data: bytes) -> None:
        self._unsure = start = len(self._content)
        self._content += data
        self._write_rest(start, start)

    def _write_rest(self, start: int, written: int) -> None:
        """Write what follows of a line that begins at `start` and of which all up to `written` is there."""
        try:
            self._file.seek(0, os.SEEK_END)
            _write_all(self._file, bytes(self._content[written:]))
        except OSError as error:
            del self._content[start:]
            self._cut(start)
            self._unsure = None
            raise _cannot_write(self.path, error, start) from error
        self._unsure = None

    def _cut(self, size: int) -> None:
        """Take back a half-written line; where even that fails, the reader reports the torn line."""
        try:
            self._file.truncate(size)
        except OSError:
            self._file.close()

    def _keep_hold(self) -> None:
        """See to it that the path leads to what was written: follow a file that was moved, write a lost one anew.

        Raises:
            StoreError: no folder takes a new file.
        """
        try:
            state = os.fstat(self._file.fileno())
        except (OSError, ValueError) as error:
            raise StoreError(
                f"cannot write {self.path}: the file is closed. What was written before is kept."
            ) from error
        if self._unsure is not None and self._unsure <= state.st_size <= len(self._content):
            self._write_rest(self._unsure, state.st_size)
            state = os.fstat(self._file.fileno())
        if state.st_size != len(self._content):
            self._write_anew("changed by another program")
            return
        try:
            if _same(state, self.path.stat()):
                return
            change = "replaced"
        except OSError:
            change = "removed"
        new_path = _path_of(self._file, state)
        if new_path is None:
            self._write_anew(change)
        elif not _equal(new_path, self.path):  # Numbers of files are not steady in every file system.
            self._tell(f"{self.path} was moved while it was written. The session goes on in {new_path}.")
            self.path = new_path

    def _write_anew(self, change: str) -> None:
        """Write all lines so far to a new file and go on there."""
        old_path, refusals = self.path, list[OSError]()
        for path in _places(old_path):
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                file = path.open("xb", buffering=0)
            except OSError as error:
                refusals.append(error)
                continue
            try:
                _lock(file, path)
                _write_all(file, bytes(self._content))
            except OSError as error:
                file.close()
                path.unlink(missing_ok=True)
                refusals.append(error)
                continue
            self._file.close()
            self.path, self._file = path, file
            self._tell(
                f"{old_path} was {change} while it was written. Nothing is lost: the lines of the session so far, and "
                f"those to come, are in {path}."
            )
            return
        reasons = ", ".join(dict.fromkeys(error.strerror or str(error) for error in refusals))
        # Where space is short anywhere, making some is the easiest.
        decisive = next((error for error in refusals if error.errno in _NO_SPACE), refusals[0])
        raise StoreError(
            f"{old_path} was {change} while it was written, and its lines cannot be written anew: neither beside it, "
            f"nor in {tempfile.gettempdir()}, nor here ({reasons}). {_advice(decisive)}"
        )

    def _tell(self, message: str) -> None:
        self._report(Finding(kind="store-moved", message=message))

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
            self._keep_hold()
            os.fsync(self._file.fileno())
            self._file.close()
        except OSError as error:
            raise _cannot_write(self.path, error, len(self._content)) from error
        finally:
            self._file.close()


def _write_all(file: IO[bytes], data: bytes) -> None:
    written = 0
    while written < len(data):
        written += file.write(data[written:]) or 0


def _same(first: os.stat_result, second: os.stat_result) -> bool:
    return (first.st_dev, first.st_ino) == (second.st_dev, second.st_ino)


def _equal(first: Path, second: Path) -> bool:
    try:
        return first == second.resolve()
    except (OSError, RuntimeError):
        return False


def _path_of(file: IO[bytes], state: os.stat_result) -> Path | None:
    """Where an open file is now; None when it was removed, or the system does not say."""
    if not state.st_nlink:
        return None
    try:
        if sys.platform == "darwin":
            import fcntl

            raw = fcntl.fcntl(file.fileno(), _F_GETPATH, bytes(_LONGEST_PATH))
            path = Path(os.fsdecode(raw.rstrip(b"\0")))
        else:
            path = Path(f"/proc/self/fd/{file.fileno()}").readlink()
        return path if _same(state, path.stat()) else None
    except OSError:
        return None


def _places(old_path: Path) -> Iterator[Path]:
    """Where lines may be written anew: where they were, beside that, in a temporary folder, and here."""
    yield old_path
    for folder in (old_path.parent, Path(tempfile.gettempdir()), Path()):
        for number in range(1, 10):
            yield folder / f"{old_path.stem}-kept-{number}.jsonl"


def _encoded(line: Line) -> bytes:
    """One line of the file. A state of the machine that no reader would believe is left out of it.

    Raises:
        UsageError: it holds text that is none, as a shell may pass, or a title that is too long.
    """
    try:
        data = msgspec.json.encode(line)
    except UnicodeEncodeError as error:
        raise UsageError(f"a name or title holds bytes that are not text ({error.reason}). Write it anew.") from error
    if isinstance(line, SessionLine | RunStartLine | RunEndLine) and (why := _unreadable(data)):
        line = msgspec.structs.replace(line, conditions=_least(line.conditions))
        data = msgspec.json.encode(line)
        if isinstance(line, SessionLine) and (why := _unreadable(data)):
            raise UsageError(f"the session cannot be stored so that it can be read again: {why}.")
    return data + b"\n"


def _unreadable(data: bytes) -> str:
    try:
        decoder.decode(data)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        return str(error)
    return ""


def _least(state: Conditions) -> Conditions:
    """Of the state of a machine only what must be told: a sensor told what cannot be."""
    return Conditions(
        taken_at=state.taken_at,
        os=state.os,
        python=state.python,
        versions=state.versions,
        libc=state.libc,
        emulated=state.emulated,
        commit=state.commit,
        dirty=state.dirty,
    )


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


def _cannot_write(path: Path, error: OSError, written: int = 0) -> StoreError:
    """The refusal of a system, where so many bytes of the session are in its file."""
    reassurance = "What was written before is kept. " if written else ""
    return StoreError(f"cannot write {path}: {error.strerror or error}. {reassurance}{_advice(error)}")


def _advice(error: OSError) -> str:
    """What to do after the system refused to write."""
    if error.errno in _NO_SPACE:
        return "Free some space, or name another folder with --store."
    if error.errno == errno.EFBIG:
        return "Raise the limit on the size of files ('ulimit -f'), or name another folder with --store."
    return "Name a folder that can be written with --store."


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
