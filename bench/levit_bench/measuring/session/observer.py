"""Progress callbacks of a session, from which the command line and the pytest plugin draw progress."""

from __future__ import annotations

from typing import Protocol

from levit_bench.planning.budget import Plan
from levit_bench.records import Case, Finding, Look


class Observer(Protocol):
    """Callbacks of the engine, called between turns."""

    def preparing(self, done: int, total: int, case: Case) -> None:
        """The next network is being prepared."""

    def rehearsing(self, done: int, total: int) -> None:
        """`done` of `total` cases of the rehearsal have been tried."""

    def planned(self, what: Plan) -> None:
        """The budget was planned with the costs measured here."""

    def measuring(self, run: int, round_: int, elapsed_s: float) -> None:
        """A turn was measured; `elapsed_s` of the budget are spent."""

    def finding_made(self, finding: Finding) -> None:
        """There is a new finding."""

    def looked(self, look: Look) -> None:
        """A look was taken at the results so far."""


class Silent:
    """An observer that ignores all callbacks."""

    def preparing(self, done: int, total: int, case: Case) -> None:
        """Nothing."""

    def rehearsing(self, done: int, total: int) -> None:
        """Nothing."""

    def planned(self, what: Plan) -> None:
        """Nothing."""

    def measuring(self, run: int, round_: int, elapsed_s: float) -> None:
        """Nothing."""

    def finding_made(self, finding: Finding) -> None:
        """Nothing."""

    def looked(self, look: Look) -> None:
        """Nothing."""
