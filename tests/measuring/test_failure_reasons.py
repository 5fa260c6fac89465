"""What is stored of a failure: one line, no path, nothing a terminal would obey."""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Callable

import pytest
from levit_bench.errors import one_line
from levit_bench.measuring.failure_reasons import Silence, reason_for, reason_for_exit, reason_for_silence


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("no file /home/ada/secret/model.py here", "no file model.py here"),
        (r"no file C:\Users\ada\model.py here", "no file model.py here"),
        ("two\nlines\tand a tab", "two lines and a tab"),
        ("bell \x07 and \x1b[31mred", "bell \\x07 and \\x1b[31mred"),
        ("at /a/b/c.py\x1b[31m", "at c.py\\x1b[31m"),
        ("3/4 of it", "3/4 of it"),
    ],
)
def test_a_line_keeps_the_message_and_drops_folders_and_escapes(said: str, kept: str) -> None:
    assert one_line(said) == kept


def test_a_long_message_is_cut_in_the_middle_and_keeps_its_cure() -> None:
    message = one_line("It raised " + "x" * 5000 + ". Export it again")
    assert len(message) == 300
    assert message.startswith("It raised xxx")
    assert "…" in message
    assert message.endswith(". Export it again")


def test_running_out_of_memory_is_told_apart() -> None:
    assert reason_for(MemoryError()).startswith("ran out of memory")
    torch_says = "[enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: not enough memory: you tried to allocate 9"
    assert reason_for(RuntimeError(torch_says)).startswith("ran out of memory")
    assert reason_for(RuntimeError("shapes differ")) == "raised RuntimeError: shapes differ"


@pytest.mark.parametrize(
    ("code", "word"), [(-9, "SIGKILL"), (-11, "segmentation fault"), (-6, "SIGABRT"), (3, "exit code 3: last words")]
)
def test_an_exit_status_is_put_into_words(code: int, word: str) -> None:
    assert word in reason_for_exit(code, "first\nlast words\n")


def test_a_silent_exit_says_so() -> None:
    assert "it said nothing" in reason_for_exit(1, "")


def test_every_exit_has_a_reason() -> None:
    """Real-time signals have no names in Python."""
    assert reason_for_exit(-40, "") == "was ended by signal 40"
    assert reason_for_exit(-signal.SIGTERM, "") == "was ended by signal SIGTERM"
    assert all(reason_for_exit(code, "") for code in range(-128, 256))


def _user_function(depth: int) -> None:
    if depth:
        _user_function(depth - 1)
    int("no number")


def _reason_of(function: Callable[[], object]) -> str:
    try:
        function()
    except Exception as error:
        return reason_for(error)
    return ""


def test_a_reason_names_the_users_function_with_file_and_line() -> None:
    line = _user_function.__code__.co_firstlineno + 3
    said = f"invalid literal for int() with base 10: 'no number' (in _user_function, test_failure_reasons.py:{line})"
    assert _reason_of(lambda: _user_function(2)) == said


def test_a_place_in_a_library_that_the_user_called_is_the_users_own() -> None:
    assert re.search(r"\(in <lambda>, test_failure_reasons\.py:[0-9]+\)$", _reason_of(lambda: json.loads("{")))


def test_the_place_behind_a_long_message_is_not_cut() -> None:
    def too_long() -> None:
        raise RuntimeError("x" * 5000)

    reason = _reason_of(too_long)
    assert re.search(r"…x+\ \(in too_long, test_failure_reasons\.py:[0-9]+\)$", reason)
    assert one_line(reason) == reason


def test_an_exception_of_our_own_code_names_no_place() -> None:
    assert "(in " not in reason_for(RuntimeError("never raised"))
    assert _reason_of(lambda: one_line(None)).count("(in ") == 1  # type: ignore[arg-type] # the lambda's, not ours


@pytest.mark.parametrize(
    ("silence", "reason"),
    [
        (
            Silence(300.0, 3.0, 30.0, 0.0, 0.0),
            "hung: no answer within 300 s, and in the last 30 s of that time it used no processor; it was killed",
        ),
        (Silence(300.0, 200.0, 30.0, 0.1, None), "hung: no answer within 300 s"),
        (Silence(0.5, 0.0, 0.5, 0.0, 0.0), "hung: no answer within 0.5 s, and in that time it used no processor"),
        (
            Silence(300.0, 290.0, 30.0, 29.0, 0.5),
            "too slow: it computed for 290 of 300 s without an answer, and was killed. Give it longer with --timeout",
        ),
        (Silence(300.0, 580.0, 30.0, 58.0, 0.5), "too slow: it computed for 300 of 300 s"),
        (
            Silence(300.0, 3.0, 30.0, 0.4, 29.0),
            "starved: used 3 of 300 s of a processor, which other work or a limit of the container kept from it",
        ),
        (Silence(300.0, 3.0, 30.0, 0.0, 29.0), "starved: used 3 of 300 s"),
        (Silence(300.0, 3.0, 30.0, 0.4, None), "starved: used 3 of 300 s"),
        (Silence(300.0, 3.0, 30.0, 0.4, 0.0, is_limited=True), "starved: used 3 of 300 s"),
        (Silence(300.0, 40.0, 30.0, 4.0, 0.01), "no answer: used 40 of 300 s of a processor, and waited for something"),
    ],
)
def test_only_a_process_that_did_nothing_hung(silence: Silence, reason: str) -> None:
    assert reason_for_silence(silence).startswith(reason)
