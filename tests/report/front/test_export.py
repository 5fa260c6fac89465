import re

import pytest
from levit_bench.errors import NothingToShowError, StoreError
from levit_bench.judge.front.panels import panels
from levit_bench.report.front.export import document, write_front
from levit_bench.report.front.reproduction import Reproduction
from levit_bench.report.words import panel_names
from levit_bench.report.words.safe_text import markdown_cell
from levit_bench.report.words.setting import setting_line, titles

from tests.making import record

PANELS = panels(
    [
        record("levit_192", (0.014, 0.0141, 0.0142)),
        record("thin", (0.010,), top1=72.0),
        record("bro|ken", outcome="failed", reason="killed by signal 9"),
    ]
)


def test_four_files_appear_and_no_draft_stays(tmp_path):
    written = write_front(PANELS, tmp_path / "new" / "folder")
    assert [path.name for path in written] == ["front.png", "front.svg", "front.csv", "front.md"]
    assert {path.name for path in (tmp_path / "new" / "folder").iterdir()} == {path.name for path in written}
    assert written[0].read_bytes().startswith(b"\x89PNG")
    assert b"<svg" in written[1].read_bytes()


def test_the_page_tells_findings_what_was_left_out_conditions_and_commands():
    page = document(PANELS, 2, Reproduction(("levit-bench run --networks levit_192",)))
    assert "2 points had no room for their name" in page
    assert re.search(r"^- `too-few-runs` \(thin\): 1 run gives no interval", page, re.M)
    assert re.search(r"^- bro\\\|ken@224, session s1, .*: failed: killed by signal 9$", page, re.M)
    assert "torch 2.13.0" in page
    assert "\n    levit-bench run --networks levit_192\n" in page
    assert [line for line in page.splitlines() if line.startswith("#")] == [
        "# Speed against top-1", "## Findings", "## Left out", "## Conditions", "## How to reproduce",
    ]  # fmt: skip


def test_what_a_panel_is_called_is_computed_once_for_all_files(tmp_path, monkeypatch):
    found = panels([*(record("a", batch=batch) for batch in (1, 4)), *(record(f"n{i}", top1=None) for i in range(9))])
    named = []
    monkeypatch.setattr(
        panel_names, "setting_line", lambda panel, among: named.append(panel) or setting_line(panel, among)
    )
    monkeypatch.setattr(panel_names, "titles", lambda among: named.append(among) or titles(among))
    write_front(found, tmp_path, bases=found[:1])
    assert named == [*found, [panel for panel in found if panel.points]]
    page = (tmp_path / "front.md").read_text("utf-8")
    assert page.count(markdown_cell(setting_line(found[0], found), 300)) == 1 + sum(
        len(one.excluded) for one in found[:1]
    )


def test_long_lists_say_how_much_more_there_is():
    page = document(panels([record("a"), *(record(f"n{i}", top1=None) for i in range(60))]))
    assert "- … and 10 more" in page


def test_an_old_front_is_replaced_whole(tmp_path):
    (tmp_path / "front.csv").write_text("old", encoding="utf-8")
    write_front(PANELS, tmp_path)
    assert (tmp_path / "front.csv").read_text(encoding="utf-8").startswith("network,")


def test_a_folder_that_cannot_be_written_is_a_store_error_with_advice(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(StoreError, match=r"cannot write .*file.* Name another folder"):
        write_front(PANELS, tmp_path / "file")
    (tmp_path / "taken" / "front.csv").mkdir(parents=True)
    with pytest.raises(StoreError, match=r"front\.csv"):
        write_front(PANELS, tmp_path / "taken")
    assert not [path for path in (tmp_path / "taken").iterdir() if path.name.startswith(".")]


def test_nothing_to_show_writes_nothing(tmp_path):
    with pytest.raises(NothingToShowError):
        write_front(panels([record("a", top1=None)]), tmp_path / "out")
    assert not (tmp_path / "out").exists()
