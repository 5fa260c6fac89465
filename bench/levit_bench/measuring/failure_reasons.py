"""Why a case failed, in one line that can be stored: no path, no escape, not a page long.

Pure functions; refuses to know what becomes of the reason.
"""

from __future__ import annotations

import signal

from levit_bench.errors import one_line

_MEMORY_WORDS = ("not enough memory", "can't allocate memory", "out of memory", "bad_alloc")


def reason_for(error: BaseException) -> str:
    """What a network's exception says."""
    missing = _missing_variable(error)
    if missing:
        return (
            f"needs the environment variable {one_line(missing)[:80]}, which workers do not get: name it in "
            "LEVIT_BENCH_PASS_ENV"
        )
    said = one_line(str(error))
    if isinstance(error, MemoryError) or any(word in said.lower() for word in _MEMORY_WORDS):
        return one_line(f"ran out of memory: {said or type(error).__name__}")
    if isinstance(error, LookupError | ValueError | TypeError) and said:
        return said
    return one_line(f"raised {type(error).__name__}: {said}")


def _missing_variable(error: BaseException) -> str | None:
    """Name of the environment variable that was asked for in `os.environ` and is not there."""
    trace = error.__traceback__ if isinstance(error, KeyError) and error.args else None
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None or trace.tb_frame.f_globals.get("__name__") != "os":
        return None
    return str(error.args[0])


def _signal_name(number: int) -> str:
    """Its name, or its number where it has none, as real-time signals."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)


def reason_for_exit(code: int, stderr_tail: str) -> str:
    """What a seat's exit status says; `stderr_tail` is the end of what it wrote."""
    if code == -signal.SIGKILL:
        return "was killed (SIGKILL). The kernel does this when memory runs out: try a smaller batch or fewer cases."
    if code == -signal.SIGSEGV:
        return "crashed with a segmentation fault (SIGSEGV)"
    if code < 0:
        return f"was ended by signal {_signal_name(-code)}"
    said = one_line(stderr_tail.strip().splitlines()[-1]) if stderr_tail.strip() else "it said nothing"
    return one_line(f"ended with exit code {code}: {said}")
