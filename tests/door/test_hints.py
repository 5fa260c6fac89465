"""Every command line that a message names can be pasted into a shell: it parses, and it is about the same store."""

from __future__ import annotations

import ast
import io
import json
import re
import shlex
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from levit_bench import command_lines
from levit_bench.asking import request
from levit_bench.catalog import entries
from levit_bench.catalog.twins import SUFFIX
from levit_bench.cli import cli, main
from levit_bench.command_lines import command_line, of_stores
from levit_bench.errors import BenchError
from levit_bench.judge import cold_starts, estimates, scaling, verdicts
from levit_bench.judge.compare import newest_session, two_sides
from levit_bench.judge.front import overlay, panel_limits
from levit_bench.judge.front.panels import panels
from levit_bench.judge.gate.gate_report import CaseVerdict
from levit_bench.judge.variance.expected_precision import Reach
from levit_bench.judge.variance.longer_session import Longer
from levit_bench.measuring.runtimes import cuda_graphs
from levit_bench.measuring.session import session as session_module
from levit_bench.reading import gate as reading_gate
from levit_bench.reading import report_page
from levit_bench.reading.results import Results
from levit_bench.reading.session_choice import SessionChoice
from levit_bench.records import Record
from levit_bench.report.front import figure, overlay_figure
from levit_bench.report.front import pick as picks
from levit_bench.report.gate import commands as gate_commands
from levit_bench.report.listings import plan as plans
from levit_bench.report.views import percentiles, timer_agreement, variance
from levit_bench.report.views.view import ViewRequest
from levit_bench.report.words import gate_sessions
from levit_bench.report.words.longer_session import sentence
from levit_bench.store import files, tags

from tests.docs.blocks import ROOT
from tests.judge.compare.test_two_sides import HISTORY, compare, session
from tests.judge.findings.faults import messages, slower
from tests.judge.findings.test_by_hand import SILENT, healthy
from tests.making import record
from tests.report.gate.made import report as gate_report
from tools.simulated.generate_store import main as generate

PACKAGE = ROOT / "bench/levit_bench"
COMMAND = re.compile(r"levit-bench (?:run|front|pick|show|compare|tag|explain|scaling|aa|list|plan|cache|machine)\b")


def parsed(line: str) -> tuple[str, dict[str, Any]]:
    """The verb of a command line and its parameters, as the program reads them.

    Raises:
        click.ClickException: it cannot be parsed.
    """
    program, verb, *words = shlex.split(line)
    assert program == "levit-bench"
    command = cli.get_command(cli.make_context("levit-bench", ["list"]), verb)
    assert command is not None, line
    if words == ["--help"]:
        return verb, {}
    context = command.make_context(verb, words)
    if verb in ("run", "plan", "aa"):
        named = context.params["networks"] or context.params.get("resume") or context.params.get("stored")
        assert named, f"{line} measures nothing"
    return verb, context.params


def _texts(path: Path) -> Iterator[tuple[str, bool]]:
    """The texts of a module, f-strings with a word for each value, and whether each is a docstring."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docs = {
        node.body[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value, node in docs


def test_a_message_names_no_command_line_of_its_own_making() -> None:
    """They come from `command_line`, which quotes them and names the store, or stand in quotes as they are."""
    literal = {
        (path.name, match)
        for path in PACKAGE.rglob("*.py")
        for text, is_docstring in _texts(path)
        if not is_docstring
        for match in COMMAND.findall(text)
    }
    assert literal == {
        ("axes.py", "levit-bench scaling"),  # of the help, in quotes, and checked below
        ("axes.py", "levit-bench list"),
        ("session_options.py", "levit-bench show"),
        ("session_options.py", "levit-bench aa"),
        ("export.py", "levit-bench run"),
        ("export.py", "levit-bench front"),
        ("tags.py", "levit-bench tag"),  # the name of the verb, in a comment of tags.toml
        ("tags.py", "levit-bench compare"),
    }


@pytest.mark.parametrize("name", ["axes.py", "asking/session_options.py"])
def test_commands_that_help_quotes_parse(name: str) -> None:
    texts = " ".join(text for text, _ in _texts(PACKAGE / name))
    lines = re.findall(r"'(levit-bench [^']+)'", texts)
    assert lines
    for line in lines:
        parsed(line)


def test_examples_of_every_verb_parse() -> None:
    lines = [
        line.strip()
        for path in (PACKAGE / "cli/verbs").glob("*.py")
        for text, is_docstring in _texts(path)
        if is_docstring
        for line in text.splitlines()
        if line.strip().startswith("levit-bench ")
    ]
    assert len(lines) > 30
    for line in lines:
        parsed(line)


def test_commands_of_the_page_of_findings_parse() -> None:
    page = (ROOT / "docs/findings.md").read_text(encoding="utf-8")
    lines = re.findall(r"`(levit-bench [^`]+)`", page)
    assert lines
    for line in lines:
        parsed(line.replace("SESSION", "last"))


STORE = Path("my results/it's ours")
DONE = record("levit_192", (0.1, 0.11, 0.12))
FAILED = record("levit_192", (), outcome="failed", reason="it raised")


def _reason(function: Callable[[], object]) -> str:
    with pytest.raises(BenchError) as error:
        function()
    return str(error.value)


def _raise(error: BenchError) -> None:
    raise error


def _request(*records: Record) -> ViewRequest:
    return ViewRequest(records, records, lambda: records)


def _broken_off() -> str:
    last = msgspec.structs.replace(DONE.runs[-1], complete=False)
    return estimates.no_turns("case", [msgspec.structs.replace(DONE, runs=(*DONE.runs[:-1], last))]).message


def _moved() -> str:
    (message,) = messages(slower(healthy(SILENT), lambda turn: 1.5 if turn.run == 2 else 1.0), "yardstick-moved")
    return str(message)


def _two_sessions(kind: str) -> str:
    networks = ("levit_192", "efficientnet_b2")
    first, second = (
        [session(name, time, network=network) for network in networks] for name, time in (("a", 1.0), ("b", 1.03))
    )
    report = compare(first, second, HISTORY[:2])
    return next(finding.message for finding in report.findings if finding.kind == kind)


def _many_left_out() -> str:
    """The lines below an answer of `pick` that left many cases out."""
    records = [
        DONE,
        *(
            msgspec.structs.replace(
                FAILED,
                info=msgspec.structs.replace(
                    FAILED.info, id=f"net{at}", case=msgspec.structs.replace(FAILED.case, network=f"net{at}")
                ),
            )
            for at in range(9)
        ),
    ]
    return "\n".join(picks.around(Results(tuple(records), ()).pick(min_top1=10)))


def _overlaid_elsewhere() -> None:
    """An overlay of the newest session, where an older one has several runtimes."""
    older = [record(session="s0", runtime=runtime) for runtime in ("eager", "openvino")]
    newest = record(session="s9")
    overlay.overlays(panels([newest]), ["runtime"], [newest, *older])


def _of_cli(*words: str) -> str:
    """What a command line says on stderr."""
    with pytest.MonkeyPatch.context() as patch:
        said = io.StringIO()
        patch.setattr(sys, "stderr", said)
        with pytest.raises(SystemExit):
            main([*words])
    return said.getvalue()


def _graphs() -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("torch.cuda.is_available", lambda: False)
        return cuda_graphs.unavailable() or ""


def _untagged(store: Path) -> str:
    """What `tag` says of a store without any tag."""
    session_file = min((ROOT / "results").rglob("*.jsonl"), key=lambda path: path.stat().st_size)
    (store / "machine").mkdir(parents=True)
    shutil.copy(session_file, store / "machine")
    return _of_cli("tag", "--store", str(store))


WITHOUT_STORE = ("a network beyond the catalog", "the same gate again", "a longer gate")
"""`list` has no store, and a gate is measured again in anybody's checkout."""
MESSAGES: dict[str, Callable[[], str]] = {
    "a trend of too few sessions": lambda: _reason(
        lambda: Results((DONE,), (), choice=SessionChoice((STORE,))).trend()
    ),
    "a network that nobody knows": lambda: entries.suggest("levit_19x"),
    "a name that is too long": lambda: _reason(lambda: entries.parse("x" * 999)),
    "a pattern without a match": lambda: _reason(lambda: entries.select(["zzz*"])),
    "nothing timed twice": lambda: _reason(
        lambda: Results((DONE,), (), choice=SessionChoice((STORE,))).aa()
    ),
    "no GPU for graphs": _graphs,
    "nothing to measure": lambda: _reason(lambda: session_module.measure((), None, STORE, None, None)),  # type: ignore[arg-type] # refused before
    "resumed with other packages": lambda: _reason(lambda: session_module._refuse_other(STORE, "torch", "1", "2")),
    "a gate resumed": lambda: _reason(
        lambda: session_module._refuse_gate(STORE, SimpleNamespace(sides=("a", "b")))  # type: ignore[arg-type]
    ),
    "the same gate again": lambda: gate_commands.same_again(gate_report([CaseVerdict.SAME])),
    "a gate as a baseline": lambda: _reason(
        lambda: reading_gate._refuse_gate("s1", [msgspec.structs.replace(DONE, sides=gate_report([]).sides)])
    ),
    "a stored gate": lambda: str(gate_sessions.sentence([record(side="b")])),
    "a longer gate": lambda: gate_commands.longer(gate_report([CaseVerdict.INCONCLUSIVE])),
    "a longer judged session": lambda: gate_commands.longer(
        gate_report([CaseVerdict.INCONCLUSIVE], baseline="good", command=("--baseline", "good"))
    ),
    "no variance": lambda: _reason(lambda: variance.view(_request(FAILED))),
    "no percentiles": lambda: _reason(lambda: percentiles.view(_request(FAILED))),
    "no second timer": lambda: _reason(lambda: timer_agreement.view(_request(DONE))),
    "a longer session": lambda: sentence(Longer(0.1, 0.05, 90.0), "20261126T000013Z-f928"),
    "many cases that pick left out": _many_left_out,
    "no figure": lambda: _reason(lambda: figure.draw([])),
    "no figure of overlays": lambda: _reason(lambda: overlay_figure.draw_overlays([])),
    "a plan's reach": lambda: " ".join(plans._precision_words(Reach(0.1, 1.1, 1.2), ("levit_192", "my nets.py:build"))),
    "a twin by its name": lambda: _reason(lambda: request._resolve([f"levit_192{SUFFIX}"], None, None)),  # type: ignore[arg-type] # refused before
    "one side alone": lambda: _of_cli("compare", "last", "--store", str(STORE)),
    "sides in the wrong order": lambda: _of_cli("compare", "last", "before", "--store", str(STORE)),
    "no tag": lambda: _untagged(STORE),
    "a network beyond the catalog": lambda: _of_cli("list", "my nets.py:build"),
    "no network": lambda: _of_cli("run", "--store", str(STORE)),
    "no store": lambda: _reason(lambda: files.session_files(STORE / "none")),
    "a tag of nothing": lambda: _reason(lambda: tags.files_of(STORE, "old", ["20200101T000000Z-0000"])),
    "too few runs": lambda: verdicts.too_few("one has two runs").message,
    "a session that was broken off": _broken_off,
    "a yardstick that moved": _moved,
    "an empty side": lambda: _reason(lambda: two_sides.check_sides({}, {})),
    "few sessions": lambda: _two_sessions("session-scatter-assumed"),
    "sessions that differ": lambda: _two_sessions("sessions-out-of-reach"),
    "many nights": lambda: newest_session.counted(3)[0].message,
    "no threads to compare": lambda: _reason(lambda: scaling.scaling([DONE])),
    "no cold start of a failed case": lambda: _reason(lambda: cold_starts.require_cold([FAILED])),
    "no cold start of an old session": lambda: _reason(lambda: cold_starts.require_cold([DONE])),
    "nothing to overlay": lambda: _reason(_overlaid_elsewhere),
    "nothing for a page": lambda: _reason(lambda: _raise(report_page.nothing_timed([]))),
    "nothing for a front": lambda: _reason(lambda: panel_limits.require_comparable([])),
}  # fmt: skip


def _calls() -> set[tuple[str, int, int]]:
    """Files and lines of all calls that make a command line."""
    makers = {"command_line", "measuring_line", "side_by_side_line"}
    return {
        (str(path), node.lineno, node.end_lineno or node.lineno)
        for path in PACKAGE.rglob("*.py")
        if path.name not in ("command_lines.py", "__main__.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in makers
    }


def test_every_command_line_that_a_message_names_parses_and_names_its_store(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Each call that makes one is reached by a message above."""
    lines: list[str] = []
    reached: set[tuple[str, int]] = set()

    def joined(words: list[str]) -> str:
        frame = sys._getframe(1)
        while frame.f_code.co_filename == command_lines.__file__ and frame.f_back is not None:
            frame = frame.f_back
        reached.add((frame.f_code.co_filename, frame.f_lineno))
        lines.append(shlex.join(words))
        return lines[-1]

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(command_lines, "shlex", SimpleNamespace(join=joined))
    for name, message in MESSAGES.items():
        before = len(lines)
        with of_stores([STORE]):
            text = message()
        assert len(lines) > before, name
        assert any(line in text for line in lines[before:]), f"{name}: {text}"
        for line in lines[before:]:
            verb, parameters = parsed(line)
            store = parameters.get("root") or parameters.get("stores")
            if store is not None:
                stored = store if isinstance(store, Path) else store[0]
                usual = {Path("results")} if name in WITHOUT_STORE else set()
                assert stored in {STORE, STORE / "none"} | usual, f"{name}: {line}"
            else:
                assert verb in ("list", "machine", "cache") or not parameters, line
    missed = {
        (path, first)
        for path, first, last in _calls()
        if not any((path, at) in reached for at in range(first, last + 1))
    }
    assert not missed


@pytest.mark.parametrize(
    ("words", "stores", "line"),
    [
        (("list",), (STORE,), "levit-bench list"),
        (("show", "--session", "last"), (Path("results"),), "levit-bench show --session last"),
        (("show",), (Path("a"), Path("b c")), "levit-bench show --store a --store 'b c'"),
        (("tag", "base", "last"), (Path("a"), Path("b")), "levit-bench tag base last --store a"),
        (("compare", "--help"), (STORE,), "levit-bench compare --help"),
    ],
)
def test_a_command_line_is_quoted_and_names_stores_that_its_verb_takes(
    words: tuple[str, ...], stores: tuple[Path, ...], line: str
) -> None:
    with of_stores(stores):
        assert command_line(*words) == line
    assert "--store" not in command_line(*words)


READING = {"show", "front", "pick", "compare", "tag", "explain", "scaling", "list", "machine", "cache"}
"""Verbs that measure nothing."""
SAYING = [
    ("show",), ("show", "--session", "last"), ("show", "--cold"), ("show", "--percentiles"), ("show", "--cross-check"),
    ("show", "--variance"), ("front",), ("front", "--session", "last"), ("scaling",), ("pick", "--min-top1", "60"),
    ("pick", "--max-latency", "1us"), ("pick", "--max-latency", "1s", "--percentile", "p99"), ("compare", "last"),
    ("compare", "before", "last"), ("compare", "last", "before"), ("tag",), ("explain", "levit_192", "nobody"),
    ("aa", "--stored"), ("list", "levit_19x"), ("list", "zzz*"), ("list", "my nets.py:build"), ("run",),
]  # fmt: skip
"""Commands whose messages on a stored session name others."""


def _stored_sessions(store: Path) -> None:
    """A session in which everything took half as long again in one run."""
    generate(["--cases", "6", "--sessions", "2", "--networks", "3", str(store)])
    for path in store.rglob("*.jsonl"):
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        for line in lines:
            if line["kind"] == "turn" and line["run"] == 2:
                line["duration_s"] = [1.5 * seconds for seconds in line["duration_s"]]
        path.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")


def _end_of(*words: str) -> tuple[int, str]:
    """The exit code of a command line, and what it says on both channels."""
    with pytest.MonkeyPatch.context() as patch:
        said = io.StringIO()
        patch.setattr(sys, "stderr", said)
        patch.setattr(sys, "stdout", said)
        with pytest.raises(SystemExit) as ended:
            main([*words])
    return int(ended.value.code or 0), said.getvalue()


def test_command_lines_that_messages_name_are_carried_out_on_the_store_that_they_are_about(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Those that measure nothing; each finds what it names, so that none is a usage error."""
    monkeypatch.chdir(tmp_path)
    _stored_sessions(STORE)
    named: dict[str, tuple[str, ...]] = {}

    def joined(words: list[str]) -> str:
        named.setdefault(shlex.join(words), ())
        return shlex.join(words)

    monkeypatch.setattr(command_lines, "shlex", SimpleNamespace(join=joined))
    for words in SAYING:
        has_store = words[0] not in ("list", "machine", "cache")
        _end_of(*words, *(("--store", str(STORE)) if has_store else ()))
    lines = [line for line in named if shlex.split(line)[1] in READING]
    assert {shlex.split(line)[1] for line in lines} >= {"show", "compare", "tag", "list"}
    assert any("--against" in line for line in lines), "no message said that the yardstick moved"
    for line in lines:
        code, said = _end_of(*shlex.split(line)[1:])
        assert code in (0, 1, 3), f"{line}: {said}"
        assert said.strip(), line
        if "--against" in line:
            assert code == 0, said
