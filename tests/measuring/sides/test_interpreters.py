"""What another interpreter holds, and whether a worker can run on it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from levit_bench.errors import UsageError
from levit_bench.measuring.sides.interpreters import packages_here, packages_of


def script(path: Path, text: str) -> str:
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


def test_this_interpreter_holds_what_this_process_does() -> None:
    found, here = packages_of(sys.executable), packages_here()
    assert found.python == here.python == ".".join(map(str, sys.version_info[:3]))
    assert found.versions["torch"] == here.versions["torch"]
    assert found.versions["pytest-benchmark"] == here.versions["pytest-benchmark"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("echo nonsense", "none of Python 3.11 or later: it does not answer"),
        ("echo Traceback >&2; echo boom >&2; exit 1", "none of Python 3.11 or later: boom"),
        ("""echo '{"python": [3, 9, 18], "found": {}, "missing": []}'""", "is Python 3.9.18, and 3.11 or later"),
        (
            """echo '{"python": [3, 12, 1], "found": {}, "missing": ["torch", "timm"]}'""",
            r"lacks what a worker needs: torch, timm\. Install them there: .*other -m pip install torch timm",
        ),
    ],
)
def test_an_interpreter_that_cannot_serve_is_refused_with_the_reason(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        packages_of(script(tmp_path / "other", text))


def test_an_interpreter_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be started: No such file"):
        packages_of(str(tmp_path / "python"))
