"""A stand-in for the runner of GitHub's workflows: does the shell steps of a job for real, in a local clone.

It knows what the workflows of this repository use: `run` with `env`, the outputs of steps, and checkouts as shallow as
`actions/checkout` makes them. What a step calls and a test does not want is replaced on `PATH`.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.docs.blocks import ROOT
from tests.programs import output

RECIPES = ROOT / "docs" / "workflows"
_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.S)
_QUIET = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0"}
_NOBODY = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "somebody"), ("EMAIL", "somebody@example.org"))
}


def git(folder: Path, *words: str) -> str:
    """What git printed; by nobody's settings."""
    return output(["git", *words], cwd=folder, env=_QUIET | _NOBODY).strip()


def commit(folder: Path, name: str, text: str) -> str:
    """Write a file and commit everything; returns the commit."""
    (folder / name).write_text(text, encoding="utf-8")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", f"Write {name}")
    return git(folder, "rev-parse", "HEAD")


class Job:
    """One job of a workflow, with a folder for its checkout, one for its files, and one for its programs."""

    def __init__(self, folder: Path, workflow: str, job: str, context: Mapping[str, str]) -> None:
        """`context` holds what expressions name, such as `github.base_ref`; what it lacks is empty, as on GitHub."""
        self.told: dict[str, Any] = yaml.safe_load((RECIPES / workflow).read_text(encoding="utf-8"))
        self.steps: list[dict[str, Any]] = self.told["jobs"][job]["steps"]
        self.checkout, self.temp, self.programs = folder / "work", folder / "temp", folder / "programs"
        self.summary, self._outputs = folder / "summary.md", folder / "outputs"
        for created in (self.checkout, self.temp, self.programs):
            created.mkdir(parents=True)
        self.summary.touch()
        self.context = {"runner.temp": str(self.temp), **context}
        self.stub("levit-bench", _LEVIT_BENCH)
        self.stub("sleep", 'echo "$1" >> "$CALLS/sleep"\n')

    def value(self, text: str) -> str:
        """A text with its expressions replaced: the first of their alternatives that is not empty."""

        def first(match: re.Match[str]) -> str:
            return next(filter(None, (self.context.get(name.strip(), "") for name in match[1].split("||"))), "")

        return _EXPRESSION.sub(first, str(text))

    def stub(self, program: str, text: str) -> None:
        """Put a bash script before the program of that name."""
        path = self.programs / program
        path.write_text(f"#!/usr/bin/env bash\n{text}", encoding="utf-8")
        path.chmod(0o755)

    def calls(self, program: str) -> list[str]:
        """Each call of a stub, by its arguments with a bar between them."""
        path = self.programs / "calls" / program
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []

    def check_out(self, origin: Path, head: str) -> None:
        """What the job's `actions/checkout` leaves: one commit, or with `fetch-depth: 0` all branches as well."""
        (step,) = [step for step in self.steps if step.get("uses", "").startswith("actions/checkout@")]
        given = step.get("with", {})
        ref = self.value(given.get("ref", "")) or head
        git(self.checkout.parent, "clone", "--quiet", "--depth", "1", f"file://{origin}", str(self.checkout))
        if given.get("fetch-depth", 1) == 0:
            git(self.checkout, "fetch", "--quiet", "--unshallow", "origin", "+refs/heads/*:refs/remotes/origin/*")
        git(
            self.checkout,
            "fetch",
            "--quiet",
            *(() if given.get("fetch-depth") == 0 else ("--depth", "1")),
            "origin",
            ref,
        )
        git(self.checkout, "checkout", "--quiet", "--detach", "FETCH_HEAD")

    def run(self, name: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Do the step of that name, as GitHub does under `shell: bash`; its outputs join the context."""
        assert self.told["defaults"]["run"]["shell"] == "bash"
        (step,) = [step for step in self.steps if step.get("name") == name]
        script = self.temp.parent / "step.sh"
        script.write_text(step["run"], encoding="utf-8")
        (self.programs / "calls").mkdir(exist_ok=True)
        self._outputs.write_text("", encoding="utf-8")
        given = {key: self.value(text) for key, text in (self.told.get("env", {}) | step.get("env", {})).items()}
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=self.checkout,
            env=os.environ | _QUIET | {
                "HOME": str(self.temp.parent),
                "PATH": os.pathsep.join([str(self.programs), os.environ["PATH"]]),
                "CALLS": str(self.programs / "calls"),
                "RUNNER_TEMP": str(self.temp),
                "GITHUB_OUTPUT": str(self._outputs),
                "GITHUB_STEP_SUMMARY": str(self.summary),
                "GITHUB_EVENT_NAME": self.context.get("github.event_name", ""),
            } | given | env,
            stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", timeout=3600, check=False,
        )  # fmt: skip
        if "id" in step:
            for line in self._outputs.read_text(encoding="utf-8").splitlines():
                key, _, value = line.partition("=")
                self.context[f"steps.{step['id']}.outputs.{key}"] = value
        return done


_LEVIT_BENCH = """
(IFS='|'; echo "$*" >> "$CALLS/levit-bench")
while [ $# -gt 0 ]; do
  case $1 in
    --out) mkdir -p "$2"; [ -z "${SAID-}" ] || printf '%s' "$SAID" > "$2/comment.md" ;;
    --store) [ -z "${SESSION-}" ] || { mkdir -p "$2/machine"; echo session > "$2/machine/$SESSION.jsonl"; } ;;
  esac
  shift
done
[ -z "${PRINTED-}" ] || echo "$PRINTED"
exit "${CODE:-0}"
"""
"""Writes down its arguments, and writes, prints and ends as the environment says."""


def pages(*found: object) -> str:
    """What `gh api --paginate` prints of lists: one after the other."""
    return "".join(json.dumps(page) for page in found)
