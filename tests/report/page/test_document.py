import base64
import math
import struct
from itertools import pairwise
from pathlib import Path
from statistics import median

import levit_bench
import pytest
from levit_bench.judge.compare.one_session import effect_of
from levit_bench.judge.front.panels import panels
from levit_bench.reading.report_page import report_page
from levit_bench.report.page.rounds import NO_TURN, rounds_of

from tests.making import record

ROOT = Path(__file__).parents[3]
FRONT = "20261126T060430Z-2c11"


def decoded(rounds):
    runs = {}
    for run, text in rounds["runs"].items():
        data = base64.b64decode(text)
        numbers = struct.unpack(f"<{len(data) // 4}I", data)
        runs[int(run)] = {at: number * rounds["unit"] for at, number in enumerate(numbers) if number != NO_TURN}
    return runs


def paired_logs(first, second):
    logs = []
    for run in sorted(first.keys() & second.keys()):
        pairs = [math.log(second[run][at] / first[run][at]) for at in first[run].keys() & second[run].keys()]
        if pairs:
            logs.append(median(pairs))
    return logs


def test_the_rounds_of_a_page_give_the_ratios_that_compare_computes():
    subjects = [r for r in levit_bench.load(ROOT / "results", FRONT).records if r.info.role == "subject"]
    for first, second in pairwise(subjects):
        effect = effect_of(first, second)
        logs = paired_logs(decoded(rounds_of(first)), decoded(rounds_of(second)))
        assert len(logs) == effect.runs
        assert sum(logs) / len(logs) == pytest.approx(effect.log, abs=2e-9)


def test_a_round_without_a_turn_is_marked_and_a_run_that_does_not_count_is_left_out():
    rounds = rounds_of(record("a", (0.01, 0.02, 0.03)))
    assert decoded(rounds) == {n: {0: pytest.approx(s), 1: pytest.approx(s)} for n, s in enumerate((0.01, 0.02, 0.03))}
    assert rounds_of(record("a", (0.01,), complete=False, turns=1)) is None
    assert rounds_of(record("a", (), yardsticks=())) is None


@pytest.fixture(scope="module")
def page():
    return report_page(levit_bench.load(ROOT / "results", FRONT))


def test_every_point_has_the_figures_of_the_front(page):
    document = page.document()
    rows = {(row["label"], row["allocator"]): row for row in levit_bench.load(ROOT / "results", FRONT).front().rows()}
    at = [field["name"] for field in document["fields"]].index("allocator")
    points = [(panel["values"][at], point) for panel in document["panels"] for point in panel["points"]]
    assert len(points) == len(rows) == 24
    for allocator, point in points:
        row = rows[point["label"], allocator]
        assert point["latency"] == pytest.approx([row["latency_s"], row["latency_low_s"], row["latency_high_s"]])
        assert point["rate"] == pytest.approx([row["images_per_s"], row["images_per_s_low"], row["images_per_s_high"]])
        assert point["byLatency"]["front"] == row["on_front"]
        assert point["byLatency"]["standing"] == row["standing"]
        assert point["top1"] == row["top1_percent"]


def test_every_point_leads_to_the_line_of_its_case(page):
    document = page.document()
    for panel in document["panels"]:
        for point in panel["points"]:
            for number, line in point["records"]:
                session = document["sessions"][number]
                text = (ROOT / "results" / session["file"]).read_text("utf-8").splitlines()[line - 1]
                assert f'"kind":"case","id":"{point["id"]}"' in text


def test_sessions_say_what_they_were_measured_under_and_how_to_measure_them_again(page):
    (session,) = page.document()["sessions"]
    conditions = dict(session["conditions"])
    assert "torch 2.13.0+cpu" in conditions["versions"]
    assert session["commands"][0].startswith("levit-bench run --networks levit_128s@224,")


def test_a_case_without_an_accuracy_is_a_point_without_a_place():
    found = panels([record("a"), record("b", top1=None)])
    assert [excluded.lacks for excluded in found[0].excluded] == ["accuracy"]
    results = levit_bench.Results([record("a"), record("b", top1=None)])
    (panel,) = report_page(results).document()["panels"]
    assert [(point["label"], point["top1"]) for point in panel["points"]] == [("a", 80.0), ("b", None)]
    assert panel["points"][1]["byLatency"] is None


def test_a_store_without_any_accuracy_has_a_page():
    results = levit_bench.Results([record("a", top1=None), record("b", (0.02, 0.021, 0.022), top1=None)])
    (panel,) = report_page(results).document()["panels"]
    assert len(panel["points"]) == 2


def test_what_was_not_timed_has_no_page_and_the_message_says_why():
    results = levit_bench.Results([record("a", outcome="failed", reason="killed by signal 9", runs=())])
    with pytest.raises(levit_bench.BenchError, match="no case has a time to show: failed: killed by signal 9"):
        report_page(results)


def test_an_emulated_session_has_no_page():
    results = levit_bench.Results([record("a", emulated=True)])
    with pytest.raises(levit_bench.BenchError, match="emulated"):
        report_page(results)


def test_two_machines_of_one_name_stay_apart():
    from msgspec.structs import replace

    from tools.simulated.generate_store import MACHINE

    other = replace(MACHINE, l3_bytes=(MACHINE.l3_bytes or 0) + 1)
    results = levit_bench.Results([record("a"), record("a", machine=other, session="s2")])
    document = report_page(results).document()
    assert len({machine["id"] for machine in document["machines"]}) == 2
    assert len(document["panels"]) == 2


STORED = ROOT / "results" / "amd-epyc-2c-7f9eb0"


def test_of_a_session_in_two_files_the_one_that_counts_is_named(tmp_path):
    whole = (STORED / f"{FRONT}.jsonl").read_text("utf-8").splitlines(keepends=True)
    for folder, lines in (("a", whole[: len(whole) * 9 // 10]), ("b", [whole[0], "\n\n", *whole[1:]])):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / f"{FRONT}.jsonl").write_text("".join(lines), "utf-8")
    (session,) = report_page(levit_bench.load(tmp_path)).document()["sessions"]
    assert session["file"] == f"b/{FRONT}.jsonl"


def test_two_sessions_of_one_file_have_lines_of_their_own(tmp_path):
    names = (FRONT, "20261126T185021Z-50ac")
    (tmp_path / "m").mkdir()
    text = "".join((STORED / f"{name}.jsonl").read_text("utf-8") for name in names)
    (tmp_path / "m" / f"{FRONT}.jsonl").write_text(text, "utf-8")
    document = report_page(levit_bench.load(tmp_path)).document()
    lines = text.splitlines()
    for panel in document["panels"]:
        for point in panel["points"]:
            for _, line in point["records"]:
                assert f'"kind":"case","id":"{point["id"]}"' in lines[line - 1]


def test_commands_name_the_store_that_holds_the_session(tmp_path):
    for folder, name in (("A", FRONT), ("B b", "20261126T185021Z-50ac")):
        (tmp_path / folder / "m").mkdir(parents=True)
        (tmp_path / folder / "m" / f"{name}.jsonl").write_bytes((STORED / f"{name}.jsonl").read_bytes())
    document = report_page(levit_bench.load([tmp_path / "A", tmp_path / "B b"])).document()
    assert [session["store"] for session in document["sessions"]] == [" --store A", " --store 'B b'"]
