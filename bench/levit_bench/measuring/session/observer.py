"""Progress callbacks of a session, from which the command line and the pytest plugin draw progress."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from levit_bench.measuring.preparing.preparation_step import PreparationStep
from levit_bench.planning.budget import Plan
from levit_bench.records import Finding, Look


class Observer(Protocol):
    """Callbacks of the engine, called between turns."""

    def waiting(self, what: str, waited_s: float) -> None:
        """Another session is at work on this machine; called every second until it has ended.

        Args:
            what: whose session it is and how long it takes.
            waited_s: seconds since the wait began.
        """

    def placing(self, what: str, limit: str) -> None:
        """A side of a gate is being made: an interpreter is asked, or packages are installed.

        Args:
            what: is being done.
            limit: what is to be known of how long it takes; may be empty.
        """

    def resolving(self, names: Sequence[str]) -> None:
        """These names, which the catalog does not hold, are looked up: libraries and a user's files are imported."""

    def starting(self, cases: int, networks: int) -> None:
        """So many cases of so many networks are going to be prepared."""

    def preparing(self, step: PreparationStep) -> None:
        """The next network is being prepared."""

    def rehearsing(self, done: int, total: int) -> None:
        """`done` of `total` cases of the rehearsal have been tried; with 0 its workers are about to start."""

    def busy(self, finding: Finding, is_quiet: Callable[[], bool]) -> bool:
        """Other work uses the machine and the budget has not begun: whether it was waited for until it ended.

        Args:
            finding: what is at work, and what it does to the results.
            is_quiet: whether the machine has been quiet since it was last asked, or since this call.
        """

    def budget_chosen(self, words: str) -> None:
        """The session chose its budget, which was left to it, and says why."""

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

    def waiting(self, what: str, waited_s: float) -> None:
        """Nothing."""

    def placing(self, what: str, limit: str) -> None:
        """Nothing."""

    def resolving(self, names: Sequence[str]) -> None:
        """Nothing."""

    def starting(self, cases: int, networks: int) -> None:
        """Nothing."""

    def preparing(self, step: PreparationStep) -> None:
        """Nothing."""

    def rehearsing(self, done: int, total: int) -> None:
        """Nothing."""

    def busy(self, finding: Finding, is_quiet: Callable[[], bool]) -> bool:
        """Goes on at once."""
        return False

    def budget_chosen(self, words: str) -> None:
        """Nothing."""

    def planned(self, what: Plan) -> None:
        """Nothing."""

    def measuring(self, run: int, round_: int, elapsed_s: float) -> None:
        """Nothing."""

    def finding_made(self, finding: Finding) -> None:
        """Nothing."""

    def looked(self, look: Look) -> None:
        """Nothing."""
