"""Progress callbacks of a session, from which the command line and the pytest plugin draw progress."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from levit_bench.planning.budget import Plan
from levit_bench.records import Case, Finding, Look


class Observer(Protocol):
    """Callbacks of the engine, called between turns."""

    def preparing(self, done: int, total: int, case: Case) -> None:
        """The next network is being prepared."""

    def rehearsing(self, done: int, total: int) -> None:
        """`done` of `total` cases of the rehearsal have been tried."""

    def busy(self, finding: Finding, is_quiet: Callable[[], bool]) -> bool:
        """Other work uses the machine and the budget has not begun: whether it was waited for until it ended.

        Args:
            finding: what is at work, and what it does to the results.
            is_quiet: whether the machine has been quiet since it was last asked, or since this call.
        """

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

    def busy(self, finding: Finding, is_quiet: Callable[[], bool]) -> bool:
        """Goes on at once."""
        return False

    def planned(self, what: Plan) -> None:
        """Nothing."""

    def measuring(self, run: int, round_: int, elapsed_s: float) -> None:
        """Nothing."""

    def finding_made(self, finding: Finding) -> None:
        """Nothing."""

    def looked(self, look: Look) -> None:
        """Nothing."""
