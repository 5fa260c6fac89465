"""The workflows call commands that exist, on runners of both kinds of processors."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from levit_bench.cli import _VERBS, cli
from levit_bench.numbers.units import parse_duration

from tests.house.plan import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def steps(path: Path) -> list[dict[str, Any]]:
    """All steps of a workflow."""
    told = yaml.safe_load(path.read_text(encoding="utf-8"))
    return [step for job in told["jobs"].values() for step in job["steps"]]


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


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_no_command_holds_what_somebody_types(path: Path) -> None:
    assert not [step["run"] for step in steps(path) if "${{" in step.get("run", "")]


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
def test_every_job_that_installs_keeps_what_pip_downloads_and_takes_the_index_that_the_repository_names(
    path: Path,
) -> None:
    told = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert told["env"] == {"PIP_EXTRA_INDEX_URL": "${{ vars.PYTORCH_CPU_INDEX }}"}
    pythons = [step["with"] for step in steps(path) if step.get("uses", "").startswith("actions/setup-python")]
    assert len(pythons) == len(told["jobs"])
    assert {python["cache"] for python in pythons} == {"pip"}
    assert all((ROOT / python["cache-dependency-path"]).is_file() for python in pythons)


def test_the_job_that_reports_installs_neither_torch_nor_timm() -> None:
    told = yaml.safe_load((ROOT / ".github" / "workflows" / "paper.yml").read_text(encoding="utf-8"))
    installed = [step["run"] for step in told["jobs"]["report"]["steps"] if step.get("run", "").startswith("pip")]
    assert installed == [
        "pip install --no-deps .",
        "pip install -c constraints.txt -r requirements-reading.txt",
    ]
