"""What `--a` and `--b` of a gate name: a revision, an interpreter, requirements, values of axes, or several."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import NamedTuple

from levit_bench.axes import AXES, AxisKind
from levit_bench.errors import UsageError

_AXES = {axis.name: axis for axis in AXES if axis.kind is not AxisKind.OWN}
_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]*(\[[A-Za-z0-9,._-]+\])?"
_SCHEME = r"[A-Za-z][A-Za-z0-9+.-]*:/"
"""How an address begins. Without one, `HEAD@{1}` and `me@feature` are revisions."""
_REQUIREMENT = re.compile(rf"{_NAME}\s*((===|==|~=|!=|<=|>=|<|>)|@\s*{_SCHEME}).+")
"""A distribution with a version or an address, as PEP 508 has it; the installer checks the rest."""
_SPACES = re.compile(rf"\s*(===|==|~=|!=|<=|>=|<|>)\s*|\s*(,)\s*(?=[=~!<>])|\s*(@)\s+(?={_SCHEME})")
"""Spaces within a requirement: `torch >= 2, < 3` and `mine @ file:///wheel` are one word each."""
_WORD = re.compile(r"(?:[^\s{]|\{[^{}]*\}|\{)+")
"""A word without spaces, but for those in braces: `main@{2 days ago}`."""
_VALUE = re.compile(r"(?P<axis>[a-z_-]+)=(?P<value>[^=].*)")


class SideWords(NamedTuple):
    """One side as it was named, its words told apart."""

    text: str = ""
    """As the user wrote it; empty where the side was not named."""
    revision: str = ""
    """A revision of the user's repository; empty: the working tree."""
    python: str = ""
    """Path of an interpreter; empty: this one."""
    requirements: tuple[str, ...] = ()
    """Distributions with versions, to be installed."""
    axes: tuple[tuple[str, str], ...] = ()
    """Values of axes."""


def side_words(option: str, text: str) -> SideWords:
    """Tell the words of a side apart, which spaces separate.

    Args:
        option: that gives it, for messages.
        text: such as `main`, `.venv-old/bin/python`, `torch==2.12.*` or `HEAD~3 runtime=onnxruntime`. A path with
            spaces is one word where it is all there is.

    Raises:
        UsageError: it is empty, or names two revisions or interpreters.
    """
    if not text.strip():
        raise UsageError(
            f"{option} is empty. Name a revision such as main, an interpreter, requirements such as 'torch==2.12.*', "
            "or values of axes such as runtime=onnxruntime. On a runner, the variable that it comes from is not set."
        )
    words = [text] if _python_at(text) else _WORD.findall(_SPACES.sub(r"\1\2\3", text))
    revisions: list[str] = []
    pythons: list[str] = []
    requirements: list[str] = []
    axes: dict[str, str] = {}
    for word in words:
        value = _VALUE.fullmatch(word)
        if value is not None and value["axis"].replace("-", "_") in _AXES:
            axis = value["axis"].replace("-", "_")
            if axis in axes:
                raise UsageError(f"{option}: {axis} is given twice. A side has one value of it.")
            axes[axis] = value["value"]
        elif python := _python_at(word):
            pythons.append(python)
        elif _REQUIREMENT.fullmatch(word):
            requirements.append(word)
        elif value is not None:
            raise UsageError(f"{option}: there is no axis {value['axis'][:80]!r}. The axes are {', '.join(_AXES)}.")
        else:
            revisions.append(word)
    for kind, found in (("revisions", revisions), ("interpreters", pythons)):
        if len(found) > 1:
            raise UsageError(f"{option} names two {kind}, {found[0][:80]!r} and {found[1][:80]!r}. A side has one.")
    if pythons and requirements:
        raise UsageError(
            f"{option}: requirements are installed into an environment of their own, and {pythons[0]!r} is another "
            "one. Install them there, or leave one of the two out."
        )
    return SideWords(
        text.strip(), next(iter(revisions), ""), next(iter(pythons), ""), tuple(requirements), tuple(axes.items())
    )


def _python_at(word: str) -> str:
    """Path of the interpreter that a word names, or whose environment it names; empty where it names none.

    Raises:
        UsageError: it is the path of an interpreter that is not there or cannot be executed.
    """
    is_path = os.sep in word or "/" in word
    try:
        path = Path(word).expanduser()
        in_folder = (path / "bin" / "python", path / "Scripts" / "python.exe")
        # A word alone is a command or a branch, unless an environment lies in a folder of that name.
        for candidate in (path, *in_folder) if is_path else in_folder:
            if candidate.is_file() and os.access(candidate, os.X_OK):
                return str(candidate.absolute())
        is_there, is_folder = path.exists(), path.is_dir()
    except (OSError, RuntimeError, ValueError):  # Too long for a path, or the home of a user whom nobody knows.
        return ""
    if is_path and re.fullmatch(r"(python|pypy)[\d.]*(\.exe)?", path.name) is not None:
        if is_folder:
            raise UsageError(f"{word[:80]!r} is a folder without bin/python, and no interpreter. Mend the path.")
        if is_there:
            raise UsageError(f"{word[:80]!r} cannot be executed, so it is no interpreter. Mend the path or its mode.")
        raise UsageError(f"there is no interpreter {word[:80]!r}. Make the environment first, or mend the path.")
    return ""
