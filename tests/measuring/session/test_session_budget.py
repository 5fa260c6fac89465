"""A session's budget, settled once measuring has a price: a finding, a word, or a refusal that loses nothing."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest
from levit_bench.errors import BudgetTooSmallError
from levit_bench.measuring.session.observer import Silent
from levit_bench.measuring.session.session import _settle_budget
from levit_bench.planning.budget import Costs, FixedBudget
from levit_bench.planning.policy import Earlier, fixed_budget
from levit_bench.records import Protocol

from tools.simulated.generate_store import PROTOCOL

COSTS = Costs(4.0, 10.0)
"""Three runs of two rounds take 72 s, one of one 14 s."""


class Heard(Silent):
    """Keeps what is said of a budget."""

    def __init__(self) -> None:
        self.words: list[str] = []

    def budget_chosen(self, words: str) -> None:
        self.words.append(words)


def protocol(budget_s: float, *, thin: bool = False) -> Protocol:
    return msgspec.structs.replace(PROTOCOL, budget_s=budget_s, thin=thin)


def settle(asked: Protocol, kept_in: Path | None = None, *, is_open: bool = False) -> tuple[Protocol, list[str], Heard]:
    """The protocol, the kinds of findings, and what was said."""
    heard = Heard()
    workshop = SimpleNamespace(kept_in=kept_in)
    settled, findings = _settle_budget(asked, COSTS, workshop, heard, is_open=is_open)  # type: ignore[arg-type]
    return settled, [finding.kind for finding in findings], heard


def test_a_stretched_budget_is_a_finding_and_the_protocol_has_it() -> None:
    settled, kinds, heard = settle(protocol(60.0))
    assert settled == protocol(72.0)
    assert kinds == ["budget-stretched"]
    assert heard.words == []


def test_a_budget_that_was_left_to_the_session_is_said_and_no_finding() -> None:
    settled, kinds, heard = settle(protocol(0.0), is_open=True)
    assert (settled, kinds) == (protocol(72.0), [])
    assert heard.words == ["budget 1 min 12 s, the smallest honest budget: 3 runs of 2 rounds take that long here."]
    assert settle(protocol(0.0, thin=True), is_open=True)[0].budget_s == 14.0


def test_a_refusal_says_where_the_prepared_networks_are_kept() -> None:
    with pytest.raises(BudgetTooSmallError) as error:
        settle(protocol(10.0), Path("/kept"))
    assert "Prepared networks are kept in /kept: the next try need not prepare them." in str(error.value)
    with pytest.raises(BudgetTooSmallError) as error:
        settle(protocol(10.0))
    assert "kept" not in str(error.value)


def test_the_three_runs_of_an_honest_budget_are_taken_for_certain_and_those_of_a_sketch_not() -> None:
    def least(asked: Protocol, earlier: Earlier) -> int:
        policy = fixed_budget(COSTS, asked, (), earlier).policy
        assert isinstance(policy, FixedBudget)
        return policy.least_runs

    assert least(protocol(72.0), Earlier()) == 3
    assert least(protocol(60.0, thin=True), Earlier()) == 0
    assert least(protocol(72.0), Earlier(next_run=3)) == 0
