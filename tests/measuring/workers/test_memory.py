"""Memory of a process: its own, and not its parent's."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from levit_bench.measuring.workers import memory

from tests.programs import output

ROOT = Path(__file__).parents[3]
LARGE = 256 << 20


def test_the_peak_is_no_less_than_what_is_resident() -> None:
    resident = memory.resident_bytes()
    peak = memory.peak_bytes()
    assert peak is None or peak >= resident * 0.99  # The kernel counts pages in batches.


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a process starts with a maximum of its own")
def test_the_peak_of_a_large_parent_is_not_told_for_its_childs() -> None:
    child = "from levit_bench.measuring.workers.memory import peak_bytes; print(peak_bytes())"
    parent = (
        f"import subprocess, sys; held = b'x' * {LARGE}; "
        f"print(subprocess.run([sys.executable, '-c', {child!r}], capture_output=True, text=True, check=True).stdout)"
    )
    assert 0 < int(output([sys.executable, "-c", parent])) < LARGE


@pytest.mark.parametrize("text", [None, b"Name:\tpython\n"])
def test_a_system_that_does_not_say_leaves_the_peak_absent(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: bytes | None
) -> None:
    status = tmp_path / "status"
    if text is not None:
        status.write_bytes(text)
    monkeypatch.setattr(memory, "_STATUS", status)
    monkeypatch.setattr(sys, "platform", "linux")
    assert memory.peak_bytes() is None
