"""pytest plugin of levit-bench: `--benchmark` times what tests declare, without it the same tests are plain checks.

    @pytest.mark.levit_bench("nets.py:build", against="mobilenetv3_large_100", threads=1, batch=1)
    def test_ours_is_faster_than_mobilenet(measured):
        assert measured.ratio().high < 1

A marked test takes the fixture `measured` and becomes one test for each case. With `--benchmark` all cases that
survived the selection are timed in one interleaved session before the first of them runs, and pytest-benchmark shows
their real passes. Without it each case is built and its outputs are checked, and the test's body does not run. With
`--bench-gate SIDE` they are timed on two sides, and each test gets a verdict: is its case slower here?

One file, so that it can be installed beside any repository: it adds only `--benchmark` and `--bench-*`, and imports the
package `levit_bench` only for marked tests or under `--benchmark`. Options, marks and fixtures of the repository under
test keep their names where they are the same as ours.
PYTEST_DONT_REWRITE: there are no test assertions in here.
"""

from __future__ import annotations

import difflib
import importlib
import inspect
import os
import re
import shlex
from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from functools import partial
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, NoReturn
from weakref import WeakSet

import pytest

if TYPE_CHECKING:
    from levit_bench.pytest_plugin import CaseJudgement, Checks, Declared, GateAsked, Measured, TimedSession

MARK = "levit_bench"
FIXTURE = "measured"
SECOND_FIXTURE = "levit_measured"
"""The same fixture, for repositories that have one of the first name."""
# Written by tests/door/plugin_options.py from levit_bench.axes and levit_bench.asking.session_options.
# fmt: off
_MARKER = (
    MARK +
    (
        "(*networks, against, resolution, batch, threads, streams, allocator, form, precision, runtime, "
        "device, accuracy, dataset, images, classes, label, reference): cases of a test; what is left out, "
        "the command line chooses. Networks named as against are timed beside them, for measured.ratio()."
    )
)
_OPTIONS = (
    (
        "networks", "NAME[,NAME…]",
        "Networks of tests that leave them open: names, globs, groups. Default: paper.",
    ),
    (
        "resolution", "PIXELS",
        "Input size for all networks instead of each one's own: 224, or height x width such as 192x256.",
    ),
    (
        "batch", "N[,N…]",
        (
            "Images a pass; 1..256 are the powers of two, and max is the largest that fits into a GPU. A model "
            "file with a fixed batch has that one. Default: 1."
        ),
    ),
    (
        "threads", "N[,N…]",
        "Threads of a pass. Default: 1.",
    ),
    (
        "streams", "N[,N…]",
        (
            "Processes that work at once on images of their own, each with its threads bound to processors that "
            "no other stream uses; 'levit-bench scaling' compares them with threads. Default: 1."
        ),
    ),
    (
        "allocator", "NAME[,NAME…]",
        (
            "shipped, pinned or both: host memory as the C library ships it, or never given back. Default: pinned"
            " where it can be had."
        ),
    ),
    (
        "form", "NAME[,NAME…]",
        (
            "shipped, inference or both: networks as their library builds them, or with BatchNorms and branches "
            "folded into one convolution. Default: shipped."
        ),
    ),
    (
        "precision", "NAME[,NAME…]",
        "fp32, tf32 (GPUs), fp16, bf16 or several: number format of weights and activations. Default: fp32.",
    ),
    (
        "runtime", "NAME[,NAME…]",
        (
            "What executes the networks, one or several: eager, channels-last, torchscript, compile, onnxruntime,"
            " openvino; on a GPU also cuda-graphs. 'levit-bench list --runtimes' says what runs here. A model "
            "file is run by what reads it: model.onnx by onnxruntime. Default: eager."
        ),
    ),
    (
        "device", "NAME",
        (
            "cpu, cuda (an NVIDIA GPU) or mps (an Apple GPU); arm checks that the processor is one of ARM's. "
            "Default: cpu."
        ),
    ),
    (
        "budget", "TIME",
        (
            "Time for all runs together: 60s, 3m, 1h30m; auto is the least that gives an honest interval. "
            "Default: 60s."
        ),
    ),
    (
        "isolation", "MODE",
        (
            "Which cases share a process: all of one environment (shared), none (alone), or those with the "
            "allocator pinned (auto). Default: auto."
        ),
    ),
    (
        "start-method", "METHOD",
        (
            "How pinned processes of a run start: as copies of one of that run that has imported the libraries "
            "(fork), or each by itself, as all others do (spawn). Default: fork."
        ),
    ),
    (
        "timeout", "TIME",
        "Time after which the preparation or the load of a case is given up, at the earliest. Default: 5m.",
    ),
    (
        "seed", "N",
        "Seed of weights, inputs and, with the session's name, orders. Default: 0.",
    ),
    (
        "cache", "FOLDER",
        (
            "Where prepared networks are kept between sessions; by default LEVIT_BENCH_CACHE, or the user's cache"
            " folder."
        ),
    ),
    (
        "target-error", "PERCENT",
        (
            "Stop timing a network once its ratio to the yardstick is known to ±PERCENT, such as 1%%; the budget "
            "is the most that is spent. Looked at two or three times, declared beforehand. The yardstick is a "
            "network of the shape of LeViT-128S that never changes, timed in every session, eager, batch 1."
        ),
    ),
    (
        "reuse", "SESSION",
        (
            "Read the cases from a stored session instead of timing them: its file, name, beginning of it, tag, "
            "or 'last'."
        ),
    ),
    (
        "store", "FOLDER",
        "Folder of sessions. Default: results. Outside the repository: --bench-store=FOLDER.",
    ),
    (
        "gate", "SIDE",
        (
            "Time what tests declare on a second side as well, in the same session, and fail those whose case is "
            "slower here: a revision such as main, an interpreter, requirements such as 'torch==2.12.*', values "
            "of axes such as runtime=eager, or several of these. Tests read the working tree's times. Example: "
            "pytest --benchmark --bench-gate main"
        ),
    ),
    (
        "find", "PERCENT",
        (
            "In place of --budget: as long as it takes to find such a slowdown nine times in ten, by what this "
            "machine's stored gates scatter."
        ),
    ),
    (
        "at-most", "TIME",
        "The most that --find may take. Default: 10m.",
    ),
    (
        "margin", "PERCENT",
        (
            "A case is the same within this share; a gate that could not have found so much is inconclusive. "
            "Default: 5%%."
        ),
    ),
    (
        "min-effect", "PERCENT",
        "Smaller slowdowns do not fail, however sure they are. Default: 2%%.",
    ),
    (
        "out", "FOLDER",
        "Write comment.md, junit.xml, gate.json, gate.svg and gate.png there.",
    ),
)
_FLAGS = (
    (
        "bind",
        "Bind each process to as many processors as it has threads, whole cores first; streams always are.",
    ),
    (
        "fresh",
        "Prepare every network anew, whatever earlier sessions have kept.",
    ),
    (
        "thin",
        (
            "Measure a sketch even when the budget is too small for an honest interval; with --budget auto, one "
            "round."
        ),
    ),
    (
        "no-wait",
        (
            "Begin at once, with a finding, where another session is at work on this machine; otherwise this one "
            "waits."
        ),
    ),
    (
        "cross-check",
        (
            "Let torch's own benchmark timer time every turn as well, interleaved; 'levit-bench show "
            "--cross-check' compares."
        ),
    ),
    (
        "race",
        (
            "Race for the front: stop timing networks whose place on it is certain, so that turns go where the "
            "place is undecided."
        ),
    ),
    (
        "null",
        "Measure side a a second time: no verdict within what it differs from itself.",
    ),
    (
        "allow-inconclusive",
        "End with 0 also where the data cannot tell.",
    ),
    (
        "allow-other-outputs",
        "Judge the time of a network also where it computes something else.",
    ),
)
_OF_GATE = (
    "gate",
    "find",
    "at-most",
    "margin",
    "min-effect",
    "out",
    "null",
    "allow-inconclusive",
    "allow-other-outputs",
)
# fmt: on
# Up to here.
_BARE_OPTION = re.compile(rf"(?<!\S)--({'|'.join(name for name, *_ in (*_OPTIONS, *_FLAGS))})\b")
"""Matches options as messages of the command line name them."""


_TIMED = "benchmark"
_NOT_REPEATED = ("out", "store", "reuse", "cache", "no-wait", "fresh")
"""Options that say where to, when and how it is shown, and nothing of what is measured and judged."""
_REPORTS = (
    "--junitxml", "--junit-xml", "--junitprefix", "--junit-prefix", "--report-log", "--html", "--csv",
    "--json-report-file", "--cov-report", "--log-file", "--basetemp", "--alluredir",
    "--benchmark-json", "--benchmark-save", "--benchmark-histogram", "--benchmark-storage", "--benchmark-autosave",
)  # fmt: skip
"""Options of pytest and of usual plugins that name a file or a folder to write."""
_spellings: dict[str, list[str]] = {}
"""Spellings of each option: the usual one, or another one where that is in use; then short ones of a conftest.py."""
_known: WeakSet[pytest.Parser] = WeakSet()
"""Parsers that got an option; the last one's spellings are kept."""
_served: WeakSet[pytest.Parser] = WeakSet()
"""Parsers that got all options."""


def add_option(parser: pytest.Parser, flag: str, name: str) -> None:
    """Add one more spelling of an option, such as `--device` beside `--bench-device`."""
    _note(parser, flag, name)
    metavar, text = next((metavar, text) for option, metavar, text in _OPTIONS if option == name)
    # Appended, so that none of two values is lost.
    parser.getgroup("levit-bench").addoption(
        flag, dest=_place(name), action="append", metavar=metavar, default=None, help=text
    )


def _note(parser: pytest.Parser, flag: str, name: str) -> None:
    """Remember the spelling of an option: those of this plugin first."""
    if parser not in _known:
        _known.add(parser)
        _spellings.clear()
    flags = _spellings.setdefault(name, [])
    flags.insert(0 if flag in _candidates(name) else len(flags), flag)


def is_asked(config: pytest.Config) -> bool:
    """Whether the command line has `--benchmark`."""
    return bool(getattr(config.option, _place(_TIMED), False))


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Add the options where a conftest.py names this plugin; where it is installed, they come after those of it."""
    if any(
        Path(getattr(plugin, "__file__", None) or "").name == "conftest.py" for plugin in pluginmanager.get_plugins()
    ):
        _add_options(parser)


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config, parser: pytest.Parser, args: list[str]
) -> Iterator[None]:
    """Add `--benchmark` and the `--bench-*` options that no other plugin has: adding one twice would end pytest."""
    flags = {flag for name, *_ in _OPTIONS for flag in _candidates(name)}
    values = {after for before, after in pairwise(args) if before in flags}
    namespace = early_config.known_args_namespace
    # The options are not added yet, so pytest takes their values for folders of tests.
    namespace.file_or_dir = [argument for argument in namespace.file_or_dir if argument not in values]
    try:
        return (yield)
    finally:
        _add_options(parser)


def _add_options(parser: pytest.Parser) -> None:
    if parser in _served:
        return
    _served.add(parser)
    group = parser.getgroup("levit-bench", "levit-bench: speed and accuracy of image classifiers")
    taken = {name for group in (*parser._groups, parser._anonymous) for o in group.options for name in o.names()}
    if flag := _free(_TIMED, taken):
        group.addoption(
            flag,
            dest=_place(_TIMED),
            action="store_true",
            help="time the cases that tests marked levit_bench declare; example: pytest --benchmark --bench-threads "
            "1,2 --bench-budget 3m",
        )
        _note(parser, flag, _TIMED)
    for name, _, _ in _OPTIONS:
        if flag := _free(name, taken):
            add_option(parser, flag, name)
    for name, text in _FLAGS:
        if flag := _free(name, taken):
            group.addoption(flag, dest=_place(name), action="store_true", help=text)
            _note(parser, flag, name)


def _candidates(name: str) -> tuple[str, ...]:
    """The spellings of an option that are tried, in this order."""
    usual = _flag(name)
    return (usual, "--bench", "--levit-bench") if name == _TIMED else (usual, f"--levit-{usual[2:]}")


def _free(name: str, taken: set[str]) -> str | None:
    """A spelling of an option that no other plugin uses, if there is one."""
    return next((flag for flag in _candidates(name) if flag not in taken), None)


def _flag(name: str) -> str:
    return f"--{name}" if name == _TIMED else f"--bench-{name}"


def _place(name: str) -> str:
    """The attribute in which pytest stores the value of an option, unique to this plugin."""
    return f"levit_bench_{name}"


def _release(config: pytest.Config) -> None:
    """Give the names of the options back once they are read: a conftest.py that is loaded later may add its own.

    pytest loads those of folders that the command line does not name while it collects, and has no use for options
    then but to refuse two of one name.
    """
    parser = config._parser
    registered = getattr(getattr(parser, "optparser", None), "_option_string_actions", {})
    for flag in (flag for flags in _spellings.values() for flag in flags):
        registered.pop(flag, None)


def pytest_configure(config: pytest.Config) -> None:
    """Declare the mark, and refuse invalid options before collection."""
    config.addinivalue_line("markers", _MARKER)
    _join_values(config)
    if not config.option.help:
        _release(config)
    if _is_under_codspeed(config):
        if is_asked(config):
            _usage(f"{_spelled(_TIMED)} cannot be had while CodSpeed is active. {_WITHOUT_CODSPEED}")
        config.pluginmanager.register(_BesideCodSpeed(), "levit-bench-beside-codspeed")
    door = Door(config)
    config.stash[_DOOR] = door
    door.clear_gate_files()
    config.pluginmanager.register(_Feeding() if door.timing and door.feeds else _Plain(), "levit-bench-fixture")
    if (
        (is_asked(config) or any(_option_values(config).values()))
        and not hasattr(config, "workerinput")
        and not config.option.help
    ):
        door.check_options()
    if is_asked(config):
        door.gate  # noqa: B018 (refuses invalid options)
        _check_session_timeout(config, door)
    elif given := list(_gate_values(config)):
        _usage(
            f"{_spelled(given[0])} is about the times of tests, and without {_spelled(_TIMED)} none is taken. Add it."
        )
    elif _value(config, "reuse") is not None:
        _usage(f"--bench-reuse reads what tests assert on, and without {_spelled(_TIMED)} they assert nothing. Add it.")


def pytest_report_header(config: pytest.Config) -> list[str] | None:
    """Lines on names that are taken, the options, the store, and what will not be measured."""
    taken = [name for name in (_TIMED, *(name for name, *_ in (*_OPTIONS, *_FLAGS))) if _spelled(name) != _flag(name)]
    lines = []
    if taken:
        theirs, ours = (", ".join(map(of, taken)) for of in (_flag, _spelled))
        verb = "is an option" if len(taken) == 1 else "are options"
        lines = [f"levit-bench: {theirs} {verb} of another plugin or a conftest.py here; use {ours} instead"]
    if not is_asked(config):
        return lines or None
    given_options = " ".join(
        _spelled(name) if value is True else f"{_spelled(name)} {value}"
        for name, value in _option_values(config).items()
        if value
    )
    with_options = f"with {given_options}" if given_options else "with the default options"
    earlier = _value(config, "reuse")
    gate = config.stash[_DOOR].gate
    judged = f", judges them by a gate against {shlex.quote(gate.side)}" if gate is not None and gate.side else ""
    what = (
        f"times the tests marked {MARK} {with_options}{judged}, and stores the session in {_root(config)}"
        if earlier is None
        else f"reads session {earlier} {with_options}, and times nothing"
    )
    heading = f"levit-bench: {what}"
    return [*lines, heading, *(f"levit-bench: {note}" for note in config.stash[_DOOR].notes())]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrize a marked test: one test for each case."""
    nodes_and_marks = list(metafunc.definition.iter_markers_with_node(MARK))
    if not nodes_and_marks:
        return
    door = metafunc.config.stash[_DOOR]
    fixture = _fixture_of(metafunc.fixturenames)
    if fixture is None or (fixture == FIXTURE and _is_mark_taken(metafunc.config) and _is_fixture_taken(metafunc)):
        # A mark of a class or module is about the tests that take the fixture; helpers beside them take none.
        is_own = any(node is metafunc.definition for node, _ in nodes_and_marks)
        if is_own and not _is_mark_taken(metafunc.config):
            name = metafunc.definition.name
            door.refuse(
                metafunc.definition, f"a test marked {MARK} takes the fixture {FIXTURE!r}: def {name}({FIXTURE}):"
            )
        return
    declared = door.declare(metafunc.definition, [mark for _, mark in nodes_and_marks])
    if declared is None:
        return
    if isinstance(declared, str):
        skipped = pytest.param(None, marks=pytest.mark.skip(reason=declared), id="not-asked")
        metafunc.parametrize(fixture, [skipped], indirect=True)
        return
    params = [pytest.param(case, id=case.id) for case in declared]
    metafunc.parametrize(fixture, params, indirect=True)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Give pytest-benchmark a timer that replays the measured passes, and group comparable cases."""
    door = config.stash[_DOOR]
    if not (door.timing and door.feeds):
        return
    for item in items:
        declared = _declared(item)
        if declared is not None and not _takes_benchmark(item):
            mark = item.get_closest_marker("benchmark")
            replay = item.stash[_REPLAY] = _Replay()
            kwargs = {"group": declared.group, **(mark.kwargs if mark else {}), "timer": replay}
            item.add_marker(pytest.mark.benchmark(**kwargs), append=False)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Time all cases before the first of their tests begins: outside what limits and times a single test."""
    if _declared(item) is not None and not _skipped(item):
        item.config.stash[_DOOR].begin(item.session)
    return (yield)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Fail a test whose mark cannot be read, and no other."""
    if (problem := item.config.stash[_DOOR].problem_with_mark(item)) is not None:
        pytest.fail(problem, pytrace=False)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Fail a case without a time, with its reason; skip the body where the case was only checked."""
    if _declared(pyfuncitem) is None:
        return None
    answer = pyfuncitem.funcargs[_fixture_of(pyfuncitem.fixturenames) or FIXTURE]
    if not pyfuncitem.stash.get(_ANSWERED, False):
        pytest.fail(
            f"the mark {MARK} needs levit-bench's fixture {FIXTURE!r}, and {_ANOTHERS_FIXTURE}. {_TAKE_SECOND}",
            pytrace=False,
        )
    if (answer is None or isinstance(answer, str)) and _takes_benchmark(pyfuncitem):
        _leave_out(pyfuncitem.funcargs["benchmark"])
    if isinstance(answer, str):
        pytest.fail(answer, pytrace=False)
    if answer is None:
        pyfuncitem.stash[_CHECKED] = True
        return True
    return None


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Report a case that was only checked as passed, and the verdict of a gate, also where a test is expected to fail.

    The body of the one did not run; the other is no matter of the body's. A mark that cannot be read fails its test
    also there: nobody expects that.
    """
    report = yield
    if call.when == "setup" and call.excinfo is not None and hasattr(report, "wasxfail"):
        problem = item.config.stash[_DOOR].problem_with_mark(item)
        if problem is not None and problem in str(call.excinfo.value):
            report.outcome, report.longrepr = "failed", problem
            del report.wasxfail
    if call.when == "call" and call.excinfo is None and item.stash.get(_CHECKED, False):
        report.outcome, report.longrepr = "passed", None
        if hasattr(report, "wasxfail"):
            del report.wasxfail
    if call.when == "call" and _JUDGED in item.stash:
        _judge(report, item, item.stash[_JUDGED])
    return report


def _judge(report: pytest.TestReport, item: pytest.Item, judgement: CaseJudgement) -> None:
    """Give a test that did not fail by itself the outcome of its case's verdict."""
    if report.failed:
        if judgement.message not in str(report.longrepr):
            report.sections.append(("levit-bench gate", judgement.message))
    elif judgement.fails:
        report.outcome, report.longrepr = "failed", judgement.message
        _forget_expectation(report)
    elif judgement.is_open and report.passed:
        _, line, _ = item.location
        message = "; ".join(judgement.message.splitlines())
        # What pytest calls skipped, and JUnit, is neither a pass nor a failure; `pytest_report_teststatus` names it.
        report.outcome, report.longrepr = "skipped", (str(item.path), (line or 0) + 1, message)
        vars(report)[_MARKED] = True
        _forget_expectation(report)


def _forget_expectation(report: pytest.TestReport) -> None:
    """Let a report be no longer one of a test that is expected to fail."""
    if hasattr(report, "wasxfail"):
        del report.wasxfail


@pytest.hookimpl(tryfirst=True)
def pytest_report_teststatus(report: pytest.CollectReport | pytest.TestReport) -> _Status | None:
    """Show and count a test whose case a gate could not judge as what it is: neither passed nor skipped."""
    if getattr(report, _MARKED, False):
        return _INCONCLUSIVE, "?", (_INCONCLUSIVE.upper(), {"yellow": True})
    return None


def pytest_collection_finish(session: pytest.Session) -> None:
    """Remember the tests that survived the selection, for the summary."""
    session.config.stash[_DOOR].declared_tests = sum(_declared(item) is not None for item in session.items)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run with `--benchmark` in which nothing was timed and nothing read, or whose gate has not passed."""
    config = session.config
    if not is_asked(config) or hasattr(config, "workerinput") or getattr(config.option, "collectonly", False):
        return
    door = config.stash[_DOOR]
    door.write_gate()
    if session.exitstatus != pytest.ExitCode.OK:
        return
    door.is_red_by_gate = door.why_nothing(session.exitstatus) is None and door.why_red() is not None
    if door.is_red_by_gate or door.why_nothing(session.exitstatus) is not None:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, exitstatus: int, config: pytest.Config) -> None:
    """Say what was timed or why nothing was, with the session's file, its findings, and the next command."""
    if getattr(config.option, "collectonly", False):
        return
    door = config.stash[_DOOR]
    if not is_asked(config):
        if door.declared_tests and _asks_another(config):
            terminalreporter.write_sep("=", "levit-bench")
            terminalreporter.write_line(
                f"nothing was timed: {_flag(_TIMED)} is an option of another plugin or a conftest.py here; to time "
                f"{_counted(door.declared_tests, 'test')} marked {MARK}, use {_spelled(_TIMED)}"
            )
        return
    terminalreporter.write_sep("=", "levit-bench")
    for line in door.summary():
        terminalreporter.write_line(line)
    unsure = [report.nodeid for report in terminalreporter.stats.get(_INCONCLUSIVE, [])]
    for node in unsure[:_MOST_LISTED]:
        terminalreporter.write_line(f"{_INCONCLUSIVE.upper()} {node}", yellow=True)
    if len(unsure) > _MOST_LISTED:
        terminalreporter.write_line(f"… and {len(unsure) - _MOST_LISTED} more")
    for line in door.gate_lines(config.get_terminal_writer().fullwidth, config.get_verbosity()):
        terminalreporter.write_line(line)
    if door.is_red_by_gate:
        terminalreporter.write_line(f"pytest ends with 1, although no test failed: {door.why_red()}", red=True)
    if door.was_cut_short:
        terminalreporter.write_line("interrupted: no test was run; what was timed until then is stored", red=True)
    elif (why := door.why_nothing(exitstatus)) is not None:
        terminalreporter.write_line(f"nothing was timed: {why}", red=True)


class _BesideCodSpeed:
    """Ends pytest where CodSpeed's plugin would leave out tests of ours that the command line has chosen."""

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> Generator[None]:
        """Refuse to go on with a marked test that survives every other selection.

        CodSpeed deselects, last of all, whatever has neither its fixture nor its mark. With its mark, our tests pass
        that selection and no other one, so what is left is what `-k`, `-m` and their like have chosen.
        """
        for item in items:
            if _declared(item) is not None:
                item.add_marker("codspeed_benchmark")
        yield
        left = [item.nodeid for item in items if _declared(item) is not None]
        if left and not hasattr(config, "workerinput"):  # A worker of xdist that refuses is a crash to its parent.
            more = f" and {len(left) - 1} more" if len(left) > 1 else ""
            _usage(f"{left[0]}{more}: {_LEFT_OUT}")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Fail what a worker of xdist has collected."""
        if _declared(item) is not None:
            _fail(item.nodeid, _LEFT_OUT)


class _Replay:
    """A timer for pytest-benchmark: read twice a round, it returns the measured duration of that pass."""

    __name__ = "replay"

    def __init__(self) -> None:
        self._times: Iterator[float] = iter(())

    def load(self, duration_s: tuple[float, ...]) -> None:
        """Set the durations to replay, in seconds."""
        self._times = (time for duration in duration_s for time in (0.0, duration))

    def __call__(self) -> float:
        return next(self._times)


_ANOTHERS_FIXTURE = "another one of that name is nearer to this test, in a conftest.py or its module"
_TAKE_SECOND = f"Take {SECOND_FIXTURE!r} instead, which is the same as ours."
_WITHOUT_CODSPEED = (
    "CodSpeed times each test by itself and switches pytest-benchmark off. Run 'pytest --benchmark' in a step of its "
    "own, without --codspeed and outside CodSpeed's action; 'levit-bench export --to codspeed' writes what it measured "
    "for CodSpeed's page."
)
_LEFT_OUT = (
    f"CodSpeed is active, and would leave out what has the mark {MARK} without a word. {_WITHOUT_CODSPEED} For "
    f"CodSpeed's own tests alone, add -m 'not {MARK}'."
)
_UNDER_XDIST = "timed tests need the machine to themselves, and xdist runs several at once"
_DOOR = pytest.StashKey["Door"]()
_REPLAY = pytest.StashKey[_Replay]()
_ANSWERED = pytest.StashKey[bool]()
"""Whether our fixture served the test."""
_CHECKED = pytest.StashKey[bool]()
"""Whether the case was checked and the test's body left out."""
_JUDGED = pytest.StashKey["CaseJudgement"]()
"""The verdict of a gate on the test's case."""
_INCONCLUSIVE = "inconclusive"
"""What pytest counts a test as whose case a gate could not judge."""
_MARKED = "levit_bench_inconclusive"
"""Attribute of the report of such a test."""
_MOST_LISTED = 20
_Status = tuple[str, str, tuple[str, dict[str, bool]]]
"""What pytest counts a test as, its letter, and its word with its colours."""


class Door:
    """The request of this pytest run to levit-bench, and its results."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self.session: TimedSession | None = None
        self.declared_tests = 0
        """Tests with a case that survived the selection."""
        self._answers: dict[str, Measured | str] = {}
        self._checks: Checks | None = None
        self._has_begun = False
        self._refusal: str | None = None
        self._is_refusal_reported = False
        self._not_asked: list[str] = []
        self._refused_marks: dict[str, str] = {}
        self._unserved = 0
        """Tests with a case that another fixture serves, and so read no time."""
        self._asked: dict[str, Any] | None = None
        self._gate: GateAsked | None = None
        self._is_gate_known = False
        self._judgements: dict[str, CaseJudgement | None] = {}
        self._written = ""
        self._why_not_written = ""
        self.is_red_by_gate = False
        """Whether pytest ends with 1 for the verdict of a gate alone."""
        disabled = getattr(config.option, "benchmark_disable", False) and not config.option.benchmark_enable
        self.timing = is_asked(config) and not disabled
        """Whether tests read times; otherwise they are plain checks."""
        self.distributed = hasattr(config, "workerinput") or getattr(config.option, "dist", "no") != "no"
        """Whether xdist runs the tests, several at a time."""
        rival = getattr(config.pluginmanager.getplugin("benchmark"), "__name__", "")
        self.feeds = rival.startswith("pytest_benchmark") and not self.distributed
        """Whether pytest-benchmark is active to show what was measured."""

    @property
    def asked(self) -> dict[str, Any]:
        """The options as fields of a request; an invalid one ends pytest with a usage error."""
        if self._asked is None:
            plugin = _package()
            with _refusals(plugin, _usage):
                self._asked = plugin.options(_option_values(self._config))
        return self._asked

    def check_options(self) -> None:
        """Refuse invalid options, and networks that nobody here can build, by a usage error of pytest."""
        fields, plugin = self.asked, _package()
        with _refusals(plugin, _usage):
            plugin.look_up_networks(fields)

    @property
    def gate(self) -> GateAsked | None:
        """What options about a gate ask for; an invalid one ends pytest with a usage error."""
        if not self._is_gate_known:
            given, is_read = _gate_values(self._config), _value(self._config, "reuse") is not None
            if given or is_read:
                plugin = _package()
                with _refusals(plugin, _usage):
                    others = [name for name, value in _option_values(self._config).items() if value is not False]
                    words = _words_again(self._config)
                    self._gate = plugin.asked_gate(given, others, is_read=is_read, words=words)
            self._is_gate_known = True
        return self._gate

    def judgement(self, nodeid: str) -> CaseJudgement | None:
        """The verdict on the case of a test, where there is one."""
        return self._judgements.get(nodeid)

    def why_red(self) -> str | None:
        """Why a gate does not let pytest end with 0, whatever its tests do; None where it does or there is none."""
        report = None if self.session is None else self.session.gate
        if report is None:
            return None
        if self._why_not_written:
            return self._why_not_written
        if not report.exit_code:
            return None
        allowing = _spelled("allow-inconclusive")
        reasons = {
            "interrupted": "the session of the gate did not come to its end, which never counts as passed",
            "failed": "a case failed the gate, and its test did not run to its end",
            "inconclusive": f"the gate is inconclusive, which never counts as passed; {allowing} "
            + ("covers what was measured alone" if report.rules.allow_inconclusive else "lets it pass"),
            "nothing compared": "the gate compared nothing, which never counts as passed",
        }
        return reasons[report.outcome.value]

    def clear_gate_files(self) -> None:
        """Remove the files of an earlier gate where this run is to write some, whatever becomes of it."""
        folder, option = _value(self._config, "out"), self._config.option
        if folder and not hasattr(self._config, "workerinput") and not (option.help or option.collectonly):
            plugin = _package()
            with _refusals(plugin, _usage):
                plugin.clear_pages(folder)

    def write_gate(self) -> None:
        """Write the files of the gate, where a folder is named."""
        folder = _value(self._config, "out")
        if folder is None or self.session is None or self.session.gate is None:
            return
        problems: list[str] = []
        plugin = _package()
        with _refusals(plugin, problems.append):
            self._written = plugin.write_pages(self.session.gate, folder)
        self._why_not_written = next(iter(problems), "")

    def gate_lines(self, width: int, verbosity: int) -> list[str]:
        """The verdicts of the gate, for the end of the run; fewer words below a verbosity of 0."""
        if self.session is None or self.session.gate is None:
            return []
        lines: list[str] = _package().gate_lines(self.session.gate, width, verbosity)
        return [*lines, *filter(None, (self._written, self._why_not_written))]

    @property
    def was_cut_short(self) -> bool:
        """Whether a session was interrupted that had timed something by then."""
        return self.session is not None and self.session.interrupted and self.session.runs > 0

    def why_nothing(self, exitstatus: int) -> str | None:
        """Why nothing was timed or read in a run of pytest that ends so, or None where something was."""
        if any(not isinstance(answer, str) for answer in self._answers.values()):
            return None
        if self._refusal is not None:
            return self._refusal
        if not self.timing:
            return "--benchmark-disable leaves the timing out"
        if getattr(self._config.option, "dist", "no") != "no":
            return f"{_UNDER_XDIST}: add -n 0"
        if not self._has_begun and exitstatus == pytest.ExitCode.INTERRUPTED:
            return "pytest was stopped before the first test with a case began"
        if self._answers:
            return "no case has a time; each test says why"
        if self._unserved:
            return f"the fixture {FIXTURE!r} of each test with a case is not levit-bench's: {_ANOTHERS_FIXTURE}"
        if self.declared_tests:
            return "no test with a case was run"
        if self._refused_marks:
            return next(iter(self._refused_marks.values()))
        if self._not_asked:
            more = f", and {len(self._not_asked) - 1} more" if len(self._not_asked) > 1 else ""
            return f"no test is about what the command line asks for: {self._not_asked[0]}{more}"
        return f"no test that was chosen has the mark {MARK} and takes the fixture {FIXTURE!r}"

    def notes(self) -> list[str]:
        """Findings about parts of the request that will not be measured."""
        fields = self.asked
        messages: list[str] = []
        plugin = _package()
        with _refusals(plugin, messages.append):
            messages += plugin.notes(fields)
        return messages

    def refuse(self, test: pytest.Item, message: str) -> None:
        """Keep what is wrong with the mark of a test, which fails that test alone; without tests that run, fail now."""
        if getattr(self._config.option, "collectonly", False):
            _fail(test.nodeid, message)
        self._refused_marks[test.nodeid] = f"{test.nodeid}: levit-bench: {message}"

    def problem_with_mark(self, item: pytest.Item) -> str | None:
        """What is wrong with the mark of a test; None where nothing is."""
        name = getattr(item, "originalname", None) or item.name
        return self._refused_marks.get(f"{item.parent.nodeid}::{name}" if item.parent else item.nodeid)

    def declare(self, test: pytest.Item, marks: Sequence[pytest.Mark]) -> list[Declared] | str | None:
        """The cases of a test from its marks, the innermost first, or the reason why there are none here.

        None where a mark cannot be read, which is refused.
        """
        fields = self.asked
        plugin = _package()
        folders = (test.path.parent, self._config.rootpath, self._config.invocation_params.dir)
        cases: list[Declared] | None = None
        with _refusals(plugin, partial(self.refuse, test)):
            networks, axes = plugin.merged([(mark.args, mark.kwargs) for mark in marks])
            try:
                cases = plugin.declare(networks, axes, fields, folders)
            except plugin.NotAskedError as reason:
                self._not_asked.append(f"{test.name}: {reason}")
                return str(reason)
        return cases

    def begin(self, session: pytest.Session) -> None:
        """Time the cases of all tests that will run, or read them; once, whatever becomes of it."""
        if self._has_begun or not self.timing or self.distributed:
            return
        if getattr(self._config.option, "setuponly", False):  # tests are not run
            return
        self._has_begun = True
        self._refusal = "measuring was stopped"
        self._refusal = self._measure(session)

    def answer(self, item: pytest.Item, declared: Declared) -> Measured | str | None:
        """The result of a case, or the reason why there is none; None when it was only checked."""
        if not self.timing:
            return self._check(declared)
        if self.distributed:
            pytest.skip(f"{_UNDER_XDIST}: add -n 0")
        self.begin(item.session)
        if self._refusal is not None:
            if self._is_refusal_reported:
                pytest.skip(f"the session was refused: {self._refusal}")
            self._is_refusal_reported = True
            return f"levit-bench: {self._refusal}"
        return self._answers.get(item.nodeid, "levit-bench: a mark keeps this test from running, so it was not timed")

    def summary(self) -> list[str]:
        """What was timed or read, for the end of the run."""
        if self.session is None or self.session.path is None:
            return []
        findings = self.session.findings[:20]
        more = [f"… and {len(self.session.findings) - 20} more"] if len(self.session.findings) > 20 else []
        cases = [answer for answer in self._answers.values() if not isinstance(answer, str)]
        what = f"{_counted(len(cases), 'test')} {'read' if self.session.read else 'timed'}"
        if lacking := len(self._answers) - len(cases):
            what += f", {lacking} without a time"
        runs = f"{_counted(self.session.runs, 'complete run')} in {self.session.path}"
        if self.session.read:
            return [*findings, *more, f"{what}, nothing timed now: {runs}, {self.session.read}"]
        if self.session.gate is not None or not cases:
            return [*findings, *more, f"{what}: {runs}"]
        words = ["levit-bench", "front", "--session", self.session.path.stem]
        words += [] if str(_root(self._config)) == "results" else ["--store", str(_root(self._config))]
        return [*findings, *more, f"{what}: {runs}; draw it: {shlex.join(words)}"]

    def close(self) -> None:
        """End the process that checks cases, if there is one."""
        if self._checks is not None:
            self._checks.close()

    def _check(self, declared: Declared) -> str | None:
        """The problem of a case, or why it cannot be requested; None when its outputs are right."""
        problems: list[str | None] = []
        plugin = _package()
        with _refusals(plugin, problems.append):
            if self._checks is None:
                self._checks = plugin.Checks()
                self._config.add_cleanup(self.close)
            problems.append(self._checks.problem(declared))
        return problems[0]

    def _measure(self, session: pytest.Session) -> str | None:
        """Time or read the cases of all tests that will run; returns why the session was refused, if it was."""
        to_run = [(item, case) for item in session.items if (case := _declared(item)) and not _skipped(item)]
        # A test that another fixture serves fails, whatever is timed.
        waiting = [(item.nodeid, case) for item, case in to_run if not _has_another_fixture(item)]
        self._unserved = len(to_run) - len(waiting)
        if not waiting:
            return None
        cases, refused = [case for _, case in waiting], list[str]()
        capture = self._config.pluginmanager.getplugin("capturemanager")
        terminal = self._config.pluginmanager.getplugin("terminalreporter")
        if terminal is not None:
            terminal.ensure_newline()
        plugin = _package()
        earlier = _value(self._config, "reuse")
        with (
            capture.global_and_fixture_disabled() if capture else nullcontext(),
            _refusals(plugin, refused.append),
        ):
            if earlier is not None:
                self.session = plugin.read(cases, _root(self._config), earlier, self.gate)
            else:
                with plugin.progress() as observer:
                    self.session = plugin.measure(cases, _root(self._config), observer, self.gate)
        if self.session is None:
            return refused[0]
        if self.session.interrupted:
            self._refusal = "the session was interrupted"
            pytest.exit(f"levit-bench was interrupted; what was taken is in {self.session.path}", returncode=2)
        self._answers = {
            node: _in_options_of_pytest(answer) if isinstance(answer, str) else answer
            for (node, _), answer in zip(waiting, self.session.answers, strict=True)
        }
        nodes = (node for node, _ in waiting)
        self._judgements = dict(zip(nodes, self.session.judgements, strict=bool(self.session.judgements)))
        return None


class _Feeding:
    """The fixtures where pytest-benchmark shows the results."""

    @pytest.fixture(name=FIXTURE)
    def measured(self, request: pytest.FixtureRequest, benchmark: Any) -> object:  # noqa: ANN401 (another plugin's)
        """The case's record, its latency, throughput and ratio to the yardstick, each with an interval.

        The yardstick is a network of the shape of LeViT-128S that never changes, eager, at batch 1, in every session.
        """
        return _fed(request, benchmark)

    @pytest.fixture(name=SECOND_FIXTURE)
    def levit_measured(self, request: pytest.FixtureRequest, benchmark: Any) -> object:  # noqa: ANN401 (the same)
        """The same as `measured`, where a repository has a fixture of that name."""
        return _fed(request, benchmark)


class _Plain:
    """The fixtures where nothing is timed, or pytest-benchmark does not show it."""

    @pytest.fixture(name=FIXTURE)
    def measured(self, request: pytest.FixtureRequest) -> object:
        """The case's record, its latency, throughput and ratio to the yardstick, each with an interval.

        The yardstick is a network of the shape of LeViT-128S that never changes, eager, at batch 1, in every session.
        """
        return _answer(request)

    @pytest.fixture(name=SECOND_FIXTURE)
    def levit_measured(self, request: pytest.FixtureRequest) -> object:
        """The same as `measured`, where a repository has a fixture of that name."""
        return _answer(request)


def _fed(request: pytest.FixtureRequest, benchmark: Any) -> object:  # noqa: ANN401 (another plugin's)
    """The answer of a test, whose passes pytest-benchmark is given unless the test uses it itself."""
    if _takes_benchmark(request.node):
        return _answer(request)
    try:
        answer = _answer(request)
    except BaseException:
        _leave_out(benchmark)
        raise
    if answer is None or isinstance(answer, str):
        _leave_out(benchmark)
    elif hasattr(benchmark, "pedantic"):  # a conftest.py may define its own fixture `benchmark`
        request.node.stash[_REPLAY].load(answer.duration_s)
        benchmark.extra_info.update(answer.facts)
        benchmark.pedantic(_nothing, rounds=len(answer.duration_s), iterations=1)
    return answer


def _answer(request: pytest.FixtureRequest) -> Measured | str | None:
    declared = getattr(request, "param", None)
    if declared is None:
        try:
            # Another plugin's fixture, hidden by ours of the same name: tests without our mark use that one.
            return request.getfixturevalue(request.fixturename or FIXTURE)  # type: ignore[no-any-return]
        except pytest.FixtureLookupError:
            pass
        pytest.fail(_without_mark(request.node, request.fixturename or FIXTURE), pytrace=False)
    request.node.stash[_ANSWERED] = True
    door = request.config.stash[_DOOR]
    answer: Measured | str | None = door.answer(request.node, declared)
    judgement = door.judgement(request.node.nodeid)
    facts = getattr(answer, "facts", {})
    if judgement is not None:
        request.node.stash[_JUDGED] = judgement
        # A case without a time has a verdict all the same.
        facts = {"gate": judgement.word, **facts}
    for name, value in facts.items():
        request.node.user_properties.append((name, value))
    return answer


def _without_mark(item: pytest.Item, fixture: str) -> str:
    """What to say of a test without our mark that takes our fixture: a misspelt mark is named."""
    message = f"the fixture {fixture!r} belongs to tests with the mark {MARK}"
    marks = {mark.name: mark for mark in item.iter_markers()}
    if near := difflib.get_close_matches(MARK, marks, n=1):
        values = [*map(repr, marks[near[0]].args), *(f"{name}={v!r}" for name, v in marks[near[0]].kwargs.items())]
        return f"{message}, and this one has the mark {near[0]!r}. Write @pytest.mark.{MARK}({', '.join(values)})"
    return f"{message}. Name a network in one, such as @pytest.mark.{MARK}('levit_128s')"


def _takes_benchmark(item: pytest.Item) -> bool:
    """Whether the test itself takes pytest-benchmark's fixture, and so decides what that times."""
    function = getattr(item, "obj", None)
    return function is not None and "benchmark" in inspect.signature(function).parameters


def _leave_out(benchmark: Any) -> None:  # noqa: ANN401 (another plugin's)
    """Disable pytest-benchmark for this test, and call it once so that it does not warn."""
    if hasattr(benchmark, "pedantic"):
        benchmark.disabled = True
        benchmark.pedantic(_nothing)


def _nothing() -> None:
    """Do nothing: pytest-benchmark times a call of this with the replayed timer."""


def _declared(item: pytest.Item) -> Declared | None:
    """The case of a test, if it has our mark."""
    if item.get_closest_marker(MARK) is None or not hasattr(item, "callspec"):
        return None
    parameter = item.callspec.params.get(_fixture_of(item.callspec.params) or FIXTURE)
    return parameter if hasattr(parameter, "request") and hasattr(parameter, "group") else None


def _fixture_of(names: Collection[str]) -> str | None:
    """Which of our fixtures is among some names; the second one, where both are: the first is another's there."""
    return next((name for name in (SECOND_FIXTURE, FIXTURE) if name in names), None)


def _is_mark_taken(config: pytest.Config) -> bool:
    """Whether the repository declares a mark of our name."""
    return any(re.match(rf"{MARK}\b", line) and line != _MARKER for line in config.getini("markers"))


def _is_fixture_taken(metafunc: pytest.Metafunc) -> bool:
    """Whether the test's fixture `measured` is another's."""
    definitions = metafunc._arg2fixturedefs.get(FIXTURE, ())
    return bool(definitions) and definitions[-1].func.__module__ != __name__


def _has_another_fixture(item: pytest.Item) -> bool:
    """Whether a test's fixture `measured` is another's, and does not take ours in its turn, as far as this is known."""
    info = getattr(item, "_fixtureinfo", None)
    if info is None or _fixture_of(info.names_closure) != FIXTURE:
        return False
    for definition in reversed(info.name2fixturedefs.get(FIXTURE, ())):
        if definition.func.__module__ == __name__:
            return False
        if "request" in definition.argnames:  # It may ask for ours.
            return False
        if FIXTURE not in definition.argnames:
            return True
    return False


def _asks_another(config: pytest.Config) -> bool:
    """Whether `--benchmark` is given, and is another's option here."""
    if _spelled(_TIMED) == _flag(_TIMED):
        return False
    configured = config.getini("addopts")
    words = [str(word) for word in config.invocation_params.args]
    words += shlex.split(os.environ.get("PYTEST_ADDOPTS", ""))
    words += shlex.split(configured) if isinstance(configured, str) else configured
    return any(word.partition("=")[0] == _flag(_TIMED) for word in words)


def _skipped(item: pytest.Item) -> bool:
    """Whether a mark keeps the test from running; conditions that are text are left to pytest, and timed."""
    if any(item.iter_markers("skip")):
        return True
    if any(condition is True for mark in item.iter_markers("skipif") for condition in mark.args):
        return True
    not_run = (mark for mark in item.iter_markers("xfail") if mark.kwargs.get("run", True) is False)
    return any(all(condition is True for condition in mark.args) for mark in not_run)


def _join_values(config: pytest.Config) -> None:
    """Make one text of the values of each option, as a list has it; several of an option of one value are refused.

    Options of the command line replace those of `addopts` in a file and in the environment.
    """
    words = [str(word) for word in config.invocation_params.args]
    for name, metavar, _ in _OPTIONS:
        values = getattr(config.option, _place(name), None)
        if not isinstance(values, list):
            continue
        flags = tuple(_spellings.get(name, ()))
        given = sum(word in flags or word.startswith(tuple(f"{flag}=" for flag in flags)) for word in words)
        if given:
            values = values[-given:]
        if len(values) > 1 and "[," not in metavar:
            _usage(f"{_spelled(name)} is given {len(values)} times, as {' and '.join(values)}. Give it once.")
        setattr(config.option, _place(name), ",".join(values))


def _is_under_codspeed(config: pytest.Config) -> bool:
    """Whether pytest-codspeed chooses the tests of this run: by its option, or inside its action."""
    if not any(
        getattr(plugin, "__name__", "").startswith("pytest_codspeed") for plugin in config.pluginmanager.get_plugins()
    ):
        return False
    return bool(getattr(config.option, "codspeed", False)) or "CODSPEED_ENV" in os.environ


def _value(config: pytest.Config, name: str) -> str | None:
    """The value of an option, if it is given."""
    value: str | None = getattr(config.option, _place(name), None)
    return value


def _option_values(config: pytest.Config) -> dict[str, str | bool | None]:
    """Options of a request that were given, or are off."""
    names = [name for name, *_ in (*_OPTIONS, *_FLAGS) if name not in ("store", "reuse", *_OF_GATE)]
    return {name: value for name in names if (value := getattr(config.option, _place(name), None)) is not None}


def _gate_values(config: pytest.Config) -> dict[str, str | bool]:
    """Options about a gate that were given."""
    values = {name: getattr(config.option, _place(name), None) for name in _OF_GATE}
    return {name: value for name, value in values.items() if value is not None and value is not False}


def _words_again(config: pytest.Config) -> tuple[str, ...]:
    """The words of this command line that ask for the same again: without stores, reports and waiting."""
    flags = {name for name, *_ in _FLAGS} | {"benchmark-autosave"}
    left_out = {flag: name not in flags for name in _NOT_REPEATED for flag in _spellings.get(name, ())}
    left_out |= {flag: flag[2:] not in flags for flag in _REPORTS}
    words: list[str] = []
    has_value = False
    for word in map(str, config.invocation_params.args):
        name, equals, _ = word.partition("=")
        if has_value and not word.startswith("-"):
            has_value = False
        elif name in left_out:
            has_value = left_out[name] and not equals
        else:
            has_value = False
            words.append(word)
    return tuple(words)


def _check_session_timeout(config: pytest.Config, door: Door) -> None:
    """Refuse a time limit of pytest-timeout for all tests together that ends before the session does.

    That plugin looks at its clock between tests, and one session comes before the first of them: the others would
    not be run, and what was measured for them not be read.
    """
    limit = getattr(config.option, "session_timeout", None)
    if limit is None:
        with suppress(KeyError, ValueError):  # the plugin is not there, or its limit is no number
            limit = float(config.getini("session_timeout") or 0)
    if not limit or not door.timing or door.distributed or _value(config, "reuse") is not None:
        return
    at_most = {} if door.gate is None or not door.gate.at_most else {"budget": door.gate.at_most}
    budget_s = _package().budget_s({**door.asked, **at_most})
    if budget_s >= limit:
        _usage(
            f"--session-timeout {limit:g} ends pytest after {limit:g} s, and all cases are timed for {budget_s:g} s "
            f"before the first test, with their preparation on top. Raise it, or lower {_spelled('budget')}."
        )


def _root(config: pytest.Config) -> Path:
    return Path(_value(config, "store") or "results")


# Both without what they were made of: pytest prints a chain of errors, and the message says it all.
def _usage(message: str) -> NoReturn:
    raise pytest.UsageError(f"levit-bench: {message}") from None


def _fail(test: str, message: str) -> NoReturn:
    raise pytest.fail.Exception(f"{test}: levit-bench: {message}", pytrace=False) from None


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _spelled(name: str) -> str:
    """An option as it is called here."""
    return next(iter(_spellings.get(name, ())), _flag(name))


def _in_options_of_pytest(message: str) -> str:
    """A message with options of the command line spelled as in pytest."""
    return _BARE_OPTION.sub(lambda match: _spelled(match[1]), message)


@contextmanager
def _refusals(plugin: ModuleType, tell: Callable[[str], None]) -> Iterator[None]:
    """Pass errors of the package to `tell`, with options spelled as in pytest."""
    try:
        yield
    except plugin.BenchError as error:
        message = plugin.error_message(error)
    except Exception as error:
        message = plugin.unforeseen(error)
    else:
        return
    tell(_in_options_of_pytest(message))


def _package() -> ModuleType:
    """The module `levit_bench.pytest_plugin`, imported when a marked test or `--benchmark` first needs it."""
    try:
        return importlib.import_module("levit_bench.pytest_plugin")
    except Exception as error:
        raise pytest.UsageError(f"levit-bench cannot be loaded: {_reason(error)}") from None


def _reason(error: Exception) -> str:
    """Why an import of the package failed: where a library is missing or too old, which, and how to get it."""
    try:
        refusal = importlib.import_module("levit_bench.libraries").refusal(error)
    except ImportError:  # the package itself is not there
        refusal = None
    return f"{type(error).__name__}: {error}" if refusal is None else str(refusal)
