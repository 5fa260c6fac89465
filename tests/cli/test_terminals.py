"""Terminals, pipes and shells that are not as one would wish: nothing is lost, and no exception becomes a traceback."""

from __future__ import annotations

import errno
import io
import json
import os
import pty
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
from levit_bench.cli import cli, main
from levit_bench.cli.standard_streams import OUT, fitting
from levit_bench.errors import EXIT_INTERNAL, EXIT_INTERRUPTED, StoreError

from tools.simulated.generate_store import main as generate

ROOT = Path(__file__).parents[2]
ENCODINGS = ["ascii", "latin-1", "cp1252", "cp437", "cp932", "koi8-r", "utf-16", "utf-8"]
SIGNS = "±×–…µ●◐○≤√²₁′é漢\ud800"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("terminals") / "store"
    generate(["--cases", "12", str(folder)])
    return folder


class Terminal(io.TextIOWrapper):
    """A terminal of an encoding, which raises for what it cannot show; or one that raises whatever happens."""

    def __init__(self, encoding: str = "utf-8", error: Exception | None = None) -> None:
        self.raw_bytes = io.BytesIO()
        self.error = error
        super().__init__(self.raw_bytes, encoding=encoding, errors="strict")

    def write(self, text: str) -> int:
        if self.error:
            raise self.error
        return super().write(text)

    @property
    def shown(self) -> str:
        self.flush()
        return self.raw_bytes.getvalue().decode(self.encoding)


def run(
    monkeypatch: pytest.MonkeyPatch, words: list[str], out: Terminal | None, err: Terminal | None = None
) -> tuple[int, str]:
    """Exit code and stderr of a command line with these streams."""
    told = Terminal() if err is None else err
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", out)
        patch.setattr(sys, "stderr", told)
        with pytest.raises(SystemExit) as ended:
            main(words)
    assert isinstance(ended.value.code, int)
    return ended.value.code, "" if told.error else told.shown


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("verb", ["list levit", "show", "show --json", "tag --help", "aa --stored"])
def test_every_encoding_is_written_and_none_ends_a_command(
    monkeypatch: pytest.MonkeyPatch, store: Path, encoding: str, verb: str
) -> None:
    words = verb.split()
    words += ["--store", str(store)] if words[0] in ("show", "aa") else []
    terminal, told = Terminal(encoding), Terminal(encoding)
    code, err = run(monkeypatch, words, terminal, told)
    assert code == 0, err
    assert len(terminal.shown) > 100
    assert "Traceback" not in err
    assert "\\xd7" not in terminal.shown
    assert "\\u2026" not in terminal.shown
    if "json" in verb:
        assert len(json.loads(terminal.shown)) > 10


def test_a_plain_table_says_what_the_table_of_signs_says(monkeypatch: pytest.MonkeyPatch, store: Path) -> None:
    rich, plain = Terminal("utf-8"), Terminal("ascii")
    for terminal in (rich, plain):
        run(monkeypatch, ["show", "--store", str(store)], terminal)
    digits = [[c for c in terminal.shown if c.isdigit()] for terminal in (rich, plain)]
    assert digits[0] == digits[1]
    first = plain.shown.partition("\n+-")[2].partition("\n+-")[0].splitlines()[1:]
    assert len(first) >= 3
    assert len({len(row) for row in first}) == 1, "columns stand straight"
    assert "+-" in plain.shown
    assert "±" in rich.shown


@pytest.mark.parametrize("encoding", [*ENCODINGS, "cp500", "nonsense"])
def test_text_is_made_fit_for_any_encoding(encoding: str) -> None:
    fit = fitting(SIGNS, encoding)
    assert "\ud800" not in fit
    if encoding != "nonsense":
        assert fit.encode(encoding)
    assert fitting("plain 1.5 %", encoding) == "plain 1.5 %"


def test_what_is_longer_than_its_sign_takes_the_spaces_behind_it() -> None:
    assert fitting("± 5.7 %|", "ascii") == "+-5.7 %|"
    assert fitting("±5.7 %|", "ascii") == "+-5.7 %|"
    assert fitting("par…   M…|", "ascii") == "par... M...|"
    assert fitting("a … b", "ascii") == "a ... b"


LOST = {
    "full": (OSError(errno.ENOSPC, "No space left on device"), 1),
    "gone terminal": (OSError(errno.EIO, "Input/output error"), 1),
    "closed file": (ValueError("I/O operation on closed file."), 1),
    "gone reader": (BrokenPipeError(errno.EPIPE, "Broken pipe"), 0),
}


@pytest.mark.parametrize("verb", ["list levit", "show", "show --json", "--help"])
@pytest.mark.parametrize("kind", LOST)
def test_stdout_that_cannot_be_written_is_told_on_stderr_and_a_reader_that_went_away_is_not(
    monkeypatch: pytest.MonkeyPatch, store: Path, kind: str, verb: str
) -> None:
    error, expected = LOST[kind]
    words = verb.split() + (["--store", str(store)] if "show" in verb else [])
    code, err = run(monkeypatch, words, Terminal(error=error))
    assert code == expected
    assert ("cannot write to stdout" in err) == bool(expected)
    assert "Traceback" not in err


@pytest.mark.parametrize("kind", LOST)
def test_stderr_that_cannot_be_written_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, store: Path, kind: str, tmp_path: Path
) -> None:
    out = Terminal()
    broken = Terminal(error=LOST[kind][0])
    words = ["tag", "base", "last", "--store", str(store)]
    assert run(monkeypatch, words, out, broken)[0] == 0
    assert "base" in out.shown
    assert run(monkeypatch, ["show", "--store", str(tmp_path / "none")], Terminal(), broken)[0] == 3


def test_the_verdict_of_a_comparison_is_the_exit_code_although_nobody_reads_it(
    monkeypatch: pytest.MonkeyPatch, store: Path
) -> None:
    monkeypatch.setattr("levit_bench.reading.comparison.exit_code", lambda _: 3)
    words = ["compare", *_two(store), "--store", str(store)]
    read, _ = run(monkeypatch, words, Terminal())
    gone, _ = run(monkeypatch, words, Terminal(error=LOST["gone reader"][0]))
    assert gone == read == 3


def _two(store: Path) -> list[str]:
    """Two sessions of one machine that hold the most."""
    found = sorted(store.glob("*xeon*/*.jsonl"), key=lambda path: -path.stat().st_size)
    return sorted(path.stem for path in found[:2])


@pytest.mark.slow
def test_a_closed_stdout_is_told_and_the_files_are_written_all_the_same(
    monkeypatch: pytest.MonkeyPatch, store: Path, tmp_path: Path
) -> None:
    code, err = run(monkeypatch, ["front", "--store", str(store), "--out", str(tmp_path / "out")], None)
    assert code == 1
    assert "cannot write to stdout: it is closed" in err
    assert (tmp_path / "out" / "front.csv").read_text(encoding="utf-8").count("\n") > 3


@pytest.mark.parametrize(
    "text", ["0", "1", "20", "60", "garbage", "²", "-5", "1e3", "80.5", " 80", "9" * 40, "", "\x1b[31m"]
)
def test_any_width_that_a_shell_may_ask_for_gives_a_table(
    monkeypatch: pytest.MonkeyPatch, store: Path, text: str
) -> None:
    monkeypatch.setenv("COLUMNS", text)
    monkeypatch.setenv("LINES", text)
    monkeypatch.setenv("TERM", "dumb")
    terminal = Terminal()
    assert run(monkeypatch, ["show", "--store", str(store)], terminal)[0] == 0
    assert max(len(line) for line in terminal.shown.splitlines()) in range(50, 121)
    # No number is cut, however narrow.
    assert not any(c.isdigit() and after == "…" for c, after in zip(terminal.shown, terminal.shown[1:], strict=False))


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (RuntimeError("a\nb \x1b[31m"), EXIT_INTERNAL, r"internal error: RuntimeError: a b \x1b[31m"),
        (KeyError("x" * 9000), EXIT_INTERNAL, "please report it"),
        (RecursionError(), EXIT_INTERNAL, "internal error: RecursionError"),
        (BrokenPipeError(errno.EPIPE, "Broken pipe"), EXIT_INTERNAL, "BrokenPipeError"),
        (EOFError(), EXIT_INTERNAL, "EOFError"),
        (MemoryError(), 1, "out of memory"),
        (OSError(errno.EMFILE, "Too many open files"), 1, "the system refused: [Errno 24] Too many open files"),
        (PermissionError(errno.EACCES, "Permission denied", "/x\ud800"), 1, "Permission denied: '/x"),
        (KeyboardInterrupt(), EXIT_INTERRUPTED, "interrupted."),
        (StoreError("cannot read \x1b[2Jx"), 1, r"cannot read \x1b[2Jx"),
    ],
)
def test_an_exception_that_nobody_foresaw_is_one_line_and_its_traceback_a_file(
    monkeypatch: pytest.MonkeyPatch, store: Path, tmp_path: Path, error: BaseException, code: int, said: str
) -> None:
    def broken(*_: object, **__: object) -> Any:
        raise error

    monkeypatch.setattr("levit_bench.api.load_chosen", broken)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    found, err = run(monkeypatch, ["show", "--session", "last", "--store", str(store)], Terminal())
    assert found == code
    assert said in err
    assert "Traceback" not in err
    assert "\x1b" not in err
    assert len(err) < 1200
    assert err.strip().count("\n") == 0
    foreseen = isinstance(error, KeyboardInterrupt | StoreError)
    files = list(tmp_path.glob("levit-bench-traceback-*.txt"))
    assert len(files) == (0 if foreseen else 1)
    for file in files:
        assert str(file) in err
        assert "in broken" in file.read_text(encoding="utf-8")


def test_a_traceback_is_printed_on_request_and_no_place_for_its_file_is_no_fault(
    monkeypatch: pytest.MonkeyPatch, store: Path, tmp_path: Path
) -> None:
    monkeypatch.setattr("levit_bench.api.load_chosen", lambda *_: 1 / 0)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    code, err = run(monkeypatch, ["show", "--session", "last", "--store", str(store)], Terminal())
    assert (code, "Set LEVIT_BENCH_TRACEBACK=1" in err) == (EXIT_INTERNAL, True)
    monkeypatch.setenv("LEVIT_BENCH_TRACEBACK", "1")
    _, err = run(monkeypatch, ["show", "--session", "last", "--store", str(store)], Terminal())
    assert "ZeroDivisionError: division by zero\nlevit-bench: internal error" in err


def test_whoever_is_told_of_a_fault_after_measuring_is_told_where_the_session_is(
    monkeypatch: pytest.MonkeyPatch, store: Path
) -> None:
    from levit_bench.measuring.session.session import Outcome

    path = max(store.glob("*/*.jsonl"), key=lambda one: one.stat().st_size)
    monkeypatch.setattr("levit_bench.api.measure_request", lambda *_, **__: Outcome(path, {}, 3, False))
    for error, code in ((RuntimeError("x"), EXIT_INTERNAL), (KeyboardInterrupt(), EXIT_INTERRUPTED)):

        def broken(*_: object, error: BaseException = error) -> Any:
            raise error

        monkeypatch.setattr("levit_bench.report.views.cases.table", broken)
        found, err = run(monkeypatch, ["run", "--networks", "levit_128s", "--store", str(store)], Terminal())
        assert found == code
        assert f"What was measured is kept in {path}." in err


@pytest.mark.parametrize("word", ["\x1b[31mred", "a\nb", "\udcff", "x" * 9000, "", "\u202egnp", "--\x1b]0;x\x07"])
@pytest.mark.parametrize("place", ["verb", "option", "value", "argument"])
def test_no_word_of_a_command_line_reaches_the_terminal_as_more_than_text(
    monkeypatch: pytest.MonkeyPatch, word: str, place: str
) -> None:
    words = {
        "verb": [word], "option": ["list", f"--{word}"], "value": ["list", "--sort", word],
        "argument": ["list", word or "zzz"],
    }[place]  # fmt: skip
    if words == ["list", "--"]:
        pytest.skip("no option, but the end of all options")
    code, err = run(monkeypatch, words, Terminal(), Terminal("ascii"))
    assert code == 2
    assert all(c == "\n" or c.isprintable() for c in err)
    assert 0 < len(err) < 1500
    assert "Traceback" not in err


def test_nothing_that_is_given_twice_is_dropped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    words = [
        "plan",
        "--networks",
        "levit_192",
        "--store",
        str(tmp_path),
        "--networks",
        "levit_128s,levit_192",
        "--json",
    ]
    out = Terminal()
    code, _ = run(monkeypatch, [*words, "--batch", "1", "--batch", "2,1"], out)
    assert code == 0
    cases = {(case["network"], case["batch"]) for case in json.loads(out.shown)["cases"]}
    assert {case for case in cases if case[0].startswith("levit")} == {
        ("levit_192", 1), ("levit_192", 2), ("levit_128s", 1), ("levit_128s", 2),
    }  # fmt: skip
    code, err = run(monkeypatch, [*words, "--budget", "60s", "--budget", "2m"], Terminal())
    assert (code, "--budget is given 2 times, and takes one value. Give it once." in err) == (2, True)


def test_every_option_with_a_value_takes_several_or_refuses_a_second_one() -> None:
    for verb in cli.commands.values():
        for option in verb.params:
            if isinstance(option, click.Option) and not (option.is_flag or option.multiple):
                words = [option.opts[0], "1", option.opts[0], "1"]
                with pytest.raises(click.UsageError, match="is given 2 times, and takes one value"):
                    verb.make_context(str(verb.name), words)


def test_a_title_that_is_no_text_is_refused_before_the_work(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    words = ["run", "--networks", "levit_128s", "--title", "\udcff", "--store", str(tmp_path / "none")]
    code, err = run(monkeypatch, words, Terminal())
    assert (code, "--title '\\udcff' holds bytes that are not text" in err) == (2, True)
    assert not (tmp_path / "none").exists()


@pytest.mark.skipif(os.name != "posix", reason="other systems forbid such names")
@pytest.mark.parametrize("name", ["a b\nc", "b\udcff", "-x", "é", "[red]x"])
def test_a_folder_of_any_name_is_read_and_written(
    monkeypatch: pytest.MonkeyPatch, store: Path, tmp_path: Path, name: str
) -> None:
    linked = tmp_path / name
    linked.symlink_to(store)
    out, err = Terminal(), Terminal("ascii")
    assert run(monkeypatch, ["show", f"--store={linked}", "--json"], out, err)[0] == 0
    assert len(json.loads(out.shown)) > 5
    for words, ends in ((["show", f"--store={linked}/none"], 3), (["plan", "--networks", f"{name}.toml"], 2)):
        code, told = run(monkeypatch, words, Terminal(), Terminal("ascii"))
        assert code == ends
        assert "\n" not in told.strip()
        assert "Traceback" not in told


def test_nothing_of_the_channels_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    before = sys.stdout, sys.stderr
    run(monkeypatch, ["list", "levit"], Terminal(error=LOST["full"][0]))
    assert (sys.stdout, sys.stderr) == before
    assert OUT.lost is None


# What only a shell can do.


def shell(line: str, cwd: Path = ROOT, **env: str) -> tuple[int, str]:
    """Exit code and stderr; `LB` stands for the command."""
    done = subprocess.run(
        ["bash", "-c", line.replace("LB", f"{sys.executable} -m levit_bench")],
        cwd=cwd, capture_output=True, text=True, timeout=3600, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT / "bench"), **env},
    )  # fmt: skip
    return done.returncode, done.stderr


LEAST_SIGNS = {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "C", "PYTHONIOENCODING": "ascii"}


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("LB show --store S | head -1 >/dev/null; exit ${PIPESTATUS[0]}", 0, ""),
        ("LB show --store S >&-", 1, "it is closed"),
        ("LB show --store S <&- >&- 2>&-", 1, ""),
        ("LB show --store S >/dev/full", 1, "No space left"),
        ("env -u HOME LB show --store S >/dev/null", 0, ""),
    ],
)
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_shell_gets_an_exit_code_and_a_line(store: Path, line: str, code: int, said: str) -> None:
    found, err = shell(line.replace("S", str(store), 1).replace("PIPE" + str(store), "PIPES"), **LEAST_SIGNS)
    assert found == code, err
    assert said in err
    assert not any(word in err for word in ("Traceback", "Exception ignored", "BrokenPipe"))


def test_a_folder_that_was_deleted_is_said_by_every_verb_that_needs_one(store: Path) -> None:
    verbs = [
        "show", "run --networks nets.py:build", "plan --networks nets.toml", "list levit", f"show --store {store}",
        f"show --store {store}/none", f"front --store {store} --out front.csv",
        f"run --networks levit_128s --store {store}", f"gate --a main --networks levit_128s --store {store}",
    ]  # fmt: skip
    lines = [f"LB {verb} >/dev/null; echo code $? >&2" for verb in verbs]
    _, err = shell(f'cd "$(mktemp -d)"; rmdir "$PWD"; {"; ".join(lines)}')
    assert "Traceback" not in err
    said = [line.removeprefix("levit-bench: ") for line in err.splitlines()]
    assert [line for line in said if line.startswith("code")] == [
        f"code {code}" for code in (1, 2, 2, 0, 0, 3, 1, 2, 2)
    ]
    gone = "the current folder was deleted"
    next_ = ". Go to one that exists, and try again."
    assert [line for line in said if "deleted" in line] == [
        f"{gone}, and results is looked for in it. Go to a folder that exists, or name the store by its whole path.",
        *[gone + next_] * 5,
    ]
    assert f"no results at {store}/none. Measure something first" in err, "of which the folder is no cause"


@pytest.mark.parametrize("module", ["click", "msgspec", "numpy"])
def test_an_interrupt_while_everything_loads_ends_with_130_and_its_line(
    tmp_path: Path, store: Path, module: str
) -> None:
    (tmp_path / f"{module}.py").write_text("raise KeyboardInterrupt\n", encoding="utf-8")
    code, err = shell(f"LB front --store {store}", PYTHONPATH=f"{tmp_path}:{ROOT / 'bench'}")
    assert (code, err.lstrip()) == (130, "levit-bench: interrupted.\n")  # click ends the line that is being written


def test_an_interrupt_while_everything_loads_ends_with_130_where_nobody_can_be_told(tmp_path: Path) -> None:
    (tmp_path / "click.py").write_text("raise KeyboardInterrupt\n", encoding="utf-8")
    code, err = shell("LB list 2>&-", PYTHONPATH=f"{tmp_path}:{ROOT / 'bench'}")
    assert (code, err) == (130, "")


SOUND = "run --networks tests.hostile_networks:sound --thin --budget auto --store"


def whole(folder: Path) -> bytes:
    """The only session of a store, with a run that ended."""
    (path,) = folder.glob("*/*.jsonl")
    text = path.read_bytes()
    assert b'"kind":"run-end"' in text
    assert text.endswith(b"\n")
    return text


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "code"),
    [
        (f"LB {SOUND} S >/dev/full", 1),
        (f"LB {SOUND} S <&- >&- 2>&-", 1),
        (f"LB {SOUND} S 2> >(true) | true; exit ${{PIPESTATUS[0]}}", 0),
        (f"LB {SOUND} S 2>/dev/full | cat", 0),
    ],
)
def test_a_session_is_measured_whole_whatever_becomes_of_what_it_prints(tmp_path: Path, line: str, code: int) -> None:
    found, err = shell(line.replace(" S ", f" {tmp_path / 'store'} "), **LEAST_SIGNS)
    assert found == code, err
    assert "Traceback" not in err
    assert b'"kind":"turn"' in whole(tmp_path / "store")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="hangs up a terminal")
def test_a_terminal_that_closes_ends_a_session_and_keeps_it(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "levit_bench", *SOUND.replace("auto", "600s").split(), str(tmp_path / "store")]
    child, terminal = pty.fork()
    if child == 0:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)  # Whoever started the tests may have ignored it for all of them.
        os.chdir(ROOT)
        os.execv(sys.executable, words)
    _read_until(terminal, lambda seen: b"round 3" in seen or b"run 2" in seen)
    os.close(terminal)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == EXIT_INTERRUPTED
    assert b'"outcome":"partial"' in whole(tmp_path / "store")


def _read_until(terminal: int, enough: Callable[[bytes], bool]) -> None:
    seen = b""
    while not enough(seen):
        ready, _, _ = select.select([terminal], [], [], 300)
        assert ready, seen
        try:
            seen += os.read(terminal, 4096)
        except OSError as error:  # What Linux says of a terminal whose last writer ended.
            raise AssertionError(f"it ended before what was waited for: {seen.decode(errors='replace')}") from error
