"""Questions that fail in any way: the fact is absent, and nothing else is lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import cpuinfo
import psutil
import pytest
from levit_bench.measuring.machine import description, probe

from tests.house.plan import ROOT


def stop() -> object:
    """An answer of some libraries."""
    raise SystemExit(3)


def absent() -> object:
    """Another one."""
    raise NotImplementedError("not known here")


@pytest.mark.parametrize(
    "told",
    [None, "4", float("nan"), float("inf"), -1, 0, 10**400, True, [4], 4.5, absent, stop],
    ids=lambda told: getattr(told, "__name__", str(told)[:20]),
)
def test_what_is_no_whole_number_within_limits_is_unknown(told: object) -> None:
    assert probe.whole(told if callable(told) else lambda: told, 1, 1 << 16) is None


def test_sound_answers_come_through() -> None:
    assert (probe.whole(lambda: 4, 1, 9), probe.whole(lambda: 4.0, 1, 9), probe.number(lambda: 2.5, 0, 9)) == (
        4,
        4,
        2.5,
    )
    assert probe.text(lambda: b"EPYC\x1b[31m  7B13\n") == "EPYC [31m 7B13"
    assert (probe.text(lambda: ""), probe.text(lambda: 7), probe.flag(lambda: 1)) == (None, None, None)


def test_a_question_that_hangs_is_given_up_and_not_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "PATIENCE_S", 0.1)
    monkeypatch.setattr(probe, "_hung", set())
    asked, end = [], threading.Event()

    def hang() -> object:
        asked.append(1)
        return end.wait(600)

    assert probe.answer(hang) is None
    assert probe.answer(hang) is None
    end.set()
    assert len(asked) == 1


_LIBRARY = ("cpu_count", "virtual_memory", "swap_memory", "cpu_freq", "cpu_times", "sensors_battery",
            "sensors_temperatures", "Process")  # fmt: skip


@pytest.mark.parametrize("fault", [absent, stop, object, lambda: float("nan"), lambda: -1])
def test_whatever_psutil_and_cpuinfo_do_the_machine_is_described(
    monkeypatch: pytest.MonkeyPatch, fault: Callable[[], object]
) -> None:
    def failing(*_: object, **__: object) -> object:
        return fault()

    sound = description.machine(gpus=False)
    for name in _LIBRARY:
        monkeypatch.setattr(psutil, name, failing, raising=False)
    monkeypatch.setattr(cpuinfo, "get_cpu_info", failing)
    who, state = description.machine(gpus=False), description.conditions()
    assert (state.clock_hz, state.swap_used_bytes, state.busy_s, state.steal_s, state.own_s) == (None,) * 5
    assert (who.physical_cores, state.available_bytes) == (None, None)
    if sys.platform == "linux":  # Files of the system say the same, so that it is no other machine.
        assert (who.logical_cores, who.memory_bytes) == (sound.logical_cores, sound.memory_bytes)
        assert (who.cpu_model, who.features) == (sound.cpu_model, sound.features)


def test_a_system_without_proc_and_sys_is_described(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreadable(*_: object, **__: object) -> object:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(description.Path, "read_text", unreadable)
    monkeypatch.setattr(description.Path, "glob", unreadable)
    who, state = description.machine(gpus=False), description.conditions()
    assert who.logical_cores >= 1
    assert (who.l2_bytes, who.l3_bytes, state.governor, state.huge_pages) == (None,) * 4
    assert (state.allowance.core_kinds, state.allowance.cpu_quota) == ((), None)


_RAISES = """
import psutil
def unknown(*_, **__):
    raise NotImplementedError("not known here")
for name in ("cpu_freq", "virtual_memory", "cpu_times", "sensors_temperatures", "Process"):
    setattr(psutil, name, unknown)
"""


def test_the_command_describes_a_machine_whose_libraries_raise(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(_RAISES, encoding="utf-8")
    path = os.pathsep.join([str(tmp_path), str(ROOT / "bench")])
    done = subprocess.run(
        [sys.executable, "-m", "levit_bench", "machine", "--json"],
        cwd=tmp_path, env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True, check=False, timeout=3600,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert told["conditions"]["clock_hz"] is None
    assert told["machine"]["memory_bytes"]


@pytest.mark.slow
def test_a_session_is_measured_where_the_libraries_raise_and_the_shell_is_hostile(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(_RAISES, encoding="utf-8")
    path = os.pathsep.join([str(tmp_path), str(ROOT / "bench")])
    hostile = {"PYTHONPATH": path, "LRU_CACHE_CAPACITY": "0", "OPENBLAS_CORETYPE": "Prescott", "PYTHONOPTIMIZE": "2"}
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "levit_bench",
            "run",
            "--networks",
            "levit_128s@64",
            "--budget",
            "auto",
            "--thin",
            "--json",
        ],
        cwd=tmp_path,
        env=os.environ | hostile,
        capture_output=True,
        text=True,
        check=False,
        timeout=3600,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert "shell-dropped" in done.stderr
    (file,) = (tmp_path / "results").glob("*/*.jsonl")
    head = json.loads(file.read_text(encoding="utf-8").splitlines()[0])
    assert {"LRU_CACHE_CAPACITY", "OPENBLAS_CORETYPE", "PYTHONOPTIMIZE"} <= set(head["shell"]["dropped"])
    assert (head["shell"]["settings"], head["conditions"]["clock_hz"]) == ({}, None)
