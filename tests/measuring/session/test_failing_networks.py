"""Networks that fail, in real seats: each costs itself, keeps its reason, and leaves every other case its time."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from levit_bench.store.files import read_session

pytestmark = pytest.mark.slow  # Each session waits for a network that hangs.
ROOT = Path(__file__).parents[3]

EARLY = {
    "raises": "raised RuntimeError when fed float images (2, 3, 32, 32): shapes do not match in model.py",
    "nan": "not finite",
    "constant": "constant",
    "zeros": "constant",
    "no_logits": "returned a dict with the keys features, out; expected is one tensor (batch, classes)",
    "hangs": "hung: no answer within",
    "segfaults": "SIGSEGV",
    "killed": "SIGKILL",
    "out_of_memory": "ran out of memory",
    "changes_images": "changes the images it is given",
    "dies_beside_a_child": "ended with exit code 3",
    "other_dtype": "changes settings of its whole process while it runs: default_dtype from torch.float32",
    "no_module": "returned a str, not a torch.nn.Module",
}
LATE = {
    "more_threads_late": "changes settings of its whole process while it runs: threads from 1 to 7",
    "nan_late": "not finite",
    "hangs_late": "hung: no answer within",
    "segfaults_late": "SIGSEGV",
    "killed_late": "SIGKILL",
    "out_of_memory_late": "ran out of memory",
}
IN_A_SEAT = {
    f"{what}_at_{when}": reason
    for when in ("load", "first_pass")
    for what, reason in (
        ("hangs", "hung: no answer within"),
        ("segfaults", "SIGSEGV"),
        ("killed", "SIGKILL"),
        ("out_of_memory", "ran out of memory"),
    )
}
CHEATS = {
    "by_place": "output is constant",
    "later": "what is timed must return a plain torch.Tensor",
    "in_a_thread": "output differs from fp32 eager",
    "nothing": "output",
    "after_a_while": "output is constant",
    "says_much": "computes nothing: a pass took",
}


def measure(names: list[str], store: Path, *more: str) -> tuple[int, dict[str, Any], str]:
    """Run the command line on networks of `tests/hostile_networks.py`; exit code, document, stderr."""
    networks = ",".join(name if ":" in name else f"tests.hostile_networks:{name}" for name in names)
    words = ["run", "--networks", networks, "--store", str(store), "--thin", "--timeout", "60s", "--json", *more]
    done = subprocess.run(
        [sys.executable, "-m", "levit_bench", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=3600,
        check=False,
    )
    return done.returncode, json.loads(done.stdout), done.stderr


# One test a session: with one a network, each of two workers measures the session for those that it has.


def test_networks_that_fail_at_once_have_reasons_and_no_time_and_the_sound_one_beside_them_keeps_its_own(
    tmp_path: Path,
) -> None:
    code, document, _ = measure(["sound", *EARLY], tmp_path, "--budget", "auto")
    _check_failed(document, EARLY)
    assert code == 1
    _check_sound(document)
    assert {case.split()[0].partition(":")[2] for case in document["failed"]} >= set(EARLY)
    assert not [case for case in document["failed"] if ":sound " in case]
    (reason,) = (why for case, why in document["failed"].items() if ":raises" in case)
    assert "/" not in reason, "a reason holds no path"
    assert "\x1b" not in reason


def test_networks_that_fail_in_a_run_have_reasons_and_no_time_and_the_sound_one_beside_them_keeps_its_own(
    tmp_path: Path,
) -> None:
    code, document, _ = measure(["sound", *LATE], tmp_path, "--budget", "60s")
    _check_failed(document, LATE)
    assert code == 1
    _check_sound(document)


def test_networks_that_fail_where_they_are_loaded_have_reasons_and_no_time_and_the_sound_one_keeps_its_own(
    tmp_path: Path,
) -> None:
    code, document, _ = measure(["sound", *IN_A_SEAT], tmp_path, "--budget", "auto")
    _check_failed(document, IN_A_SEAT)
    assert code == 1
    _check_sound(document)


def test_networks_that_skip_the_work_have_no_time_and_their_neighbour_keeps_its_own(tmp_path: Path) -> None:
    cheats = [f"tests.cheating_networks:{name}" for name in CHEATS]
    beside = "tests.cheating_networks:beside_a_thread"
    code, document, _ = measure(["sound", beside, *cheats], tmp_path, "--budget", "30s")
    rows = {row["network"]: row for row in document["cases"]}
    assert code == 1
    assert rows["tests.hostile_networks:sound"]["latency_s"] > 0
    assert rows[beside]["outcome"] == "done"
    for name, reason in CHEATS.items():
        row = rows[f"tests.cheating_networks:{name}"]
        assert (row["outcome"], row["latency_s"]) == ("failed", None)
        assert reason in row["reason"]
    (path,) = tmp_path.glob("*/*.jsonl")
    told = {finding.kind for end in read_session(path).ends for finding in end.findings}
    assert "threads-of-its-own" in told or not sys.platform.startswith("linux")


def _rows(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The cases of networks of `tests/hostile_networks.py`, each of which is measured in one case."""
    rows = [row for row in document["cases"] if row["network"].startswith("tests.hostile_networks:")]
    by_name = {row["network"].partition(":")[2]: row for row in rows}
    assert len(by_name) == len(rows)
    return by_name


def _check_failed(document: dict[str, Any], reasons: Mapping[str, str]) -> None:
    """Every network of these failed for its reason, and has no time."""
    rows = _rows(document)
    cases = {name: rows[name] for name in reasons}
    assert {name: row["outcome"] for name, row in cases.items()} == dict.fromkeys(reasons, "failed")
    assert {name: row["reason"] for name, row in cases.items() if reasons[name] not in row["reason"]} == {}
    assert {name: row["latency_s"] for name, row in cases.items()} == dict.fromkeys(reasons)


def _check_sound(document: dict[str, Any]) -> None:
    sound = _rows(document)["sound"]
    assert sound["outcome"] == "done"
    assert sound["latency_s"] > 0
    assert sound["runs"] >= 1
