"""Runs git in a folder, whatever this process inherited from a hook or from another repository."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from levit_bench.errors import one_line

_FURTHER = frozenset(
    {
        "GIT_ATTR_SOURCE", "GIT_NAMESPACE", "GIT_QUARANTINE_PATH", "GIT_WORK_TREE", "GIT_DIR", "GIT_INDEX_FILE",
        "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_PREFIX",
        "GIT_LITERAL_PATHSPECS", "GIT_GLOB_PATHSPECS", "GIT_NOGLOB_PATHSPECS", "GIT_ICASE_PATHSPECS",
    }
)  # fmt: skip
"""Variables that turn git to another repository or another meaning of its arguments, also where git does not list
them."""
_SETTINGS = "GIT_CONFIG"
"""How variables that hold settings begin, such as the `safe.directory` of a container: they are the user's."""
_WITHOUT_HOOKS = ("-c", f"core.hooksPath={os.devnull}")
"""A hook of the user's may run anything, also when an index of our own is written."""
_REMEDY = re.compile(r"git config --global --add safe\.directory .+")
"""What git says to call where a repository belongs to another user."""


class GitAnswer(NamedTuple):
    """What one call of git came to."""

    text: str
    """Its output, without the last line feed; empty where it failed."""
    complaint: str = ""
    """Why it failed, on one line without the path; empty where it did not."""

    @property
    def words(self) -> str:
        """The output for people: bytes that are no UTF-8, as in old commits, are replaced."""
        return self.text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")

    @property
    def is_good(self) -> bool:
        """Whether git did what it was asked."""
        return not self.complaint


def ask_git(
    folder: Path, *words: str, environment: Mapping[str, str] | None = None, timeout_s: float | None = None
) -> GitAnswer:
    """The answer of `git WORDS` in a folder.

    Args:
        folder: where git starts.
        words: the command and its arguments.
        environment: variables for this call.
        timeout_s: after how many seconds an answer is no longer waited for; None: never.
    """
    inherited = {name: value for name, value in os.environ.items() if name not in _of_other_repositories()}
    try:
        done = subprocess.run(
            # Nothing is written unasked: `git status` would otherwise refresh the user's index.
            ["git", "--no-optional-locks", *_WITHOUT_HOOKS, "-C", str(folder), *words],
            env={**inherited, "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", **(environment or {})},
            stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=timeout_s,
        )  # fmt: skip
    except FileNotFoundError:
        return GitAnswer("", "git is not installed")
    except subprocess.TimeoutExpired:
        return GitAnswer("", f"no answer within {timeout_s:g} s")
    except (OSError, ValueError) as error:  # Too many words, or a null character in one.
        return GitAnswer("", f"git cannot be started: {getattr(error, 'strerror', None) or error}")
    if done.returncode:
        return GitAnswer("", _complaint(os.fsdecode(done.stderr)) or f"exit code {done.returncode}")
    return GitAnswer(os.fsdecode(done.stdout).removesuffix("\n"))


def _complaint(text: str) -> str:
    """What git complains of, on one line, with the command that it advises where a repository is another user's."""
    remedy = _REMEDY.search(text)
    if remedy is not None:
        return f"it belongs to another user, and git refuses it. If you trust it: {remedy[0]}"
    return one_line(text).removeprefix("fatal: ")


@cache
def _of_other_repositories() -> frozenset[str]:
    """Variables that would turn git to another repository: those that git lists, without settings."""
    try:
        done = subprocess.run(
            ["git", "rev-parse", "--local-env-vars"],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        )  # fmt: skip
    except OSError:
        return _FURTHER
    return _FURTHER | {name for name in done.stdout.split() if not name.startswith(_SETTINGS)}
