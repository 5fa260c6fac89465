"""Cases of model files are compared with those of built networks, and rows and headings say whose weights they have."""

from __future__ import annotations

from levit_bench.judge.comparability import setting, where
from levit_bench.judge.front.panels import panels
from levit_bench.report.front.table import COLUMNS, _rows
from levit_bench.report.views.cases import rows
from levit_bench.report.words.setting import setting_line

from tests.making import record

FILE = "model.onnx#3f2a91"
BOTH = [record(FILE, weights="file", top1=81.0), record("levit_128s")]


def test_the_weights_of_a_file_are_no_setting_and_no_other_case() -> None:
    file, built = BOTH
    assert setting(file) == setting(built)
    assert file.case.id != record(FILE).case.id
    assert setting(record("levit_128s", weights="random-2")) != setting(built)
    assert where(BOTH, {"weights": "file"}) == [file]


def test_one_front_holds_both_and_says_so() -> None:
    (panel,) = panels(BOTH)
    assert {point.case.network for point in panel.points} == {FILE, "levit_128s"}
    assert "weights random-calibrated-1 or file" in setting_line(panel)
    place = COLUMNS.index("weights")
    assert {row[0]: row[place] for row in _rows([panel])} == {FILE: "file", "levit_128s": "random-calibrated-1"}
    (alone,) = panels(BOTH[:1])
    assert "weights file" in setting_line(alone)
    (usual,) = panels(BOTH[1:])
    assert "weights random-calibrated-1 ·" in setting_line(usual)


def test_a_row_has_the_weights_of_its_case() -> None:
    assert {row["network"]: row["weights"] for row in rows(BOTH)} == {
        FILE: "file", "levit_128s": "random-calibrated-1",
    }  # fmt: skip
