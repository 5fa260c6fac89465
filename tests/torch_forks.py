"""Programs in processes of their own that hold torch already: forked from one that imported it, once for all of them.

To import torch takes seconds and is the same for all. What a program does to torch, or imports beside it, ends with it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.programs import ROOT, run

_SERVER = """
import json, os, signal, sys, traceback
import torch

def carry_out(asked):
    for number, name in ((1, "out"), (2, "err")):
        file = os.open(os.path.join(asked["answers"], name), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(file, number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["env"])
    sys.path[1:1] = asked["path"]
    sys.argv[:] = ["-c", *asked["arguments"]]
    exec(compile(asked["program"], "<string>", "exec"), {"__name__": "__main__"})

def code_of(asked):
    try:
        carry_out(asked)
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        traceback.print_exc()
        return 1
    return 0

for line in sys.stdin:
    child = os.fork()
    if not child:
        signal.alarm(3600)  # A busy machine never reaches it; a program that hangs does.
        code = code_of(json.loads(line))
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


class TorchForks:
    """A process that imported torch, and forks for each program."""

    def __init__(self, process: subprocess.Popen[str] | None) -> None:
        self._process = process

    def run(
        self,
        program: str,
        arguments: Sequence[str] = (),
        *,
        cwd: Path = ROOT,
        path: Sequence[Path] = (),
        env: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """The program with its exit code and what it printed.

        Args:
            program: Python's text, as behind `python -c`.
            arguments: behind it.
            cwd: its working folder, in which it finds modules first.
            path: folders in which it finds modules next, before this package's.
            env: added to the environment of the tests, without pytest's own variables.
        """
        folders = [*map(str, path), str(ROOT / "bench")]
        if self._process is None:
            more = {"PYTHONPATH": os.pathsep.join(folders)} | dict(env or {})
            return run([sys.executable, "-c", program, *arguments], cwd=cwd, env=more)
        with tempfile.TemporaryDirectory() as answers:
            here = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
            asked = {
                "program": program, "arguments": [*arguments], "cwd": str(cwd), "path": folders,
                "env": here | dict(env or {}), "answers": answers,
            }  # fmt: skip
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            print(json.dumps(asked), file=self._process.stdin, flush=True)
            code = int(self._process.stdout.readline())
            out, err = ((Path(answers) / name).read_text(encoding="utf-8") for name in ("out", "err"))
        return subprocess.CompletedProcess([program, *arguments], code, out, err)

    def output(self, program: str, arguments: Sequence[str] = (), *, cwd: Path = ROOT) -> str:
        """What the program printed on standard output; one that fails fails the test with all that it printed."""
        done = self.run(program, arguments, cwd=cwd)
        assert done.returncode == 0, f"ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout


@contextmanager
def torch_forks() -> Iterator[TorchForks]:
    """The process, until the end of the context; on systems where a process with torch may not fork, none."""
    if sys.platform != "linux":
        yield TorchForks(None)
        return
    with subprocess.Popen(
        [sys.executable, "-c", _SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
    ) as process:
        yield TorchForks(process)
