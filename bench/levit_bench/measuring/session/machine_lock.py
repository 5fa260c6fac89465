"""One session at a time on a machine: two would spoil each other's times.

A session holds an exclusive `flock` on one file that all users of the machine share, from before it prepares anything
until it ends. The system releases it with the process, however that ends. The file's text says who holds it; other
users can write it too, so that nothing but a message depends on it.

A lock that cannot be had for another reason than that somebody holds it (no such call, a folder that cannot be written,
a file that is not an ordinary one) stops no session, which then has a finding. Containers with a `/tmp` of their own do
not see each other.
"""

from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated, NamedTuple

import msgspec

from levit_bench.errors import one_line
from levit_bench.measuring.session.observer import Observer
from levit_bench.numbers.units import format_duration
from levit_bench.paths.file_kinds import kind_of
from levit_bench.planning.budget import STRETCH
from levit_bench.records import Finding

if sys.platform != "win32":
    import fcntl

VARIABLE = "LEVIT_BENCH_LOCK"
"""Environment variable that names another file for the lock; `off`: sessions neither wait nor are waited for."""
_FILE = Path("/tmp/levit-bench.lock")  # noqa: S108 (one place for all users; what it holds is not trusted)
_LOOK_S = 1.0
_TRIES = 3
_LONGEST_TEXT, _LONGEST_WHAT = 4096, 200  # Bytes and letters.

_Text = Annotated[str, msgspec.Meta(max_length=_LONGEST_WHAT)]
_Seconds = Annotated[float, msgspec.Meta(ge=0, le=1e12)]


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """The session that holds the lock, as it describes itself."""

    pid: Annotated[int, msgspec.Meta(ge=1, le=1 << 32)]
    """Its process."""
    since: _Seconds
    """When it began, in seconds since the epoch."""
    what: _Text
    """Its title, or its first networks."""
    budget_s: _Seconds = 0.0
    """Its budget in seconds; 0 where it sets that itself."""
    ends_by: _Seconds | None = None
    """When it has ended at the latest, in seconds since the epoch; None while it prepares, and of several sessions."""


class Busy(NamedTuple):
    """Somebody else holds the lock."""

    holder: Holder | None
    """As the file describes it; None where it does not."""


class Unusable(NamedTuple):
    """The lock cannot be had, whoever holds it."""

    reason: str
    """What stands in the way, in a few words and without the path: it is stored with the session."""


class _Lock(NamedTuple):
    """The lock as this process holds it."""

    file: int
    pid: int
    holder: Holder
    is_series: bool


_mine: list[_Lock] = []
"""At most one of this process: sessions within a session do not wait for it."""


@contextmanager
def alone(
    what: str, budget_s: float, observer: Observer, *, wait: bool = True, is_series: bool = False
) -> Iterator[list[Finding]]:
    """Hold the machine's lock; yields findings of the session.

    Args:
        what: title or networks of the session, for those who wait for it.
        budget_s: its budget in seconds; 0 where it sets that itself.
        observer: is told for whom it waits.
        wait: whether to wait for another session; else a finding says that there is one.
        is_series: whether several sessions are taken, with that budget in all.
    """
    path = lock_file()
    if path is None or _own() is not None:
        yield []
        return
    began_s, attempt = time.monotonic(), _attempt(path)
    while wait and isinstance(attempt, Busy):
        observer.waiting(sentence(attempt.holder, time.time()), time.monotonic() - began_s)
        time.sleep(_LOOK_S)
        attempt = _attempt(path)
    if isinstance(attempt, Busy | Unusable):
        yield [_other_session(attempt.holder) if isinstance(attempt, Busy) else _no_lock(attempt.reason)]
        return
    words = what.encode("utf-8", "backslashreplace").decode()[:_LONGEST_WHAT]
    holder = Holder(pid=os.getpid(), since=time.time(), what=words, budget_s=budget_s)
    lock = _Lock(attempt, holder.pid, holder, is_series)
    _write(lock.file, holder)
    _mine.append(lock)
    try:
        yield []
    finally:
        if lock.pid == os.getpid():  # A forked child leaves the lock to its parent.
            _mine.remove(lock)
            with suppress(OSError):
                os.ftruncate(lock.file, 0)
            with suppress(OSError):
                fcntl.flock(lock.file, fcntl.LOCK_UN)
        os.close(lock.file)


@contextmanager
def only_one(name: str, what: str) -> Iterator[str]:
    """Hold another lock of this machine, beside that of sessions; yields who holds it already, or an empty text.

    Where the lock cannot be had for another reason, as where the locks are switched off, nobody holds it.

    Args:
        name: of the lock: its file lies beside that of sessions.
        what: is at work, for whoever comes next.
    """
    file = lock_file()
    attempt = Unusable("off") if file is None else _attempt(file.with_name(f"{file.stem}-{name}{file.suffix}"))
    if not isinstance(attempt, int):
        yield sentence(attempt.holder, time.time()) if isinstance(attempt, Busy) else ""
        return
    _write(attempt, Holder(pid=os.getpid(), since=time.time(), what=what[:_LONGEST_WHAT]))
    try:
        yield ""
    finally:
        with suppress(OSError):
            os.ftruncate(attempt, 0)
        os.close(attempt)


def measuring_for(budget_s: float) -> None:
    """Tell those who wait that the session is prepared, and has this budget from now on."""
    lock = _own()
    if lock is not None and not lock.is_series:
        _write(lock.file, msgspec.structs.replace(lock.holder, ends_by=time.time() + STRETCH * budget_s))


def _own() -> _Lock | None:
    """The lock that this process holds; a forked child has none, whatever its parent holds."""
    return next((lock for lock in _mine if lock.pid == os.getpid()), None)


def lock_file() -> Path | None:
    """The file of the lock; None where the environment switches it off or the system has no such locks."""
    named = os.environ.get(VARIABLE, "")
    if sys.platform == "win32" or named.lower() == "off":
        return None
    if not named:
        return _FILE
    with suppress(RuntimeError):  # The home of a user that the system does not know.
        return Path(named).expanduser()
    return Path(named)


def sentence(holder: Holder | None, now_s: float) -> str:
    """Who holds the lock, since when, and for how long.

    Args:
        holder: None where it does not say.
        now_s: seconds since the epoch.
    """
    if holder is None:
        return "another session, which does not say whose it is"
    since = time.strftime("%H:%M:%S", time.localtime(holder.since))
    if holder.ends_by is not None:
        left_s = holder.ends_by - now_s
        end = f"ends within {format_duration(left_s)}" if left_s >= 1 else "should have ended by now"
    elif holder.budget_s:
        end = f"ends at most {format_duration(STRETCH * holder.budget_s)} after its preparation"
    else:
        end = "is being prepared, and sets its budget afterwards"
    return (
        f"the session of process {holder.pid} since {since} ({one_line(holder.what) or 'without a title'}), which {end}"
    )


def _attempt(path: Path) -> int | Busy | Unusable:
    """The file descriptor of the lock, if it is free now."""
    for _ in range(_TRIES):
        file = _opened(path)
        if isinstance(file, Unusable):
            return file
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = _read(file)
            os.close(file)
            return Busy(holder)
        except OSError as error:  # A file system without locks.
            os.close(file)
            return Unusable(f"it cannot be locked: {error.strerror or error}")
        if _is_at(file, path):
            return file
        os.close(file)  # Somebody removed the file in the meantime, and the next one locks another.
    return Unusable("it is removed again and again")


def _opened(path: Path) -> int | Unusable:
    """A file descriptor of the file, which every user may lock.

    Opened without creating it first: in a folder that all may write to, Linux refuses to create over another user's
    file (`fs.protected_regular`).
    """
    flags = os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    file, reason = None, ""
    for further in (os.O_RDWR, os.O_RDWR | os.O_CREAT | os.O_EXCL, os.O_RDWR, os.O_RDONLY):
        try:
            file = os.open(path, flags | further, 0o666)
            break
        except FileNotFoundError:
            reason = "its folder is not there"
        except (OSError, ValueError) as error:
            reason = f"it cannot be opened: {getattr(error, 'strerror', None) or error}"
    if file is None:
        return Unusable("it is a link" if path.is_symlink() else reason)
    status = os.fstat(file)
    if kind := kind_of(status.st_mode):
        os.close(file)
        return Unusable(f"it is {kind}")
    if status.st_uid == os.getuid() and stat.S_IMODE(status.st_mode) != 0o666:
        with suppress(OSError):
            os.fchmod(file, 0o666)  # The umask took it from the others.
    return file


def _is_at(file: int, path: Path) -> bool:
    """Whether the path still names the open file."""
    try:
        there = path.lstat()
    except OSError:
        return False
    here = os.fstat(file)
    return (there.st_dev, there.st_ino) == (here.st_dev, here.st_ino)


def _read(file: int) -> Holder | None:
    """Who holds the lock, as far as the file says it of a process that lives."""
    try:
        holder = msgspec.json.decode(os.pread(file, _LONGEST_TEXT, 0), type=Holder)
        os.kill(holder.pid, 0)
    except PermissionError:
        return holder  # Another user's.
    except (OSError, msgspec.MsgspecError, OverflowError):
        return None
    return holder


def _write(file: int, holder: Holder) -> None:
    """Say who holds the lock; where that cannot be written, nobody learns it."""
    with suppress(OSError):
        os.ftruncate(file, 0)
        os.pwrite(file, msgspec.json.encode(holder), 0)


def _other_session(holder: Holder | None) -> Finding:
    message = (
        f"begun beside {sentence(holder, time.time())}: each makes the times of the other longer and its intervals "
        "wider. Measure again without --no-wait, which waits until the other one has ended."
    )
    return Finding(kind="other-session", message=message)


def _no_lock(reason: str) -> Finding:
    named = os.environ.get(VARIABLE, "")
    whose, next_step = (
        (f"that {VARIABLE} names", f"Name a file that every user may write, or leave {VARIABLE} out.")
        if named
        else ("that sessions of this machine lock", f"Name another one by {VARIABLE}.")
    )
    message = (
        f"the file {whose} cannot be had: {reason}. This session waited for no other, and others did not wait for it: "
        f"each makes the times of the other longer. {next_step}"
    )
    return Finding(kind="no-lock", message=message)
