"""Programs that tests fork: each starts as the one before it did, and ends as a program of its own would."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.torch_forks import TorchForks

_CHANGES = """
import os, sys, torch
print(torch.get_default_dtype(), "forked_module" in sys.modules, os.environ.get("FORKED"))
print(os.path.basename(os.getcwd()))
import forked_module
torch.set_default_dtype(torch.float64)
os.environ["FORKED"] = "yes"
"""


def test_a_program_sees_nothing_of_the_one_before_it(forks: TorchForks, tmp_path: Path) -> None:
    (tmp_path / "forked_module.py").write_text("", encoding="utf-8")
    answers = {forks.output(_CHANGES, cwd=tmp_path) for _ in range(2)}
    assert answers == {f"torch.float32 False None\n{tmp_path.name}\n"}


def test_a_program_keeps_its_arguments_its_exit_code_and_what_it_said(forks: TorchForks) -> None:
    program = "import sys\nprint(sys.argv[1:])\nprint('to stderr', file=sys.stderr)\n"
    done = forks.run(f"{program}sys.exit(7)", ["a", "b"])
    assert (done.returncode, done.stdout, done.stderr) == (7, "['a', 'b']\n", "to stderr\n")
    failed = forks.run("raise ValueError('no')")
    assert (failed.returncode, failed.stdout) == (1, "")
    assert failed.stderr.endswith("ValueError: no\n")
    if sys.platform == "linux":
        assert forks.run("import os\nos.kill(os.getpid(), 9)").returncode == -9
    assert forks.output("print('the next one works')") == "the next one works\n"
