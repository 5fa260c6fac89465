"""Every table in 80 columns: no line is longer, no number is cut, and no two cases look the same."""

from __future__ import annotations

import io
import re
from collections import Counter

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from levit_bench.catalog.entries import entries
from levit_bench.catalog.twins import SUFFIX
from levit_bench.judge.compare.aa import pairs
from levit_bench.judge.compare.two_sides import compare as judged
from levit_bench.judge.front.changes import Change, Move, Moved
from levit_bench.judge.front.panels import panels
from levit_bench.judge.variance.components import components
from levit_bench.measuring.session.sharing import SHARING
from levit_bench.planning.forecast import forecast
from levit_bench.records import Decision, Look
from levit_bench.report.compare import aa, two_sides
from levit_bench.report.front import changes
from levit_bench.report.front.table import table
from levit_bench.report.listings import kept_artifacts, machine, networks
from levit_bench.report.listings import plan as plans
from levit_bench.report.listings.kept_artifacts import KeptArtifact
from levit_bench.report.views import cases, cold_starts, looks, percentiles, variance
from levit_bench.report.words.panel_names import PanelNames
from levit_bench.report.words.safe_text import WHOLE_NAME, distinct
from levit_bench.report.words.setting import session_line
from rich.console import Console

from tests.judge.test_cold_starts import started
from tests.making import record
from tools.simulated.generate_store import CONDITIONS, MACHINE, PROTOCOL

LONG = "vit_so400m_patch14_siglip_gap_896.pali2_10b_pt_in1k_ft_a_rather_long_tag"
NAMES = [
    "levit_128s",
    *(f"{LONG}_{end}" for end in ("one", "two")),
    *(f"path/to/nets.py:build#3f2a9{digit}" for digit in "12"),
    *(f"{'a/long/way/' * 20}nets.py:build_{size}#3f2a91c0" for size in ("large", "small")),
    *("x" * 150 + middle + "y" * 150 for middle in "12"),
    "net",
    "net ",
]  # fmt: skip
RECORDS = [
    record(name, (0.1234567 * at, 0.12 * at, 0.13 * at), top1=70 + at, resolution=size, threads=threads, allocator=kind)
    for at, name in enumerate(NAMES, 1)
    for size in (160, 224)
    for threads in (1, 16)
    for kind in ("pinned", "shipped")
]
FAILED = [record(name, (), outcome="failed", reason="out of memory " * 20) for name in NAMES]


LATER = [msgspec.structs.replace(one, session="s2") for one in RECORDS]


TWINS = [
    record(name + SUFFIX, (0.1 * at, 0.12 * at, 0.13 * at), resolution=size, threads=16, allocator="shipped")
    for at, name in enumerate(NAMES, 1)
    for size in (160, 224)
]


def forecasts():
    asked = [one.case for one in RECORDS]
    what = forecast(asked, [], PROTOCOL, [], MACHINE, SHARING)
    return plans.table(what)


KEPT = [KeptArtifact(one.case, (1, 16), 10**8, "0", 1.5, "2026-01-02T03:04:05Z", 1.8e9) for one in RECORDS]
LOOK = Look(
    number=1, of=3, runs=4, level=0.99, resting=(),
    decided={name: Decision(verdict="member", why=f"{LONG}_one is slower with 95 % confidence") for name in NAMES},
)  # fmt: skip


def moves():
    base, panel = panels(RECORDS)[:2]
    names = PanelNames([base, panel])
    return changes.table([Change(panel, tuple(
        Moved(move, point, 0.25) for point, move in zip(panel.points, [*Move] * 9, strict=False)
    ), ("a", "b"), ("c",))], [base, panel], names)  # fmt: skip


TABLES = {
    "show": lambda: cases.table(RECORDS),
    "failures": lambda: cases.table(FAILED),
    "percentiles": lambda: percentiles.table([*RECORDS, record("many", [0.0101234 * at for at in range(1, 400)])]),
    "cold": lambda: cold_starts.table([started(one, [123.456, 0.1, 50.0], processes=99) for one in RECORDS]),
    "cold failures": lambda: cold_starts.table(FAILED),
    "variance": lambda: variance.table(components(RECORDS)),
    "front": lambda: table(panels(RECORDS)[0]),
    "plan": forecasts,
    "list": lambda: networks.table(entries(), {"levit_128s": "a reason"}),
    "compare": lambda: two_sides.table(judged(RECORDS, LATER)),
    "aa": lambda: aa.table(pairs([*RECORDS, *TWINS])),
    "machine": lambda: machine.table(MACHINE, CONDITIONS),
    "cache": lambda: kept_artifacts.table(KEPT),
    "moves": moves,
    "looks": lambda: looks.table([LOOK], {name: name for name in NAMES}),
}


def printed(shown: object, width: int = 80, **options: object) -> str:
    out = io.StringIO()
    Console(file=out, width=width, highlight=False, **options).print(shown)  # type: ignore[arg-type]
    return out.getvalue()


@pytest.mark.parametrize("width", [60, 80, 120, 200])
@pytest.mark.parametrize("name", TABLES)
def test_no_line_is_wider_than_the_terminal_and_nothing_is_cut(name, width):
    text = printed(TABLES[name](), width)
    assert max(len(line) for line in text.splitlines()) <= width
    ellipses = sum(line.count("…") for line in text.splitlines())
    assert bool(ellipses) is (
        name not in ("list", "machine", "looks")
    )  # the names that are too long for every terminal
    assert not re.search(r"[0-9]…|ms…|%…|± ?…", text)


@pytest.mark.parametrize("name", TABLES)
def test_a_pipe_gets_no_escape_and_no_color_leaves_no_colour(name, monkeypatch):
    assert "\x1b" not in printed(TABLES[name]())
    assert "\x1b[" in printed(TABLES[name](), force_terminal=True, color_system="truecolor")
    monkeypatch.setenv("NO_COLOR", "1")
    without = printed(TABLES[name](), force_terminal=True)
    assert not [code for code in re.findall(r"\x1b\[([0-9;]*)m", without) if re.search(r"(^|;)[349][0-9]", code)]
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert "\x1b" not in printed(TABLES[name](), force_terminal=True, legacy_windows=False)


def test_counts_of_the_catalog_are_rounded_once():
    small = [entry for entry in entries() if entry.name == "levit_128s_a1"]  # 1,214,614 parameters
    assert " 1.21M " in printed(networks.table(small, {}))


def test_every_name_of_the_catalog_stands_on_one_line_of_80_columns():
    words = printed(TABLES["list"]()).split()
    assert {entry.name for entry in entries()} <= set(words)
    assert {entry.family for entry in entries() if " " not in entry.family} <= set(words)


@pytest.mark.parametrize("name", ["show", "failures", "front", "plan", "compare", "aa"])
def test_no_two_cases_look_the_same(name):
    """Rows are told apart by their text without figures, so that these do not tell them apart by chance."""
    shown = TABLES[name]()
    columns = [shown.columns[at] for at in {"front": (0,), "aa": (0, 1, 2)}.get(name, (0, 1))]
    rows = Counter(zip(*(map(str, column._cells) for column in columns), strict=True))
    assert rows
    assert set(rows.values()) == {1}


def test_what_a_case_has_unusual_is_shown():
    usual, *others = (
        printed(cases.table([record("net", **fields)]))
        for fields in ({}, {"runtime": "traced"}, {"precision": "bf16"}, {"device": "cuda"}, {"form": "fused"})
    )
    assert "224px b1 t1 pinned " in usual
    for text, word in zip(others, ("traced", "bf16", "cuda", "fused"), strict=True):
        assert word in text
        assert word not in usual


def test_sessions_are_told_apart_by_their_heading():
    one, other = (session_line(record(session=name)) for name in ("s1", "s2"))
    assert one == "s1 · Example Xeon Gold 6999X (16 logical cores) · torch 2.13.0"
    assert other.startswith("s2 ")


def test_a_failed_case_is_told_by_a_word_and_not_by_its_colour_alone():
    text = printed(cases.table(FAILED[:1]))
    assert "failed" in text
    assert "levit_128s 224px b1 t1 pinned: failed: out of memory" in text


@given(st.lists(st.text(max_size=200), max_size=30))
def test_distinct_texts_stay_distinct_and_printable(texts):
    shown = distinct(texts)
    assert shown.keys() == set(texts)
    assert len(set(shown.values())) == len(shown)
    assert all(text.isprintable() or any(c.isspace() for c in text) for text in shown.values())
    assert all(len(text) <= WHOLE_NAME + len(" (99)") for text in shown.values())


def test_texts_that_differ_in_the_part_that_is_cut_get_numbers():
    one, two = "a" * 100 + "1" + "b" * 100, "a" * 100 + "2" + "b" * 100
    shown = distinct([one, two, "short"])
    assert shown["short"] == "short"
    assert shown[one] == "a" * 36 + "…" + "b" * 35
    assert shown[two] == shown[one] + " (2)"
