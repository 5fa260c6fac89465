"""What the harness itself takes beside the seats."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.programs import output, run

_MOST_BYTES = 300 << 20

PROGRAM = """
import sys
from levit_bench.cli import main
from levit_bench.measuring.workers.memory import peak_bytes
try:
    main(sys.argv[1:])
finally:
    print("peak", peak_bytes(), file=sys.stderr)
"""


@pytest.mark.slow
def test_the_parent_stays_small_beside_its_seats(tmp_path: Path) -> None:
    words = ["run", "--networks", "tests.hostile_networks:sound@64", "--budget", "auto", "--thin"]
    done = run([sys.executable, "-c", PROGRAM, *words, "--store", tmp_path])
    assert done.returncode == 0, done.stderr
    peak = int(done.stderr.split("peak ")[-1])
    assert peak < _MOST_BYTES, f"{peak / (1 << 20):.0f} MiB"


def test_a_peak_is_of_this_process_and_not_of_its_parent() -> None:
    """A small process that a large one starts."""
    held = bytearray(200 << 20)
    program = "from levit_bench.measuring.workers.memory import peak_bytes; print(peak_bytes())"
    told = output([sys.executable, "-c", program])
    assert len(held) > 0
    assert 1 << 20 < int(told) < 150 << 20
