"""A bisection with a made-up judge: what it asks, when it stops, and what it remembers."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import cast

import pytest
from levit_bench.asking.bisect_gates import case_words, gates_of, question_of
from levit_bench.asking.bisection import BisectRules, Step, carry_out
from levit_bench.asking.bisection_log import BisectionLog
from levit_bench.asking.request import Request
from levit_bench.catalog.candidates import Candidate
from levit_bench.errors import BudgetTooSmallError, UsageError
from levit_bench.judge.bisect.answers import Answer, Probe, Ratio, Standing
from levit_bench.judge.bisect.bisection import Bisection, BisectOutcome
from levit_bench.judge.verdicts import Rules
from levit_bench.measuring.session.session import Outcome
from levit_bench.measuring.sides.version_range import VersionRange

VERSIONS = [f"1.{at}" for at in range(17)]
RULES = BisectRules(budget_s=10, at_most_s=40)
Judge = Callable[[Candidate, Candidate, float], Probe]


class Told:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.answers: list[tuple[Answer, bool]] = []

    def step(self, step: Step) -> None:
        self.steps.append(step)

    def answered(self, answer: Answer, against: Candidate, *, is_known: bool, is_pair: bool) -> None:
        del against, is_pair
        self.answers.append((answer, is_known))


def number(candidate: Candidate) -> int:
    return VERSIONS.index(candidate.id)


def probe(share: float, half: float = 0.005) -> Probe:
    log = math.log1p(share)
    return Probe(Ratio(log, log - half, log + half), "s")


def steps_at(at: int, share: float = 0.07, broken: tuple[int, ...] = ()) -> Judge:
    """Versions from one on are slower by a share; some cannot be measured."""

    def judge(first: Candidate, second: Candidate, budget_s: float) -> Probe:
        del budget_s
        if number(second) in broken:
            return Probe(None, "", "cannot import 'nets.py'")
        slow = (number(second) >= at) - (number(first) >= at)
        return probe((1 + share) ** slow - 1)

    return judge


def bisect(
    judge: Judge, folder: Path, rules: BisectRules = RULES, told: Told | None = None, *, restart: bool = False
) -> Bisection:
    candidates = VersionRange("net", "1.0", "1.16", VERSIONS)
    log = BisectionLog({"question": 1}, str(folder), restart=restart)
    return carry_out(candidates, "net", lambda a, b, s, _: judge(a, b, s), rules, log, told or Told())


@pytest.mark.parametrize("at", range(1, 17))
def test_every_first_slow_version_is_found_in_few_steps_and_proven(tmp_path: Path, at: int) -> None:
    told = Told()
    found = bisect(steps_at(at), tmp_path, told=told)
    assert found.outcome is BisectOutcome.FOUND
    assert [one.id for one in found.possible] == [f"1.{at}"]
    assert found.last_good is not None
    assert found.last_good.id == f"1.{at - 1}"
    assert len(found.answers) in (3, 4)
    assert found.confirmation is not None
    assert found.share == pytest.approx(1.0)
    assert found.exit_code == 0
    assert told.steps[0].about == 1 + 4 + 1
    assert [answer.candidate.id for answer in found.history] == sorted(
        {answer.candidate.id for answer in (*found.answers, found.ends)}, key=VERSIONS.index
    )


def test_ends_that_do_not_differ_are_not_bisected(tmp_path: Path) -> None:
    told = Told()
    found = bisect(steps_at(99), tmp_path, told=told)
    assert (found.outcome, found.exit_code, found.answers) == (BisectOutcome.NOTHING, 3, ())
    assert len(told.steps) == 1


def test_ends_that_cannot_be_told_apart_are_measured_longer_and_then_said(tmp_path: Path) -> None:
    asked: list[float] = []

    def judge(first: Candidate, second: Candidate, budget_s: float) -> Probe:
        asked.append(budget_s)
        return probe(0.02, 0.05)

    found = bisect(judge, tmp_path)
    assert asked == [10, 20, 40]
    assert (found.outcome, found.exit_code) == (BisectOutcome.UNTOLD, 3)


def test_what_is_not_told_apart_is_measured_longer_and_then_skipped(tmp_path: Path) -> None:
    asked: dict[str, list[float]] = {}

    def judge(first: Candidate, second: Candidate, budget_s: float) -> Probe:
        asked.setdefault(second.id, []).append(budget_s)
        if second.id == "1.8":  # Never told apart.
            return probe(0.035, 0.03)
        if second.id == "1.7" and budget_s < 20:
            return probe(0.0, 0.1)
        return steps_at(12)(first, second, budget_s)

    found = bisect(judge, tmp_path)
    assert asked["1.8"] == [10, 20, 40]
    assert found.outcome is BisectOutcome.FOUND
    assert found.possible[0].id == "1.12"
    skipped = [answer for answer in found.answers if answer.standing is Standing.SKIPPED]
    assert [answer.candidate.id for answer in skipped] == ["1.8"]


def test_a_budget_that_holds_no_run_is_doubled_and_no_fault_of_the_version(tmp_path: Path) -> None:
    asked: list[float] = []

    def judge(first: Candidate, second: Candidate, budget_s: float) -> Probe:
        asked.append(budget_s)
        if budget_s < 40:
            raise BudgetTooSmallError("a budget of 10 s is too small")
        return steps_at(8)(first, second, budget_s)

    found = bisect(judge, tmp_path)
    assert (found.outcome, found.possible[0].id) == (BisectOutcome.FOUND, "1.8")
    assert asked[:3] == [10, 20, 40]
    with pytest.raises(BudgetTooSmallError, match="of 10 s"):
        bisect(judge, tmp_path, RULES._replace(at_most_s=20), restart=True)


def test_no_gate_is_asked_for_more_than_it_takes(tmp_path: Path) -> None:
    asked: list[Rules] = []

    def measure_gate(*given: object, title: str) -> Outcome:
        asked.append(cast("Rules", given[3]))
        raise UsageError(title)

    candidates = VersionRange("net", "1.0", "1.16", VERSIONS)
    measure = gates_of(Request(networks="net"), tmp_path, measure_gate, nullcontext, candidates)
    for share in (0.035, 1.0, 3.9, math.inf):
        measure(candidates.good, candidates.bad, 10, share)
    assert [rules.min_effect for rules in asked] == [0.035, 1, 1, 1]


def test_answers_are_for_these_libraries_and_this_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    nets = tmp_path / "nets.py"
    nets.write_text("a = 1\n")
    candidates = VersionRange("net", "1.0", "1.16", VERSIONS)
    request = Request(networks="nets.py:build")
    first = question_of(request, candidates, RULES, "nets.py:build")
    assert question_of(request, candidates, RULES, "nets.py:build") == first
    nets.write_text("a = 2\n")
    assert question_of(request, candidates, RULES, "nets.py:build") != first
    nets.write_text("a = 1\n")
    assert question_of(request, candidates, RULES, "nets.py:build") == first
    monkeypatch.setattr("levit_bench.asking.bisect_gates.platform.python_version", lambda: "9.9")
    assert question_of(request, candidates, RULES, "nets.py:build") != first


def test_skipped_versions_around_the_step_are_a_range_between_proven_neighbours(tmp_path: Path) -> None:
    pairs: list[tuple[str, str]] = []

    def judge(first: Candidate, second: Candidate, budget_s: float) -> Probe:
        pairs.append((first.id, second.id))
        return steps_at(8, broken=(7, 8, 9))(first, second, budget_s)

    found = bisect(judge, tmp_path)
    assert found.outcome is BisectOutcome.RANGE
    assert [one.id for one in found.possible] == ["1.7", "1.8", "1.9", "1.10"]
    assert pairs[-1] == ("1.6", "1.10")
    assert found.exit_code == 0


def test_an_end_that_cannot_be_measured_is_an_error_and_may_be_mended(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"the ends cannot be compared: cannot import"):
        bisect(steps_at(5, broken=(16,)), tmp_path)
    assert bisect(steps_at(5), tmp_path).outcome is BisectOutcome.FOUND


def test_a_pair_that_does_not_differ_once_more_is_not_confirmed(tmp_path: Path) -> None:
    def judge(first: Candidate, second: Candidate, budget_s: float) -> Probe:
        return steps_at(5)(first, second, budget_s) if first.id == "1.0" else probe(0.0)

    found = bisect(judge, tmp_path)
    assert (found.outcome, found.exit_code) == (BisectOutcome.UNCONFIRMED, 3)


def test_two_steps_are_found_as_the_larger_one_and_the_rest_is_told(tmp_path: Path) -> None:
    from levit_bench.report.bisect.words import outcome_words

    def judge(first: Candidate, second: Candidate, budget_s: float) -> Probe:
        def level(one: Candidate) -> float:
            return 1.05 ** (number(one) >= 4) * 1.08 ** (number(one) >= 11)

        return probe(level(second) / level(first) - 1)

    found = bisect(judge, tmp_path)
    assert found.possible[-1].id == "1.11"
    assert found.share == pytest.approx(math.log(1.08) / math.log(1.05 * 1.08))
    assert "the rest lies elsewhere" in outcome_words(found)


def test_a_speed_up_is_found_where_it_is_asked_for(tmp_path: Path) -> None:
    faster = steps_at(6, share=1 / 1.07 - 1)
    assert bisect(faster, tmp_path / "slower").outcome is BisectOutcome.NOTHING
    found = bisect(faster, tmp_path / "faster", RULES._replace(is_faster=True))
    assert found.possible[-1].id == "1.6"


@pytest.mark.parametrize("dies_at", range(1, 7))
def test_one_that_was_killed_goes_on_and_asks_nothing_twice(tmp_path: Path, dies_at: int) -> None:
    asked: list[tuple[str, str]] = []

    def judge(first: Candidate, second: Candidate, budget_s: float) -> Probe:
        if len(asked) == dies_at - 1 and not died:
            died.append(True)
            raise KeyboardInterrupt
        asked.append((first.id, second.id))
        return steps_at(11)(first, second, budget_s)

    died: list[bool] = []
    with pytest.raises(KeyboardInterrupt):
        bisect(judge, tmp_path)
    told = Told()
    found = bisect(judge, tmp_path, told=told)
    assert found.possible[-1].id == "1.11"
    assert len(asked) == len(set(asked))
    assert sum(is_known for _, is_known in told.answers) == dies_at - 1


def test_a_log_with_half_a_line_and_nonsense_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    bisect(steps_at(11), tmp_path)
    (path,) = (tmp_path / "bisections").glob("*.jsonl")
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + b"nonsense\n" + lines[1] + lines[2][:20])
    told = Told()
    assert bisect(steps_at(11), tmp_path, told=told).possible[-1].id == "1.11"
    assert sum(is_known for _, is_known in told.answers) == 2
    assert all(line.endswith(b"}\n") or line == b"nonsense\n" for line in path.read_bytes().splitlines(keepends=True))


@pytest.mark.parametrize(
    "changed",
    [
        {"ratio": None},
        {"ratio": [1000.0, 999.0, 1001.0]},
        {"ratio": [0.5, 0.6, 0.7]},
        {"standing": "skipped", "ratio": None, "reason": ""},
    ],
)
def test_a_line_that_no_gate_could_have_said_is_asked_again(tmp_path: Path, changed: dict[str, object]) -> None:
    bisect(steps_at(11), tmp_path)
    (path,) = (tmp_path / "bisections").glob("*.jsonl")
    lines = path.read_text().splitlines()
    path.write_text("\n".join(json.dumps(json.loads(line) | changed) for line in lines) + "\n")
    told = Told()
    found = bisect(steps_at(11), tmp_path, told=told)
    assert (found.outcome, found.possible[-1].id) == (BisectOutcome.FOUND, "1.11")
    assert not any(is_known for _, is_known in told.answers)


def test_where_nothing_is_narrowed_nothing_was_found(tmp_path: Path) -> None:
    found = bisect(steps_at(8, broken=tuple(range(1, 16))), tmp_path)
    assert (found.outcome, found.exit_code) == (BisectOutcome.RANGE, 3)
    assert len(found.possible) == 16


def test_a_sketch_is_refused() -> None:
    with pytest.raises(UsageError, match="--thin measures too few runs for a verdict"):
        case_words(Request(networks="net", thin=True))


def test_restart_forgets_and_a_larger_budget_asks_again_what_was_not_told_apart(tmp_path: Path) -> None:
    asked: list[float] = []

    def judge(first: Candidate, second: Candidate, budget_s: float) -> Probe:
        asked.append(budget_s)
        return probe(0.03, 0.02 if budget_s < 80 else 0.001)

    assert bisect(judge, tmp_path).outcome is BisectOutcome.UNTOLD
    assert bisect(judge, tmp_path).outcome is BisectOutcome.UNTOLD
    assert asked == [10, 20, 40]
    bisect(judge, tmp_path, RULES._replace(at_most_s=80))
    assert asked[3:7] == [10, 20, 40, 80]
    before = len(asked)
    bisect(judge, tmp_path, restart=True)
    assert len(asked) > before


def test_a_log_is_removed_with_its_folder(tmp_path: Path) -> None:
    log = BisectionLog({"question": 1}, str(tmp_path))
    log.keep(Answer(Candidate("a", "a", "a"), Standing.GOOD, Ratio(0, -1, 1), 1.0, "s"), 0.5)
    assert len(list((tmp_path / "bisections").iterdir())) == 1
    log.remove()
    assert not (tmp_path / "bisections").exists()
