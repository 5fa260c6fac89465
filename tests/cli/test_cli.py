"""The verbs that read: what they print where, as documents and as tables."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest
from levit_bench.cli import main

from tools.simulated.generate_store import CONDITIONS, MACHINE, PAPER, Truth, case_of, write_session
from tools.simulated.generate_store import main as generate


@pytest.fixture
def store(tmp_path: Path) -> Path:
    generate(["--cases", "24", str(tmp_path / "store")])
    return tmp_path / "store"


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr."""
    with pytest.raises(SystemExit) as ended:
        main(list(words))
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), out, err


def document(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    code, out, _ = run(capsys, *words, "--json")
    assert code == 0
    return json.loads(out)


def test_list_as_a_table_and_as_a_document_name_the_same_networks(capsys: pytest.CaptureFixture[str]) -> None:
    rows = document(capsys, "list")
    _, out, _ = run(capsys, "list")
    assert all(row["name"] in out for row in rows)
    assert "paper (12)" in out


def test_list_chooses_by_group_and_glob_in_the_order_named(capsys: pytest.CaptureFixture[str]) -> None:
    rows = document(capsys, "list", "efficientnet_b*,levit")
    assert [row["name"] for row in rows[:5]] == [f"efficientnet_b{n}" for n in range(5)]
    assert {row["family"] for row in rows[5:]} == {"LeViT"}


def test_list_filters_what_patterns_choose_and_sorts_it(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["list", "levit,resnet*", "--min-top1", "80", "--max-macs", "3G", "--sort", "top1"]
    assert [row["name"] for row in document(capsys, *words)] == [
        "levit_384",
        "levit_384.fb_dist_in1k",
        "levit_conv_384",
        "levit_256",
        "levit_256.fb_dist_in1k",
        "levit_conv_256",
        "levit_192",
    ]


def test_list_takes_families_in_any_case_repeated_or_as_a_list(capsys: pytest.CaptureFixture[str]) -> None:
    rows = document(capsys, "list", "--family", "VIT,levit", "--family", "swin", "--sort", "family")
    assert list(dict.fromkeys(row["family"] for row in rows)) == ["LeViT", "Swin", "ViT"]


def test_list_without_anything_left_exits_with_three_and_names_the_filter(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "list", "levit", "--min-top1", "90")
    assert (code, out) == (3, "")
    assert "none of 15 networks passes all filters: without --min-top1 90 15 would. Loosen that." in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--min-top1", "0.8"], "--min-top1 0.8: give percent between 1 and 100"),
        (["--min-top1", "nan"], "--min-top1 nan: give percent"),
        (["--max-macs", "much"], "--max-macs: invalid count 'much'"),
        (["--family", "levitt"], "Did you mean 'LeViT'?"),
        (["--sort", "speed"], "'speed' is not one of"),
        (["resnet26t"], "levit-bench run --networks resnet26t"),
        (["my.module:build"], "levit-bench run --networks my.module:build"),
        (["levit_193"], "Did you mean 'levit_192'?"),
    ],
)
def test_list_refuses_what_it_cannot_do_and_says_what_to_do(
    capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    code, out, err = run(capsys, "list", *words)
    assert (code, out) == (2, "")
    assert said in err


def test_list_marks_what_is_no_fair_rival_and_leaves_it_out_when_told(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "list", "--family", "vit")
    assert "75.5*" in out
    assert "saw more than ImageNet-1k (in21k)" in out
    _, out, _ = run(capsys, "list", "--family", "vit", "--in1k-only")
    assert "*" not in out
    assert "vit_small_patch16_224" in out


def test_list_names_what_is_unavailable_and_why_once(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    reason = "unknown to timm 0.9.2: pip install --upgrade timm"
    monkeypatch.setattr(
        "levit_bench.catalog.installed.unavailable", lambda _: {"starnet_s1": reason, "starnet_s4": reason}
    )
    monkeypatch.setenv("COLUMNS", "80")
    _, out, _ = run(capsys, "list", "--family", "starnet,vit")
    assert " ".join(out.split()).count(f"× not available here: starnet_s1, starnet_s4. {reason}") == 1
    assert out.count("×") == 3
    assert max(len(line.rstrip()) for line in out.splitlines()) <= 80
    rows = document(capsys, "list", "--family", "starnet,vit")
    assert {row["name"]: row["unavailable"] for row in rows if row["unavailable"]} == {
        "starnet_s1": reason,
        "starnet_s4": reason,
    }


def test_list_says_of_every_runtime_whether_it_can_run_here_and_what_would_make_it_run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    reason = "openvino is not installed: pip install 'levit-bench[openvino]'"
    monkeypatch.setattr("levit_bench.measuring.runtimes.unavailable", {"openvino": reason}.get)
    monkeypatch.setenv("COLUMNS", "80")
    _, out, _ = run(capsys, "list", "levit")
    said = " ".join(out.split())
    assert "runtimes: eager, channels-last, torchscript, compile, onnxruntime, cuda-graphs" in said
    assert f"runtime openvino cannot run here: {reason}." in said
    _, table, _ = run(capsys, "list", "--runtimes")
    rows = document(capsys, "list", "--runtimes")
    assert all(row["name"] in table for row in rows)
    assert {row["name"]: row["unavailable"] for row in rows if row["unavailable"]} == {"openvino": reason}
    assert next(row for row in rows if row["name"] == "onnxruntime")["precisions"] == ["fp32"]
    for text in (out, table):
        assert max(len(line.rstrip()) for line in text.splitlines()) <= 80


def test_the_orders_that_help_offers_are_those_there_are() -> None:
    from levit_bench.catalog.filters import ORDERS
    from levit_bench.cli.verbs.list import ORDERS as OFFERED

    assert OFFERED == ORDERS


def test_tables_fit_eighty_columns_and_hold_no_escape_in_a_pipe(
    capsys: pytest.CaptureFixture[str], store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = ["list", f"show --store {store}", f"front --store {store} --out {tmp_path}", "machine",
             "plan --networks paper --budget 5m --store none"]  # fmt: skip
    for line in lines:
        _, out, _ = run(capsys, *line.split())
        assert "\x1b" not in out
        assert max(len(row.rstrip()) for row in out.splitlines()) <= 80, line


def test_front_writes_four_files_and_names_them_on_stderr(
    capsys: pytest.CaptureFixture[str], store: Path, tmp_path: Path
) -> None:
    code, out, err = run(capsys, "front", "--store", str(store), "--out", str(tmp_path / "reports"))
    assert code == 0
    assert "front" in out
    for name in ("front.png", "front.svg", "front.csv", "front.md"):
        assert (tmp_path / "reports" / name).stat().st_size > 0
        assert name in err
    assert "levit-bench run --networks" in (tmp_path / "reports" / "front.md").read_text(encoding="utf-8")


def test_front_as_a_document_has_a_row_a_point(capsys: pytest.CaptureFixture[str], store: Path, tmp_path: Path) -> None:
    rows = document(capsys, "front", "--store", str(store), "--out", str(tmp_path))
    shown = {row["network"] for row in document(capsys, "show", "--store", str(store))}
    assert 20 < len(rows) <= 24
    assert {row["network"] for row in rows} <= shown
    assert {row["on_front"] for row in rows} == {True, False}


def test_show_hides_the_instrument_unless_asked(capsys: pytest.CaptureFixture[str], store: Path) -> None:
    assert {row["role"] for row in document(capsys, "show", "--store", str(store))} == {"subject"}
    roles = {row["role"] for row in document(capsys, "show", "--store", str(store), "--instrument")}
    assert "yardstick" in roles


def test_show_tells_where_the_variance_lies(capsys: pytest.CaptureFixture[str], store: Path) -> None:
    rows = document(capsys, "show", "--store", str(store), "--variance")
    assert {row["quantity"] for row in rows} == {"latency", "ratio"}
    assert all(row["between_rounds"] > 0 and row["between_passes"] > 0 for row in rows)


def test_show_gives_percentiles_where_there_are_passes_enough(capsys: pytest.CaptureFixture[str], store: Path) -> None:
    rows = document(capsys, "show", "--store", str(store), "--percentiles")
    assert all(row["p99_s"] is None and row["passes"] < row["p99_needs"] == 662 for row in rows)
    assert all(row["p50_low_s"] <= row["p50_s"] <= row["p50_high_s"] for row in rows if row["p50_low_s"])
    assert any(row["p50_low_s"] for row in rows)


def test_machine_as_a_document_has_no_name_of_a_host_or_user(capsys: pytest.CaptureFixture[str]) -> None:
    found = document(capsys, "machine")
    assert set(found) == {"id", "machine", "conditions", "shell"}
    assert found["machine"]["logical_cores"] >= 1


def test_plan_says_what_when_and_the_smallest_budget(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    found = document(capsys, "plan", "--networks", "paper", "--budget", "10m", "--store", str(tmp_path))
    assert len(found["cases"]) == 15
    assert found["runs"] >= 5
    assert found["seconds"] <= 600
    assert 0 < found["smallest_budget_s"] < 600
    assert not found["refused"]


def test_plan_ends_with_2_when_the_run_would_be_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, out, _ = run(capsys, "plan", "--networks", "paper", "--budget", "5s", "--store", str(tmp_path))
    assert code == 2
    assert "too small" in out
    assert run(capsys, "plan", "--networks", "paper", "--budget", "30s", "--thin", "--store", str(tmp_path))[0] == 0


def test_plan_says_by_whose_scatter_and_what_the_session_will_find(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["plan", "--networks", "levit_128s,levit_192", "--allocator", "pinned", "--store", str(tmp_path)]
    _, out, _ = run(capsys, *words)
    said = " ".join(out.split())
    assert "by the pilot's scatter, 1.9 % between runs and 6.9 % within: the store holds no session" in said
    assert "of two networks of the session a slowdown of" in said
    assert "Between two sessions no budget finds less than about 11 %; to find less, measure both sides" in said
    monkeypatch.setattr("levit_bench.measuring.machine.description.machine", lambda **_: MACHINE)
    monkeypatch.setattr("levit_bench.measuring.machine.description.conditions", lambda: CONDITIONS)
    path = write_session(tmp_path, "a", [(case_of(one), one) for one in PAPER[:2]], runs=5)
    _, out, _ = run(capsys, *words)
    assert "Runs and rounds by the scatter of the stored session of this machine in this setting:" in " ".join(
        out.split()
    )
    found = document(capsys, *words)
    assert found["scatter"]["sessions"] == 1
    assert found["scatter"]["within_run"] < 0.05
    assert 0 < found["half_width"] < found["detectable_ratio"] - 1
    assert found["detectable_ratio_between_sessions"] == pytest.approx(1.112, abs=0.001)
    path.write_text('{"kind":"session","schema":99}\n')
    code, out, err = run(capsys, *words)
    assert code == 0
    assert "by the pilot's scatter" in " ".join(out.split())
    assert "unreadable-file" in err


def test_plan_says_when_a_race_looks(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    words = ["plan", "--networks", "levit_128s,levit_192,deit_tiny", "--budget", "3m", "--store", str(tmp_path)]
    plain, race = document(capsys, *words), document(capsys, *words, "--race")
    assert plain["looks"] == []
    assert race["looks"][-1] == race["runs"] == math.ceil(0.75 * plain["runs"])
    assert 2 <= len(race["looks"]) <= 3
    assert f"and {plain['runs']} runs" in " ".join(run(capsys, *words, "--target-error", "1%")[1].split())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--target-error", "1"], "--target-error '1': give a percentage from 0.05% to 50%"),
        (["--target-error", "0%"], "--target-error '0%': give a percentage"),
        (["--target-error", "nan%"], "--target-error 'nan%': give a percentage"),
        (["--target-error", "1%", "--race"], "--race and --target-error are two goals"),
        (["--race", "--networks", "levit_192@256"], "--race needs the accuracy of every network, and none is known of"),
    ],
)
def test_goals_that_cannot_be_reached_are_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, options: list[str], message: str
) -> None:
    for verb in ("plan", "run"):
        code, out, err = run(capsys, verb, "--networks", "levit_192", "--store", str(tmp_path), *options)
        assert (code, out) == (2, "")
        assert message in " ".join(err.split())


def test_help_and_version_need_no_verb(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "--help")
    assert code == 0
    assert "Exit codes" in out
    assert run(capsys, "--version")[1].startswith("levit-bench, version ")


SPEED_FILE = "benchmark-infer-fp32-nchw-pt240-cpu-i9_10940x-dynamo.csv"
SPEED_HEADER = "model,infer_samples_per_sec,infer_step_time,infer_batch_size,infer_img_size,param_count"


@pytest.fixture
def published(tmp_path: Path) -> tuple[Path, Path, Path]:
    """A store of two networks, one without an accuracy, and timm's files of speeds and of accuracies."""
    truths = [Truth("levit_128s", "LeViT", 0.0075, 76.6), Truth("resnet26t", "other", 0.03, 0.0)]
    path = write_session(tmp_path / "store", "s1", [(case_of(truth), truth) for truth in truths])
    text = path.read_text(encoding="utf-8")
    without = re.sub(r'"accuracy":\{"top1":0\.0,[^}]*\},', "", text)
    assert without != text
    path.write_text(without, encoding="utf-8")
    speeds = tmp_path / SPEED_FILE
    lines = ["levit_128s,250,4.0,1,224,7.78", "resnet26t,88,11.3,1,224,16.01", "efficientnet_b0,100,10,1,224,5.29"]
    speeds.write_text("\n".join([SPEED_HEADER, *lines]), encoding="utf-8")
    accuracies = tmp_path / "results-imagenet.csv"
    accuracies.write_text("model,img_size,top1\nresnet26t.ra2_in1k,224,78.5\n", encoding="utf-8")
    return tmp_path / "store", speeds, accuracies


def test_published_speeds_stand_beside_measured_ones_and_leave_their_front_alone(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, published: tuple[Path, Path, Path]
) -> None:
    store, speeds, _ = published
    words = ["front", "--store", str(store), "--out", str(tmp_path / "out")]
    plain = document(capsys, *words)
    rows = document(capsys, *words, "--published", str(speeds))
    assert [row for row in rows if row["kind"] == "measured"] == plain
    (row,) = [row for row in rows if row["kind"] == "published"]
    assert (row["network"], row["latency_s"], row["source"], row["on_front"]) == ("levit_128s", 0.004, SPEED_FILE, None)
    code, out, _ = run(capsys, *words, "--published", str(speeds))
    assert code == 0
    assert "published, not measured here" in out
    page = (tmp_path / "out" / "front.md").read_text(encoding="utf-8")
    assert f"levit-bench front --store store --published {SPEED_FILE}" in page
    assert str(tmp_path) not in page


def test_published_accuracies_serve_measured_networks_that_have_none(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, published: tuple[Path, Path, Path]
) -> None:
    store, speeds, accuracies = published
    words = ["front", "--store", str(store), "--out", str(tmp_path / "out")]
    assert {row["network"] for row in document(capsys, *words)} == {"levit_128s"}
    rows = document(capsys, *words, "--published", str(accuracies))
    found = {row["network"]: (row["top1_percent"], row["accuracy_source"]) for row in rows}
    assert found["resnet26t"] == (78.5, "results-imagenet.csv, resnet26t.ra2_in1k")
    both = document(capsys, *words, "--published", str(accuracies), "--published", str(speeds))
    assert [row["label"] for row in both if row["kind"] == "published"] == ["levit_128s", "resnet26t"]


def test_published_options_choose_and_find_a_front(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, published: tuple[Path, Path, Path]
) -> None:
    store, speeds, _ = published
    words = ["front", "--store", str(store), "--out", str(tmp_path), "--published", str(speeds)]
    rows = document(capsys, *words, "--published-networks", "all", "--published-front", "--published-batch", "1")
    shown = {row["label"]: row["on_front"] for row in rows if row["kind"] == "published"}
    assert shown == {"levit_128s": True, "efficientnet_b0": True}
    _, _, err = run(capsys, *words, "--published-networks", "all")
    assert "published-no-accuracy: 1 of 3 chosen speeds" in " ".join(err.split())


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--published", "none.csv"], 2, "there is no file 'none.csv'"),
        (["--published-front"], 2, "no published file holds speeds"),
        (["--published", "speeds", "--published-networks", "levitt"], 2, "'levitt' chooses none of the 3"),
        (["--published", "speeds", "--published-batch", "8"], 2, "--published-batch 8"),
        (["--published", "speeds", "--published-batch", "many"], 2, "invalid list of whole numbers"),
        (["--published", "empty"], 1, "is empty"),
        (["--published", "batches", "--published-networks", "all"], 3, "cannot draw 1 measured and 9 published panels"),
    ],
)
def test_published_files_and_options_that_cannot_be_used_are_refused(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    published: tuple[Path, Path, Path],
    words: list[str],
    code: int,
    said: str,
) -> None:
    store, speeds, _ = published
    (tmp_path / "empty.csv").write_text("", encoding="utf-8")
    lines = [f"levit_128s,250,{4.0 * 2**n},{2**n},224,7.78" for n in range(9)]
    (tmp_path / "batches.csv").write_text("\n".join([SPEED_HEADER, *lines]), encoding="utf-8")
    paths = {"speeds": speeds, "empty": tmp_path / "empty.csv", "batches": tmp_path / "batches.csv"}
    given = [str(paths.get(word, word)) for word in words]
    ended, out, err = run(capsys, "front", "--store", str(store), "--out", str(tmp_path / "out"), *given)
    assert (ended, out) == (code, "")
    assert said in " ".join(err.split())
    assert not (tmp_path / "out").exists()
