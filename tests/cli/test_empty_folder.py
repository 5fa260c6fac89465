"""Where nothing was measured yet, every verb that reads says so, how to begin, and ends with 3."""

from __future__ import annotations

from pathlib import Path

import pytest
from levit_bench.cli import _VERBS

from tests.cli.test_cli import run

READ = {
    "front": [(), ("--session", "last"), ("--since", "2026-01-01"), ("--overlay", "runtime")],
    "report": [(), ("--session", "last", "--out", "page.html")],
    "pick": [("--max-latency", "30ms"), ("--min-top1", "75", "--json")],
    "show": [(), ("--session", "last"), ("--json",), ("--cold",), ("--title", "nightly")],
    "compare": [("before", "last"), ("a", "b"), ("last", "--networks", "levit_192,levit_128s")],
    "tag": [(), ("baseline", "last"), ("--delete", "baseline")],
    "explain": [("levit_192", "levit_128s")],
    "scaling": [()],
    "aa": [("--stored",)],
    "run": [("--resume", "last")],
    "gate": [("--baseline", "good")],
    "trend": [(), ("--where", "batch=1"), ("--json", "--since", "7d")],
    "export": [("--to", "bencher"), ("--to", "otava", "--out", "there", "--session", "last")],
}
"""What follows each verb that reads sessions."""
OTHERS = {"list", "plan", "cache", "machine", "import", "bisect", "nightly"}
"""Verbs that read none, or can do without."""


def test_every_verb_is_here() -> None:
    assert READ.keys() | OTHERS == _VERBS.keys()


@pytest.mark.parametrize("is_there", [False, True])
@pytest.mark.parametrize(("verb", "words"), [(verb, words) for verb, each in READ.items() for words in each])
def test_a_verb_that_reads_ends_with_3_and_says_how_to_begin(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    verb: str,
    words: tuple[str, ...],
    is_there: bool,
) -> None:
    monkeypatch.chdir(tmp_path)
    if is_there:
        Path("results").mkdir()
    code, out, err = run(capsys, verb, *words)
    assert (code, out) == (3, ""), err
    assert "no results at results" in err
    assert "Measure something first: levit-bench run --networks" in err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["results"] * is_there
