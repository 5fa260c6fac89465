"""What looks decided, in words."""

from __future__ import annotations

from io import StringIO

from levit_bench.records import Decision, Look
from levit_bench.report.views import cases, looks
from rich.console import Console

from tools.simulated.goals_truth import race
from tools.simulated.machine import REGULAR


def test_a_look_in_a_line_counts_what_it_decided() -> None:
    one, other = (Decision(verdict="member", why="w"), Decision(verdict="beaten", why="w"))
    look = Look(number=1, of=3, runs=4, level=0.98, decided={"a": one, "b": other, "c": other}, resting=("b", "c"))
    assert looks.sentence(look) == "look 1 of 3, after 4 runs: 1 on the front, 2 dominated; 2 get no more turns"
    assert looks.sentence(Look(number=2, of=3, runs=7, level=0.98)) == "look 2 of 3, after 7 runs: nothing decided"
    assert [looks.spoken(runs) for runs in ((1,), (4, 6), (4, 7, 12))] == ["1 run", "4 and 6 runs", "4, 7 and 12 runs"]


def test_a_look_of_a_gate_counts_pairs_and_after_the_last_one_nothing_has_turns() -> None:
    same, unsure = Decision(verdict="same", why="w"), Decision(verdict="open", why="w")
    first = Look(number=1, of=2, runs=4, level=0.98, decided={"b1": same}, resting=("a1", "b1"))
    assert looks.sentence(first) == "look 1 of 2, after 4 runs: 1 the same; 1 gets no more turns"
    last = Look(number=1, of=1, runs=3, level=0.95, decided={"b1": same, "b2": unsure}, resting=("a1", "b1"))
    assert looks.sentence(last) == "look 1 of 1, after 3 runs: 1 the same, 1 undecided"


def test_decisions_are_shown_with_the_runs_behind_them_and_the_numbers() -> None:
    records = race(1, REGULAR["normal"]).records
    (table,) = looks.tables(records)
    text = StringIO()
    Console(file=text, width=80).print(table)
    lines = text.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    assert any(line.lstrip().startswith("beaten") and "4 runs" in line for line in lines)
    document = looks.documents(records)
    assert list(document) == ["looks"]
    decided = {row["network"]: row["decided"] for row in cases.rows(records) if row["role"] == "subject"}
    assert decided == {
        "fast": "member", "middle": "member", "best": "member", "beaten": "beaten", "slowest": "beaten",
    }  # fmt: skip
    assert looks.tables([]) == []
    assert looks.documents([]) == {}
