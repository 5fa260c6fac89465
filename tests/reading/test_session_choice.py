"""Which sessions and cases the options of the reading verbs choose, and that nothing given twice is dropped."""

from __future__ import annotations

import json
import shlex
import shutil
from pathlib import Path

import levit_bench
import pytest
from levit_bench.errors import NothingToShowError, UsageError
from levit_bench.reading.session_choice import SessionChoice
from msgspec.structs import replace

from tests.cli.test_cli import document, run
from tools.simulated.generate_store import CONDITIONS, MACHINE, PAPER, case_of, write_session

OTHER = replace(MACHINE, cpu_model="Other CPU 1")
DAYS = {"20260101T000000Z-aaaa": "nightly 1", "20260102T000000Z-bbbb": "Nightly 2", "20260203T000000Z-cccc": None}


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two stores: `results` holds three sessions of one machine, `arm` one of another."""
    monkeypatch.chdir(tmp_path)
    cases = [(case_of(truth, batch=batch), truth) for truth in PAPER[:3] for batch in (1, 16)]
    for name, title in DAYS.items():
        taken_at = f"{name[:4]}-{name[4:6]}-{name[6:8]}T00:00:00Z"
        path = write_session(Path("results"), name, cases, conditions=replace(CONDITIONS, taken_at=taken_at))
        head, _, rest = path.read_text(encoding="utf-8").partition("\n")
        line = json.loads(head) | {"title": title}
        path.write_text(json.dumps(line) + "\n" + rest, encoding="utf-8")
    write_session(Path("arm"), "20260104T000000Z-dddd", cases, machine=OTHER)
    return tmp_path


def sessions_of(rows: list[dict[str, object]]) -> list[str]:
    return sorted({str(row["session"])[-4:] for row in rows})


@pytest.mark.parametrize(
    ("words", "chosen"),
    [
        ([], ["aaaa", "bbbb", "cccc"]),
        (["--session", "20260101", "--session", "20260203"], ["aaaa", "cccc"]),
        (["--session", "last", "--session", "20260203", "--session", "last"], ["cccc"]),
        (["--since", "2026-01-02"], ["bbbb", "cccc"]),
        (["--until", "2026-01"], ["aaaa", "bbbb"]),
        (["--since", "20260102", "--until", "2026-01"], ["bbbb"]),
        (["--title", "nightly"], ["aaaa", "bbbb"]),
        (["--title", "NIGHTLY ?"], ["aaaa", "bbbb"]),
        (["--title", "*2"], ["bbbb"]),
        (["--store", "results", "--store", "arm"], ["aaaa", "bbbb", "cccc", "dddd"]),
        (["--store", "results", "--store", "arm", "--session", "20260104"], ["dddd"]),
        (["--store", "results", "--store", "arm", "--session", "20260101", "--session", "20260104"], ["aaaa", "dddd"]),
        (["--where", "title=nightly 1"], ["aaaa"]),
        (["--where", "title=nightly 1,session=20260101T000000Z-aaaa"], ["aaaa"]),
        (["--where", "title=nightly 1", "--where", "title=–"], ["aaaa", "cccc"]),
    ],
)
def test_sessions_are_chosen_by_name_time_title_and_store(
    store: Path, capsys: pytest.CaptureFixture[str], words: list[str], chosen: list[str]
) -> None:
    assert sessions_of(document(capsys, "show", *words)) == chosen


@pytest.mark.parametrize(
    ("words", "values"),
    [
        (["--where", "batch=1"], {("levit_128s", 1), ("levit_128", 1), ("levit_192", 1)}),
        (
            ["--where", "batch=1", "--where", "batch=16", "--where", "network=levit_192"],
            {("levit_192", 1), ("levit_192", 16)},
        ),
        (["--where", "network=levit_192,levit_128s,batch=16"], {("levit_192", 16), ("levit_128s", 16)}),
        (["--where", "batch=16,1,network=levit_192"], {("levit_192", 16), ("levit_192", 1)}),
        (["--where", "batch=1", "--where", "batch=1", "--where", "network=levit_192"], {("levit_192", 1)}),
    ],
)
def test_a_field_that_is_given_twice_or_with_commas_means_either(
    store: Path, capsys: pytest.CaptureFixture[str], words: list[str], values: set[tuple[str, int]]
) -> None:
    rows = document(capsys, "show", "--session", "last", *words)
    assert {(row["network"], row["batch"]) for row in rows} == values


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["--where", "batch=1,2"], 3, "no stored case has batch=2. Stored are: 1, 4, 16."),
        (["--where", "batch=1", "--where", "batch=8"], 3, "no stored case has batch=8"),
        (["--where", "batch="], 2, "--where 'batch' has no value"),
        (
            ["--since", "2027"],
            3,
            "no session of results is since 2027. The newest is 20260203T000000Z-cccc, without a title.",
        ),
        (["--title", "[n]ightly 1"], 3, "no session of results is with the title '[n]ightly 1'"),
        (["--title", ""], 2, "--title '': write what the titles hold, such as nightly."),
        (["--title", " "], 2, "--title ' ': write what the titles hold"),
        (["--title", "weekly"], 3, "no session of results is with the title 'weekly'. The newest is 20260203"),
        (["--since", "tomorrow"], 2, "--since 'tomorrow': write a time in UTC"),
        (["--session", "2026"], 2, "several sessions match '2026' in results"),
        (
            ["--session", "2025", "--store", "arm", "--store", "results"],
            2,
            "no session matches '2025' in arm and results",
        ),
        (["--title", "a", "--title", "b"], 2, "--title is given 2 times, and takes one value. Give it once."),
        (["--store", "arm", "--store", "nowhere"], 3, "no results at nowhere"),
    ],
)
def test_a_choice_of_nothing_says_what_there_is(
    store: Path, capsys: pytest.CaptureFixture[str], words: list[str], code: int, message: str
) -> None:
    ended, out, err = run(capsys, "show", *words)
    assert (ended, out) == (code, "")
    assert message in " ".join(err.split())


@pytest.mark.parametrize("wanted", ["[nightly]", "[Nightly] *", "?nightly] 1*", "*[1]"])
def test_brackets_in_a_title_stand_for_themselves(store: Path, wanted: str) -> None:
    for name, title in zip(DAYS, ("[nightly] 1 [1]", "nightly 1", "n"), strict=True):
        path = next(Path("results").rglob(f"{name}.jsonl"))
        head, _, rest = path.read_text(encoding="utf-8").partition("\n")
        path.write_text(json.dumps(json.loads(head) | {"title": title}) + "\n" + rest, encoding="utf-8")
    found = levit_bench.load("results", title=wanted)
    assert {record.session[-4:] for record in found.records} == {"aaaa"}


def test_an_empty_title_is_refused_from_python_too(store: Path) -> None:
    with pytest.raises(UsageError, match=r"--title '': .* To choose any title, leave --title out\."):
        levit_bench.load("results", title="")


def broken(kind: str) -> Path:
    """A file in the store that holds no session, and is newer than all that do."""
    path = next(Path("results").rglob("*aaaa.jsonl")).with_name("20260301T000000Z-eeee.jsonl")
    if kind == "link":
        path.symlink_to("nowhere")
    elif kind == "folder":
        path.mkdir()
    else:
        path.write_text({"empty": "", "text": "not a session\n"}[kind], encoding="utf-8")
    return path


@pytest.mark.parametrize("kind", ["link", "folder", "empty", "text"])
@pytest.mark.parametrize("choice", [{"session": "last"}, {"since": "2026-02"}, {"title": "nightly"}, {}])
def test_a_choice_passes_over_files_without_a_session_and_a_finding_names_them(
    store: Path, kind: str, choice: dict[str, str]
) -> None:
    path = broken(kind)
    found = levit_bench.load("results", **choice)
    assert found.records
    assert [finding.kind for finding in found.findings] == ["unreadable-file"]
    assert path.name in found.findings[0].message


@pytest.mark.parametrize(
    "words",
    [
        ("show", "--session", "last"),
        ("pick", "--session", "last", "--where", "batch=1", "--min-top1", "1.5"),
        ("compare", "last", "--networks", "levit_128s,levit_192", "--where", "batch=1"),
        ("compare", "before", "last", "--where", "batch=1"),
        ("explain", "levit_128s", "levit_192", "--where", "batch=1", "--session", "last"),
        ("tag", "mine", "last"),
    ],
)
def test_every_verb_passes_over_a_newest_file_without_a_session_and_says_so(
    store: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    path = broken("link")
    code, out, err = run(capsys, *words)
    assert out
    assert code == 0 or (words[0] == "compare" and "No such file" not in out), err
    assert "unreadable-file:" in err
    assert path.name in "".join(err.split())


def test_the_last_session_of_a_store_without_any_is_refused_with_the_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "machine"
    folder.mkdir()
    (folder / "20260301T000000Z-eeee.jsonl").write_text("", encoding="utf-8")
    code, out, err = run(capsys, "show", "--session", "last", "--store", str(tmp_path))
    assert (code, out) == (1, "")
    assert "not a session of this suite (the file is empty)" in " ".join(err.split())


def test_a_value_with_a_comma_that_is_stored_is_one_value(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = next(Path("results").rglob("*aaaa.jsonl"))
    path.write_text(path.read_text(encoding="utf-8").replace("nightly 1", "one, two"), encoding="utf-8")
    assert sessions_of(document(capsys, "show", "--where", "title=one, two")) == ["aaaa"]
    rows = document(capsys, "show", "--where", "title=one, two", "--where", "title=Nightly 2")
    assert sessions_of(rows) == ["aaaa", "bbbb"]


def test_python_chooses_as_the_command_line_does(store: Path) -> None:
    both = levit_bench.load(["results", "arm"], ["20260101", "20260104"])
    assert {record.session[-4:] for record in both.records} == {"aaaa", "dddd"}
    assert {r.session[-4:] for r in levit_bench.load("results", since="2026-02").records} == {"cccc"}
    assert {r.session[-4:] for r in levit_bench.load("results", title="nightly", until="2026-01-01").records} == {
        "aaaa"
    }
    chosen = both.where(batch=[1, 16], network=("levit_192",))
    assert {(r.case.network, r.case.batch) for r in chosen.records} == {("levit_192", 1), ("levit_192", 16)}
    with pytest.raises(UsageError, match="batch=\\[\\] holds no value"):
        both.where(batch=[])
    with pytest.raises(NothingToShowError, match="no stored case has batch=2"):
        both.where(batch=(1, 2))
    with pytest.raises(UsageError, match="tag names the sessions of one store"):
        levit_bench.load("results", "last", tag="baseline")


def test_sessions_of_two_machines_are_drawn_into_one_picture_without_copying(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [
        "--store",
        "results",
        "--store",
        "arm",
        "--session",
        "20260203",
        "--session",
        "20260104",
        "--where",
        "batch=1",
    ]
    rows = document(capsys, "front", *words)
    assert {row["machine"] for row in rows} == {MACHINE.id, OTHER.id}
    line = next(
        one for one in Path("reports/front.md").read_text(encoding="utf-8").splitlines() if "levit-bench front" in one
    )
    assert shlex.split(line)[2:] == words
    again = document(capsys, *shlex.split(line)[1:])
    assert again == rows


def test_session_files_that_were_copied_into_a_folder_are_read(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("copied").mkdir()
    for path in Path("results").rglob("*.jsonl"):
        shutil.copy(path, "copied")
    assert document(capsys, "show", "--store", "copied") == document(capsys, "show")
    assert sessions_of(document(capsys, "show", "--store", "copied", "--session", "last")) == ["cccc"]


def test_the_words_of_a_choice_choose_the_same_again() -> None:
    conditions = {"network": ("a b", "c"), "batch": ("1",), "form": ("shipped",)}
    choice = SessionChoice((Path("x y"),), ("last",), conditions=conditions, title="night'ly")
    assert choice.words() == [
        "--store", "x y", "--session", "last", "--title", "night'ly", "--where", "batch=1,form=shipped",
        "--where", "network=a b", "--where", "network=c",
    ]  # fmt: skip
    assert SessionChoice().words() == []


def test_a_finding_is_printed_once_a_command(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = next(Path("results").rglob("*cccc.jsonl"))
    with path.open("a", encoding="utf-8") as file:
        file.write('{"kind": "turn", cut\n')
    for _ in range(2):
        err = " ".join(run(capsys, "show", "--session", "last")[2].split())
        assert err.count("bad-line:") == 1
