import io
import json
import re
from pathlib import Path

import pytest
from levit_bench.judge.front.panels import panels
from levit_bench.judge.front.pick import Limits, pick
from levit_bench.judge.front.pick_settings import pick_settings
from levit_bench.numbers.units import parse_duration
from levit_bench.report.front.pick import (
    NAMED,
    SETTINGS,
    around,
    document,
    more_passes,
    rivals_table,
    sentence,
    settings_table,
    too_few_passes,
)
from rich.console import Console

from tests.judge.front.test_pick import ACROSS, CROWD, EVEN, LOOSE, STEADY, drifting, in_runtimes, timed
from tests.judge.test_missing_passes import lasting
from tests.making import passing


def found(records, **limits):
    asked = Limits(**limits)
    return pick(pick_settings(panels(records, asked.metric)), records, asked)


TWINS = [timed("one", 10, 80.0, LOOSE), timed("two", 10.1, 80.3, (1.0, 1.0, 1.0)), timed("weak", 2, 70.0)]


WIDE = [timed("a", 100, 80.0, batch=16), timed("b", 200, 79.96, batch=16)]
CLOSE = [timed(f"n{at}", 10 + at / 1e3, 80.0, LOOSE) for at in range(6)]
GOLDEN = [
    (CROWD, {"max_latency_s": 0.0205},
     ("middle: 80.0 % top-1{on}, 20.0 ms, 95 %: 20.0 to 20.0; the most accurate of 3 that are sure to take at most "
     "20.5 ms (median). May fit: loose (81.0 %, 20.3 ms, 19.3 to 21.3).")),
    (TWINS, {"min_top1": 75},
     ("one: 80.0 % top-1{on}, 10.0 ms, 95 %: 9.51 to 10.5; the fastest of 2 that have at least 75 % top-1. "
     "Perhaps as fast: two (80.3 %, 1.01 times as long, 0.961 to 1.06).")),
    (CROWD[2:4], {"max_latency_s": 0.03, "min_top1": 80},
     ("middle: 80.0 % top-1{on}, 20.0 ms, 95 %: 20.0 to 20.0; the most accurate of 2 that are sure to take at most "
     "30 ms (median) and have at least 80 % top-1. As accurate: heavy (1.04 times as long, 1.04 to 1.04).")),
    (CLOSE, {"max_latency_s": 0.02},
     ("n0: 80.0 % top-1{on}, 10.0 ms, 95 %: 9.51 to 10.5; the most accurate of 6 that are sure to take at "
      "most 20 ms (median). "
     "As accurate: n1 (1.00 times as long, 1.0001 to 1.0001), n2 (1.00 times as long, 1.0002 to 1.0002), "
     "n3 (1.00 times as long, 1.0003 to 1.0003) and 2 more.")),
    (WIDE, {"max_latency_s": 0.15},
     ("a: 80.0 % top-1{on}, 100 ms a batch of 16, 95 %: 99.8 to 100; the only one of 2 networks that is sure to take "
     "at most 150 ms a batch of 16 (median).")),
    (WIDE, {"min_images_per_s": 150, "min_top1": 80},
     ("a: 80.0 % top-1{on}, 155 images/s, 95 %: 154 to 155; the only one of 2 networks that is sure to do at least "
     "150 images/s and have at least 80 % top-1.")),
    (WIDE, {"max_latency_s": 0.15, "min_images_per_s": 70},
     ("a: 80.0 % top-1{on}, 100 ms a batch of 16, 95 %: 99.8 to 100, 155 images/s, 95 %: 154 to 155; the only one of "
     "2 networks that is sure to take at most 150 ms a batch of 16 (median) and do at least 70 images/s.")),
    ([timed("a", 100, 80.0, (1.0,)), timed("b", 200, 70.0)], {"max_latency_s": 0.5},
     ("b: 70.0 % top-1{on}, 200 ms, 95 %: 200 to 200; the only one of 2 networks that is sure to take at "
      "most 500 ms (median). "
     "May fit: a (80.0 %, 100 ms, no interval from 1 run).")),
    ([timed("a", 100, 80.0, STEADY[:2]), timed("b", 200, 70.0)], {"max_latency_s": 0.5},
     ("b: 70.0 % top-1{on}, 200 ms, 95 %: 200 to 200; the only one of 2 networks that is sure to take at "
      "most 500 ms (median). "
     "May fit: a (80.0 %, 99.9 ms, 99.3 to 101 from 2 runs).")),
    (drifting(1, 2)[::2], {"max_latency_s": 0.05},
     ("none of 1 network{scored_on} is sure to take at most 50 ms (median). May fit: a (80.0 %, 60.0 ms, 29.2 to "
     "61.6). Joined sessions differ in speed: the yardstick took 2.00 times as long in s1 as in s0, and a limit must "
     "hold in each.")),
    (CROWD[4:5], {"max_latency_s": 0.0205},
     ("none of 1 network{scored_on} is sure to take at most 20.5 ms (median). May fit: loose (81.0 %, 20.3 ms, "
     "19.3 to 21.3).")),
    (CROWD, {"max_latency_s": 0.001},
     "none of 6 networks{scored_on} takes at most 1 ms (median). Nearest: tiny (70.0 %, 5.00 ms, 4.99 to 5.01)."),
    (CROWD, {"max_latency_s": 0.012, "min_top1": 79},
     ("none of 6 networks{scored_on} takes at most 12 ms (median) and has at least 79 % top-1. "
     "Nearest: middle (80.0 %, 20.0 ms, 20.0 to 20.0), small (76.0 %, 10.0 ms, 9.98 to 10.0).")),
    (WIDE[1:], {"min_top1": 80},
     "none of 1 network{scored_on} has at least 80 % top-1. Nearest: b (79.96 %, 200 ms, 200 to 200)."),
]  # fmt: skip


@pytest.mark.parametrize(("records", "limits", "text"), GOLDEN)
def test_the_sentence_reads_like_this(records, limits, text):
    names = {"on": " on ImageNet-1k validation", "scored_on": " scored on ImageNet-1k validation"}
    assert sentence(found(records, **limits)) == text.format(**names)


def test_a_limit_is_never_shown_on_the_wrong_side_of_what_misses_it():
    text = sentence(found([timed("a", 20, 80.0, LOOSE)], max_latency_s=0.020999))
    (high,) = re.findall(r"19\.0 to ([0-9.]+)\)", text)
    assert float(high) > 20.999


def test_hostile_names_stay_text_on_one_line():
    text = sentence(found([timed("[red]\x1b]0;x\x07\n\u202e" + "y" * 300, 5, 80.0)], min_top1=75))
    assert text.startswith("[red]\\x1b]0;x\\x07\\x0a\\u202eyyy")
    assert len(text) < 300
    assert text.isprintable()


def test_people_are_told_the_setting_and_what_was_left_out():
    left = [timed(name, 1, None) for name in "defgh"]
    setting, *out = around(found([*CROWD, *left], min_top1=75))
    assert "Example Xeon Gold 6999X (16 logical cores) · device cpu · 1 thread" in setting
    assert out[0] == "left out: d@224: no accuracy is known for it at this resolution"
    assert out[NAMED:] == [f"left out: {5 - NAMED} more; to list all of them: levit-bench show"]


def test_people_are_told_when_sessions_were_joined():
    lines = around(found([timed("a", 5, 80.0), timed("b", 5, 80.0, session="s2")], min_top1=75))
    assert any("on one scale by the yardstick" in line for line in lines)


@pytest.mark.parametrize(
    "limits",
    [
        {"max_latency_s": 0.0205},
        {"min_top1": 75},
        {"max_latency_s": 1e-4},
        {"min_top1": 99.5},
        {"min_images_per_s": 40.0},
        {"max_latency_s": 0.05, "min_images_per_s": 40.0},
    ],
)
def test_the_document_says_what_the_sentence_says(limits):
    one = found(CROWD, **limits)
    told = json.loads(json.dumps(document(one), allow_nan=False))
    assert told["reason"] == sentence(one)
    assert (told["answer"] or {}).get("label") == (one.answer.label if one.answer else None)
    assert [row["label"] for row in told["undecided"]] == [point.label for point in one.undecided]
    assert told["setting"]["threads"] == "1"
    assert told["limits"] == {
        "max_latency_s": limits.get("max_latency_s"),
        "min_images_per_s": limits.get("min_images_per_s"),
        "min_top1_percent": limits.get("min_top1"),
        "percentile": None,
    }


def test_the_document_says_how_far_joined_sessions_are_apart_where_that_leaves_the_answer_open():
    told = document(found(drifting(1, 2), max_latency_s=0.035))
    assert told["answer"] is None
    assert told["drifted"] == {"factor": pytest.approx(2.0), "slowest": "s1", "fastest": "s0"}
    row = told["undecided"][0]
    assert row["latency_low_s"] < 0.030
    assert row["latency_high_s"] > 0.060
    assert row["method"].endswith(", in each session")
    assert document(found(CROWD, max_latency_s=0.0205))["drifted"] is None


def shown(table, width=80):
    console = Console(width=width, record=True, file=io.StringIO())
    console.print(table)
    return console.export_text().splitlines()


def test_the_sentence_counts_networks_once_and_tells_other_networks_from_other_settings_of_the_answer():
    close = [*in_runtimes("one", (10, 10.001, 12), 80.0, LOOSE), *in_runtimes("two", (11, 11.1, 10.5), 80.0)]
    assert sentence(found(close, max_latency_s=0.03)) == (
        "one · eager: 80.0 % top-1 on ImageNet-1k validation, 10.0 ms, 95 %: 9.51 to 10.5; the most accurate of "
        "2 networks that are sure to take at most 30 ms (median) in one of 3 settings. As accurate: two · openvino "
        "(1.05 times as long, 1.002 to 1.10)."
    )
    alike = [timed("one", 10, 80.0, LOOSE), timed("one", 10.001, 80.0, (1.02, 1.0, 0.98), runtime="openvino")]
    assert "Perhaps as fast in openvino (" in sentence(found(alike, max_latency_s=0.03))
    assert sentence(found([timed("a", 10, 80.0), timed("a", 5, 80.0, threads=4)], max_latency_s=0.02)).startswith(
        "a · t4: 80.0 % top-1 on ImageNet-1k validation, 5.00 ms, 95 %: 4.99 to 5.01; the only one of 1 network"
    )


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_tables_of_settings_and_rivals_keep_names_on_one_line_in_a_terminal(width):
    records = [
        timed(f"efficientnet_b{at}", 20 + at, 80 - at / 10, batch=batch, allocator=allocator, runtime=runtime)
        for at in range(4) for batch in (1, 16) for allocator in ("pinned", "shipped")
        for runtime in ("channels-last", "onnxruntime")
    ]  # fmt: skip
    one = found(records, max_latency_s=0.022)
    for lines in (shown(settings_table(one), width), shown(rivals_table(one), width)):
        assert sum("efficientnet_b" in line for line in lines) > 2
        assert max(map(len, lines)) <= width
        words = set(" ".join(lines).split())
        assert {"onnxruntime", "pinned"} <= words or lines == shown(rivals_table(one), width)
        broken = {"onnxrunt", "onnxru", "channels", "openvi", "shippe", "accurat", "settin", "slo"}
        assert not broken & words


def test_the_best_setting_comes_first_those_without_a_network_within_last_and_many_are_cut():
    lines = shown(settings_table(found(ACROSS, max_latency_s=0.03, min_top1=78)))
    rows = [line.split()[:2] for line in lines if "ms," in line]
    assert rows == [["openvino", "middle"], ["onnxruntime", "middle"], ["eager", "middle"]]
    assert any("0 within: the nearest is shown" in line for line in lines)
    many = [timed("a", 10 + threads, 80.0, threads=threads) for threads in range(1, SETTINGS + 4)]
    lines = shown(settings_table(found(many, max_latency_s=1.0)))
    assert sum("ms," in line for line in lines) == SETTINGS
    assert any("3 more; --json has all" in line for line in lines)


def test_without_an_answer_the_line_of_the_setting_has_what_all_settings_share_alone():
    setting = around(found(ACROSS, max_latency_s=1e-4))[0]
    assert "Example Xeon" in setting
    assert "runtime" not in setting
    assert "runtime openvino" in around(found(ACROSS, max_latency_s=1.0, min_top1=75))[0]


def test_settings_of_different_sessions_are_told_to_drift_apart():
    records = [timed("a", 5, 80.0), timed("a", 6, 80.0, runtime="openvino", session="s2")]
    assert any("different sessions, whose drift" in line for line in around(found(records, max_latency_s=1.0)))
    assert not any("different sessions" in line for line in around(found(ACROSS, max_latency_s=1.0)))


FEW = lasting(passing("few", [5.0] * 10, 90.0))


def test_a_network_that_lacks_passes_is_told_with_the_command_that_adds_them_and_no_figure():
    one = found([EVEN, FEW], max_latency_s=0.02, percentile=0.95)
    assert sentence(one).endswith("Too few passes for p95: few.")
    (line,) = more_passes(one)
    missing = one.rivals[0].missing
    command = re.fullmatch(
        rf"passes that p95 with both limits needs, few \(30 of {missing.needed}\): "
        r"levit-bench run --resume s1 --budget ([0-9a-z]+)",
        line,
    )
    assert parse_duration(command[1]) == missing.further_s
    assert any(line.split() == ["few", "90.0", "–", "too", "few", "passes"] for line in shown(rivals_table(one)))
    (rival,) = document(one)["rivals"]
    assert (rival["latency_s"], rival["latency_high_s"], rival["passes"]) == (None, None, 30)
    assert rival["passes_needed"] == missing.needed
    assert line.endswith(rival["command"])
    elsewhere = one._replace(store_of={"s1": Path("my store")})
    assert more_passes(elsewhere)[0].endswith(" --store 'my store'")


def test_a_percentile_that_no_network_has_is_refused_with_what_each_lacks():
    message, lines = too_few_passes(found([FEW], max_latency_s=0.02, percentile=0.95))
    assert message == "no network has the passes for p95:"
    assert lines[0].startswith("few: 30 passes are too few for p95")
    assert lines[-1].count("levit-bench run --resume s1 --budget ") == 1


def test_a_network_whose_median_is_too_slow_shows_a_bound_and_no_percentile():
    one = found([EVEN, passing("slow", [50.0] * 4, 90.0)], max_latency_s=0.02, percentile=0.95)
    assert any("at least 50.0 ms   too slow" in line for line in shown(rivals_table(one)))
    assert document(one)["rivals"][0]["latency_s"] is None
    none = found([passing("slow", [50.0] * 4, 90.0)], max_latency_s=0.02, percentile=0.95)
    assert sentence(none) == "none of 1 network scored on ImageNet-1k validation takes at most 20 ms (p95)."


def test_settings_that_are_alike_but_for_conditions_of_their_sessions_are_told_apart_by_these():
    older = [timed("a", 5, 80.0, torch="2.7.0"), timed("b", 9, 75.0, torch="2.7.0")]
    newer = [
        timed("a", 6, 80.0, torch="2.13.0", session="s2"),
        timed("a", 7, 80.0, torch="2.13.0", session="s2", runtime="openvino"),
    ]
    one = found([*older, *newer], min_top1=70)
    assert sentence(one).startswith("a · eager · torch 2.13.0: 80.0 % top-1")
    rows = [" ".join(line.split()[:4]) for line in shown(settings_table(one)) if "ms," in line]
    assert rows == ["eager torch 2.13.0 a", "openvino a 80.0 7.00", "eager torch 2.7.0 b"]
    assert around(one)[1] == (
        "of a network in sessions with other torch (2.7.0, 2.13.0) the newest counts; --where torch=… chooses"
    )
