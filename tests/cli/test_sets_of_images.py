"""Several sets of images at the command line: every answer names its set, and none mixes two."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest
from levit_bench import api
from levit_bench.pytest_plugin import answer
from levit_bench.records import Accuracy

from tests.cli.test_cli import document, run
from tools.simulated.generate_store import PAPER, Truth, case_of, write_session

WORDS = "my-parts (2,000 images, 10 classes)"


def parts(top1: float) -> Accuracy:
    return Accuracy(top1=top1, dataset="my-parts", images=2000, classes=10, source="our log")


OWN = (
    Truth("nets.py:small#3f2a91", "other", 0.004, 0, accuracies=(parts(88.0),), label="Ours v1", classes=10),
    Truth("nets.py:build#3f2a91", "other", 0.009, 0, accuracies=(parts(94.2),), label="Ours v2", classes=10),
)
TUNED = PAPER[0]._replace(accuracies=(Accuracy(top1=76.6, source="paper"), parts(92.0)))


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    truths = (TUNED, *PAPER[1:3], *OWN)
    write_session(Path("results"), "20260101-x", [(case_of(one, allocator="shipped"), one) for one in truths])


def test_the_front_has_a_panel_a_set_and_its_files_name_it(capsys: pytest.CaptureFixture[str]) -> None:
    rows = document(capsys, "front")
    assert [(row["label"], row["top1_percent"], row["accuracy_set"], row["dominated_by"]) for row in rows] == [
        ("levit_128s", 76.6, "ImageNet-1k validation", None),
        ("levit_128", 78.6, "ImageNet-1k validation", None),
        ("levit_192", 80.0, "ImageNet-1k validation", None),
        ("Ours v1", 88.0, "my-parts", None),
        ("levit_128s", 92.0, "my-parts", None),
        ("Ours v2", 94.2, "my-parts", None),
    ]
    assert {(row["accuracy_images"], row["accuracy_classes"]) for row in rows} == {(50_000, 1000), (2000, 10)}
    assert rows[5]["network"] == "nets.py:build#3f2a91"
    table = list(csv.DictReader(io.StringIO(Path("reports/front.csv").read_text("utf-8"))))
    assert [row["accuracy_set"] for row in table] == [row["accuracy_set"] for row in rows]
    page = Path("reports/front.md").read_text("utf-8")
    assert f"![Latency or throughput against top-1 on ImageNet-1k validation and {WORDS}" in page
    assert f"top-1 on {WORDS}\\*\\*".replace("\\", "") in page
    left_out = page.partition("## Left out")[2].partition("## Conditions")[0]
    assert left_out.count(f"scored on ImageNet-1k validation, not on {WORDS}") == 2
    assert left_out.count(f"scored on {WORDS}, not on ImageNet-1k validation") == 2
    assert "Ours v2@224, session 20260101-x" in left_out


def test_the_terminal_names_the_set_and_the_label(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "front")
    assert code == 0
    assert "top-1 on ImageNet-1k validation" in " ".join(out.split())
    assert f"top-1 on {WORDS}" in " ".join(out.split())
    assert "Ours v2" in out
    assert "nets.py:build" not in out


def test_one_set_is_chosen_by_set_and_by_where(capsys: pytest.CaptureFixture[str]) -> None:
    chosen = document(capsys, "front", "--set", "My Parts")
    assert [row["label"] for row in chosen] == ["Ours v1", "levit_128s", "Ours v2"]
    assert "levit-bench front --set 'My Parts'" in Path("reports/front.md").read_text("utf-8")
    assert [row["label"] for row in document(capsys, "front", "--where", "set=my-parts")] == [
        r["label"] for r in chosen
    ]
    code, _, err = run(capsys, "front", "--set", "parts")
    assert code == 3
    assert "--set 'parts': nothing was scored on it. Stored are: ImageNet-1k validation, my-parts (2,000" in err


def test_a_pick_is_of_one_set_and_says_which(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "pick", "--min-top1", "75")
    assert (code, out) == (3, "")
    assert "accuracies are on 2 sets of images. Choose a set: " in err
    assert "newest" not in err
    offered = re.findall(r"--set '([^']*)' \((\d networks)\)", err)
    assert offered == [("ImageNet-1k validation", "3 networks"), (WORDS, "3 networks")]
    for (name, _), answer_is in zip(offered, (("levit_128s", 76.6), ("Ours v1", 88.0)), strict=True):
        told = document(capsys, "pick", "--min-top1", "75", "--set", name)
        assert (told["answer"]["label"], told["answer"]["top1_percent"]) == answer_is
        assert told["set"]["name"] == told["answer"]["accuracy_set"]
        assert f"% top-1 on {told['set']['name']}" in told["reason"]
    code, _, err = run(capsys, "pick", "--min-top1", "99", "--set", "my-parts")
    assert code == 3
    assert f"none of 3 networks scored on {WORDS} has at least 99 % top-1" in err


def test_rows_and_data_frames_name_the_set(capsys: pytest.CaptureFixture[str]) -> None:
    rows = {row["network"]: row for row in document(capsys, "show")}
    assert [rows["levit_128s"][name] for name in ("top1", "top1_set", "top1_images", "top1_classes")] == [
        76.6, "ImageNet-1k validation", 50_000, 1000,
    ]  # fmt: skip
    assert rows["levit_128s"]["top1_elsewhere"] == f"92 on {WORDS}"
    assert (rows[OWN[0].network]["label"], rows[OWN[0].network]["top1_set"]) == ("Ours v1", "my-parts")
    frame = api.load("results").to_pandas().set_index("network")
    assert frame.loc[OWN[1].network, ["label", "top1", "top1_set", "classes"]].tolist() == [
        "Ours v2",
        94.2,
        "my-parts",
        10,
    ]
    assert {panel.fields["set"] for panel in api.load("results").front().panels} == {"ImageNet-1k validation", WORDS}


def test_tables_of_stored_cases_show_labels_and_tell_sets_apart(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "show")
    assert "Ours v1" in out
    assert "nets.py:small" not in out
    _, out, _ = run(capsys, "show", "--against", "levit_128s")
    assert "76.6 ¹" in out
    assert "94.2 ²" in out
    assert f"² top-1 on {WORDS}" in out
    _, out, _ = run(capsys, "show", "--against", "levit_128s", "--where", "set=my-parts")
    assert "92.0 " in out
    assert f"top-1 on {WORDS}" in out
    assert "¹" not in out


def test_the_list_names_the_set_of_its_accuracies(capsys: pytest.CaptureFixture[str]) -> None:
    assert "top-1 on ImageNet-1k validation" in run(capsys, "list", "levit")[1]


def test_what_a_pytest_test_reads_names_the_set() -> None:
    records = {record.case.network: record for record in api.load("results").records}
    read = answer(records[OWN[1].network])
    assert not isinstance(read, str)
    assert [read.facts[name] for name in ("label", "top1_percent", "top1_set")] == ["Ours v2", 94.2, WORDS]


def test_a_file_written_before_sets_had_classes_is_read(capsys: pytest.CaptureFixture[str]) -> None:
    (path,) = Path("results").rglob("*.jsonl")
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    for line in lines:
        for name in ("accuracies", "label", "classes"):
            line.pop(name, None)
        if line.get("accuracy"):
            del line["accuracy"]["classes"]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    rows = document(capsys, "front")
    assert [(row["label"], row["accuracy_set"], row["accuracy_classes"]) for row in rows][2:] == [
        ("levit_192", "ImageNet-1k validation", 1000),
        ("nets.py:small#3f2a91", "my-parts", None),
        ("nets.py:build#3f2a91", "my-parts", None),
    ]


def test_a_published_front_stays_on_its_own_set(capsys: pytest.CaptureFixture[str]) -> None:
    Path("speeds.csv").write_text(
        "model,infer_img_size,infer_samples_per_sec,infer_step_time,infer_batch_size\nlevit_192,224,190.0,5.26,1\n",
        "utf-8",
    )
    words = ("front", "--set", "my-parts", "--published", "speeds.csv", "--published-networks", "all")
    rows = document(capsys, *words)
    assert [(row["kind"], row["accuracy_set"]) for row in rows[2:]] == [
        ("measured", "my-parts"), ("published", "ImageNet-1k validation"),
    ]  # fmt: skip
    assert "batch 1 · top-1 on ImageNet-1k validation" in " ".join(run(capsys, *words)[1].split())
