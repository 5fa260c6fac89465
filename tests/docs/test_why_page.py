"""The column of docs/why.md on this suite is what its registries hold."""

from __future__ import annotations

from importlib.metadata import entry_points

import pytest
from levit_bench.cli import _VERBS
from levit_bench.measuring import runtimes

from tools.pages import why_page

TEXT = why_page.PAGE.read_text(encoding="utf-8")


def own_column(text: str) -> dict[str, str]:
    """This suite's cell of each row."""
    table = text[text.index("| | levit-bench |") :].partition("\n\n")[0].splitlines()[2:]
    return {cells[1].strip(): cells[2].strip() for cells in (row.split("|") for row in table)}


def test_the_column_is_computed_from_the_registries() -> None:
    assert why_page.page(TEXT) == TEXT, "run: python -m tools.pages.why_page"


def test_it_names_every_runtime_of_the_suite_but_eager() -> None:
    foreign = {point.name for point in entry_points(group=runtimes.ENTRY_POINTS)}
    named = own_column(TEXT)["runtimes besides eager PyTorch"].split(", ")
    assert sorted([*named, "eager"]) == sorted(set(runtimes.names()) - foreign)


def test_a_runtime_that_goes_leaves_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtimes, "names", lambda: ("eager", "openvino"))
    assert own_column(why_page.page(TEXT))["runtimes besides eager PyTorch"] == "openvino"


def test_a_verb_that_goes_is_not_claimed_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    left = {verb: text for verb, text in _VERBS.items() if verb not in ("front", "aa", "compare")}
    monkeypatch.setattr(why_page, "_VERBS", left)
    column = own_column(why_page.page(TEXT))
    for question in ("front of speed and accuracy", "its own false alarms measured", "fails a change that is slower"):
        assert column[question] == why_page.NO
    assert column["interval on a speed"] == why_page.YES


def test_a_verb_that_comes_is_claimed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(why_page, "_VERBS", {**_VERBS, "history": ""})
    assert own_column(why_page.page(TEXT))["history over months, change points"] == why_page.YES


def test_a_question_that_nothing_here_answers_is_refused() -> None:
    with pytest.raises(ValueError, match="colour"):
        why_page.page(TEXT.replace("| GPU |", "| colour |"))
