"""The workflows of this repository, and those in docs/ to copy, keep to GitHub's schema and to rules of ours."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from levit_bench.cli import _VERBS, cli
from levit_bench.numbers.units import parse_duration

from tests.house.plan import ROOT
from tests.programs import output

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
RECIPES = sorted((ROOT / "docs" / "workflows").glob("*.yml"))
ALL = [*WORKFLOWS, *RECIPES]
MAJORS = {"checkout": 7, "setup-python": 7, "upload-artifact": 7, "download-artifact": 8}
"""Versions of GitHub's own actions that are used here: the newest ones in November 2026. No other actions are used."""
WRITES = {"gate-comment.yml": {"comment": {"pull-requests"}}, "nightly.yml": {"keep": {"contents"}}}
"""What jobs may write, by file; all others read."""
EXPRESSIONS_IN = {"env", "with", "if", "group", "runs-on", "cancel-in-progress"}
"""Keys whose values may hold an expression. A `run` may not: what somebody types would become a part of the script."""

each = pytest.mark.parametrize("path", ALL, ids=lambda path: path.relative_to(ROOT).as_posix())


def read(path: Path) -> dict[Any, Any]:
    """A workflow; YAML 1.1 reads its key `on` as the truth value True."""
    told: dict[Any, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return told


def starts_by(path: Path) -> set[str]:
    """The events that start a workflow."""
    return set(read(path)[True])


def leaves(value: object, key: str = "") -> Iterator[tuple[str, str]]:
    """Every text of a workflow below the nearest key of a mapping that says what it is, such as `env`."""
    if isinstance(value, dict):
        for name, below in value.items():
            yield from leaves(below, key if key in ("env", "with", "outputs") else str(name))
    elif isinstance(value, list):
        for below in value:
            yield from leaves(below, key)
    else:
        yield key, str(value)


def steps(path: Path) -> list[dict[str, Any]]:
    """All steps of a workflow."""
    return [step for job in read(path)["jobs"].values() for step in job["steps"]]


def commands(path: Path) -> list[list[str]]:
    """Words of every command line, expressions of the workflow replaced by a word."""
    lines = [line for step in steps(path) for line in step.get("run", "").splitlines()]
    return [shlex.split(re.sub(r"\$\{\{.*?\}\}|\$BUDGET", "10m", line)) for line in lines]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_command_of_a_workflow_exists(path: Path) -> None:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
    called = commands(path)
    assert called
    for words in called:
        assert words[0] in ("make", "pip", "levit-bench", "cat", "sed"), words
        if words[0] == "make":
            assert words[1] in targets
        if words[0] == "levit-bench":
            assert words[1] in _VERBS
            verb = cli.get_command(None, words[1])  # type: ignore[arg-type]
            assert verb is not None
            known = {option for parameter in verb.params for option in parameter.opts}
            assert {word for word in words[2:] if word.startswith("--")} <= known


@pytest.mark.parametrize("name", ["tests.yml", "paper.yml"])
def test_both_kinds_of_processors_are_asked(name: str) -> None:
    told = yaml.safe_load((ROOT / ".github" / "workflows" / name).read_text(encoding="utf-8"))
    runners = [job["strategy"]["matrix"]["runner"] for job in told["jobs"].values() if "strategy" in job]
    assert ["ubuntu-24.04", "ubuntu-24.04-arm"] in runners


@pytest.mark.parametrize("schema", ["vendor.github-workflows", "custom.github-workflows-require-timeout"])
def test_workflows_keep_to_the_published_schema_and_every_job_has_an_end(schema: str) -> None:
    assert "ok" in output([sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *ALL])


@pytest.mark.parametrize(
    ("line", "broken"),
    [
        ("    timeout-minutes: 30\n", ""),
        ("  pull_request:\n", "  pull_requests:\n"),
        ("    runs-on: ubuntu-24.04\n", ""),
        ("        run: |\n", "        runs: |\n"),
    ],
)
def test_the_schema_finds_what_is_wrong(tmp_path: Path, line: str, broken: str) -> None:
    text = (ROOT / "docs" / "workflows" / "gate.yml").read_text(encoding="utf-8")
    assert line in text
    (tmp_path / "gate.yml").write_text(text.replace(line, broken), encoding="utf-8")
    ends = [
        subprocess.run(
            [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(tmp_path / "gate.yml")],
            capture_output=True,
            check=False,
        ).returncode
        for schema in ("vendor.github-workflows", "custom.github-workflows-require-timeout")
    ]
    assert 1 in ends


@each
def test_expressions_stand_where_no_shell_reads_them(path: Path) -> None:
    assert [(key, text) for key, text in leaves(read(path)) if "${{" in text and key not in EXPRESSIONS_IN] == []


@each
def test_actions_are_githubs_own_in_their_newest_versions(path: Path) -> None:
    used = {step["uses"] for step in steps(path) if "uses" in step}
    assert used <= {f"actions/{name}@v{major}" for name, major in MAJORS.items()}


@each
def test_rights_are_stated_and_written_with_by_none_but_the_jobs_that_are_named(path: Path) -> None:
    told = read(path)
    assert told["permissions"] in ({}, {"contents": "read"})
    writes = {
        name: {what for what, right in job["permissions"].items() if right != "read"}
        for name, job in told["jobs"].items()
        if "permissions" in job
    }
    assert writes == WRITES.get(path.name, {})


@each
def test_a_job_that_may_write_runs_nothing_that_was_installed_and_no_code_of_a_pull_request(path: Path) -> None:
    assert "pull_request_target" not in starts_by(path)
    for name in WRITES.get(path.name, {}):
        job = read(path)["jobs"][name]
        assert starts_by(path) & {"pull_request", "push"} == set()
        scripts = "\n".join(step.get("run", "") for step in job["steps"])
        assert not re.search(r"^ *(?:if )?(pip|python3?|levit-bench|make|sh|bash|\./\S*)\b", scripts, re.M)
        checkouts = [step for step in job["steps"] if step.get("uses", "").startswith("actions/checkout@")]
        assert [step for step in checkouts if "with" in step] == []
        assert not checkouts or "workflow_run" not in starts_by(path)


@each
def test_code_of_pull_requests_finds_no_credentials_and_a_newer_push_ends_its_run(path: Path) -> None:
    if "pull_request" not in starts_by(path):
        return
    checkouts = [step for step in steps(path) if step.get("uses", "").startswith("actions/checkout@")]
    assert checkouts
    assert {step["with"]["persist-credentials"] for step in checkouts} == {False}
    concurrency = read(path)["concurrency"]
    assert concurrency["cancel-in-progress"] is True
    assert "${{ github.workflow }}" in concurrency["group"]
    assert "${{ github.ref }}" in concurrency["group"]


@each
def test_a_job_that_looks_into_the_history_fetches_all_of_it(path: Path) -> None:
    for job in read(path)["jobs"].values():
        text = "\n".join(step.get("run", "") for step in job["steps"])
        if re.search(r"git merge-base|^ *levit-bench gate ", text, re.M):
            (checkout,) = [step for step in job["steps"] if step.get("uses", "").startswith("actions/checkout@")]
            assert checkout["with"]["fetch-depth"] == 0


@each
def test_every_job_that_installs_keeps_what_pip_downloads_and_takes_the_index_that_is_named(path: Path) -> None:
    told = read(path)
    for job in told["jobs"].values():
        if any(re.match(r"pip|make", step.get("run", "")) for step in job["steps"]):
            assert told["env"]["PIP_EXTRA_INDEX_URL"] == "${{ vars.PYTORCH_CPU_INDEX }}"
            (python,) = [s["with"] for s in job["steps"] if s.get("uses", "").startswith("actions/setup-python@")]
            assert python["cache"] == "pip"
            assert python["cache-dependency-path"]


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")
@each
def test_every_script_is_one_that_bash_can_read(path: Path) -> None:
    for step in steps(path):
        if "run" in step:
            done = subprocess.run(["bash", "-n"], input=step["run"], capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.name)
def test_what_a_recipe_asks_of_the_command_line_exists(path: Path) -> None:
    scripts = "\n".join(step.get("run", "") for step in steps(path)).replace("\\\n", " ")
    called = [shlex.split(line)[1:] for line in re.findall(r"^ *(levit-bench [^>\n]*)", scripts, re.M)]
    assert called or path.name == "gate-comment.yml"
    for verb, *words in called:
        command = cli.get_command(None, verb)  # type: ignore[arg-type]
        assert command is not None, verb
        known = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= known


def test_the_paper_workflow_starts_every_week_and_on_demand_and_measures_for_as_long_as_it_is_told() -> None:
    path = ROOT / ".github" / "workflows" / "paper.yml"
    told = yaml.safe_load(path.read_text(encoding="utf-8"))
    when = told[True]  # YAML 1.1 reads the word `on` as a truth value
    assert set(when) == {"workflow_dispatch", "schedule"}
    (measured,) = [step for step in steps(path) if step.get("run", "").startswith("make bench")]
    assert measured["env"]["BUDGET"] == "${{ inputs.budget || '10m' }}"
    parse_duration(when["workflow_dispatch"]["inputs"]["budget"]["default"])


def test_what_the_paper_workflow_uploads_is_what_it_merges() -> None:
    path = ROOT / ".github" / "workflows" / "paper.yml"
    uploaded = [step["with"] for step in steps(path) if step.get("uses", "").startswith("actions/upload-artifact")]
    downloaded = [step["with"] for step in steps(path) if step.get("uses", "").startswith("actions/download-artifact")]
    assert uploaded[0]["path"] == "measured"
    assert uploaded[0]["name"].startswith(downloaded[0]["pattern"].removesuffix("*"))
    assert downloaded[0]["merge-multiple"] is True
    (bench,) = [words for words in commands(path) if words[:2] == ["make", "bench"]]
    assert bench[2].endswith("--store measured")


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_what_pip_has_downloaded_is_kept_by_a_file_of_this_repository(path: Path) -> None:
    pythons = [step["with"] for step in steps(path) if step.get("uses", "").startswith("actions/setup-python")]
    assert pythons
    assert all((ROOT / python["cache-dependency-path"]).is_file() for python in pythons)


def test_the_job_that_reports_installs_neither_torch_nor_timm() -> None:
    told = yaml.safe_load((ROOT / ".github" / "workflows" / "paper.yml").read_text(encoding="utf-8"))
    installed = [step["run"] for step in told["jobs"]["report"]["steps"] if step.get("run", "").startswith("pip")]
    assert installed == [
        "pip install --no-deps .",
        "pip install -c constraints.txt -r requirements-reading.txt",
    ]
