"""A bisection as data: what `levit-bench bisect --json` prints and `bisect.json` holds."""

from __future__ import annotations

import json
import math
from typing import Any

from levit_bench.catalog.candidates import Candidate
from levit_bench.judge.bisect.answers import Answer
from levit_bench.judge.bisect.bisection import Bisection
from levit_bench.report.bisect.words import outcome_words


def document(found: Bisection) -> dict[str, Any]:
    """All answers, unrounded; ratios are to the good end, of the confirmation to the last good one."""
    return {
        "outcome": found.outcome.value,
        "exit_code": found.exit_code,
        "words": outcome_words(found),
        "case": found.case,
        "is_faster": found.is_faster,
        "least": found.least,
        "good": _candidate(found.good),
        "bad": _candidate(found.bad),
        "ends": _answer(found.ends),
        "answers": [_answer(answer) for answer in found.answers],
        "possible": [_candidate(one) for one in found.possible],
        "last_good": None if found.last_good is None else _candidate(found.last_good),
        "confirmation": None if found.confirmation is None else _answer(found.confirmation),
        "share": found.share,
    }


def encoded(found: Bisection) -> str:
    """The document as the text of a file."""
    return json.dumps(document(found), indent=2, allow_nan=False) + "\n"


def _candidate(one: Candidate) -> dict[str, str]:
    return {"id": one.id, "words": one.words}


def _answer(answer: Answer) -> dict[str, Any]:
    ratio = None if answer.ratio is None else [_bounded(math.exp(log)) for log in answer.ratio]
    value, low, high = (None, None, None) if ratio is None else ratio
    return {
        **_candidate(answer.candidate),
        "standing": answer.standing.value,
        "reason": answer.reason or None,
        "ratio": value,
        "ratio_low": low,
        "ratio_high": high,
        "budget_s": answer.budget_s,
        "session": answer.session or None,
    }


def _bounded(value: float) -> float | None:
    return value if math.isfinite(value) else None
