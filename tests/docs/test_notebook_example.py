"""The notebook of docs/examples prints numbers of the stored sessions, and says where each comes from."""

from __future__ import annotations

import re
import runpy
from typing import Any

import pytest

from tests.docs.blocks import ROOT

EXAMPLE = ROOT / "docs" / "examples" / "in_a_notebook.py"


@pytest.fixture(scope="module")
def cells() -> dict[str, Any]:
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(ROOT)
        return runpy.run_path(str(EXAMPLE))


def test_every_figure_is_a_number_and_has_its_origin(cells: dict[str, Any]) -> None:
    figures = cells["figures"]
    assert {*figures.runtime} >= {"eager", "onnxruntime", "openvino"}
    assert set(figures.batch) == {1, 16}
    assert figures[["ms", "images_per_s", "yardstick_ratio"]].notna().all(axis=None)
    assert (figures.images_per_s * figures.latency_s / figures.batch).between(0.8, 1.05).all(), "images over seconds"
    for column in ("taken_at", "title", "torch", "processor", "commit", "top1_source"):
        assert column in figures
    assert figures.taken_at.str.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ").all()
    assert figures.torch.str.fullmatch(r"\d+\.\d+\.\d+.*").all()
    assert set(cells["sessions"].index) == set(cells["cases"].session)
    assert cells["sessions"].taken_at.between("2026-11-26", "2026-11-28").all()


def test_the_sides_of_a_comparison_and_the_front_hold_numbers(cells: dict[str, Any]) -> None:
    assert cells["by_version"].notna().any(axis=None)
    assert cells["page"].to_pandas().front_chance.between(0, 1).all()
    assert cells["picked"].answer.latency.high <= 0.030
    assert cells["slow"].answer.latency.high <= 0.100


def test_every_cell_says_what_it_shows() -> None:
    heads = re.findall(r"^# %%(.*)$", EXAMPLE.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(heads) > 5
    assert all(len(head) > 20 for head in heads[1:])
