"""What is said between sessions holds what the page promises, over simulated stores with known truth."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from scipy.stats import binom

from tests.docs.blocks import ROOT
from tools.pages import stores_page
from tools.pages.stored_pairs import stored_pairs
from tools.simulated.stores import NOISES, World
from tools.simulated.stores_truth import covered, fronts, picks, reports

exhaustive = [pytest.mark.slow, pytest.mark.exhaustive]


def most(stores: int, rate: float) -> int:
    """The failures that a method of that rate does not exceed but once in two thousand times."""
    return int(binom.ppf(0.9995, stores, rate))


@pytest.mark.parametrize("known", [0, 3])
@pytest.mark.parametrize("noise", NOISES)
def test_unchanged_code_rarely_gets_a_verdict_where_sessions_scatter_by_two_percent(noise: str, known: int) -> None:
    found = reports(NOISES[noise]._replace(scatter=0.02), known, 40, change=False)
    assert found.alarmed * 40 <= most(40, 0.06)


def test_the_harness_finds_a_verdict_that_is_wrong_too_often() -> None:
    found = reports(World(scatter=0.5), 0, 10, change=False)
    assert found.alarmed > 0.5


def test_a_jump_is_found_between_two_sessions_of_a_store_that_is_known() -> None:
    assert reports(NOISES["quiet"]._replace(scatter=0.002), 8, 10).found == 1.0


@pytest.mark.parametrize("scatter", [0.01, 0.03])
def test_intervals_over_sessions_hold_the_mean_of_all_days(scatter: float) -> None:
    found = covered(NOISES["quiet"]._replace(scatter=scatter), 5, 60)
    assert 60 * (1 - found.pooled) <= most(60, 0.06)
    assert 60 * (1 - found.across_sessions) <= most(60, 0.05)


def test_a_pick_among_many_is_within_its_limit_and_its_day_too() -> None:
    found = picks(NOISES["quiet"], 25, networks=30, sessions=4)
    assert found.answered > 0.9
    assert found.over * 25 <= most(25, 0.05)
    assert found.over_on_another_day * 25 <= most(25, 0.05)


def test_the_page_has_every_table_and_every_table_its_rows() -> None:
    page = stores_page.PAGE.read_text(encoding="utf-8")
    for table in stores_page.TABLES:
        head, _, rest = page.partition(f"<!-- stores: {table} -->\n")
        assert head != page
        rows = [line for line in rest.partition("<!-- end -->")[0].splitlines() if line.startswith("| ")]
        assert len(rows) > 2, f"run: python -m tools.pages.stores_page {table}"
        assert len({row.count("|") for row in rows}) == 1


def test_a_table_is_written_between_its_marks_alone() -> None:
    page = "a\n<!-- stores: picks -->\nold\n<!-- end -->\nb\n<!-- stores: nights -->\n<!-- end -->\n"
    told = stores_page.written(page, "picks", ["| new |"])
    assert told == page.replace("old", "| new |")
    with pytest.raises(ValueError, match="no place for a table"):
        stores_page.written(page, "chances", [])


@pytest.mark.parametrize(
    ("noise", "scatter"), [pytest.param(n, s, marks=exhaustive) for n in NOISES for s in (0.01, 0.03)]
)
def test_reports_hold_their_rate_and_power_rises_with_every_session(noise: str, scatter: float) -> None:
    world, power = NOISES[noise]._replace(scatter=scatter), []
    for known in (0, 2, 8):
        found = reports(world, known, 200)
        assert found.alarmed * 200 <= most(200, 0.06)
        power.append(found.found)
    assert all(later >= earlier - 3 * math.sqrt(0.05 / 200) for earlier, later in pairwise(power))


@pytest.mark.parametrize("order", [pytest.param(order, marks=exhaustive) for order in ("any", "as real ones", "front")])
@pytest.mark.parametrize("noise", NOISES)
def test_panels_hold_a_wrong_sure_place_in_at_most_five_percent(noise: str, order: str) -> None:
    for runs in (3, 8):
        assert fronts(NOISES[noise], 0.01, order, 200, runs=runs).wrong * 200 <= most(200, 0.05)
    for sessions, split in ((3, False), (2, True)):
        world = NOISES[noise]._replace(scatter=0.02)
        assert fronts(world, 0.01, order, 200, sessions=sessions, split=split).wrong * 200 <= most(200, 0.05)


@pytest.mark.slow
def test_of_all_pairs_of_stored_sessions_at_most_six_percent_have_a_verdict_and_the_pages_say_so() -> None:
    found = stored_pairs()
    assert all(alarmed / count <= 0.06 for count, alarmed in found.values())
    lines = list(stores_page.of_stored(lambda function, cells: [], 0))
    assert all(line in stores_page.PAGE.read_text(encoding="utf-8") for line in lines)
    count, alarmed = found["all"]
    readme = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    sessions = "stored pairs of sessions of unchanged code"
    assert f"of {count:,} reports on {sessions}, {100 * alarmed / count:.1f} % found a change" in readme
