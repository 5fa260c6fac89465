"""A view without anything to show refuses before any form of it is chosen: every form refuses alike."""

from __future__ import annotations

import shutil
from pathlib import Path

import levit_bench
import msgspec
import pytest
from levit_bench.errors import NothingToShowError
from levit_bench.report.views.registry import VIEWS, option, view
from levit_bench.report.views.view import ViewRequest

from tests.cli.test_cli import run
from tests.house.plan import ROOT
from tests.house.test_reading_needs_no_workshop import FIRST
from tests.making import record

FAILED = [record(name, (), outcome="failed", reason="out of memory") for name in "ab"]
NOTHING: list[tuple[dict[str, str | bool], str]] = [
    ({"variance": True}, "no case was timed"),
    ({"percentiles": True}, "no case has passes that count"),
    ({"cold": True}, "no case was timed"),
    ({"cross_check": True}, "timed by a second timer"),
    ({"against": "x"}, "no stored case is of 'x'"),
    ({"against": "a", "grid": "x"}, "no case of 'x' was measured"),
]


def test_every_view_is_tested_here() -> None:
    assert {name for views, _ in NOTHING for name in views} == set(VIEWS)


@pytest.mark.parametrize(("views", "reason"), NOTHING)
def test_a_view_of_cases_that_all_failed_is_refused_when_it_is_made(views: dict[str, str | bool], reason: str) -> None:
    with pytest.raises(NothingToShowError, match=reason):
        view(views, ViewRequest(FAILED, FAILED, lambda: FAILED, one_session=True))


@pytest.mark.parametrize("views", [{}, *(views for views, _ in NOTHING)])
def test_references_alone_are_nothing_to_show(views: dict[str, str | bool]) -> None:
    with pytest.raises(NothingToShowError, match="add --instrument"):
        view(views, ViewRequest((), FAILED, lambda: FAILED))


def test_two_timers_of_too_few_runs_are_refused_with_the_reason() -> None:
    replace, made = msgspec.structs.replace, record("a", (0.01,) * 2)
    timed = [replace(run, turns=tuple(replace(turn, witness_s=0.01) for turn in run.turns)) for run in made.runs]
    made = replace(made, runs=tuple(timed))
    with pytest.raises(NothingToShowError, match=r"(?s)cannot be compared:.*2 runs were timed by a second timer"):
        view({"cross_check": True}, ViewRequest([made], [made], lambda: [made]))


@pytest.mark.parametrize(
    "views", [{"against": "levit_192", "grid": "x"}, {"against": "x"}, {"cross_check": True}, {"cold": True}]
)
def test_every_form_of_a_view_refuses_alike(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, views: dict[str, str | bool]
) -> None:
    (path,) = (ROOT / "results").glob(f"*/{FIRST}.jsonl")
    (tmp_path / "results" / "m").mkdir(parents=True)
    shutil.copy(path, tmp_path / "results" / "m")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NothingToShowError) as refused:
        levit_bench.load("results", FIRST).show(**views)
    words = [word for name, value in views.items() for word in (option(name), *([] if value is True else [str(value)]))]
    for form in ([], ["--json"], *([["--markdown"]] if "grid" in views else [])):
        code, out, err = run(capsys, "show", "--session", FIRST, *words, *form)
        assert (code, out, err) == (3, "", f"levit-bench: {refused.value}\n")
