"""The choice of stored sessions and cases: what `--store`, `--session`, `--since`, `--title` and `--where` say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

from levit_bench.command_lines import USUAL_STORE
from levit_bench.errors import NothingToShowError, UsageError
from levit_bench.numbers.dates import Period
from levit_bench.records import Finding
from levit_bench.store.files import FirstLine, first_line, nothing_at, session_files, unreadable
from levit_bench.store.lookup import passed_over, resolve_sessions


class SessionChoice(NamedTuple):
    """Which sessions of which stores are read, and which of their cases."""

    stores: Sequence[Path] = (USUAL_STORE,)
    """Folders of sessions, or files of one session each; several are read as one."""
    sessions: Sequence[str] = ()
    """Names, beginnings of names, tags, or `last`; empty: all sessions."""
    period: Period = Period()
    """When they began."""
    title: str = ""
    """What their titles hold, or with `*` or `?` a pattern of whole titles; empty: any title, or none."""
    conditions: Mapping[str, Sequence[str]] = {}
    """Fields with the values by which cases are chosen."""
    takes_gates: bool = False
    """Whether `last` may be a gate's session: to be shown, and not where networks are ranked or compared."""

    @property
    def names_sessions(self) -> bool:
        """Whether it chooses among the sessions of the stores."""
        return bool(self.sessions or self.title or self.period.is_bounded)

    @property
    def place(self) -> str:
        """The stores in words, for messages."""
        return " and ".join(map(str, self.stores)) or "these results"

    def words(self) -> list[str]:
        """The options of the command line that choose the same, one word each."""
        words = self.store_words()
        words += [word for name in self.sessions for word in ("--session", name)]
        words += ["--since", self.period.since] if self.period.since else []
        words += ["--until", self.period.until] if self.period.until else []
        words += ["--title", self.title] if self.title else []
        return [*words, *_condition_words(self.conditions)]

    def store_words(self) -> list[str]:
        """The options that name the stores, one word each; an absolute path without its folders, which would tell of
        this machine what no page should.
        """
        stores = () if tuple(self.stores) == (USUAL_STORE,) else self.stores
        return [word for store in stores for word in ("--store", store.name if store.is_absolute() else str(store))]


def _condition_words(conditions: Mapping[str, Sequence[str]]) -> list[str]:
    """Fields of one value in one `--where`, of several values one for each."""
    together = ",".join(f"{name}={texts[0]}" for name, texts in conditions.items() if len(texts) == 1)
    several = [f"{name}={text}" for name, texts in conditions.items() if len(texts) > 1 for text in texts]
    return [word for text in (together, *several) if text for word in ("--where", text)]


def wanted_title(text: str | None) -> str:
    """The title that `--title` asks for; empty where it is not given.

    Raises:
        UsageError: it is given and empty: every title would hold it.
    """
    if text is not None and not text.strip():
        raise UsageError(
            f"--title {text[:80]!r}: write what the titles hold, such as nightly. To choose any title, leave --title "
            "out."
        )
    return text or ""


def chosen_files(choice: SessionChoice) -> list[Path]:
    """The session files of a choice, each once.

    Raises:
        UsageError: a named session does not exist, or several match it.
        StoreError: a store does not exist, holds no session or cannot be read.
        NothingToShowError: no session began in the period, or none has such a title; the message names the newest.
    """
    files = _named_files(choice)
    if not (choice.title or choice.period.is_bounded):
        return files
    if not files:
        raise nothing_at(choice.stores)
    heads = {path: first_line(path) for path in files}
    chosen = [path for path, head in heads.items() if _is_chosen(head, choice)]
    if not chosen:
        raise _nothing_chosen(choice, list(heads.values()))
    return chosen


def passed_over_by(choice: SessionChoice) -> list[Finding]:
    """Findings about files that a choice of sessions left out as they hold none: those newer than what `last` names,
    and where a time or a title is asked for, all of which neither can be read.

    Raises:
        BenchError: as `chosen_files`.
    """
    findings = [
        finding for name in choice.sessions for finding in passed_over(choice.stores, name, gates=choice.takes_gates)
    ]
    if choice.title or choice.period.is_bounded:
        problems = (unreadable(path) for path in _named_files(choice) if not first_line(path).session)
        findings += [problem for problem in problems if problem is not None]
    return list(dict.fromkeys(findings))


def _named_files(choice: SessionChoice) -> list[Path]:
    """The files of the sessions that a choice names, of any time and title; all where it names none."""
    if choice.sessions:
        files = [
            path for name in choice.sessions for path in resolve_sessions(choice.stores, name, gates=choice.takes_gates)
        ]
    else:
        files = [path for store in choice.stores for path in session_files(store)]
    return list(dict.fromkeys(files))


def _is_chosen(head: FirstLine, choice: SessionChoice) -> bool:
    return choice.period.holds(head.conditions.taken_at) and _has_title(head.title or "", choice.title)


def _has_title(title: str, wanted: str) -> bool:
    """Whether a title holds a text, or is of a pattern, in upper or lower case."""
    text, pattern = title.casefold(), wanted.casefold()
    if "*" not in pattern and "?" not in pattern:
        return pattern in text
    return fnmatchcase(text, pattern.replace("[", "[[]"))  # A bracket in a title stands for itself.


def _nothing_chosen(choice: SessionChoice, heads: Sequence[FirstLine]) -> NothingToShowError:
    period, wanted = choice.period, []
    wanted += [f"since {period.since}"] if period.since else []
    wanted += [f"until {period.until}"] if period.until else []
    wanted += [f"with the title {choice.title[:80]!r}"] if choice.title else []
    newest = max(heads, key=lambda head: head.conditions.taken_at, default=FirstLine())
    of_newest = f", {newest.title[:80]!r}" if newest.title else ", without a title"
    return NothingToShowError(
        f"no session {' '.join(wanted)} is in {choice.place}. "
        f"The newest is {newest.session or 'unreadable'}{of_newest}."
    )
