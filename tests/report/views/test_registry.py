"""The views of `show`: one file and one line each."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import levit_bench
import pytest
from levit_bench.report.views.registry import OVERVIEW, VIEWS, ViewEntry

from tests.cli.test_cli import run
from tools.simulated.generate_store import main as generate

MADE_UP = '''
from rich.table import Table

from levit_bench.report.views.view import CaseView, grouped


def view(asked):
    """Cases by how their network's name begins."""
    records = [one for one in asked.records if one.case.network.startswith(asked.values["initial"])]

    def table(some):
        out = Table("initial", "names")
        out.add_row(asked.values["initial"], ", ".join(sorted({one.case.network for one in some})))
        return out

    return CaseView(
        records,
        rows=lambda: [{"network": one.case.network} for one in records],
        sections=lambda: grouped(records, table),
    )
'''


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    generate(["--cases", "24", str(tmp_path / "results")])
    monkeypatch.chdir(tmp_path)
    return tmp_path / "results"


def test_a_view_is_one_file_and_one_line(
    capsys: pytest.CaptureFixture[str], store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "made_up_view.py").write_text(MADE_UP, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(VIEWS, "initial", ViewEntry("made_up_view", "Show what begins so.", "LETTERS"))
    initial = levit_bench.load(store).subjects().records[0].case.network[:2]
    verb = importlib.import_module("levit_bench.cli.verbs.show")
    try:
        importlib.reload(verb)
        assert "--initial LETTERS Show what begins so." in " ".join(run(capsys, "show", "--help")[1].split())
        code, out, _ = run(capsys, "show", "--initial", initial, "--json")
        view = levit_bench.load(store).show(initial=initial)
        assert (code, json.loads(out)) == (0, view.rows())
        names = {record.case.network for record in view.records}
        assert names
        assert all(name.startswith(initial) for name in names)
        assert sorted(names)[0] in run(capsys, "show", "--initial", initial)[1]
        assert run(capsys, "show", "--initial", initial, "--cold")[0] == 2
        assert run(capsys, "show", "--initial", initial, "--markdown")[0] == 2
    finally:
        monkeypatch.undo()
        importlib.reload(verb)
    assert "initial" not in run(capsys, "show", "--help")[1]


@pytest.mark.parametrize("entry", [OVERVIEW, *VIEWS.values()], ids=["overview", *VIEWS])
def test_every_line_names_a_file_that_makes_a_view(entry: ViewEntry) -> None:
    assert callable(importlib.import_module(entry.module).view)


def test_every_view_is_an_option_of_show(capsys: pytest.CaptureFixture[str]) -> None:
    shown = run(capsys, "show", "--help")[1]
    assert [name for name in VIEWS if f"--{name.replace('_', '-')}" not in shown] == []
