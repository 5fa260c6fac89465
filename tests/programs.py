"""Programs that tests run in a process of their own, such as the command line, on the checkout under test."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
_LONGEST_S = 3600  # A busy machine never reaches it; a program that hangs does.


def run(
    command: Sequence[str | Path], *, cwd: Path = ROOT, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """The program with its exit code and what it printed; `env` is added to the environment of the tests.

    pytest's own variables are left out: a pytest that the program starts is not one of this one's workers.
    """
    here = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    return subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env=here | {"PYTHONPATH": str(ROOT / "bench")} | dict(env or {}),
        stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", check=False, timeout=_LONGEST_S,
    )  # fmt: skip


def output(command: Sequence[str | Path], *, cwd: Path = ROOT, env: Mapping[str, str] | None = None) -> str:
    """What the program printed on standard output; a program that fails fails the test with all that it printed."""
    done = run(command, cwd=cwd, env=env)
    assert done.returncode == 0, f"{done.args} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout
