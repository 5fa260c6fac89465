"""What a person and a program see of a comparison."""

from __future__ import annotations

import io
import json
import math

import msgspec
import pytest
from levit_bench.judge.compare.one_session import within
from levit_bench.judge.compare.two_sides import Report, compare
from levit_bench.judge.verdicts import Rules
from levit_bench.report.compare.two_sides import document, findings, notes, sentence, sessions_line, table
from rich.console import Console

from tests.making import record

STEPS = (-1, 0, 1, 2, -2)


def timed(network, times, session, *, scatter=0.01, **fields):
    """Five runs of ten milliseconds times a factor, with a steady scatter."""
    runs = [0.01 * times * math.exp(scatter * step) for step in STEPS]
    return record(network, runs, session=session, **fields)


HISTORY = [
    timed(name, 1 + 0.002 * at, f"0h{at}") for at in range(12) for name in ("[red]levit_192", "b0", "b2", "mobile")
]
FIRST = [
    *(timed(name, 1.0, "s1") for name in ("[red]levit_192", "b0", "b2", "mobile", "broken", "gone", "other")),
    timed("few", 1.0, "s1"),
]
SECOND = [
    timed("[red]levit_192", 1.3, "s2"),
    timed("b0", 0.7, "s2"),
    timed("b2", 1.001, "s2"),
    timed("mobile", 1.02, "s2", scatter=0.05),
    record("few", [0.01, 0.011], session="s2"),
    record("broken", (), session="s2", outcome="failed", reason="it raised"),
    timed("other", 1.0, "s2", torch="2.14.0"),
    timed("fresh", 1.0, "s2"),
]
REPORT = compare(FIRST, SECOND, HISTORY, Rules(0.12, 0.12))
EXPECTED = """\
all: 224px b1 t1 pinned

 network          ratio   95 % CI          detectable   verdict
 ───────────────────────────────────────────────────────────────────
 [red]levit_192    1.30   1.19 to 1.42           15 %   slower
 b0               0.700   0.642 to 0.763         15 %   faster
 b2                1.00   0.919 to 1.09          15 %   same
 mobile            1.02   0.917 to 1.13          16 %   inconclusive
 few                  –   –                         –   inconclusive

ratio: second over first; 95 % CI: 98.75 % each, so that 95 % hold for all 4 cases together
detectable: the smallest slowdown that so many runs find four times in five
slower, faster: all of the interval beyond 1, and at least 12 %
same: the 97.5 % interval, so wide for all of them together, within ±12 %
broken 224px b1 t1 pinned: no time on the second side: failed: it raised
few 224px b1 t1 pinned: too few runs: the second has 2 runs, and a comparison needs 3. Measure again with a larger \
--budget, or add runs to the newest session: levit-bench run --resume last --budget 2m
other 224px b1 t1 pinned: the sides differ in torch (2.13.0, 2.14.0)
gone 224px b1 t1 pinned: missing, only the first holds it
fresh 224px b1 t1 pinned: new, only the second holds it
"""


def shown(report):
    console = Console(width=80, file=io.StringIO(), highlight=False)
    console.print(table(report))
    printed = console.file.getvalue()
    return "\n".join([*(line.rstrip() for line in printed.splitlines()), *notes(report)])


def test_the_table_has_a_row_a_verdict_and_a_reason_for_everything_else():
    assert shown(REPORT).strip("\n") == EXPECTED.strip("\n")


def test_the_sentence_tells_the_worst_first_and_counts_every_case():
    assert sentence(REPORT) == (
        "5 cases compared: 1 slower: [red]levit_192 224px b1 t1 pinned (takes 1.30 times as long, at least 1.19); "
        "1 faster: b0 224px b1 t1 pinned (takes 0.700 times as long, at most 0.763); 1 same; 2 inconclusive; "
        "1 failed: broken 224px b1 t1 pinned; 1 not comparable: other 224px b1 t1 pinned; "
        "1 missing: gone 224px b1 t1 pinned; 1 new: fresh 224px b1 t1 pinned."
    )


def test_the_sentence_names_three_and_counts_the_others():
    first, second = ([timed(f"n{at}", times, name) for at in range(5)] for times, name in ((1.0, "a"), (2.0, "b")))
    told = sentence(compare(first, second))
    assert told.startswith("5 cases compared: 5 slower: n0 ")
    assert told.endswith(" and 2 more.")


def test_what_differs_between_rows_is_a_column_and_the_rest_a_heading():
    first, second = (
        [timed("n", times, name, batch=batch, threads=2) for batch in (1, 16)] for times, name in ((1, "a"), (1, "b"))
    )
    lines = shown(compare(first, second)).splitlines()
    assert lines[0] == "all: 224px t2 pinned"
    assert "case" in lines[2]
    assert [line.split()[1] for line in lines[4:6]] == ["b1", "b16"]


def test_the_table_leaves_out_what_the_sides_differ_in_and_the_ratio_says_which_is_which():
    records = [
        timed("a", 1 + at, "s", scatter=0.01 * (1 + at), allocator=allocator)
        for at, allocator in enumerate(("pinned", "shipped"))
    ]
    report = within(records, "allocator", "pinned", "shipped")
    assert not {"pinned", "shipped"} & set(shown(report).split())
    told = notes(report, "allocator pinned", "allocator shipped")
    assert told[0] == "ratio: allocator shipped over allocator pinned"


def test_the_legend_says_how_many_cases_and_looks_share_the_confidence():
    sides = [
        timed(name, 1, "s", scatter=0.01 * (1 + at), batch=batch) for batch in (1, 2) for at, name in enumerate("ab")
    ]
    looked = [
        msgspec.structs.replace(one, protocol=msgspec.structs.replace(one.protocol, goal="race", looks=(4, 6, 9)))
        for one in sides
    ]
    plain, at_looks = (notes(within(side, "network", "a", "b"))[0] for side in (sides, looked))
    assert plain.endswith("each, so that 95 % hold for all 2 cases together")
    assert at_looks.endswith(
        "each, so that 95 % hold for all 2 cases together at each of 3 looks (as for 6 comparisons)"
    )


def test_one_case_needs_no_words_about_a_family():
    told = notes(within([timed("a", 1, "s"), timed("b", 1, "s", scatter=0.02)], "network", "a", "b"))
    assert told[0] == "ratio: second over first"


def test_a_resumed_session_has_wider_limits_and_the_legend_counts_its_cases_alone():
    plain = [timed("a", 1, "s"), timed("b", 1, "s", scatter=0.02)]
    again = [msgspec.structs.replace(one, resumes=1) for one in plain]
    one, two = (within(side, "network", "a", "b") for side in (plain, again))
    assert notes(two)[0] == (
        "ratio: second over first; 95 % CI: 99.17 % each, so that 95 % hold though results were seen before the "
        "session was resumed (as for 6 comparisons)"
    )
    assert two.rows[0].comparison.ratio.low < one.rows[0].comparison.ratio.low


def test_a_report_without_a_single_limit_has_no_legend_and_an_empty_one_a_sentence():
    report = compare([timed("n", 1, "a")], [record("n", [0.01], session="b")])
    assert notes(report) == [f"n 224px b1 t1 pinned: {report.rows[0].comparison.reason}"]
    assert sentence(Report(())) == "0 cases compared."


def test_the_document_says_what_the_table_says_and_is_plain_json():
    told = json.loads(json.dumps(document(REPORT), allow_nan=False))
    assert told["summary"] == sentence(REPORT)
    rows = {row["network"]: row for row in told["rows"]}
    slower = rows["[red]levit_192"]
    assert slower["ratio_low"] < slower["ratio"] < slower["ratio_high"]
    assert (slower["verdict"], slower["family"], slower["level"]) == ("slower", 4, pytest.approx(1 - 0.05 / 4))
    assert (slower["first_session"], slower["second_session"]) == ("s1", "s2")
    assert (rows["few"]["ratio"], rows["few"]["detectable_ratio"], rows["few"]["runs"]) == (None, None, 0)
    assert rows["broken"]["verdict"] == "not comparable"
    assert (told["missing"], told["new"]) == (["gone 224px b1 t1 pinned"], ["fresh 224px b1 t1 pinned"])


def test_findings_are_those_of_the_comparison_and_of_its_sessions_by_name():
    import msgspec
    from levit_bench.records import Finding

    busy = Finding(kind="busy-machine", message="the load was 5")
    own = Finding(kind="page-faults", message="many", case="x")
    second = msgspec.structs.replace(SECOND[0], findings=(busy, own))
    told = findings(compare(FIRST[:1], [second], HISTORY))
    assert [(one.kind, one.message) for one in told] == [("busy-machine", "s2: the load was 5")]
    assert [one.kind for one in findings(compare(FIRST[:1], SECOND[:1]))] == ["session-scatter-assumed"]


def test_the_sessions_of_a_side_are_named_or_counted():
    assert sessions_line([]) == "no session"
    assert sessions_line(FIRST) == "s1"
    assert sessions_line(HISTORY) == "12 sessions, 0h0 to 0h9"
