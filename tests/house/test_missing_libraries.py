"""What cannot be done without a library of those that the package declares says so in a line, before it prints."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from levit_bench.errors import UsageError
from levit_bench.libraries import refusal, require

from tests.house.plan import PACKAGE
from tests.house.test_reading_needs_no_workshop import FIRST, PINNED, SCALED, store

__all__ = ["store"]

_SCRIPT = """
import contextlib, importlib.abc, io, json, sys

class Hidden(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == HIDDEN:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

HIDDEN, calls = json.loads(sys.stdin.read())
sys.meta_path.insert(0, Hidden())
answers = {}
for name, words in calls.items():
    out, err, code = io.StringIO(), io.StringIO(), 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            if isinstance(words, str):
                import levit_bench
                try:
                    exec(words, {"levit_bench": levit_bench})
                except levit_bench.errors.BenchError as error:
                    code = error.exit_code
                    err.write(str(error))
            else:
                sys.argv = ["levit-bench", *words]
                from levit_bench.__main__ import main
                main()
        except SystemExit as end:
            code = end.code
    answers[name] = [code, out.getvalue(), err.getvalue()]
print(json.dumps(answers))
"""
_RESULTS = "results = levit_bench.load('results', 'FIRST').where(allocator='pinned', batch=1)\n".replace("FIRST", FIRST)
_SIDES = ("levit_192", "efficientnet_b2")

READING = {
    "show": ["show", "--session", FIRST],
    "front": ["front", "--session", FIRST, *PINNED],
    "pick": ["pick", "--max-latency", "40ms", "--session", FIRST, *PINNED],
    "compare": ["compare", FIRST, "--networks", ",".join(_SIDES), *PINNED],
    "explain": ["explain", *_SIDES, "--session", FIRST, *PINNED],
    "scaling": ["scaling", "--session", SCALED],
    "aa": ["aa", "--stored"],
}
REFUSED: dict[str, dict[str, list[str] | str]] = {
    "matplotlib": {
        "front": ["front", "--session", FIRST],
        "front --json --out": ["front", "--session", FIRST, "--json", "--out", "page"],
        "explain --out": ["explain", *_SIDES, "--session", FIRST, *PINNED, "--out", "why.png"],
        "scaling --out": ["scaling", "--session", SCALED, "--out", "scaling.png"],
        "write": _RESULTS + "results.front().write('page')",
    },
    "pandas": {
        "to_pandas": _RESULTS + "results.to_pandas()",
        "front": _RESULTS + "results.front().to_pandas()",
        "show": _RESULTS + "results.show().to_pandas()",
        "turns": _RESULTS + "results.turns()",
        "networks": "levit_bench.networks()",
    },
    "scipy": {**READING, "python": _RESULTS, "run": ["run", "--networks", "levit_192"]},
    "rich": {**READING, "list": ["list"], "tag": ["tag"], "machine": ["machine"], "cache": ["cache"]},
    "numpy": {**READING, "python": _RESULTS + "results.front()"},
    "msgspec": {**READING, "python": _RESULTS},
    "click": READING,
}
POSSIBLE: dict[str, dict[str, list[str] | str]] = {
    "matplotlib": {
        **{name: words for name, words in READING.items() if name not in ("front", "compare", "aa")},
        "front --json": ["front", "--session", FIRST, *PINNED, "--json"],
        "rows": _RESULTS + "print(len(results.front().rows()), results.to_pandas())",
    },
    "pandas": {
        **{name: words for name, words in READING.items() if name not in ("compare", "aa")},
        "rows": _RESULTS + "print(len(results.front().rows()), results.show().rows(), results.front().write('page'))",
    },
}


def _answers(hidden: str, store: Path, calls: dict[str, list[str] | str]) -> dict[str, tuple[int, str, str]]:
    """Exit code, stdout and stderr of each call, in one interpreter that does not find the library."""
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT],
        input=json.dumps([hidden, calls]),
        cwd=store,
        env={**os.environ, "PYTHONPATH": str(PACKAGE.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return {name: tuple(answer) for name, answer in json.loads(done.stdout).items()}


@pytest.mark.parametrize("library", REFUSED)
def test_what_needs_a_missing_library_says_in_a_line_which_and_how_to_get_it(library: str, store: Path) -> None:
    for name, (code, out, err) in _answers(library, store, REFUSED[library]).items():
        assert (name, code, out) == (name, 2, ""), err
        assert len(err.splitlines()) == 1, err
        assert f"{library} is not installed. Install it: pip install {library}" in err, name
    assert [*store.rglob("*.png"), *store.rglob("front.*")] == []


@pytest.mark.parametrize("library", POSSIBLE)
def test_what_needs_no_such_library_works_without(library: str, store: Path) -> None:
    answers = _answers(library, store, POSSIBLE[library])
    assert {name: (code, err) for name, (code, _, err) in answers.items() if code or "Traceback" in err} == {}
    assert [name for name, (_, out, _) in answers.items() if not out] == []
    if library == "matplotlib":
        _, out, err = answers["front --json"]
        assert json.loads(out)[0]["network"]
        assert "matplotlib is not installed. Install it: pip install matplotlib. No file is written." in err


def test_only_a_declared_library_that_is_not_there_is_called_missing() -> None:
    assert refusal(ModuleNotFoundError("No module named 'x'", name="levit_bench.no_such")) is None
    assert refusal(ModuleNotFoundError("No module named 'x'", name="numpy.no_such")) is None
    assert refusal(ImportError("nothing at all")) is None


def test_a_library_that_is_there_and_cannot_be_imported_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cpuinfo.py").write_text("import no_such_module", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "cpuinfo", raising=False)
    with pytest.raises(UsageError, match=r"cannot look: cpuinfo is installed and .*'no_such_module'.*pip install"):
        require("cpuinfo", "look")
