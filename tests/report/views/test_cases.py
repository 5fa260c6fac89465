"""Cases one by one, side by side."""

from __future__ import annotations

import io

from levit_bench.report.views.cases import rows, table
from rich.console import Console

from tests.making import record

BOTH = [
    record("efficientnet_b0", (0.020, 0.021, 0.022), batch=16, threads=16),
    record("efficientnet_b0", (0.010, 0.011, 0.012), batch=16, threads=16, form="inference"),
]


def _printed(records: list, width: int) -> list[str]:
    out = io.StringIO()
    Console(file=out, width=width).print(table(records))
    return [line.rstrip() for line in out.getvalue().splitlines()]


def test_two_forms_of_one_network_stand_below_one_another_and_say_which_they_are():
    shared, *_, shipped, inference = [line for line in _printed(BOTH, 80) if line.strip()]
    assert shared == "all: 224px b16 t16 pinned"
    assert " ".join(shipped.split()).startswith("efficientnet_b0 form shipped 21.0 ms")
    assert " ".join(inference.split()).startswith("efficientnet_b0 inference 11.0 ms")
    assert [row["form"] for row in rows(BOTH)] == ["shipped", "inference"]


def test_a_form_that_failed_is_named_with_its_reason():
    failed = record("efficientnet_b0", (), form="inference", outcome="failed", reason="is not the same network")
    text = " ".join(" ".join(_printed([failed], 99)).split())
    assert "pinned inference: failed: is not the same network" in text


def test_a_form_that_a_file_made_up_is_shown_harmlessly():
    text = "\n".join(_printed([record("efficientnet_b0", (0.01,) * 3, form="\x1b[31mred")], 120))
    assert "\x1b" not in text
    assert "\\x1b" in text


def test_one_reason_of_many_cases_is_said_once_with_their_names():
    broken = [record(name, (0.01,), complete=False, turns=1, session="s7") for name in "abcdef"]
    failed = record("other", (), outcome="failed", reason="out of memory")
    text = " ".join(" ".join(_printed([*broken, failed], 120)).split())
    assert text.count("was broken off in run 1") == 1
    assert text.count("levit-bench run --resume s7 --budget 2m") == 1
    asked = "224px b1 t1 pinned"
    also = f"The same holds for b {asked}, c {asked}, d {asked} and 2 more. other {asked}: failed:"
    assert f"--resume s7 --budget 2m. {also}" in text
