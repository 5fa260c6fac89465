"""The log of a bisection: each answer as it comes, so that one that was killed goes on where it was.

A file of JSON lines in the cache folder, whose name is made of the question: the same command finds it again. It is
removed when the bisection ends.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import msgspec

from levit_bench.errors import StoreError
from levit_bench.judge.bisect.answers import Answer, Ratio, Standing
from levit_bench.paths.cache_folder import cache_folder, make_private, why_not_private

_FOLDER = "bisections"
_FORGOTTEN_S = 60 * 86400
"""Seconds after which the log of a bisection that nobody went on with is removed."""
_LARGEST = 8 << 20
_LARGEST_LOG = 50.0
"""Of a ratio: nothing takes e^50 times as long."""


class _Line(msgspec.Struct, frozen=True, kw_only=True):
    """One answer as it is kept."""

    id: str
    side: str
    words: str
    standing: Standing
    ratio: tuple[float, float, float] | None
    budget_s: float
    session: str
    reason: str = ""
    threshold: float | None = None
    """By which it was judged: of an end the least difference that counts."""


class BisectionLog:
    """The answers so far.

    Args:
        question: everything that the answers depend on.
        named: the cache folder; empty for the default.
        restart: forget the answers of an earlier call.

    Raises:
        StoreError: the file cannot be written.
    """

    def __init__(self, question: Mapping[str, object], named: str = "", *, restart: bool = False) -> None:
        kept = Path(named).expanduser().absolute() if named else cache_folder()
        digest = hashlib.sha256(msgspec.json.encode(question, order="sorted")).hexdigest()[:16]
        self._path = None if kept is None else kept / _FOLDER / f"{digest}.jsonl"
        self._answers: dict[tuple[str, float], Answer] = {}
        if self._path is None:
            return
        try:
            make_private(self._path.parent.parent)
            make_private(self._path.parent)
            _forget_old(self._path.parent)
            if restart:
                self._path.unlink(missing_ok=True)
            self._read(self._path)
        except OSError as error:
            raise _cannot_write(self._path, error) from error

    def __len__(self) -> int:
        return len(self._answers)

    def known(self, candidate: str, threshold: float) -> Answer | None:
        """The answer on a candidate by a threshold, where it was given before."""
        return self._answers.get((candidate, round(threshold, 12)))

    def keep(self, answer: Answer, threshold: float) -> None:
        """Write an answer down before the next question.

        Raises:
            StoreError: it cannot be written.
        """
        one, ratio = answer.candidate, answer.ratio
        line = _Line(
            id=one.id, side=one.side, words=one.words, standing=answer.standing,
            ratio=None if ratio is None else (ratio.log, ratio.low, ratio.high), budget_s=answer.budget_s,
            session=answer.session, reason=answer.reason, threshold=round(threshold, 12),
        )  # fmt: skip
        self._answers[one.id, round(threshold, 12)] = answer
        if self._path is None:
            return
        try:
            with self._path.open("ab") as file:
                file.write(msgspec.json.encode(line) + b"\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise _cannot_write(self._path, error) from error

    def remove(self) -> None:
        """Forget all answers: the bisection has ended."""
        self._answers.clear()
        if self._path is not None:
            with suppress(OSError):
                self._path.unlink(missing_ok=True)
            with suppress(OSError):
                self._path.parent.rmdir()  # Where it was the last one.

    def _read(self, path: Path) -> None:
        """What was kept; a line that a killed process left half is the last one, and is asked again."""
        from levit_bench.catalog.candidates import Candidate

        if not path.exists() or why_not_private(path) is not None or path.stat().st_size > _LARGEST:
            return
        whole = path.read_bytes()
        end = whole.rfind(b"\n") + 1
        if end < len(whole):
            with path.open("r+b") as file:
                file.truncate(end)
        for line in whole[:end].splitlines():
            try:
                one = msgspec.json.decode(line, type=_Line)
            except msgspec.MsgspecError:
                continue
            if not _is_sound(one):
                continue
            ratio = None if one.ratio is None else Ratio(*one.ratio)
            answer = Answer(
                Candidate(one.id, one.side, one.words), one.standing, ratio, one.budget_s, one.session, one.reason
            )
            self._answers[one.id, one.threshold or 0.0] = answer


def _is_sound(line: _Line) -> bool:
    """Whether a line says what a gate could have said; the file may have been edited."""
    if line.ratio is None:
        return line.standing is Standing.SKIPPED and bool(line.reason)
    log, low, high = line.ratio
    return low <= log <= high and abs(log) < _LARGEST_LOG


def _forget_old(folder: Path) -> None:
    for path in folder.glob("*.jsonl"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > _FORGOTTEN_S:
                path.unlink()


def _cannot_write(path: Path, error: OSError) -> StoreError:
    return StoreError(
        f"cannot keep the log of the bisection in {path.parent}: {error.strerror or error}. Name another folder with "
        "--cache, or free space there."
    )
