"""What the harness itself takes beside the seats."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.measuring.test_kill import ROOT

_MOST_BYTES = 300 << 20

PROGRAM = """
import resource, sys
from bench.cli import main
try:
    main(sys.argv[1:])
finally:
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print("peak", most if sys.platform == "darwin" else 1024 * most, file=sys.stderr)
"""


@pytest.mark.slow
def test_the_parent_stays_small_beside_its_seats(tmp_path: Path) -> None:
    words = ["run", "--networks", "tests.hostile_networks:sound@64", "--budget", "4s", "--thin"]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *words, "--store", str(tmp_path)],
        cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    peak = int(done.stderr.split("peak ")[-1])
    assert peak < _MOST_BYTES, f"{peak / (1 << 20):.0f} MiB"
