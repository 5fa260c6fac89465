"""What a person and a program see of an A/A test."""

from __future__ import annotations

import io
import json
import math

from levit_bench.catalog.twins import SUFFIX
from levit_bench.judge.compare.aa import pairs
from levit_bench.report.compare.aa import document, lines, table
from rich.console import Console

from tests.making import record

STEPS = (-1, 0, 1, 2, -2)


def twins(network, times=1.0, session="s1"):
    runs = [0.01 * times * math.exp(0.01 * step + 0.001) for step in STEPS]
    return [record(network, [0.01] * 5, session=session), record(network + SUFFIX, runs, session=session)]


FOUND = pairs([*twins("[red]levit_192"), *twins("b0", 1.2), *twins("few")[:1], record("few" + SUFFIX, [0.01])])
TABLE = """\
all: 224px b1 t1 pinned

 equals   network          pairs      a run   a pair   detectable
 ────────────────────────────────────────────────────────────────
 shared   [red]levit_192       1      1.4 %   0.10 %        3.9 %
 shared   b0                   1       18 %     18 %        3.9 %
 shared   few                  1   < 0.01 %        –            –
"""
LINES = """\
a run, a pair: standard deviation of the ratio of equals, of a run and of all runs
detectable: the smallest slowdown that such a pair finds four times in five (median)
at most: upper limit of the rate, with 95 % confidence
shared (twins that shared a process): 1 of 2 called different (at most 97 %), in 1 of 1 report (at most 100 %); \
1 slower, 1 same; 1 without limits
"""


def test_the_table_and_the_lines_read_like_this():
    console = Console(width=80, file=io.StringIO(), highlight=False)
    console.print(table(FOUND))
    shown = "\n".join(line.rstrip() for line in console.file.getvalue().splitlines())
    assert (shown.strip("\n"), lines(FOUND)) == (TABLE.strip("\n"), LINES.splitlines())


def test_a_kind_of_which_nothing_can_be_judged_is_told():
    found = pairs([record("a", [0.01]), record("a" + SUFFIX, [0.01])])
    assert lines(found)[-1] == "shared (twins that shared a process): no pair has enough runs to be judged"


def test_the_document_is_plain_json_with_counts_and_limits():
    told = json.loads(json.dumps(document(FOUND), allow_nan=False))
    (rate,) = told["rates"]
    assert (rate["comparisons"], rate["unjudged"], rate["slower"]["count"]) == (2, 1, 1)
    assert 0.97 < rate["false_alarms"]["rate_below"] < 0.98
    assert [row["network"] for row in told["noise"]] == ["[red]levit_192", "b0", "few"]
    assert told["noise"][2]["detectable_ratio"] is None
    assert {pair["verdict"] for pair in told["pairs"]} == {"slower", "same", "inconclusive"}
