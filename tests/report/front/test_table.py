import csv as csv_format
import io
import re
import textwrap

import pytest
from levit_bench.judge.front.panels import panels
from levit_bench.report.front.table import COLUMNS, csv, frame, markdown, rows, table
from rich.console import Console

from tests.making import record

PANELS = panels(
    [
        record("levit_128s", (0.0070, 0.0071, 0.0072), top1=76.6),
        record("levit_192", (0.0140, 0.0141, 0.0142), top1=80.0),
        record("efficientnet_b0", (0.020, 0.021, 0.022), top1=77.1),
        record("deit_tiny", (0.009,), top1=72.2),
        record("broken", outcome="failed", reason="out of memory"),
    ]
)
HOSTILE = panels([record("=cmd|'x'\x1b[31m[red]`<b>" + "y" * 90, (0.01,) * 3, family="@fam")])


def printed(panel, **options):
    out = io.StringIO()
    Console(file=out, width=80, **options).print(table(panel))
    return out.getvalue()


def test_the_table_reads_like_this():
    golden = """\
    Example Xeon Gold 6999X (16 logical cores) · device cpu · 1 thread · batch 1 ·
    runtime eager · allocator pinned · weights random-calibrated-1 · torch 2.13.0 ·
    top-1 on ImageNet-1k validation

    network          top-1  latency     95 %  img/s  dominated by
    ───────────────────────────────────────────────────────────────────────────
    levit_128s        76.6  7.10 ms  ± 3.6 %    136  ● front
    deit_tiny         72.2  9.00 ms      ± ∞    108  ◐ undecided, too few runs,
                                                     measured below levit_128s
    levit_192         80.0  14.1 ms  ± 1.8 %   68.6  ● front
    efficientnet_b0   77.1  21.0 ms   ± 13 %   46.1  levit_192

    places by speed at the published top-1, 95 % sure in this session unless
    undecided; 1 of 4 with too few runs for an interval worth the name; 1 left out
    """
    shown = [line.rstrip() for line in printed(PANELS[0]).splitlines()]
    assert shown == textwrap.dedent(golden).splitlines()


def test_the_table_fits_80_columns_and_shows_hostile_names_as_text():
    text = printed(HOSTILE[0])
    assert max(len(line) for line in text.splitlines()) <= 80
    assert "\x1b" not in text
    assert "\\x1b[31m[red" in text  # neither an escape nor markup of rich


def test_colour_stays_out_of_pipes_and_of_no_color(monkeypatch):
    assert "\x1b" in printed(PANELS[0], force_terminal=True)
    assert "\x1b" not in printed(PANELS[0])
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[3" not in printed(PANELS[0], force_terminal=True)


def test_every_markdown_row_has_as_many_cells_as_its_head():
    for line in markdown((*PANELS, *HOSTILE)).splitlines():
        if line.startswith("|"):
            assert line.replace("\\|", "").count("|") == 9
    assert "| levit_192 | 80.0 | 14.1 ms | ± 1.8 % | 68.6 | 9.20M | 305M | **front** |" in markdown(PANELS)
    assert "<b>" not in markdown(HOSTILE)


def test_a_table_of_throughput_shows_images_a_second_with_their_interval_first():
    (panel,) = panels([record("levit_128s", (0.0070, 0.0071, 0.0072)), record("deit_tiny", (0.009,))], "throughput")
    shown = [line.split() for line in printed(panel).splitlines()]
    assert ["network", "top-1", "img/s", "95", "%", "latency", "dominated", "by"] in shown
    assert [
        "levit_128s",
        "80.0",
        "136",
        "±",
        "3.6",
        "%",
        "7.10",
        "ms",
        *["◐", "undecided,", "too", "few", "runs"],
    ] in shown
    told = markdown([panel])
    assert "| network | top-1 | images/s | 95 % | latency |" in told
    assert "| levit_128s | 80.0 | 136 | ± 3.6 % | 7.10 ms |" in told


def test_csv_is_unrounded_complete_and_harmless():
    rows = list(csv_format.DictReader(io.StringIO(csv((*PANELS, *HOSTILE)))))
    assert len(rows) == 5
    first = PANELS[0].points[0]
    assert float(rows[0]["latency_s"]) == first.latency.value
    assert float(rows[0]["images_per_s_low"]) == first.throughput.low
    assert rows[1]["dominated_by"] == "levit_128s"
    assert (rows[1]["latency_low_s"], rows[1]["latency_high_s"], rows[1]["gpu"]) == ("", "", "")
    hostile = rows[-1]
    assert hostile["network"].startswith("'=cmd|")
    assert hostile["family"] == "'@fam"
    assert "\x1b" not in hostile["network"]


def test_the_frame_holds_names_as_they_were_stored():
    pytest.importorskip("pandas")
    data = frame((*PANELS, *HOSTILE))
    assert tuple(data.columns) == COLUMNS
    assert data["network"].iloc[-1] == HOSTILE[0].points[0].case.network
    assert data["on_front"].sum() == 3
    assert data["threads"].unique().tolist() == [1]


ROUGH, OTHERS = (0.0100, 0.0104, 0.0101, 0.0099, 0.0102), (0.0101, 0.0100, 0.0103, 0.0100, 0.0101)
TIED = panels(
    [
        record("a", ROUGH, top1=80.0),
        record("b", OTHERS, top1=80.0),
        record("c", ROUGH[::-1], top1=79.9),
        record("slow", [0.02] * 5, top1=79.9),
    ]
)


def test_ties_stand_beside_the_place_and_the_caption_says_what_they_are():
    (panel,) = TIED
    assert {point.label: point.tied_with for point in panel.points} == {
        "a": ("b", "c"), "b": ("a", "c"), "c": ("a", "b"), "slow": (),
    }  # fmt: skip
    text = " ".join(printed(panel).split())
    assert re.search(r"◐ undecided, \d+% front, tied with a, c", text)
    assert re.search(r"◐ undecided, \d+% front, else b, tied with it, c", text)
    assert "tied: at most 0.1 apart in top-1, which is faster is open, and one is undecided" in text
    assert "places by speed at the published top-1, 95 % sure in this session unless undecided" in text
    assert re.search(r"\| ◐ undecided, \d+% front, else b, tied with it, c \|", markdown(TIED))
    assert "tied" not in printed(PANELS[0])


def test_of_many_ties_the_tables_name_two_and_the_files_all():
    many = panels([record(f"n{at}", ROUGH[at:] + ROUGH[:at], top1=80.0) for at in range(5)])
    assert [len(point.tied_with) for point in many[0].points] == [4] * 5
    assert " ".join(printed(many[0]).split()).count("and 2 more") == 5
    lines = list(csv_format.DictReader(io.StringIO(csv(many))))
    assert [line["tied_with"] for line in lines] == ["; ".join(point.tied_with) for point in many[0].points]


def test_programs_get_ties_as_a_list():
    found = {row["label"]: row["tied_with"] for row in rows(TIED)}
    assert found == {"a": ["b", "c"], "b": ["a", "c"], "c": ["a", "b"], "slow": []}


def test_of_very_many_points_the_terminal_shows_the_front_and_says_where_the_others_are():
    (panel,) = panels([record(f"n{at:03}", (0.01 + at / 1e4,) * 3, top1=80.0) for at in range(250)])
    text = printed(panel)
    assert "n000" in text
    assert "n001" not in text
    assert "249 dominated networks are in front.csv" in " ".join(text.split())
    assert len(csv([panel]).splitlines()) == 251
