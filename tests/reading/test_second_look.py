"""The second look at a store: the same words and numbers as the first, without the libraries that load slowly."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from levit_bench.paths.cache_folder import VARIABLE

from tests.programs import output
from tools.simulated.generate_store import PAPER, case_of, write_session

_SCRIPT = """
import contextlib, io, json, sys
from levit_bench.__main__ import main

sys.argv, out, err, code = ["levit-bench", *sys.argv[1:]], io.StringIO(), io.StringIO(), 0
with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
    try:
        main()
    except SystemExit as end:
        code = end.code
slow = sorted({"matplotlib", "numpy", "pandas", "scipy"} & sys.modules.keys())
print(json.dumps([code, out.getvalue(), err.getvalue(), slow]))
"""
LOOKS = {
    "show": (["show", "--session", "last"], set()),
    "show --json": (["show", "--session", "last", "--json"], set()),
    "front": (["front", "--session", "last", "--out", "page"], {"numpy"}),
    "front of the store": (["front", "--out", "page"], {"numpy"}),
    "pick": (["pick", "--max-latency", "20ms", "--session", "last"], {"numpy"}),
}
"""Command lines, and which of the slow libraries a second look may load."""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store of four sessions of six networks."""
    folder = tmp_path_factory.mktemp("store")
    for number in range(4):
        cases = [(case_of(truth), truth) for truth in PAPER[:6]]
        write_session(folder / "results", f"s{number}", cases, runs=5, rounds=3, passes=3, seed=number)
    return folder


def _look(store: Path, words: list[str], cache: Path | str) -> tuple[list[object], set[str]]:
    """Exit code, stdout and stderr of a command line in a process of its own, and the slow libraries it loaded."""
    *said, slow = json.loads(output([sys.executable, "-c", _SCRIPT, *words], cwd=store, env={VARIABLE: str(cache)}))
    return said, set(slow)


@pytest.mark.parametrize("name", LOOKS)
def test_it_says_the_same_without_what_loads_slowly(name: str, store: Path, tmp_path: Path) -> None:
    words, allowed = LOOKS[name]
    without_cache, _ = _look(store, words, "")
    first, loaded_first = _look(store, words, tmp_path / "cache")
    second, loaded = _look(store, words, tmp_path / "cache")
    assert first == second == without_cache
    assert first[0] == 0
    assert "scipy" in loaded_first
    assert loaded <= allowed
