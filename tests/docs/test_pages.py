"""What the README and docs/ say is true: commands run, links lead somewhere, the format page matches the types."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from levit_bench.asking.request import MAX_BUDGET_VARIABLE
from levit_bench.catalog.entries import entries
from levit_bench.cli import _VERBS, cli
from levit_bench.errors import EXIT_NOTHING
from levit_bench.measuring import runtimes
from levit_bench.numbers.units import parse_duration

from tests.cli.test_cli import run
from tests.docs.blocks import PAGES, PARSED_ONLY, ROOT, SHELL, Block, blocks, commands, lay_out
from tests.docs.workflow_runner import commit, git
from tools.pages.format_page import PAGE, page

CAP = {"levit-bench": "5s", "pytest": "15s", "python": "5s"}
"""Budgets by command."""
LONG_CAP = "60s"
"""Budget of a suite that asserts on an interval: it needs more than one that is only shown."""
WORKED = ("docs/add-a-network.md", "docs/add-a-runtime.md", "docs/add-a-device.md")
"""Pages whose measurements test_worked_pages.py runs, in order."""
LONGEST_S = 60.0
"""Seconds of the longest documented budget that is run, capped; longer ones prepare too much for a test."""
MOST_NETWORKS = 3
"""Networks up to which a documented measurement is run; more, and groups, prepare for minutes."""
IN_THIS_PROCESS = (
    "aa", "cache", "compare", "explain", "front", "list", "machine", "pick", "plan", "scaling", "show", "tag",
    "trend",
)  # fmt: skip
"""Verbs that tests run without starting Python: those that measure nothing as they are called here."""
CarryOut = Callable[[list[str], Path, str], subprocess.CompletedProcess[str]]
"""Runs a command in a folder, beside the files of a page."""
PROGRAMS = {
    "levit-bench": ["-P", "-m", "levit_bench"],
    "pytest": ["-m", "pytest", "-p", "no:cacheprovider"],
    "python": [],
}


def _measures(words: list[str]) -> bool:
    if words[0] == "pytest":
        return "--benchmark" in words
    return words[:2] == ["levit-bench", "run"] or (words[:2] == ["levit-bench", "aa"] and "--networks" in words)


def _budget_s(words: list[str]) -> float:
    """Seconds of the budget that a measurement names; its default when it names none."""
    named = [text for option, text in pairwise(words) if option in ("--budget", "--bench-budget")]
    return parse_duration(named[-1]) if named else 60.0


def _prepares_for_minutes(words: list[str]) -> bool:
    """Whether a measurement is planned here, or collected, and not run."""
    named = [name for option, text in pairwise(words) if option == "--networks" for name in text.split(",")]
    groups = {group for entry in entries() for group in entry.groups}
    many = len(named) > MOST_NETWORKS or any(name in groups or "*" in name for name in named)
    return many or _budget_s(words) > LONGEST_S


def _trains(words: list[str]) -> bool:
    """Whether test_train_small.py runs it, as a slow test."""
    return words[:2] == ["python", "train_small.py"]


def _profiles(words: list[str]) -> bool:
    """Whether test_explain_page.py runs it, as a slow test."""
    return words[:2] == ["levit-bench", "explain"] and "--profile" in words


def _is_of_its_page(words: list[str], page: str) -> bool:
    """Whether it is about what its page measures, so that only test_worked_pages.py can run it."""
    return page in WORKED and "--set" in words


def _in_this_repository(words: list[str]) -> bool:
    """Whether a pytest command is about the suites and short options of this repository."""
    return words[0] == "pytest" and ("--networks" in words or "suites" in words)


def _needs_a_gpu(words: list[str]) -> bool:
    return ("--device", "cuda") in pairwise(words)


def _here(pairs: list[tuple[Block, list[str]]], *marks_of_all: pytest.MarkDecorator) -> list[object]:
    """The commands with these marks; those that name a runtime that cannot run here are skipped, with what it lacks.

    Those that run pytest are slow: they prepare networks.
    """
    found: list[object] = []
    for block, words in pairs:
        named = [name for option, text in pairwise(words) if option == "--runtime" for name in text.split(",")]
        missing = [why for name in named if (why := runtimes.unavailable(name)) is not None]
        marks = [*marks_of_all, *(pytest.mark.skip(reason=why) for why in missing[:1])]
        if words[0] == "pytest" and "--benchmark" not in words:
            marks.append(pytest.mark.slow)
        found.append(pytest.param(block, words, marks=marks))
    return found


def _asserts_on_limits(words: list[str], page: str) -> bool:
    """Whether a suite that the page shows asserts on the limits of an interval, which one run does not have."""
    suites = [block.text for block in blocks() if block.page == page and (block.file or "").startswith("test_")]
    return words[0] == "pytest" and not _in_this_repository(words) and any(".high" in text for text in suites)


def _files(words: list[str], page: str) -> str:
    """The page whose files a command is about; empty for one that any page could show."""
    shown = any(block.file for block in blocks() if block.page == page)
    foreign = words[0] == "pytest" or any(".py" in word or ".toml" in word or "/" in word for word in words)
    return page if shown and (foreign or "--runtime" in words) else ""


_EVERY = [(block, words) for block in blocks(*SHELL) for words in commands(block) if words[0] not in PARSED_ONLY]
_ON_GPU = [(block, words) for block, words in _EVERY if _needs_a_gpu(words)]
_ALL = [(block, words) for block, words in _EVERY if not _needs_a_gpu(words)]
_QUICK = [
    (block, words)
    for block, words in _ALL
    if not (_measures(words) or _trains(words) or _profiles(words) or _is_of_its_page(words, block.page))
]
_QUICK = list({(tuple(words), _files(words, block.page)): (block, words) for block, words in _QUICK}.values())
_LONG = [(block, words) for block, words in _ALL if _measures(words) and _prepares_for_minutes(words)]
_RUNS = [
    (block, words)
    for block, words in _ALL
    if _measures(words) and not _prepares_for_minutes(words) and block.page not in WORKED
]
_RUNS = list({(tuple(words), _files(words, block.page)): (block, words) for block, words in _RUNS}.values())
_FIRST_RUNS = {tuple(words[:2]): (block, words) for block, words in reversed(_RUNS)}.values()
_OTHER_RUNS = [pair for pair in _RUNS if pair not in _FIRST_RUNS]
"""Measurements by a program or a verb that an earlier one stands for in `.ci/run`, where these are planned only."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working folder with the committed results, for commands that read and write."""
    folder = tmp_path_factory.mktemp("docs")
    shutil.copytree(ROOT / "results", folder / "results")
    shutil.copy(ROOT / "trend.toml", folder)
    return folder


def execute(words: list[str], folder: Path, page: str) -> subprocess.CompletedProcess[str]:
    """Run one documented command with a capped budget, beside the files that its page shows."""
    assert words[0] in PROGRAMS, f"{words[0]} is neither run nor listed in PARSED_ONLY"
    program = [sys.executable, *PROGRAMS[words[0]]]
    if _in_this_repository(words):
        folder = folder / ".repository"  # which another page's plain `pytest` beside it does not enter
        shutil.copytree(ROOT / "suites", folder / "suites", dirs_exist_ok=True)
        (folder / "tests").mkdir(exist_ok=True)  # pytest warns of test paths that are not there.
        for name in ("conftest.py", "pyproject.toml"):
            shutil.copy(ROOT / name, folder / name)
        installed = [str(ROOT / "bench")]
    else:
        installed = [str(ROOT / "bench"), *map(str, lay_out(page, folder))]
    if "--bench-gate" in words:
        git(folder, "init", "--quiet", "--initial-branch", "main")
        commit(folder, ".gitignore", "results/\n__pycache__/\n")
    # A reader runs no xdist: pytest-benchmark looks for its worker's name in the environment, and switches itself off.
    plain = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_XDIST")}
    env = plain | {
        MAX_BUDGET_VARIABLE: LONG_CAP if _asserts_on_limits(words, page) else CAP[words[0]],
        "PYTHONPATH": os.pathsep.join(installed),
    }
    return subprocess.run(
        [*program, *words[1:]], cwd=folder, env=env, capture_output=True, text=True, timeout=3600, check=False
    )


def _needs_its_own_process(words: list[str], page: str) -> bool:
    """Whether a command is another program's, or may load what its page shows."""
    if words[0] != "levit-bench" or words[1] not in IN_THIS_PROCESS:
        return True
    return words[1] == "plan" and any(block.file for block in blocks() if block.page == page)


@pytest.fixture
def carry_out(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> CarryOut:
    """`execute`, but verbs that measure nothing run in this process: the same command line, in the same folder."""

    def carried_out(words: list[str], folder: Path, page: str) -> subprocess.CompletedProcess[str]:
        if _needs_its_own_process(words, page):
            return execute(words, folder, page)
        lay_out(page, folder)
        monkeypatch.chdir(folder)
        monkeypatch.setenv(MAX_BUDGET_VARIABLE, CAP[words[0]])
        return subprocess.CompletedProcess(words, *run(capsys, *words[1:]))

    return carried_out


@pytest.mark.parametrize(
    ("block", "words"), _here(_QUICK), ids=lambda value: " ".join(value) if isinstance(value, list) else str(value)
)
def test_a_documented_command_runs(folder: Path, block: Block, words: list[str], carry_out: CarryOut) -> None:
    done = carry_out(words, folder, block.page)
    # That stored sessions cannot be told apart is an answer, too, and has an exit code of its own.
    answered = words[:2] == ["levit-bench", "compare"] and " compared: " in done.stdout
    assert done.returncode in ((0, EXIT_NOTHING) if answered else (0,)), f"{block}: {done.stderr}"


def _planned(words: list[str]) -> list[str]:
    """What stands for a measurement that prepares for minutes: the same words, planned or collected."""
    if words[0] == "pytest":
        return [*words, "--collect-only"]
    return ["plan" if word == "run" else word for word in words]


@pytest.mark.parametrize(
    ("block", "words"),
    _here([*_LONG, *_OTHER_RUNS]),
    ids=lambda value: " ".join(value) if isinstance(value, list) else str(value),
)
def test_a_documented_measurement_of_minutes_can_be_asked_for(
    tmp_path: Path, block: Block, words: list[str], carry_out: CarryOut
) -> None:
    done = carry_out(_planned(words), tmp_path, block.page)
    assert done.returncode == 0, f"{block}: {done.stderr}"


@pytest.mark.parametrize(
    ("block", "words"), _ON_GPU, ids=lambda value: " ".join(value) if isinstance(value, list) else str(value)
)
def test_a_documented_measurement_on_a_gpu_is_understood_where_there_is_none(
    tmp_path: Path, block: Block, words: list[str], carry_out: CarryOut
) -> None:
    """Planned for a processor, and for a runtime that it has."""
    here = [*words]
    for option, value in (("--device", "cpu"), ("--runtime", "eager")):
        if option in here:
            here[here.index(option) + 1] = value
        else:
            here += [option, value]
    done = carry_out(_planned(here), tmp_path, block.page)
    assert done.returncode == 0, f"{block}: {done.stderr}"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("block", "words"),
    [*_here([*_FIRST_RUNS]), *_here(_OTHER_RUNS, pytest.mark.exhaustive)],
    ids=lambda value: " ".join(value) if isinstance(value, list) else str(value),
)
def test_a_documented_measurement_runs(tmp_path: Path, block: Block, words: list[str]) -> None:
    done = execute(words, tmp_path, block.page)
    assert done.returncode == 0, f"{block}: {done.stdout}\n{done.stderr}"
    assert list(tmp_path.rglob("*.jsonl")), "the measurement left no session"


@pytest.mark.slow
def test_the_suites_of_this_repository_are_timed_and_assert(tmp_path: Path) -> None:
    """The documented command names twelve networks; two tell as much of the suites."""
    words = ["pytest", "--benchmark", "--device", "cpu", "--threads", "1,2", "--batch", "1", "--bench-thin"]
    done = execute([*words, "--networks", "levit_128s,efficientnet_b0", "--budget", "3m"], tmp_path, "README.md")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 passed" in done.stdout


_PYTHON = [
    pytest.param(block, marks=[pytest.mark.slow] if "measure(" in block.text else [])
    for block in blocks("python")
    if block.file is None
]


@pytest.mark.parametrize("block", _PYTHON, ids=str)
def test_a_documented_python_block_runs(folder: Path, block: Block) -> None:
    env = os.environ | {MAX_BUDGET_VARIABLE: CAP["python"], "PYTHONPATH": str(ROOT / "bench")}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", block.text],
        cwd=folder, env=env, capture_output=True, text=True, timeout=3600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{block}: {done.stderr}"


def test_every_command_that_is_not_run_is_listed_with_its_reason_and_every_reason_is_needed() -> None:
    first = {words[0] for block in blocks(*SHELL) for words in commands(block)}
    assert set(PARSED_ONLY) & first
    assert first - set(PARSED_ONLY) <= set(PROGRAMS)


def test_every_make_target_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    named = {words[1] for block in blocks(*SHELL) for words in commands(block) if words[0] == "make"}
    assert named
    assert named <= targets


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_link_and_picture_leads_to_a_file(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
        if "://" not in target:
            assert (path.parent / target).exists(), f"{path.name} links to {target}"


def test_the_page_of_runtimes_says_of_each_where_it_runs() -> None:
    text = (ROOT / "docs/runtimes.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w[\w-]*)` \| [^|]+ \| ([^|]+) \|", text, re.M))
    own = [name for name in runtimes.names() if runtimes.POINT.is_own(name)]
    assert rows == {name: ", ".join(runtimes.devices_of(name)) for name in own}


def test_the_format_page_is_written_from_the_types() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m tools.pages.format_page"


def test_the_readme_is_short_and_names_every_verb() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 150
    assert all(f"levit-bench {verb}" in text for verb in _VERBS)


def test_every_verb_has_an_example_in_its_help_and_every_example_is_a_verb() -> None:
    for verb in _VERBS:
        command = cli.get_command(None, verb)  # type: ignore[arg-type]
        assert command is not None
        assert f"levit-bench {verb}" in (command.help or "")


def test_every_word_of_the_glossary_is_sorted_and_explained() -> None:
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", (ROOT / "docs/glossary.md").read_text("utf-8"), re.M)
    words = [row[0].strip() for row in rows if row[0].strip() not in ("word", "---")]
    assert len(words) > 25
    assert words == sorted(words, key=str.lower)
