"""What a person and a program see of cases against one network."""

from __future__ import annotations

import io

from levit_bench.judge.compare.reference_network import against
from levit_bench.report.views.reference_network import rows, table
from rich.console import Console

from tests.making import record

RECORDS = [
    record("levit_128s", [0.01, 0.0101, 0.0099], top1=76.6),
    record("[red]levit_192", [0.02, 0.0204, 0.0196], top1=None),
    record("failed", outcome="failed", reason="it raised"),
]
EXPECTED = """\
all: 224px b1 t1 pinned

 network          top-1   latency   ratio   95 % CI
 ───────────────────────────────────────────────────────
 levit_128s        76.6   10.0 ms       1
 [red]levit_192       –   20.0 ms    2.00   1.95 to 2.05
 failed            80.0    failed       –

ratio: over levit_128s in the same session and setting, paired by round
top-1 on ImageNet-1k validation
"""


def test_the_table_names_the_base_once_and_every_interval() -> None:
    console = Console(width=80, file=io.StringIO(), highlight=False)
    console.print(table(against(RECORDS, "levit_128s"), "levit_128s"))
    printed = console.file.getvalue()  # type: ignore[attr-defined]
    assert "\n".join(line.rstrip() for line in printed.splitlines()).strip("\n") == EXPECTED.strip("\n")


def test_the_table_says_how_many_cases_are_left_out_and_in_what_they_differ() -> None:
    left = {("runtime",): 3, ("threads", "batch"): 1}
    caption = table(against(RECORDS, "levit_128s"), "levit_128s", left).caption
    assert str(caption).splitlines()[-2:] == ["3 left out: other runtime", "1 left out: other threads and batch"]


def test_rows_hold_the_ratio_unrounded_and_none_where_there_is_none() -> None:
    found = rows(against(RECORDS, "levit_128s"), "levit_128s")
    assert [row["ratio"] is None for row in found] == [False, False, True]
    low, value, high = (found[1][name] for name in ("ratio_low", "ratio", "ratio_high"))
    assert isinstance(low, float)
    assert isinstance(value, float)
    assert isinstance(high, float)
    assert low < value < high
    assert found[1]["against"] == "levit_128s"
    assert found[1]["network"] == "[red]levit_192"
