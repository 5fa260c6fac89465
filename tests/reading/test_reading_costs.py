"""The tool that measures what reading costs runs every verb with an empty cache, and again with what that kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools import reading_costs
from tools.reading_costs import VERBS, Cost, VerbCosts, cost_of, costs, table
from tools.simulated.generate_store import PAPER, case_of, write_session


def test_each_verb_has_a_first_run_and_later_ones_that_find_what_it_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading_costs, "VERBS", {name: VERBS[name] for name in ("--help", "show --session last")})
    write_session(tmp_path / "store", "s1", [(case_of(truth), truth) for truth in PAPER[:2]])
    (tmp_path / "scratch").mkdir()
    measured = costs(tmp_path / "store", 2, tmp_path / "scratch")
    assert [(verb.name, len(verb.later)) for verb in measured] == [("--help", 2), ("show --session last", 2)]
    assert all(cost.processor_s > 0 and cost.peak_bytes > 1 << 20 for verb in measured for cost in verb.later)
    kept = [len(list((tmp_path / "scratch" / f"cache-{number}").rglob("readings/*"))) for number in range(2)]
    assert kept == [0, 2]  # The quantiles and the summary of the session.


def test_the_table_has_the_first_run_beside_the_middle_of_the_later_ones() -> None:
    verb = VerbCosts(
        "show", Cost(2.0, 90_000_000), (Cost(0.3, 70_000_000), Cost(0.9, 71_000_000), Cost(0.4, 69_000_000))
    )
    assert table([verb]).splitlines()[-1] == "| show | 2.00 | 0.40 | 90 | 71 |"


def test_a_verb_that_fails_is_no_measurement(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"show --store .* ended with 2"):
        cost_of(("show", "--store", str(tmp_path), "--since", "tomorrow"), tmp_path)
