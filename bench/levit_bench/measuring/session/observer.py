"""Who is told what happens while it happens: the doors draw progress from it, the engine only tells."""

from __future__ import annotations

from typing import Protocol

from levit_bench.planning.budget import Plan
from levit_bench.records import Case, Finding, Look


class Observer(Protocol):
    """Told by the engine, between turns."""

    def preparing(self, done: int, total: int, case: Case) -> None:
        """The next network is being prepared."""

    def rehearsing(self, done: int, total: int) -> None:
        """So many cases of the rehearsal have been tried."""

    def planned(self, what: Plan) -> None:
        """The budget was planned with the costs seen here."""

    def measuring(self, run: int, round_: int, elapsed_s: float) -> None:
        """Something was measured; `elapsed_s` of the budget are spent."""

    def noticed(self, finding: Finding) -> None:
        """A doubt came up."""

    def looked(self, look: Look) -> None:
        """A look was taken at what was measured so far."""


class Silent:
    """Listens and says nothing."""

    def preparing(self, done: int, total: int, case: Case) -> None:
        """Nothing."""

    def rehearsing(self, done: int, total: int) -> None:
        """Nothing."""

    def planned(self, what: Plan) -> None:
        """Nothing."""

    def measuring(self, run: int, round_: int, elapsed_s: float) -> None:
        """Nothing."""

    def noticed(self, finding: Finding) -> None:
        """Nothing."""

    def looked(self, look: Look) -> None:
        """Nothing."""
