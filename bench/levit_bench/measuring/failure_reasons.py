"""Reasons for failed cases, in one line that can be stored: without paths, escapes or line breaks, and short."""

from __future__ import annotations

import os
import signal
import sysconfig
from pathlib import Path
from types import FrameType
from typing import IO, NamedTuple

from levit_bench.errors import UsageError, cut_in_the_middle, message_of, one_line

_STDERR_TAIL = 2000  # Bytes.
_PACKAGE = str(Path(__file__).parents[1])
_INSTALLED = frozenset({"site-packages", "dist-packages"})
_LONGEST_MESSAGE = 200
"""Characters of a message after which the place in the user's code follows."""
_LONGEST_NAME = 40
_IDLE = 0.01  # Share of the time: what a process that waits for an answer itself may use.
_MEMORY_WORDS = ("not enough memory", "can't allocate memory", "out of memory", "bad_alloc")


def reason_for(error: BaseException) -> str:
    """The reason in a network's exception, with the function of the user's own code that was running, if one was."""
    reason, place = _reason(error), _user_place(error)
    if not place:
        return reason
    return f"{cut_in_the_middle(reason, _LONGEST_MESSAGE)} (in {place})"


def _reason(error: BaseException) -> str:
    # An error that names a package tells what its code raised, and the advice follows from that.
    source = error.__cause__ if isinstance(error, UsageError) and error.__cause__ is not None else error
    variable = _missing_variable(source)
    if variable:
        return (
            f"needs the environment variable {one_line(variable)[:80]}, which workers do not get: name it in "
            "LEVIT_BENCH_PASS_ENV"
        )
    message = message_of(error)
    if isinstance(error, MemoryError) or any(word in message.lower() for word in _MEMORY_WORDS):
        return one_line(f"ran out of memory: {message or type(error).__name__}")
    if isinstance(error, LookupError | ValueError | TypeError) and message:
        return message
    return one_line(f"raised {type(error).__name__}: {message}")


def _user_place(error: BaseException) -> str:
    """Function, file and line of the innermost code of the user's that an exception or its cause left."""
    place, trace = "", error.__traceback__
    while trace is not None:
        if _is_of_user(trace.tb_frame):
            code = trace.tb_frame.f_code
            file = one_line(Path(code.co_filename).name)[:_LONGEST_NAME]
            place = f"{one_line(code.co_name)[:_LONGEST_NAME]}, {file}:{trace.tb_lineno}"
        trace = trace.tb_next
    cause = error.__cause__
    return place or ("" if cause is None else _user_place(cause))


def _is_of_user(frame: FrameType) -> bool:
    """Whether code is neither ours, nor Python's, nor of an installed package, nor made at run time."""
    file = Path(frame.f_code.co_filename)
    python = (sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"))
    return (
        file.is_absolute()
        and not _INSTALLED & set(file.parts)
        and not any(file.is_relative_to(folder) for folder in (_PACKAGE, *python) if folder)
    )


def _missing_variable(error: BaseException) -> str | None:
    """Name of the environment variable that was asked for in `os.environ` and is not there."""
    trace = error.__traceback__ if isinstance(error, KeyError) and error.args else None
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None or trace.tb_frame.f_globals.get("__name__") != "os":
        return None
    return str(error.args[0])


def _signal_name(number: int) -> str:
    """Name of a signal, or its number where it has none, as real-time signals."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)


def reason_for_no_process(problem: str) -> str:
    """The reason where the system starts no further process."""
    return f"cannot start a process ({problem}). Measure fewer cases at once, or free memory"


class Silence(NamedTuple):
    """How a process spent the time in which an answer was waited for."""

    waited_s: float
    """Seconds without an answer."""
    used_s: float
    """Seconds of processors that it used meanwhile."""
    latest_s: float
    """Seconds before its end over which the next two were observed."""
    latest_used_s: float
    """Seconds of processors that it used in these."""
    latest_delayed_s: float | None
    """Seconds in these in which it could have run and had no processor; None where the system does not say."""
    is_limited: bool = False
    """Whether a control group limits its processor time, which the kernel need not count as delay."""


def reason_for_silence(silence: Silence) -> str:
    """The reason where a process did not answer in time and was killed.

    It hung only if it did nothing in the end; one that computed is too slow, and one that wanted to and had no
    processor was starved.
    """
    had = f"used {_seconds(silence.used_s)} of {_seconds(silence.waited_s)} s of a processor"
    delayed_s = silence.latest_delayed_s
    if silence.latest_used_s <= _IDLE * silence.latest_s and (delayed_s or 0.0) <= _IDLE * silence.latest_s:
        latest = "" if silence.latest_s >= silence.waited_s else f"the last {_seconds(silence.latest_s)} s of "
        return (
            f"hung: no answer within {_seconds(silence.waited_s)} s, and in {latest}that time it used no processor; it "
            "was killed"
        )
    if silence.used_s >= silence.waited_s / 2:
        return (
            f"too slow: it computed for {_seconds(min(silence.used_s, silence.waited_s))} of "
            f"{_seconds(silence.waited_s)} s without an answer, and was killed. Give it longer with --timeout"
        )
    if delayed_s is None or delayed_s > silence.latest_used_s or silence.is_limited:
        return f"starved: {had}, which other work or a limit of the container kept from it; it was killed"
    return f"no answer: {had}, and waited for something else, such as a disk or a device; it was killed"


def _seconds(seconds: float) -> str:
    return f"{seconds:.0f}" if seconds >= 1 else f"{seconds:.1g}"


def end_of(stderr: IO[bytes]) -> str:
    """The end of what a process wrote to its standard error, a file."""
    stderr.seek(max(0, stderr.seek(0, os.SEEK_END) - _STDERR_TAIL))
    return stderr.read().decode("utf-8", "replace")


def reason_for_exit(code: int, stderr_tail: str) -> str:
    """The reason in a seat's exit status; `stderr_tail` is the end of its standard error."""
    if code == -signal.SIGKILL:
        return "was killed (SIGKILL). The kernel does this when memory runs out: try a smaller batch or fewer cases."
    if code == -signal.SIGSEGV:
        return "crashed with a segmentation fault (SIGSEGV)"
    if code < 0:
        return f"was ended by signal {_signal_name(-code)}"
    last_line = one_line(stderr_tail.strip().splitlines()[-1]) if stderr_tail.strip() else "it said nothing"
    return one_line(f"ended with exit code {code}: {last_line}")
