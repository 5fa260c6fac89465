"""pytest plugin of levit-bench: `--benchmark` times what tests declare, without it the same tests are plain checks.

    @pytest.mark.levit_bench("nets.py:build", "efficientnet_b0", threads=1, batch=1)
    def test_ours_takes_less_than_twice_the_yardstick(measured):
        assert measured.relative.high < 2

A marked test takes the fixture `measured` and becomes one test for each case. With `--benchmark` all cases that
survived the selection are timed in one interleaved session when the first of them runs, and pytest-benchmark shows
their real passes. Without it each case is built and its outputs are checked, and the test's body does not run.

One file, so that it can be installed beside any repository: it adds only `--benchmark` and `--bench-*`, and imports the
package `levit_bench` only for marked tests or under `--benchmark`. Options, marks and fixtures of the repository under
test keep their names where they are the same as ours.
PYTEST_DONT_REWRITE: there are no test assertions in here.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, NoReturn
from weakref import WeakSet

import pytest

if TYPE_CHECKING:
    from levit_bench.pytest_plugin import Checks, Declared, Measured, TimedSession

MARK = "levit_bench"
FIXTURE = "measured"
# Written by tests/door/plugin_options.py from levit_bench.axes and levit_bench.asking.session_options.
# fmt: off
_MARKER = (
    MARK +
    (
        "(*networks, resolution, batch, threads, streams, allocator, form, precision, runtime, device, "
        "accuracy, dataset, images, classes, label): cases of a test; what is left out, the command line "
        "chooses."
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
            "Images a pass; 1..256 are the powers of two, and max is the largest that fits into a GPU. Default: "
            "1."
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
            " openvino; on a GPU also cuda-graphs. 'levit-bench list --runtimes' says what runs here. Default: "
            "eager."
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
        "Time for all runs together: 60s, 3m, 1h30m. Default: 60s.",
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
        "When a load counts as hung, at the earliest. Default: 5m.",
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
            "is the most that is spent. Looked at two or three times, declared beforehand."
        ),
    ),
    (
        "store", "FOLDER",
        "Folder of sessions. Default: results. Outside the repository: --bench-store=FOLDER.",
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
        "Measure even when the budget is too small for an honest interval.",
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
)
# fmt: on
# Up to here.
_BARE_OPTION = re.compile(rf"(?<!\S)--({'|'.join(name for name, *_ in (*_OPTIONS, *_FLAGS))})\b")
"""Matches options as messages of the command line name them."""


_TIMED = "benchmark"
_spellings: dict[str, str] = {}
"""Spelling of each option: the usual one, or a longer one where that is in use."""
_served: WeakSet[pytest.Parser] = WeakSet()


def add_option(parser: pytest.Parser, flag: str, name: str) -> None:
    """Add one more spelling of an option, such as `--device` beside `--bench-device`."""
    metavar, text = next((metavar, text) for option, metavar, text in _OPTIONS if option == name)
    parser.getgroup("levit-bench").addoption(flag, dest=_place(name), metavar=metavar, default=None, help=text)


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
    flags = {_flag(name) for name, *_ in _OPTIONS}
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
    if flag := _free(parser, _TIMED):
        group.addoption(
            flag,
            dest=_place(_TIMED),
            action="store_true",
            help="time the cases that tests marked levit_bench declare; example: pytest --benchmark --bench-threads "
            "1,2 --bench-budget 3m",
        )
    for name, _, _ in _OPTIONS:
        if flag := _free(parser, name):
            add_option(parser, flag, name)
    for name, text in _FLAGS:
        if flag := _free(parser, name):
            group.addoption(flag, dest=_place(name), action="store_true", help=text)


def _free(parser: pytest.Parser, name: str) -> str | None:
    """A spelling of an option that no other plugin uses, if there is one."""
    for flag in (_flag(name), f"--levit-{_flag(name)[2:]}"):
        word = f"{flag}=x"
        try:
            unknown = parser.parse_known_and_unknown_args([word])[1]
        except (pytest.UsageError, SystemExit):  # it is known, and takes no such value
            continue
        if word in unknown:
            _spellings[name] = flag
            return flag
    return None


def _flag(name: str) -> str:
    return f"--{name}" if name == _TIMED else f"--bench-{name}"


def _place(name: str) -> str:
    """The attribute in which pytest stores the value of an option, unique to this plugin."""
    return f"levit_bench_{name}"


def pytest_configure(config: pytest.Config) -> None:
    """Declare the mark, and refuse invalid options before collection."""
    config.addinivalue_line("markers", _MARKER)
    door = Door(config)
    config.stash[_DOOR] = door
    config.pluginmanager.register(_Feeding() if door.timing and door.feeds else _Plain(), "levit-bench-fixture")
    if is_asked(config):
        door.asked  # noqa: B018 (refuses invalid options)


def pytest_report_header(config: pytest.Config) -> list[str] | None:
    """Lines on the options, the store, and what will not be measured."""
    if not is_asked(config):
        return None
    given_options = " ".join(
        f"--{name} {value}" for name, value in _option_values(config).items() if isinstance(value, str)
    )
    heading = f"levit-bench: {given_options or 'defaults'}, sessions go to {_root(config)}"
    return [heading, *(f"levit-bench: {note}" for note in config.stash[_DOOR].notes())]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrize a marked test: one test for each case."""
    mark = metafunc.definition.get_closest_marker(MARK)
    if mark is None:
        return
    if FIXTURE not in metafunc.fixturenames:
        if _is_mark_taken(metafunc.config):
            return
        pytest.fail(f"a test marked {MARK} takes the fixture {FIXTURE!r}: def test_...({FIXTURE}):", pytrace=False)
    door = metafunc.config.stash[_DOOR]
    declared = door.declare(mark)
    if isinstance(declared, str):
        skipped = pytest.param(None, marks=pytest.mark.skip(reason=declared), id="not-asked")
        metafunc.parametrize(FIXTURE, [skipped], indirect=True)
        return
    params = [pytest.param(case, id=case.id) for case in declared]
    metafunc.parametrize(FIXTURE, params, indirect=True)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Give pytest-benchmark a timer that replays the measured passes, and group comparable cases."""
    door = config.stash[_DOOR]
    if not (door.timing and door.feeds):
        return
    for item in items:
        declared = _declared(item)
        if declared is not None:
            mark = item.get_closest_marker("benchmark")
            replay = item.stash[_REPLAY] = _Replay()
            kwargs = {"group": declared.group, **(mark.kwargs if mark else {}), "timer": replay}
            item.add_marker(pytest.mark.benchmark(**kwargs), append=False)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Fail a case without a time, with its reason; skip the body where the case was only checked."""
    if _declared(pyfuncitem) is None:
        return None
    answer = pyfuncitem.funcargs[FIXTURE]
    if not pyfuncitem.stash.get(_ANSWERED, False):
        pytest.fail(
            f"the mark {MARK} needs levit-bench's fixture {FIXTURE!r}, and another one of that name is nearer to this "
            "test, in a conftest.py or its module. Rename that.",
            pytrace=False,
        )
    if isinstance(answer, str):
        pytest.fail(answer, pytrace=False)
    return True if answer is None else None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Report the session's file, its findings, and the next command."""
    door = config.stash[_DOOR]
    if door.session is not None:
        terminalreporter.section("levit-bench")
        for line in door.summary():
            terminalreporter.write_line(line)


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


_DOOR = pytest.StashKey["Door"]()
_REPLAY = pytest.StashKey[_Replay]()
_ANSWERED = pytest.StashKey[bool]()


class Door:
    """The request of this pytest run to levit-bench, and its results."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self.session: TimedSession | None = None
        self._answers: dict[str, Measured | str] = {}
        self._checks: Checks | None = None
        self._refusal: str | None = None
        self._asked: dict[str, Any] | None = None
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

    def notes(self) -> list[str]:
        """Findings about parts of the request that will not be measured."""
        fields = self.asked
        messages: list[str] = []
        plugin = _package()
        with _refusals(plugin, messages.append):
            messages += plugin.notes(fields)
        return messages

    def declare(self, mark: pytest.Mark) -> list[Declared] | str:
        """The cases of a mark, or the reason why there are none here."""
        fields = self.asked
        plugin = _package()
        with _refusals(plugin, _fail):
            try:
                cases: list[Declared] = plugin.declare(mark.args, mark.kwargs, fields)
            except plugin.NotAskedError as reason:
                return str(reason)
        return cases

    def answer(self, item: pytest.Item, declared: Declared) -> Measured | str | None:
        """The result of a case, or the reason why there is none; None when it was only checked."""
        if not self.timing:
            return self._check(declared)
        if self.distributed:
            pytest.skip("timed tests need the machine to themselves, and xdist runs several at once: leave -n out")
        if self._refusal is not None:
            pytest.skip(f"the session was refused: {self._refusal}")
        if self.session is None:
            self._refusal = self._measure(item.session)
        return self._answers[item.nodeid] if self._refusal is None else self._refusal

    def summary(self) -> list[str]:
        """Lines for the end of the run."""
        assert self.session is not None
        findings = self.session.findings[:20]
        more = [f"… and {len(self.session.findings) - 20} more"] if len(self.session.findings) > 20 else []
        runs = f"{self.session.runs} complete run{'' if self.session.runs == 1 else 's'} in {self.session.path}"
        store = "" if str(_root(self._config)) == "results" else f" --store {_root(self._config)}"
        return [*findings, *more, f"{runs}; draw it: levit-bench front --session {self.session.path.stem}{store}"]

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
            problems.append(self._checks.problem(declared.request))
        return problems[0]

    def _measure(self, session: pytest.Session) -> str | None:
        """Time the cases of all tests that will run; returns why the session was refused, if it was."""
        waiting = [(item.nodeid, case) for item in session.items if (case := _declared(item)) and not _skipped(item)]
        capture = self._config.pluginmanager.getplugin("capturemanager")
        terminal = self._config.pluginmanager.getplugin("terminalreporter")
        if terminal is not None:
            terminal.ensure_newline()
        refused: list[str] = []
        plugin = _package()
        with (
            capture.global_and_fixture_disabled() if capture else nullcontext(),
            _refusals(plugin, refused.append),
            plugin.progress() as observer,
        ):
            self.session = plugin.measure([case.request for _, case in waiting], _root(self._config), observer)
        if self.session is None:
            return f"levit-bench: {refused[0]}"
        if self.session.interrupted:
            pytest.exit(f"levit-bench was interrupted; what was taken is in {self.session.path}", returncode=2)
        self._answers = {node: answer for (node, _), answer in zip(waiting, self.session.answers, strict=True)}
        return None


class _Feeding:
    """The fixture `measured` where pytest-benchmark shows the results."""

    @pytest.fixture
    def measured(self, request: pytest.FixtureRequest, benchmark: Any) -> object:  # noqa: ANN401 (another plugin's)
        """The case's record, its latency, throughput and ratio to the yardstick, each with an interval."""
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


class _Plain:
    """The fixture `measured` where nothing is timed, or pytest-benchmark does not show it."""

    @pytest.fixture
    def measured(self, request: pytest.FixtureRequest) -> object:
        """The case's record, its latency, throughput and ratio to the yardstick, each with an interval."""
        return _answer(request)


def _answer(request: pytest.FixtureRequest) -> Measured | str | None:
    declared = getattr(request, "param", None)
    if declared is None:
        try:
            # Another plugin's fixture, hidden by ours of the same name: tests without our mark use that one.
            return request.getfixturevalue(FIXTURE)  # type: ignore[no-any-return]
        except pytest.FixtureLookupError:
            pass
        pytest.fail(
            f"the fixture {FIXTURE!r} belongs to tests with a mark: @pytest.mark.{MARK}('levit_128s')", pytrace=False
        )
    request.node.stash[_ANSWERED] = True
    answer: Measured | str | None = request.config.stash[_DOOR].answer(request.node, declared)
    for name, value in getattr(answer, "facts", {}).items():
        request.node.user_properties.append((name, value))
    return answer


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
    parameter = item.callspec.params.get(FIXTURE)
    return parameter if hasattr(parameter, "request") and hasattr(parameter, "group") else None


def _is_mark_taken(config: pytest.Config) -> bool:
    """Whether the repository declares a mark of our name."""
    return any(re.match(rf"{MARK}\b", line) and line != _MARKER for line in config.getini("markers"))


def _skipped(item: pytest.Item) -> bool:
    """Whether a mark keeps the test from running; conditions that are text are left to pytest, and timed."""
    if any(item.iter_markers("skip")):
        return True
    return any(condition is True for mark in item.iter_markers("skipif") for condition in mark.args)


def _option_values(config: pytest.Config) -> dict[str, str | bool | None]:
    names = [name for name, *_ in (*_OPTIONS, *_FLAGS) if name != "store"]
    return {name: value for name in names if (value := getattr(config.option, _place(name), None)) is not None}


def _root(config: pytest.Config) -> Path:
    return Path(getattr(config.option, _place("store"), None) or "results")


def _usage(message: str) -> NoReturn:
    raise pytest.UsageError(f"levit-bench: {message}")


def _fail(message: str) -> NoReturn:
    pytest.fail(f"levit-bench: {message}", pytrace=False)


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
    tell(_BARE_OPTION.sub(lambda match: _spellings.get(match[1], _flag(match[1])), message))


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
