"""What a bisection came to, as a sentence, a table, data and a picture."""

from __future__ import annotations

import json
from io import StringIO
from itertools import pairwise

import pytest
from levit_bench.catalog.candidates import Candidate
from levit_bench.judge.bisect.answers import NOT_TOLD_APART, Answer, Ratio, Standing, standing_of
from levit_bench.judge.bisect.bisection import Bisection, BisectOutcome
from levit_bench.report.bisect.document import encoded
from levit_bench.report.bisect.figure import draw
from levit_bench.report.bisect.table import table
from levit_bench.report.bisect.words import answer_words, outcome_words
from levit_bench.report.front.figure import encoded as picture
from rich.console import Console

GOOD, MIDDLE, BAD = (
    Candidate(c * 40, c * 40, f"{c * 7} the {name} one") for c, name in (("a", "good"), ("b", "middle"), ("c", "bad"))
)


def answer(candidate: Candidate, standing: Standing, log: float | None, reason: str = "") -> Answer:
    ratio = None if log is None else Ratio(log, log - 0.01, log + 0.01)
    return Answer(candidate, standing, ratio, 60.0, "s1", reason)


ENDS = answer(BAD, Standing.BAD, 0.07)
FOUND = Bisection(
    "net", GOOD, BAD, False, 0.02, ENDS, (answer(MIDDLE, Standing.BAD, 0.07),),
    (answer(MIDDLE, Standing.BAD, 0.07), ENDS), (MIDDLE,), GOOD, answer(MIDDLE, Standing.BAD, 0.068),
)  # fmt: skip
SKIPPED = answer(MIDDLE, Standing.SKIPPED, None, "cannot import nets")
UNTOLD = answer(MIDDLE, Standing.SKIPPED, 0.03, NOT_TOLD_APART)
OTHERS = {
    BisectOutcome.RANGE: FOUND._replace(possible=(MIDDLE, BAD), answers=(SKIPPED,), history=(SKIPPED, ENDS)),
    BisectOutcome.NOTHING: Bisection("net", GOOD, BAD, False, 0.02, answer(BAD, Standing.GOOD, 0.0), history=(ENDS,)),
    BisectOutcome.UNTOLD: Bisection("net", GOOD, BAD, False, 0.02, answer(BAD, Standing.OPEN, 0.02), history=(ENDS,)),
    BisectOutcome.UNCONFIRMED: FOUND._replace(confirmation=answer(MIDDLE, Standing.OPEN, 0.0)),
}


@pytest.mark.parametrize(("outcome", "found"), [(BisectOutcome.FOUND, FOUND), *OTHERS.items()])
def test_every_outcome_has_a_sentence_a_table_a_document_and_a_picture(
    outcome: BisectOutcome, found: Bisection
) -> None:
    assert found.outcome is outcome
    assert outcome_words(found)
    held = json.loads(encoded(found))
    assert (held["outcome"], held["exit_code"]) == (outcome.value, 0 if outcome is BisectOutcome.FOUND else 3)
    assert picture(draw(found), "svg")
    console = Console(width=120, record=True, file=StringIO())
    console.print(table(found))
    assert "the bad one" in console.export_text()


def test_an_answer_says_against_what_it_was_measured() -> None:
    bad = answer(MIDDLE, Standing.BAD, 0.068)
    takes = "bbbbbbb the middle one takes 1.070 (1.060 to 1.081) times as long as aaaaaaa the good one"
    assert answer_words(bad, GOOD, is_faster=False, is_pair=False) == f"{takes}: bad"
    assert answer_words(bad, GOOD, is_faster=False, is_pair=True) == f"{takes}: proven"
    faster = answer_words(bad, GOOD, is_faster=True, is_pair=False)
    assert faster == "bbbbbbb the middle one is 1.070 (1.060 to 1.081) times as fast as aaaaaaa the good one: faster"
    still = answer_words(answer(MIDDLE, Standing.GOOD, 0.0), GOOD, is_faster=True, is_pair=False)
    assert still.endswith(": as before")
    unknown = answer_words(answer(MIDDLE, Standing.OPEN, 0.03), GOOD, is_faster=False, is_pair=True)
    assert unknown.endswith(": not told apart in 1 min")
    nothing = answer_words(answer(MIDDLE, Standing.OPEN, None), GOOD, is_faster=False, is_pair=False)
    assert nothing == "bbbbbbb the middle one against aaaaaaa the good one: not told apart in 1 min"
    assert "skipped, cannot import nets" in answer_words(SKIPPED, GOOD, is_faster=False, is_pair=False)


@pytest.mark.parametrize("log", [0.004, 0.02, 0.07, 0.3, 0.7, 1.5, 3.2, 6.0, 12.0, -0.05, -3.0])
def test_the_marks_of_the_picture_are_few_and_apart_whatever_the_ratio(log: float) -> None:
    ends = answer(BAD, Standing.BAD, log)
    figure = draw(FOUND._replace(ends=ends, history=(answer(MIDDLE, Standing.GOOD, 0.0), ends)))
    (ax,) = figure.axes
    figure.draw_without_rendering()
    low, high = ax.get_xlim()
    boxes = [label.get_window_extent() for label in ax.get_xticklabels()]
    assert 2 <= len(boxes) <= 8
    assert all(low <= mark <= high for mark in ax.get_xticks())
    assert all(one.x1 < other.x0 for one, other in pairwise(boxes))


def test_a_range_says_why_its_candidates_are_in_it() -> None:
    told = OTHERS[BisectOutcome.RANGE]
    assert told._replace(answers=(*told.answers, answer(MIDDLE, Standing.GOOD, 0.0))).exit_code == 0
    one = outcome_words(told)
    assert "1 candidate between them could not be measured." in one
    untold = outcome_words(OTHERS[BisectOutcome.RANGE]._replace(answers=(UNTOLD,)))
    assert "1 candidate between them could not be told apart from both ends." in untold


def test_the_sentence_names_the_commit_and_its_ratio() -> None:
    words = outcome_words(FOUND)
    assert words == (
        "The first slower one is bbbbbbb the middle one. Measured once more, it takes 1.070 (1.060 to 1.081) times as "
        "long as aaaaaaa the good one."
    )
    assert "between aaaaaaa the good one and ccccccc the bad one" in outcome_words(OTHERS[BisectOutcome.RANGE])
    assert "Nothing to bisect: ccccccc the bad one takes 1.000" in outcome_words(OTHERS[BisectOutcome.NOTHING])


@pytest.mark.parametrize(
    ("ratio", "standing"),
    [
        (Ratio(0.07, 0.06, 0.08), Standing.BAD), (Ratio(0.0, -0.01, 0.01), Standing.GOOD),
        (Ratio(0.04, 0.03, 0.05), Standing.OPEN), (None, Standing.OPEN), (Ratio(0.04, 0.035, 0.05), Standing.OPEN),
    ],
)  # fmt: skip
def test_a_candidate_stands_where_its_whole_interval_is(ratio: Ratio | None, standing: Standing) -> None:
    assert standing_of(ratio, 0.035) is standing
