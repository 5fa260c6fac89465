"""The commits between a good and a bad one, and which of them halves what is left, as `git bisect` chooses it.

Asks `git rev-list --bisect-all`, which does to merges what `git bisect` does, and neither checks anything out nor
enters anything in the repository: the working tree stays as it is, and there is nothing to be reset.
"""

from __future__ import annotations

from collections.abc import Collection

from levit_bench.catalog.candidates import Candidate
from levit_bench.errors import UsageError
from levit_bench.measuring.sides.repository import Repository
from levit_bench.paths.git_commands import ask_git

_SHOWN = 60
"""Characters of a commit's first line."""


class RevisionRange:
    """The commits from a good one to a bad one.

    Args:
        repository: that holds them.
        good: the older revision, as the user names it.
        bad: the newer one.
        first_parent: follow the first parent of merges alone, as `git bisect --first-parent` does.

    Raises:
        UsageError: there is no such revision, both are one commit, or the good one is no ancestor of the bad one.
    """

    def __init__(self, repository: Repository, good: str, bad: str, *, first_parent: bool = False) -> None:
        self._root = repository.root
        self._words: dict[str, str] = {}
        self._first_parent = ("--first-parent",) if first_parent else ()
        first, second = repository.commit(good).commit, repository.commit(bad).commit
        if first == second:
            raise UsageError(f"{good[:80]!r} and {bad[:80]!r} are the same commit. Name two, the good one first.")
        if not self._is_ancestor(first, second):
            raise UsageError(self._why_no_range(good, bad, first, second))
        self.good, self.bad = self._candidate(first), self._candidate(second)

    def possible(self, good: Collection[str], bad: str) -> list[Candidate]:
        """The commits that may still be the first bad one, the best to ask next first; `bad` itself is the last.

        Args:
            good: commits that are known to be good, the good end among them.
            bad: the earliest commit that is known to be bad.
        """
        lines = self._git("rev-list", "--bisect-all", *self._first_parent, bad, "--not", *good).splitlines()
        commits = [line.split()[0] for line in lines if line]
        if any(commit not in self._words for commit in commits):
            self._read_words(bad, "--not", *good)
        return [self._candidate(commit) for commit in (*(one for one in commits if one != bad), bad)]

    def in_order(self, candidates: Collection[Candidate]) -> list[Candidate]:
        """Candidates from the oldest to the newest."""
        every = self._git("rev-list", "--topo-order", "--reverse", self.bad.id, "--not", self.good.id).split()
        place = {commit: at for at, commit in enumerate([self.good.id, *every])}
        return sorted(candidates, key=lambda one: place.get(one.id, len(place)))

    def last_good(self, good: Collection[str], bad: str, skipped: Collection[str]) -> Candidate:
        """The nearest good commit before a bad one: its first parent, unless that was skipped.

        Args:
            good: commits that are known to be good.
            bad: the earliest that is known to be bad.
            skipped: commits that cannot be measured.
        """
        parent = self._git("rev-parse", f"{bad}^1").strip()
        if parent and parent not in skipped and len(self.possible(good, bad)) == 1:
            return self._candidate(parent)
        # A good one on another branch is not before it: what lies between the two is not what was asked about.
        before = [one for one in good if self._is_ancestor(one, bad)] or [self.good.id]
        distances = {one: int(self._git("rev-list", "--count", f"{one}..{bad}") or 0) for one in before}
        return self._candidate(min(distances, key=lambda one: (distances[one], one)))

    def _read_words(self, *which: str) -> None:
        """The digests and first lines of some commits, in one call."""
        form = ("--no-show-signature", "--encoding=UTF-8", "--format=%H %h %s")
        for line in ask_git(self._root, "log", *form, *which).words.split("\n"):
            commit, _, words = line.partition(" ")
            self._words[commit] = words.strip()

    def _candidate(self, commit: str) -> Candidate:
        if commit not in self._words:
            self._read_words("-1", commit)
        words = self._words.get(commit, commit[:10])
        return Candidate(commit, commit, words if len(words) <= _SHOWN else f"{words[: _SHOWN - 1]}…")

    def _is_ancestor(self, first: str, second: str) -> bool:
        return ask_git(self._root, "merge-base", "--is-ancestor", first, second).is_good

    def _why_no_range(self, good: str, bad: str, first: str, second: str) -> str:
        if self._is_ancestor(second, first):
            return f"{good[:80]!r} is newer than {bad[:80]!r}. Name the good one first, which is the older one."
        base = self._git("merge-base", first, second)[:12]
        if not base:
            return f"{good[:80]!r} and {bad[:80]!r} have no common commit in the history that is here."
        return (
            f"{good[:80]!r} is no ancestor of {bad[:80]!r}: their histories part at {base}. If that is good, name it: "
            f"{base}..{bad[:80]}"
        )

    def _git(self, *words: str) -> str:
        return ask_git(self._root, *words).text
