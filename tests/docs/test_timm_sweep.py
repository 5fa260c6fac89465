"""The page on networks of timm is written from its table, and the sweep goes on where it was stopped."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from levit_bench.records import Case

from tools.pages import timm_sweep as sweep

COUNTS = [
    {"name": "big", "resolution": 224, "params": 9, "macs": 3_000_000_000, "why": None},
    {"name": "middle", "resolution": 224, "params": 7, "macs": 1_000_000_000, "why": None},
    {"name": "resnet50", "resolution": 224, "params": 7, "macs": 5, "why": None},
    {"name": "small", "resolution": 96, "params": 5, "macs": 20_000_000, "why": None},
    {"name": "broken", "resolution": None, "params": None, "macs": None, "why": "TypeError: no"},
]


def test_the_page_is_written_from_the_table() -> None:
    page = sweep.PAGE.read_text(encoding="utf-8")
    table = sweep.table_of()
    assert page == sweep.written(page, sweep.block(table)), "run: python -m tools.pages.timm_sweep --write FOLDER"
    assert all(set(sweep.COLUMNS) == set(row) for row in table)


def test_what_the_catalog_has_and_what_is_large_is_left_out() -> None:
    assert [one["name"] for one in sweep.lacking(COUNTS)] == ["small", "middle", "broken"]


def test_a_sweep_that_was_killed_takes_up_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str]] = []

    def attempts(cases: Sequence[Case]) -> Iterator[tuple[Case, dict[str, Any]]]:
        for case in cases:
            asked.append((case.network, case.runtime))
            if case.network == "middle":
                yield case, {"outcome": "it raised | twice", "params": 5, "macs": 1_200_000_000}
            else:
                yield case, {"outcome": sweep.WORKS, "params": 5, "macs": 20_000_000}

    monkeypatch.setattr(sweep, "attempts", attempts)
    (tmp_path / "counts.jsonl").write_text("".join(json.dumps(one) + "\n" for one in COUNTS))
    whole = {"name": "small", "resolution": 96, "runtime": "eager", "outcome": sweep.WORKS, "params": 5, "macs": 2}
    (tmp_path / "sweep.jsonl").write_text(json.dumps(whole) + '\n{"name": "small", "reso')
    sweep.sweep(tmp_path)
    assert asked == [("small", "torchscript"), ("middle", "eager"), ("middle", "torchscript")]
    asked.clear()
    sweep.sweep(tmp_path)
    assert asked == []
    rows = sweep.rows(tmp_path)
    assert [(row["name"], row["eager"]) for row in rows] == [("small", "works"), ("middle", "it raised | twice")]
    lines = sweep.block(rows)
    assert lines[0] == "2 networks were tried; they work as follows: 1 in eager, 1 in torchscript. The others:"
    assert lines[-1] == r"| `middle` | 224 | 1.20G | it raised \| twice | it raised \| twice |"


def test_a_sweep_without_a_failure_says_so() -> None:
    row = {"name": "small", "resolution": "96", "params": "5", "macs": "20", "eager": "works", "torchscript": "works"}
    assert sweep.block([row])[-1] == "All work in both."


@pytest.mark.slow
def test_one_network_that_fails_costs_no_other() -> None:
    cases = [Case(network=name, resolution=64) for name in ("lcnet_050", "no_such_network", "ghostnet_050")]
    found = {case.network: told["outcome"] for case, told in sweep.attempts(cases)}
    assert "does not know 'no_such_network'" in found.pop("no_such_network")
    assert found == {"lcnet_050": sweep.WORKS, "ghostnet_050": sweep.WORKS}
