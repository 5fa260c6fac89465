"""Text from files and from users is shown as text, wherever it turns up: never obeyed, never a path, never a crash."""

from __future__ import annotations

import csv
import io
import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from levit_bench.catalog.user_networks import expand
from levit_bench.cli.progress import reporter
from levit_bench.errors import UsageError
from levit_bench.measuring.preparing.preparation_step import PreparationStep
from levit_bench.records import Finding, Machine, SessionLine
from levit_bench.report.words.safe_text import visible
from levit_bench.store.files import SessionWriter, read_session
from rich.console import Console

from tests.cli.test_cli import run
from tests.making import record
from tools.simulated.generate_store import CONDITIONS, MACHINE, PROTOCOL, Truth, write_session

HOSTILE = {
    "html": "<script>alert(1)</script><img src=x onerror=alert(1)>&amp;",
    "formula": "=cmd|' /C calc'!A0",
    "plus": "+1+1",
    "tab formula": "\t=1+1",
    "title escape": "\x1b]0;owned\x07\x1b[31m\x9b31m",
    "carriage return": "good\rbad\x08",
    "newlines": "a\n\nlevit-bench: all is well\n::error::x",
    "bidi": "abc\u202egnp.exe\u2066",
    "zero width": "a\u200b\u200d\ufeffb",
    "traversal": "../../../../tmp/owned",
    "absolute": "/etc/passwd\\..\\x",
    "long": "n" * 300,
    "nul": "a\0b",
    "markup": "[red]x[/red][link=file:///etc]y[/link][/]",
    "mathtext": r"$\frac{}{}$ $x_{$ \N{BULLET}",
    "printf": "%s%n%d{0}{task}{}",
    "markdown": "|a|`b`![x](http://y)**z**\n# h",
    "shell": "'; touch owned; $(touch owned) `touch owned`",
    "empty": "",
    "space": "  \u2003 ",
    "plain name": "plain-name_1.0",
}
each = pytest.mark.parametrize("text", HOSTILE.values(), ids=list(HOSTILE))
ALL = "\0".join(HOSTILE.values())
stored = pytest.mark.parametrize(
    "text",
    [pytest.param(ALL, id="all at once")]
    + [pytest.param(text, id=name, marks=[pytest.mark.slow, pytest.mark.exhaustive]) for name, text in HOSTILE.items()],
)
"""Drawing takes a second: by default once, with everything hostile in one store."""


def clean(shown: str) -> bool:
    """Whether nothing in it moves a cursor, hides, or turns the direction of what follows."""
    return all(character == "\n" or character.isprintable() or character in "\u2003\u00a0" for character in shown)


def spoilt(line: dict[str, Any], text: str, failing: str) -> dict[str, Any]:
    """A line of a session's file with the text in every place for free text."""
    if line["kind"] == "session":
        state = dict.fromkeys(("os", "python", "libc", "governor", "huge_pages", "commit"), text)
        line["machine"] |= {"cpu_model": text, "isa": text, "features": [text], "gpus": [text]}
        line["conditions"] |= {**state, "versions": {"torch": text, text: text}}
        line["conditions"]["gpus"] = [{"name": text, "driver": text}]
        line |= {"title": text, "bench": text, "findings": [{"kind": text, "message": text}]}
    elif line["kind"] == "case" and line["accuracy"]:
        line["accuracy"] |= {"source": text, "dataset": text}
        if line["case"]["network"] == failing:
            line |= {"outcome": "failed", "reason": text}
    elif line["kind"] == "run-end":
        line["findings"] = [{"kind": text, "message": text}]
    return line


@pytest.fixture
def hostile(tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store whose one session is hostile wherever it may be; names differ in their end alone."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    wanted = [*HOSTILE.values()] if text == ALL else [text]
    names = [text, *(name + end for name in wanted for end in ("", "1") if name + end != text), "plain"]
    truths = [Truth(name, text, 0.01 * at, 69.0 + at / 2) for at, name in enumerate(names, 1)]
    truths.append(Truth(text + "broken", text, 0.01, 70.0))
    path = write_session(tmp_path / "made", "s1", [(record(one.network).case, one) for one in truths])
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    folder = tmp_path / "results" / "machine"
    folder.mkdir(parents=True)
    made = "\n".join(json.dumps(spoilt(line, text, truths[-1].network)) for line in lines)
    (folder / "s1.jsonl").write_text(made + "\n", encoding="utf-8")
    return tmp_path / "results"


@stored
def test_stored_text_is_shown_as_text_by_every_verb_that_reads(
    hostile: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for words in (
        "show", "show --variance", "show --percentiles", "show --instrument", "front", "pick --min-top1 60",
        "pick --max-latency 1us", "pick --max-latency 1s", "aa --stored", "show --where network=nothing",
        "front --where machine=nothing",
    ):  # fmt: skip
        code, out, err = run(capsys, *words.split())
        assert code == (3 if "nothing" in words or "1us" in words else 0), (words, err)
        assert clean(out), words
        assert clean(err), words
        assert words.startswith("pick") or max(len(line.rstrip()) for line in out.splitlines() or [""]) <= 80, words
    assert {path.name for path in hostile.parent.iterdir()} == {"made", "results", "reports"}


@stored
def test_stored_text_is_shown_as_text_when_it_is_compared(
    hostile: Path, text: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (one,) = hostile.rglob("*.jsonl")
    lines = one.read_text(encoding="utf-8").splitlines()
    lines[0] = lines[0].replace('"session": "s1"', '"session": "s2"')
    other = tmp_path / "other" / "machine" / "s2.jsonl"
    other.parent.mkdir(parents=True)
    other.write_text("\n".join(lines) + "\n", encoding="utf-8")
    for words in (["s1", "other"], ["s1", "--networks", f"{text},plain"], ["s1", "--between", f"{text}=a,b"],
                  ["s1", str(tmp_path / "made")], ["before", "other"], [text + "x", "s1"]):  # fmt: skip
        code, out, err = run(capsys, "compare", *words)
        assert code in (1, 2, 3), (words, err)
        assert clean(out), words
        assert clean(err), words
        shown = [line.rstrip() for line in out.splitlines() if not line.startswith(("first: ", "second: "))]
        assert max(map(len, [line for line in shown if " compared: " not in line] or [""])) <= 80, words
    code, out, _ = run(capsys, "compare", "s1", "other", "--json")
    assert code == 1
    assert text in {row["network"] for row in json.loads(out)["rows"]}


@stored
def test_stored_text_is_shown_as_text_when_it_is_explained(
    hostile: Path, text: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for words, wanted in (([text, "plain"], 0), (["plain", text, "--out", "why.svg"], 0), ([text + "x", text], 3)):
        code, out, err = run(capsys, "explain", *words)
        assert code == wanted, (words, err)
        assert clean(out), words
        assert clean(err), words
        tables = [line.rstrip() for line in out.splitlines() if " times as long as " not in line]
        assert max(map(len, tables[1:]), default=0) <= 80, words
    drawn = ET.fromstring((tmp_path / "why.svg").read_text(encoding="utf-8"))
    assert not {element.tag.partition("}")[2] for element in drawn.iter()} & {"script", "image", "a", "foreignObject"}
    assert json.loads(run(capsys, "explain", text, "plain", "--json")[1])["first"]["network"] == text


@stored
def test_stored_text_goes_through_documents_for_programs_unchanged(
    hostile: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for words in ("show", "show --variance", "show --percentiles", "front", "pick --min-top1 60"):
        code, out, _ = run(capsys, *words.split(), "--json")
        assert code == 0, words
        told = json.loads(out)
        rows = [told["answer"]] if isinstance(told, dict) else told
        assert text in {row["network"] for row in rows}, words


@stored
def test_stored_text_is_harmless_in_every_file_of_a_front(
    hostile: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(capsys, "front")[0] == 0
    files = hostile.parent / "reports"
    rows = list(csv.DictReader(io.StringIO((files / "front.csv").read_text(encoding="utf-8"))))
    assert len(rows) >= 3
    assert all(clean(cell) and cell.lstrip()[:1] not in {"=", "+", "@"} for row in rows for cell in row.values())
    page = (files / "front.md").read_text(encoding="utf-8")
    assert clean(page)
    prose = "\n".join(line for line in page.splitlines() if not line.startswith("    "))  # the rest is code: literal
    assert not re.search(r"<script|<img|(?<!\\)\]\(http", prose)
    drawn = ET.fromstring((files / "front.svg").read_text(encoding="utf-8"))
    tags = {element.tag.partition("}")[2] for element in drawn.iter()}
    assert not tags & {"script", "image", "a", "foreignObject"}
    assert (files / "front.png").read_bytes().startswith(b"\x89PNG")


@stored
def test_a_value_of_where_is_quoted_as_text(hostile: Path, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (("--where", f"network={text}x"), ("--where", f"{text}x=1"), ("--session", f"{text}x")):
        for verb in ("show", "front", "pick --min-top1 60", "compare s1 made"):
            if verb.startswith("compare") and words[0] == "--session":
                continue
            code, out, err = run(capsys, *verb.split(), *words)
            assert (code in (2, 3), out) == (True, ""), (verb, words)
            assert clean(err)


@each
def test_the_folder_of_a_machine_is_one_plain_name(text: str) -> None:
    found = Machine(cpu_model=text, isa=text, logical_cores=2, memory_bytes=1, gpus=(text,)).id
    assert found.strip("abcdefghijklmnopqrstuvwxyz0123456789-") == ""
    assert 0 < len(found) < 80


@each
def test_no_session_is_named_like_a_path(text: str, tmp_path: Path) -> None:
    head = SessionLine(session=text, bench="1", machine=MACHINE, protocol=PROTOCOL, conditions=CONDITIONS, title=text)
    if text == HOSTILE["plain name"]:
        SessionWriter.create(tmp_path / "store", head).close()
        return
    with pytest.raises(UsageError, match="invalid session name"):
        SessionWriter.create(tmp_path / "store", head)
    assert not (tmp_path / "store").exists()


@each
def test_a_title_is_stored_as_it_is(text: str, tmp_path: Path) -> None:
    head = SessionLine(session="s1", bench="1", machine=MACHINE, protocol=PROTOCOL, conditions=CONDITIONS, title=text)
    with SessionWriter.create(tmp_path, head) as writer:
        pass
    assert read_session(writer.path).head.title == text


@each
@pytest.mark.parametrize("key", ["build", "family", "source", "dataset", "top1", "resolution", "other"])
def test_a_toml_file_of_networks_takes_text_as_text_or_refuses_it_in_one_line(
    key: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    entry = {"build": "m:f", "top1": 70.0, key: text}
    toml = "".join(f"{json.dumps(name)} = {json.dumps(value)}\n" for name, value in entry.items())
    Path("nets.toml").write_text("[[network]]\n" + toml.replace("\x7f", "\\u007f"), encoding="utf-8")
    said = ""
    try:
        (name,), stated = expand(["nets.toml"])
    except UsageError as error:
        said = str(error)
    assert clean(said)
    assert len(said) < 500
    if not said:
        assert getattr(stated[name], key) == text
        assert text.isprintable()
    assert [path.name for path in tmp_path.iterdir()] == ["nets.toml"]


@each
def test_a_name_that_is_asked_for_is_refused_as_text(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for words in (("list", text + "x"), ("list", "--family", text + "x"), ("list", "--max-macs", text)):
        code, out, err = run(capsys, *words)
        assert (code, out) == (2, ""), words
        assert clean(err), words
    for option in ("--budget", "--allocator", "--device", "--runtime", "--timeout", "--isolation"):
        code, out, err = run(capsys, "plan", "--networks", "levit_128s", option, text + "x", "--store", "none")
        assert (code, out) == (2, ""), option
        assert clean(err), option
    assert list(tmp_path.iterdir()) == []


def test_surrogates_in_a_file_cost_their_line_and_no_crash(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = write_session(tmp_path / "results", "s1", [(record(name).case, Truth(name, "f", 0.01, 70)) for name in "ab"])
    lines = path.read_text(encoding="utf-8").splitlines()
    lines.insert(3, lines[1].replace('"a"', '"a\\ud800"'))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    for words in (["show"], ["front"], ["pick", "--min-top1", "60"], ["show", "--json"]):
        code, out, err = run(capsys, *words)
        assert code == 0, err
        assert clean(out)
        assert clean(err)


@each
def test_the_progress_bar_shows_a_name_as_it_is(text: str) -> None:
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=200, color_system=None)
    with reporter(console) as observer:
        observer.preparing(PreparationStep(record(text).case, 0, 1, (), 5.0))
        observer.finding_made(Finding(kind=text, message=text))
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", out.getvalue()).replace("\r", "")
    assert clean(shown)
    assert visible(text)[:40].split(" ")[0] in shown
