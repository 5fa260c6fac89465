"""Writes one session's file, a line at a time, so that a kill costs at most one turn.

Where the file is renamed, removed or replaced while it is written, its lines are written anew, so that no measurement
is lost, and a finding says where they are.
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
"""Called with a finding when the file was moved, removed or changed."""


def _ignore(_finding: Finding) -> None:
    """Discard a finding."""


class SessionWriter:
    """Appends lines to one session's file, each complete on disk before the next turn begins."""

    def __init__(self, path: Path, file: IO[bytes], report: FindingSink = _ignore, content: bytes = b"") -> None:
        self.path = path
        """Where the lines are; another file after the one before was moved, removed or changed."""
        self._file = file
        self._report = report
        # A few million bytes an hour: kept so that the file can be written anew if it is removed or overwritten.
        self._content = bytearray(content)
        self._unsure: int | None = None
        """Offset of the line that is being written: an interrupt may come before or after it is on disk."""

    @classmethod
    def create(cls, root: Path, head: SessionLine, report: FindingSink = _ignore) -> SessionWriter:
        """Start a new file for a session.

        Raises:
            StoreError: the folder cannot be written, or the session exists already.
            UsageError: the session's name is not a valid file name, or its title cannot be read back.
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
            # A file without its first line could not be read.
            file.close()
            path.unlink(missing_ok=True)
            raise
        return writer

    @classmethod
    def reopen(cls, path: Path, report: FindingSink = _ignore) -> SessionWriter:
        """Continue a session's file. A line that a kill left unfinished stays, on a line of its own.

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
        """Write the rest of a line that begins at `start` and is on disk up to `written`."""
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
        """Remove a half-written line; where that fails, the reader reports it as a bad line."""
        try:
            self._file.truncate(size)
        except OSError:
            self._file.close()

    def _keep_hold(self) -> None:
        """Make sure that the path leads to the written lines: follow a file that was moved, write a lost one anew.

        Raises:
            StoreError: no folder can be written.
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
        elif not _equal(new_path, self.path):  # Inode numbers are not stable in every file system.
            self._tell(f"{self.path} was moved while it was written. The session goes on in {new_path}.")
            self.path = new_path

    def _write_anew(self, change: str) -> None:
        """Write all lines so far to a new file and continue there."""
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
        # Where a disk is full, freeing space is the easiest remedy.
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
        if error is not None and not isinstance(error, BenchError):  # unforeseen: its message does not name the file
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
    """Path of an open file; None when it was removed, or the system does not tell."""
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
    """Paths to write the lines anew: the old one, beside it, in a temporary folder, and in the current one."""
    yield old_path
    for folder in (old_path.parent, Path(tempfile.gettempdir()), Path()):
        for number in range(1, 10):
            yield folder / f"{old_path.stem}-kept-{number}.jsonl"


def _encoded(line: Line) -> bytes:
    """One encoded line of the file. Conditions out of their range are left out of it.

    Raises:
        UsageError: it holds bytes that are not text, as a shell may pass, or a title that is too long.
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
    """Only the required fields of conditions, where a sensor reported an impossible value."""
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
    """Lock the file against a second writer, whose runs would have the same numbers.

    The lock ends with the process.
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
        return  # Some network file systems have no locks.


def _cannot_write(path: Path, error: OSError, written: int = 0) -> StoreError:
    """The error for a failed write, where so many bytes of the session are in its file."""
    reassurance = "What was written before is kept. " if written else ""
    return StoreError(f"cannot write {path}: {error.strerror or error}. {reassurance}{_advice(error)}")


def _advice(error: OSError) -> str:
    """The remedy for a failed write."""
    if error.errno in _NO_SPACE:
        return "Free some space, or name another folder with --store."
    if error.errno == errno.EFBIG:
        return "Raise the limit on the size of files ('ulimit -f'), or name another folder with --store."
    return "Name a folder that can be written with --store."


def check_writable(folder: Path) -> None:
    """Check before a session begins that its results can be written.

    Raises:
        StoreError: they cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"0")
    except OSError as error:
        raise _cannot_write(folder, error) from error
