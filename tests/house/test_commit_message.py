"""The check of commit messages: what it refuses, and that git and pre-commit call it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.house.plan import ROOT

SCRIPT = ROOT / ".ci" / "commit-msg"
BODY = "\n\nA sentence that says why.\n"


def checked(tmp_path: Path, text: str) -> subprocess.CompletedProcess[str]:
    """The script on a message."""
    file = tmp_path / "COMMIT_EDITMSG"
    file.write_text(text, encoding="utf-8")
    return subprocess.run([sys.executable, SCRIPT, file], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "text",
    [
        "Name the glob that matched nothing",
        "Name the glob that matched nothing" + BODY,
        "x" * 72 + BODY,
        "×" * 72,
        "Name the glob\n\n" + "A body may be as wide as it wants. " * 9,
        "Name the glob\n# Please enter the commit message.\n",
        "\n# A comment\n\nName the glob\n",
        "Name the glob\n\n# ------------------------ >8 ------------------------\ndiff --git a/x b/x\n+x\n",
        "Keep what is in … and go on",
        "Merge branch 'a-branch-whose-name-is-so-long' into 'another-branch-whose-name-is-long'",
        'Revert "Name the glob that matched nothing."\n\nThis reverts commit 15f4414.\n',
        "fixup! " + "x" * 70,
    ],
)
def test_a_message_passes(tmp_path: Path, text: str) -> None:
    done = checked(tmp_path, text)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x" * 73 + BODY, "the subject has 73 characters, at most 72"),
        ("Name the glob that matched nothing.", "the subject ends with a full stop"),
        (" Name the glob", "the subject begins with a space"),
        ("Name the glob\nthat matched nothing", "the second line is not blank"),
        ("", "the message is empty"),
        ("# a comment alone\n", "the message is empty"),
    ],
)
def test_a_message_is_refused_with_the_reason(tmp_path: Path, text: str, said: str) -> None:
    done = checked(tmp_path, text)
    assert (done.returncode, done.stdout) == (1, "")
    assert said in done.stderr


def test_everything_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    done = checked(tmp_path, "x" * 80 + ".\nmore")
    assert len(done.stderr.splitlines()) == 3


def test_without_a_file_it_says_how_it_is_called() -> None:
    done = subprocess.run([sys.executable, SCRIPT], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, ".ci/commit-msg FILE\n")


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_git_refuses_a_commit_by_it_and_takes_a_good_one(tmp_path: Path) -> None:
    """As a hook of git's own, which is what pre-commit makes of it."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")} | {
        "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull,
        "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.org",
        "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@example.org",
    }  # fmt: skip

    def git(*words: str) -> int:
        return subprocess.run(["git", *words], cwd=tmp_path, env=env, capture_output=True, check=False).returncode

    assert git("init", "-q") == 0
    hooks = tmp_path / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    shutil.copy(SCRIPT, hooks / "commit-msg")
    assert git("commit", "--allow-empty", "-m", "Name the glob.") == 1
    assert git("commit", "--allow-empty", "-m", "Name the glob", "-m", "A sentence that says why.") == 0


def test_pre_commit_calls_it_for_messages_and_nothing_else_then() -> None:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    hooks = {hook["id"]: hook for repo in config["repos"] for hook in repo["hooks"]}
    assert hooks["commit-msg"]["stages"] == ["commit-msg"]
    assert (ROOT / hooks["commit-msg"]["entry"]) == SCRIPT
    assert os.access(SCRIPT, os.X_OK)
    others = [hook for name, hook in hooks.items() if name != "commit-msg"]
    assert all(hook.get("stages", config["default_stages"]) == ["pre-commit"] for hook in others)
    assert config["default_install_hook_types"] == ["pre-commit", "commit-msg"]
