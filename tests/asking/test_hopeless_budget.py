"""A budget that no session of these cases could keep is refused before anything is prepared."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from levit_bench import api
from levit_bench.asking import hopeless_budget
from levit_bench.asking.hopeless_budget import OPTIMISM, refuse_hopeless
from levit_bench.asking.request import Request
from levit_bench.errors import BudgetTooSmallError
from levit_bench.measuring.preparing.workshop import Workshop
from levit_bench.planning.budget import STRETCH, Costs
from levit_bench.records import Case, Protocol, Record

from tools.simulated.generate_store import PROTOCOL

CASES = [Case(network="levit_128s", resolution=224)]
COSTS = Costs(4.0, 1.0)
LEAST_S = 3 * (4.0 + 2 * 1.0)


def within(budget_s: float, *, thin: bool = False) -> Protocol:
    return msgspec.structs.replace(PROTOCOL, budget_s=budget_s, thin=thin)


def forecast(monkeypatch: pytest.MonkeyPatch, guessed: Costs, stored: Costs) -> None:
    """Make the forecast tell these costs, without and with a store."""

    def told(_cases: object, _protocol: object, history: list[Record] | tuple[()]) -> Costs:
        return guessed if history == () else stored

    monkeypatch.setattr(hopeless_budget, "_costs", told)


def test_a_budget_is_refused_where_a_session_four_times_as_fast_would_be(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    forecast(monkeypatch, COSTS, COSTS)
    enough_s = LEAST_S / OPTIMISM / STRETCH
    refuse_hopeless(CASES, within(1.01 * enough_s), tmp_path, is_open=False)
    with pytest.raises(BudgetTooSmallError) as caught:
        refuse_hopeless(CASES, within(0.99 * enough_s), tmp_path, is_open=False)
    said = str(caught.value)
    assert "3 runs of 2 rounds, the least behind an honest interval, take about 18 s here by the forecast." in said
    assert said.endswith("Nothing was prepared.")
    refuse_hopeless(CASES, within(0.99 * enough_s), tmp_path, is_open=True)
    refuse_hopeless(CASES, within(0.99 * enough_s, thin=True), tmp_path, is_open=False)
    refuse_hopeless([], within(0.99 * enough_s), tmp_path, is_open=False)


def test_the_store_is_asked_where_a_guess_says_hopeless_and_has_the_last_word(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    forecast(monkeypatch, Costs(400.0, 100.0), COSTS)
    refuse_hopeless(CASES, within(18.0), tmp_path, is_open=False)
    forecast(monkeypatch, COSTS, Costs(400.0, 100.0))
    refuse_hopeless(CASES, within(18.0), tmp_path, is_open=False)


@pytest.mark.parametrize("thin", [False, True])
def test_a_run_of_much_too_small_a_budget_prepares_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, thin: bool
) -> None:
    monkeypatch.delenv("LEVIT_BENCH_MAX_BUDGET", raising=False)
    monkeypatch.setattr(Workshop, "prepare", lambda *_: pytest.fail("a network was prepared"))
    request = Request(
        networks=("efficientnet_b4", "efficientnet_b5"), batches=(64, 128), budget="1s", thin=thin, no_wait=True
    )
    with pytest.raises(BudgetTooSmallError, match="by the forecast"):
        api.measure_request(request, tmp_path / "results")
    assert not (tmp_path / "results").exists()
