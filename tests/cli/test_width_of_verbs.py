"""Every verb in 80 and in 60 columns, on a store with long names: no line is wider, no word and no number is broken."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.cli.test_cli import run
from tools.simulated.generate_store import CONDITIONS, MACHINE, Truth, case_of, write_session

FIRST, SECOND = "vit_so400m_patch14_siglip_gap_896.pali2_10b_pt", "models/classifiers.py:build_backbone_large#3f2a91c0"
NETWORKS = [
    Truth(FIRST, "ViT", 0.031, 83.1),
    Truth(SECOND, "other", 0.024, 82.4),
    Truth("levit_192.fb_dist_in1k", "LeViT", 0.014, 80.0),
    Truth("efficientnet_b0.ra4_e3600_r224_in1k", "EfficientNet", 0.025, 77.1),
]
ONE = ("--where", "threads=1,allocator=pinned")
VERBS = {
    "show": (),
    "show --session last": (),
    "show --session last --instrument": (),
    "show --since 2026-01-01": (),
    "show --session last --percentiles": (),
    "show --variance": (),
    "show --session last --against": (FIRST,),
    "show --session last --against x --grid": (FIRST,),
    "front --session last": (),
    "front --session last --base threads=2": (),
    "compare before last": (),
    "compare last --networks": (f"{FIRST},{SECOND}", *ONE),
    "explain": (FIRST, SECOND, *ONE),
    "scaling": (),
    "aa --stored": (),
    "tag night last": (),
    "list": (),
    "list --runtimes": (),
    "machine": (),
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three sessions of one machine and one of another, with every network in four ways."""
    folder = tmp_path_factory.mktemp("width") / "results"
    cases = [
        (case_of(truth, threads=threads, allocator=allocator), truth)
        for truth in NETWORKS
        for threads in (1, 2)
        for allocator in ("pinned", "shipped")
    ]
    for day in (1, 2, 3, 4):
        name = f"2026010{day}T000000Z-aaaa"
        conditions = replace(CONDITIONS, taken_at=f"2026-01-0{day}T00:00:00Z")
        machine = MACHINE if day > 1 else replace(MACHINE, cpu_model="Other Processor 7 Extended Edition")
        write_session(folder, name, cases, machine=machine, conditions=conditions)
    return folder


def _words(text: str) -> set[str]:
    """The parts of words between separators, without the signs around them."""
    return {part.strip("()[];'\"") for part in re.findall(r"[^\s_.:@/#,…·─-]+", text)}


def _numbers(text: str) -> Counter[str]:
    return Counter(re.findall(r"[0-9][0-9.,]*[0-9]|[0-9]", text))


def _printed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, width: int, words: list[str]) -> str:
    monkeypatch.setenv("COLUMNS", str(width))
    code, out, err = run(capsys, *words)
    assert code in (0, 1, 3), err
    assert out, err
    return out


@pytest.mark.parametrize("verb", VERBS)
def test_no_word_and_no_number_is_broken_in_a_narrow_terminal(
    store: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, verb: str
) -> None:
    monkeypatch.chdir(tmp_path)
    words = [*verb.replace(" x ", f" {SECOND} ").split(), *VERBS[verb]]
    if words[0] not in ("list", "machine"):
        words += ["--store", str(store)]
    if words[0] == "front":
        words += ["--out", "pictures"]
    wide = _printed(capsys, monkeypatch, 400, words)
    assert _words(wide)
    for width in (80, 60):
        narrow = _printed(capsys, monkeypatch, width, words)
        assert max(map(len, narrow.splitlines())) <= width
        new = _words(narrow) - _words(wide)
        if words[0] == "machine":  # its load and its clock change
            assert not {word for word in new if not any(map(str.isdigit, word))}, width
            continue
        assert not new, width
        assert _numbers(narrow) == _numbers(wide), width


def test_show_without_a_choice_shows_the_newest_session_and_lists_the_others(
    store: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = _printed(capsys, monkeypatch, 80, ["show", "--store", str(store)])
    assert text.startswith("20260104T000000Z-aaaa")
    assert "3 other sessions, the newest first" in text
    listed = re.findall(r"2026010[0-9]T000000Z", text.partition("other sessions")[2])
    assert listed == ["20260103T000000Z", "20260102T000000Z", "20260101T000000Z"]
    assert "Extended Edition" in " ".join(text.split())
    assert len(text.splitlines()) < 60


@pytest.mark.parametrize("words", [["--since", "2026-01-02"], ["--where", "threads=1"], ["--variance"]])
def test_a_choice_or_a_view_shows_all_that_it_is_about(
    store: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    assert "other session" not in _printed(capsys, monkeypatch, 80, ["show", *words, "--store", str(store)])


def test_of_many_sessions_some_are_listed_and_the_others_counted(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    cases = [(case_of(NETWORKS[0]), NETWORKS[0])]
    for day in range(1, 29):
        conditions = replace(CONDITIONS, taken_at=f"2026-01-{day:02d}T00:00:00Z", emulated=day == 28)
        write_session(tmp_path, f"202601{day:02d}T000000Z-aaaa", cases, conditions=conditions, runs=2, rounds=2)
    text = _printed(capsys, monkeypatch, 80, ["show", "--store", str(tmp_path)])
    assert text.startswith("20260127"), "the newest was emulated"
    assert "27 other sessions" in text
    assert "7 older sessions not listed" in text
    assert len(re.findall(r"^202601[0-9]{2}T", text, re.MULTILINE)) == 21
    assert ", emulated" in text
