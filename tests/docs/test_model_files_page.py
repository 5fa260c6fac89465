"""The commands of the page on model files run in order: the file that they time is made by the first of them."""

from __future__ import annotations

import shlex
import tomllib
from pathlib import Path

import pytest
from levit_bench.measuring import runtimes
from levit_bench.measuring.runtimes import of_model_files
from levit_bench.paths.model_files import KINDS

from tests.docs.blocks import ROOT, blocks
from tests.docs.test_pages import execute

PAGE = "docs/model-files.md"
TEXT = (ROOT / PAGE).read_text(encoding="utf-8")


def test_the_page_names_every_ending_and_what_runs_it() -> None:
    rows = [row for row in TEXT.splitlines() if row.startswith("| `model.")]
    for ending, kind in KINDS.items():
        (row,) = (
            row for row in rows if f"{ending}`" in row.partition(",")[0] + row.partition("|")[2].partition("|")[0]
        )
        assert row.rstrip("| ").rpartition("| ")[2] == ", ".join(f"`{name}`" for name in of_model_files(kind)), ending


def test_the_toml_that_the_page_shows_is_read() -> None:
    (block,) = (block for block in blocks("toml") if block.page == PAGE)
    assert tomllib.loads(block.text)["network"][0]["file"] == "model.onnx"


@pytest.mark.slow
@pytest.mark.skipif(runtimes.unavailable("onnxruntime") is not None, reason="needs ONNX Runtime")
def test_the_commands_of_the_page_run_in_order(tmp_path: Path) -> None:
    block, *_ = (block for block in blocks("text") if block.page == PAGE)
    for line in block.text.splitlines():
        done = execute(shlex.split(line), tmp_path, PAGE)
        assert done.returncode == 0, f"{line}: {done.stderr}"
    assert "model.onnx#" in done.stdout
