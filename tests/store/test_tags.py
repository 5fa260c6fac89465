"""Names for sessions: what is written, what is refused, and that nothing but the verb moves them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from levit_bench.errors import StoreError, UsageError
from levit_bench.records import Machine
from levit_bench.store import files as wall
from levit_bench.store import tags

from tests.cli.test_cli import document, run
from tools.simulated.generate_store import MACHINE, Noise, Truth, case_of, write_session

HERE = Path("results")
OTHER = Machine(cpu_model="Example Graviton", isa="aarch64", logical_cores=4, memory_bytes=16 << 30)
QUIET = Noise(session=0.0, run=0.01, case_run=0.004, one_pass=0.005)


def made(name: str, times: float = 1.0, machine: Machine = MACHINE) -> Path:
    truth = Truth("levit_192", "F", 0.01 * times, 80.0)
    return write_session(HERE, name, [(case_of(truth), truth)], runs=5, noise=QUIET, machine=machine)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for at in range(5):
        made(f"2026010{at}-same")
    return tmp_path / HERE


def test_a_name_is_written_for_people_listed_moved_and_deleted(capsys: pytest.CaptureFixture[str], store: Path) -> None:
    code, out, err = run(capsys, "tag")
    assert (code, out) == (0, "")
    assert " ".join(err.split()) == "no session of results has a name. Give one: levit-bench tag baseline last"
    code, out, err = run(capsys, "tag", "baseline", "20260102", "20260100", "20260102")
    assert (code, out, err) == (0, "baseline: 2 sessions\n  20260100-same\n  20260102-same\n", "")
    assert (store / tags.FILE).read_text(encoding="utf-8").splitlines()[1:] == [
        'baseline = ["20260100-same", "20260102-same"]'
    ]
    code, out, err = run(capsys, "tag", "good", "last")
    assert (code, out.splitlines()[-2:]) == (0, ["good: 1 session", "  20260104-same"])
    assert run(capsys, "tag", "good")[1] == "good: 1 session\n  20260104-same\n"
    code, _, err = run(capsys, "tag", "baseline", "good", "20260103")
    assert (code, err) == (0, "baseline was 20260100-same, 20260102-same\n")
    assert tags.read(HERE)["baseline"] == ("20260103-same", "20260104-same")
    code, out, err = run(capsys, "tag", "--delete", "good")
    assert (code, out.splitlines()[0], err) == (0, "baseline: 2 sessions", "good was 20260104-same\n")
    assert sorted(path.name for path in store.iterdir() if path.is_file()) == [tags.FILE], "a draft was left behind"


def test_the_document_has_sessions_and_their_machines(capsys: pytest.CaptureFixture[str], store: Path) -> None:
    made("20260201-other", machine=OTHER)
    told = run(capsys, "tag", "both", "20260100", "20260201", "--json")
    said = " ".join(told[2].split())
    assert said == "both holds sessions of 2 machines: each case is compared with those of its own machine."
    assert json.loads(told[1]) == document(capsys, "tag")
    assert document(capsys, "tag")["tags"]["both"] == [
        {"session": "20260100-same", "machines": [MACHINE.id]},
        {"session": "20260201-other", "machines": [OTHER.id]},
    ]
    assert document(capsys, "tag", "--delete", "both") == {"tags": {}}
    run(capsys, "tag", "both", "20260100", "20260201")
    assert run(capsys, "tag", "both")[1].startswith("both: 2 sessions of 2 machines: ")


def test_compare_takes_all_sessions_of_a_name_and_a_red_one_does_not_move_it(
    capsys: pytest.CaptureFixture[str], store: Path
) -> None:
    run(capsys, "tag", "baseline", "20260100", "20260101", "20260102", "20260103")
    kept = (store / tags.FILE).read_bytes()
    assert run(capsys, "compare", "baseline", "last")[0] in (0, 3)
    made("20260201-slow", 1.3)
    code, out, _ = run(capsys, "compare", "baseline", "last")
    assert code == 1
    assert out.startswith("first: baseline (4 sessions, 20260100-same to 20260103-same)\nsecond: 20260201-slow\n")
    assert document_of(capsys, "compare", "baseline", "last")["first"] == [f"2026010{at}-same" for at in range(4)]
    assert (store / tags.FILE).read_bytes() == kept
    code, _, err = run(capsys, "compare", "baseline", "20260102")
    assert (code, "both sides hold session 20260102-same" in err) == (2, True)


def document_of(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, object]:
    told: dict[str, object] = json.loads(run(capsys, *words, "--json")[1])
    return told


def test_a_verb_that_reads_takes_a_name_of_several_sessions_and_one_that_wants_one_refuses_it(
    capsys: pytest.CaptureFixture[str], store: Path
) -> None:
    run(capsys, "tag", "one", "20260101")
    run(capsys, "tag", "two", "20260101", "20260102")
    assert {row["session"] for row in document(capsys, "show", "--session", "one")} == {"20260101-same"}
    assert {row["session"] for row in document(capsys, "show", "--session", "two")} == {
        "20260101-same", "20260102-same",
    }  # fmt: skip
    for words in (("explain", "a", "b", "--session", "two"), ("run", "--resume", "two")):
        code, out, err = run(capsys, *words)
        assert (code, out) == (2, "")
        assert "tag 'two' names 2 sessions, and one is asked for here: 20260101-same, 20260102-same." in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["last", "20260101"], "'last' already means something"),
        (["before", "20260101"], "'before' already means something"),
        (["20260101", "20260102"], "invalid tag name '20260101'. Write a letter, then letters, digits"),
        (["a/b", "20260101"], "what holds '/' or '.' like a path"),
        (["base.jsonl", "20260101"], "invalid tag name"),
        (["", "20260101"], "invalid tag name ''"),
        (["x" * 41, "20260101"], "invalid tag name"),
        (["b\x1b[31m", "20260101"], "invalid tag name"),
        (["results", "20260101"], "'results' is a file or folder here"),
        (["mine", "20260101"], "'mine' is the beginning of the session mine-1"),
        (["good", "nosuch"], "no session matches 'nosuch'"),
        (["good", "2026"], "several sessions match '2026'"),
        (["good", ""], "the name of a session is empty"),
        (["nosuch"], "there is no tag 'nosuch'. There are: none."),
        (["--delete", "nosuch"], "there is no tag 'nosuch'"),
        (["--delete", "a", "b"], "--delete removes one tag"),
    ],
)
def test_what_is_no_name_or_no_session_is_refused_and_nothing_is_written(
    capsys: pytest.CaptureFixture[str], store: Path, words: list[str], said: str
) -> None:
    made("mine-1")
    code, out, err = run(capsys, "tag", *words)
    assert (code, out) == (2, "")
    assert said in err
    assert not (store / tags.FILE).exists()


def test_a_name_whose_session_is_gone_says_what_to_do_and_is_listed_as_gone(
    capsys: pytest.CaptureFixture[str], store: Path
) -> None:
    run(capsys, "tag", "baseline", "20260100", "20260101")
    next(store.rglob("20260101-same.jsonl")).unlink()
    code, out, err = run(capsys, "compare", "baseline", "last")
    assert (code, out) == (2, "")
    assert "tag 'baseline' names session 20260101-same, which results does not hold. Put it back; or tag" in err
    assert "  20260101-same (not in the store)\n" in run(capsys, "tag")[1]
    assert document(capsys, "tag")["tags"]["baseline"][1] == {"session": "20260101-same", "machines": []}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"baseline = [", "no TOML"),
        (b"\xff\xfe", "no TOML"),
        (b"baseline = 3\n", "baseline is not a list of sessions"),
        (b"baseline = []\n", "baseline is not a list of sessions"),
        (b"baseline = [3]\n", "baseline holds '3', which is not a session"),
        (b'baseline = ["../../etc/passwd"]\n', "which is not a session"),
        (b'last = ["20260101-same"]\n', "invalid tag name 'last'"),
        (b'"a b" = ["20260101-same"]\n', "invalid tag name 'a b'"),
        (b'[baseline]\nx = "y"\n', "baseline is not a list of sessions"),
        (b"x = " + b"[" * 5000, "no TOML"),
        (b"#" * (2 << 20), "no file of at most 1 MiB"),
    ],
)
def test_a_file_of_tags_that_is_broken_says_where_and_is_in_nobodys_way_who_names_no_tag(
    capsys: pytest.CaptureFixture[str], store: Path, text: bytes, said: str
) -> None:
    (store / tags.FILE).write_bytes(text)
    for words in (("tag",), ("compare", "baseline", "last"), ("tag", "good", "last"), ("tag", "--delete", "baseline")):
        code, out, err = run(capsys, *words)
        assert (code, out) == (1, "")
        assert said in err
        assert "results/tags.toml does not hold tags" in err
        assert "sessions are not touched" in err
    assert run(capsys, "compare", "20260103", "last")[0] in (0, 3)
    assert run(capsys, "show", "--session", "last")[0] == 0
    assert (store / tags.FILE).read_bytes() == text


def test_a_store_is_read_as_if_there_were_no_tags_and_reading_writes_none(store: Path) -> None:
    before = wall.load(HERE)
    tags.write(HERE, {"baseline": ("20260100-same",)})
    assert wall.load(HERE) == before
    assert [path.name for path in wall.session_files(HERE)] == [f"2026010{at}-same.jsonl" for at in range(5)]
    kept = (store / tags.FILE).stat().st_mtime_ns
    assert tags.read(HERE) == {"baseline": ("20260100-same",)}
    assert (store / tags.FILE).stat().st_mtime_ns == kept
    assert tags.read(next(store.rglob("*.jsonl"))) == {}


def test_a_name_that_is_also_a_folder_by_now_is_refused_as_two_things(
    capsys: pytest.CaptureFixture[str], store: Path
) -> None:
    run(capsys, "tag", "baseline", "20260100")
    Path("baseline").mkdir()
    code, _, err = run(capsys, "compare", "baseline", "last")
    assert (code, "'baseline' is a tag of results and a file or folder here. Write ./baseline" in err) == (2, True)


def test_a_folder_that_cannot_be_written_keeps_its_tags_and_says_so(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tags.write(HERE, {"baseline": ("20260100-same",)})

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tags.os, "fsync", full)
    with pytest.raises(StoreError, match=r"cannot write results/tags\.toml: No space left on device"):
        tags.write(HERE, {"other": ("20260101-same",)})
    assert tags.read(HERE) == {"baseline": ("20260100-same",)}
    assert [path.name for path in store.iterdir() if path.is_file()] == [tags.FILE]


def test_one_sessions_file_and_a_store_that_is_not_there_have_no_tags(
    capsys: pytest.CaptureFixture[str], store: Path
) -> None:
    file = next(store.rglob("*.jsonl"))
    assert run(capsys, "tag", "--store", str(file))[0] == 2
    code, _, err = run(capsys, "tag", "--store", "nowhere")
    assert (code, "no results at nowhere" in err) == (3, True)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.sampled_from(["a", "Z-9_", "baseline", "x" * 40, "true", "inf", "nan"]),
        st.lists(st.text("aZ09._-", max_size=12).map(lambda text: f"2{text}"), min_size=1, max_size=3, unique=True).map(
            tuple
        ),
        max_size=4,
    )
)
def test_what_is_written_is_read_again(tmp_path: Path, found: dict[str, tuple[str, ...]]) -> None:
    tags.write(tmp_path, found)
    assert tags.read(tmp_path) == found


@given(st.text(max_size=50))
def test_a_name_is_refused_or_is_a_bare_key_of_toml(name: str) -> None:
    empty = Path(__file__).parents[1] / "simulated"  # a folder without sessions
    try:
        tags.check_name(empty, name)
    except UsageError:
        return
    assert name.isascii()
    assert name.replace("-", "_").isidentifier()
