"""Files that this program wrote are told from the user's own."""

from __future__ import annotations

from pathlib import Path

import pytest
from levit_bench.paths.own_files import GATE_FILES, is_own_file
from levit_bench.report.gate.pages import NAMES
from levit_bench.store.tags import FILE


@pytest.mark.parametrize(
    ("name", "is_own"),
    [
        ("results/machine/session.jsonl", True),
        ("results/session.jsonl", True),
        (f"results/{FILE}", True),
        ("results/nets.py", False),
        ("results/machine/networks.toml", False),
        ("results/a/b/data.jsonl", False),
        ("data.jsonl", False),
        ("out/comment.md", True),
        ("elsewhere/comment.md", False),
        ("out/nets.py", False),
    ],
)
def test_sessions_tags_and_files_of_a_gate_are_own_ones(tmp_path: Path, name: str, is_own: bool) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "gate.json").write_text("", encoding="utf-8")
    assert is_own_file(tmp_path / name, tmp_path / "results") is is_own


def test_every_file_of_a_gate_is_known() -> None:
    assert set(GATE_FILES) == set(NAMES)
