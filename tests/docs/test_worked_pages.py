"""The pages for those who extend the suite, worked through: their files are written, their commands run in order."""

from __future__ import annotations

from pathlib import Path

import pytest
from levit_bench.store import files

from tests.docs.blocks import PARSED_ONLY, ROOT, SHELL, blocks, commands, lay_out
from tests.docs.test_pages import WORKED, execute

NETWORK, RUNTIME, DEVICE = WORKED


def work_through(page: str, folder: Path) -> list[str]:
    """Run every command of a page in a fresh folder; what they printed."""
    printed = []
    for block in blocks(*SHELL):
        for words in commands(block) if block.page == page else ():
            if words[0] in PARSED_ONLY:
                continue
            done = execute(words, folder, page)
            assert done.returncode == 0, f"{block}: {done.stderr}"
            printed.append(done.stdout)
    return printed


@pytest.mark.slow
def test_the_page_for_networks_ends_with_all_of_them_measured(tmp_path: Path) -> None:
    printed = work_through(NETWORK, tmp_path)
    front = next(text for text in printed if "dominated by" in text)
    assert "61.5" in front
    assert "levit_128s" in front
    records, _ = files.load(tmp_path / "results")
    assert {record.outcome for record in records} == {"done"}
    own = {(r.case.network.partition("#")[0], r.case.resolution): r.info for r in records if r.info.role == "subject"}
    assert {name for name, _ in own} == {
        "nets.py:tiny", "nets.py:wide", "heads.py:ten", "levit_128s", "levit_128", "tiny-32", "tiny-64",
    }  # fmt: skip
    picked = next(text for text in printed if "% top-1 on my-parts (2,000 images, 10 classes)" in text)
    assert picked.startswith(("Ours v1: 91.0 %", "levit_128s: 95.5 %"))
    wide = own["nets.py:wide", 128]
    assert wide.accuracy is not None
    assert (wide.accuracy.top1, wide.accuracy.source, wide.family) == (66.0, "our training log", "Tiny")


@pytest.mark.slow
def test_the_page_for_runtimes_ends_with_its_runtime_measured(tmp_path: Path) -> None:
    work_through(RUNTIME, tmp_path)
    records, _ = files.load(tmp_path / "results")
    assert {(r.outcome, r.reason) for r in records} == {("done", None)}
    measured = {(r.case.network, r.case.batch, r.case.runtime) for r in records if r.info.role == "subject"}
    assert measured == {(name, batch, "traced") for name in ("levit_128s", "efficientnet_b0") for batch in (1, 4)}


@pytest.mark.slow
def test_the_page_for_devices_ends_with_its_device_and_precision_measured(tmp_path: Path) -> None:
    work_through(DEVICE, tmp_path)
    records, _ = files.load(tmp_path / "results")
    assert {(r.outcome, r.reason) for r in records} == {("done", None)}
    assert {record.case.device for record in records} == {"standin"}
    subjects = [record for record in records if record.info.role == "subject"]
    assert {(one.case.network, one.case.precision) for one in subjects} == {
        (name, precision) for name in ("levit_128s", "resnet18") for precision in ("fp32", "fp64")
    }
    assert {one.info.made_by.get("precision") for one in subjects} == {None, "levit-bench-standin 1.0"}
    assert {one.info.made_by["device"] for one in records} == {"levit-bench-standin 1.0"}
    assert {one.gpu for one in records} == {"stand-in 1"}
    turns = [turn for one in subjects for run in one.runs for turn in run.turns]
    assert all(len(turn.device_s) == len(turn.duration_s) for turn in turns)


def test_a_page_is_laid_out_as_pip_would_install_its_package(tmp_path: Path) -> None:
    (package,) = lay_out(RUNTIME, tmp_path)
    assert (package / "levit_bench_traced.py").is_file()
    points = next(package.glob("*.dist-info/entry_points.txt")).read_text(encoding="utf-8")
    assert points == "[levit_bench.runtimes]\ntraced = levit_bench_traced\n\n"
    assert all((ROOT / page).is_file() for page in (NETWORK, RUNTIME))
