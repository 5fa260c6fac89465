"""`levit-bench compare`: what it prints where, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from levit_bench.judge.compare.two_sides import Report, Row
from levit_bench.judge.verdicts import Rules, Verdict, refused
from levit_bench.reading.comparison import exit_code

from tests.cli.test_cli import document, run
from tests.making import record
from tools.simulated.generate_store import Noise, Truth, case_of, write_session

NAMES = ("levit_192", "efficientnet_b0")


def made(root: Path, name: str, **times: float) -> Path:
    """A session of both networks, each taking so many times as long as usual; 0 leaves it out."""
    truths = [Truth(network, "F", 0.01 * factor, 80.0) for network in NAMES if (factor := times.get(network, 1.0))]
    noise = Noise(session=0.1, run=0.02, case_run=0.004, one_pass=0.005)
    return write_session(root, name, [(case_of(truth), truth) for truth in truths], runs=5, noise=noise)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)
    for at in range(6):
        made(Path("results"), f"2026010{at}-same")
    return Path("results")


def test_a_change_ends_with_1_and_is_named_with_its_limit(capsys: pytest.CaptureFixture[str], store: Path) -> None:
    made(store, "20260201-slow", levit_192=1.2)
    code, out, err = run(capsys, "compare", "20260105", "last")
    assert code == 1
    assert "first: 20260105-same\nsecond: 20260201-slow\n" in out
    assert "1 slower: levit_192 224px b1 t1 pinned (takes 1.2" in out
    assert "1 same" in out
    assert max(len(line.rstrip()) for line in out.splitlines() if "compared:" not in line) <= 80
    assert err == ""


def test_no_change_and_a_gain_end_with_0(capsys: pytest.CaptureFixture[str], store: Path) -> None:
    assert run(capsys, "compare", "20260103", "20260105", "--min-effect", "15%")[0] == 0
    made(store, "20260201-fast", levit_192=0.7)
    code, out, _ = run(capsys, "compare", "before", "last", "--min-effect", "25%")
    assert code == 0
    assert "first: 6 sessions, 20260100-same to 20260105-same" in out
    assert "1 faster: levit_192" in out


def test_sides_may_be_files_and_stores_and_the_history_still_counts(
    capsys: pytest.CaptureFixture[str], store: Path, tmp_path: Path
) -> None:
    file = made(tmp_path / "other", "20260201-slow", levit_192=1.2)
    for second in (str(file), "other"):
        code, out, err = run(capsys, "compare", "20260105", second)
        assert (code, err) == (1, "")
        assert "1 slower" in out
    assert run(capsys, "compare", "results", "other")[0] == 1
    _, _, err = run(capsys, "compare", str(next(store.rglob("*05-same.jsonl"))), "other", "--store", "none")
    assert err.startswith("session-scatter-assumed: ")


def test_a_missing_case_ends_with_1_unless_it_is_compared_with_all_before(
    capsys: pytest.CaptureFixture[str], store: Path
) -> None:
    made(store, "20260201-less", levit_192=0)
    code, out, _ = run(capsys, "compare", "20260105", "last")
    assert (code, "1 missing: levit_192 224px b1 t1 pinned" in out) == (1, True)
    code, out, err = run(capsys, "compare", "before", "last", "--min-effect", "25%")
    assert (code, "missing" in out) == (0, False)
    assert "night 6 of these cases" in " ".join(err.split())


JUDGED = (Verdict.SLOWER, Verdict.FASTER, Verdict.SAME, Verdict.INCONCLUSIVE)


def judged(*verdicts: Verdict) -> Report:
    rows = [Row(record(f"n{at}"), record(f"n{at}"), refused("", Rules())) for at in range(len(verdicts))]
    told = [msgspec.structs.replace(r.comparison, verdict=v) for r, v in zip(rows, verdicts, strict=True)]
    return Report(tuple(row._replace(comparison=one) for row, one in zip(rows, told, strict=True)))


@given(st.lists(st.sampled_from(JUDGED), max_size=6))
def test_a_script_is_told_0_only_where_every_case_is_the_same_or_faster(verdicts: list[Verdict]) -> None:
    fine = bool(verdicts) and set(verdicts) <= {Verdict.SAME, Verdict.FASTER}
    assert exit_code(judged(*verdicts)) == (1 if Verdict.SLOWER in verdicts else 0 if fine else 3)


def test_a_case_that_failed_is_missing_or_was_asked_otherwise_ends_with_1_beside_one_that_is_the_same() -> None:
    report = judged(Verdict.SAME)
    gone = record("gone")
    failed = Row(gone, record("gone", (), outcome="failed", reason="it raised"), refused("", Rules()))
    apart = Row(gone, record("gone", threads=2), refused("the sides differ", Rules()))
    assert exit_code(report._replace(missing=(gone,))) == 1
    assert [exit_code(report._replace(rows=(*report.rows, row))) for row in (failed, apart)] == [1, 1]
    assert exit_code(report._replace(new=(gone,))) == 0


def test_one_case_of_two_that_cannot_be_told_ends_with_3(capsys: pytest.CaptureFixture[str], store: Path) -> None:
    made(store, "20260201-some", levit_192=1.22)
    code, out, _ = run(capsys, "compare", "before", "last", "--min-effect", "25%", "--margin", "20%")
    assert (code, "1 same, 1 inconclusive" in out or "1 same; 1 inconclusive" in out) == (3, True)


def test_only_inconclusive_ends_with_3(capsys: pytest.CaptureFixture[str], store: Path) -> None:
    code, out, _ = run(capsys, "compare", "20260103", "20260105", "--margin", "0%")
    assert (code, "2 inconclusive" in out) == (3, True)


@pytest.mark.parametrize(("least", "code"), [("0%", 3), ("0.0 %", 3), ("100%", 0), ("100 %", 0)])
def test_the_margin_follows_the_least_effect_to_either_end(
    capsys: pytest.CaptureFixture[str], store: Path, least: str, code: int
) -> None:
    told = run(capsys, "compare", "20260103", "20260105", "--min-effect", least, "--json")
    (rule,) = {(row["min_effect"], row["margin"]) for row in json.loads(told[1])["rows"]}
    assert (told[0], *rule) == (code, *([1.0 if least.startswith("1") else 0.0] * 2))


def test_two_networks_of_one_session_are_compared_and_named(capsys: pytest.CaptureFixture[str], store: Path) -> None:
    made(store, "20260201-slow", levit_192=1.5)
    code, out, _ = run(capsys, "compare", "last", "--networks", "efficientnet_b0,levit_192")
    assert code == 1
    assert out.startswith("session: 20260201-slow\nfirst: network efficientnet_b0\nsecond: network levit_192\n")
    assert run(capsys, "compare", "last", "--between", "network=levit_192,efficientnet_b0")[0] == 0


def test_the_document_has_the_sides_the_rows_and_the_exit_code(capsys: pytest.CaptureFixture[str], store: Path) -> None:
    told = document(capsys, "compare", "before", "last", "--min-effect", "25%")
    assert told["first"] == [f"2026010{at}-same" for at in range(5)]
    assert told["second"] == ["20260105-same"]
    assert {row["verdict"] for row in told["rows"]} == {"same"}
    assert told["exit_code"] == 0
    made(store, "20260201-slow", levit_192=1.2)
    code, out, err = run(capsys, "compare", "before", "last", "--json")
    assert (code, json.loads(out)["exit_code"]) == (1, 1)
    assert "1 slower" in err


def test_where_chooses_on_both_sides(capsys: pytest.CaptureFixture[str], store: Path) -> None:
    told = document(capsys, "compare", "20260103", "20260105", "--where", "network=levit_192")
    assert [(row["network"], row["family"]) for row in told["rows"]] == [("levit_192", 1)]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ([], 2, "Missing argument 'A'"),
        (["last"], 2, "To compare with what came before: levit-bench compare before last"),
        (["last", "last"], 2, "both sides hold session 20260105-same"),
        (["last", "nosuch"], 2, "no session matches 'nosuch'"),
        (["2026", "last"], 2, "several sessions match '2026'"),
        (["before", "20260100"], 3, "no session of results is older than 20260100-same"),
        (["20260103", "last", "--ignore", "machine"], 2, "--ignore machine is not possible"),
        (["20260103", "last", "--ignore", "thread"], 2, "Did you mean 'threads'?"),
        (["20260103", "last", "--min-effect", "1"], 2, "--min-effect: invalid share '1'"),
        (["20260103", "last", "--min-effect", "nan%"], 2, "--min-effect: invalid share 'nan%'"),
        (["20260103", "last", "--min-effect", "100.5%"], 2, "--min-effect: invalid share '100.5%'"),
        (["20260103", "last", "--min-effect", "much"], 2, "--min-effect: invalid share 'much'. Write percent from 0"),
        (["20260103", "last", "--min-effect", ""], 2, "--min-effect: invalid share ''"),
        (["20260103", "last", "--margin", "-1%"], 2, "--margin: invalid share '-1%'"),
        (["20260103", "last", "--margin", "5%"], 2, "--margin 5 % is above --min-effect 3 %: a difference between"),
        (["20260103", "last", "--min-effect", "1%", "--margin", "1.5%"], 2, "Give a --margin of at most 1 %"),
        (["20260103", "last", "--where", "threads=8"], 3, "no stored case has threads=8"),
        (["last", "--networks", "levit_192"], 2, "'network=levit_192' does not name two to compare. Write --networks"),
        (["last", "--between", "form"], 2, "does not name two to compare. Write --between FIELD=ONE,OTHER"),
        (["last", "--between", "batch=1,2"], 2, "cannot compare by 'batch'"),
        (["last", "--between", "form=a,b", "--networks", "a,b"], 2, "are two questions"),
        (["20260103", "last", "--networks", "a,b"], 2, "compare within session A. Leave B and --ignore out"),
        (["last", "--networks", "levit_192,levit_999"], 3, "no stored case is of 'levit_999'"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_one_line(
    capsys: pytest.CaptureFixture[str], store: Path, words: list[str], code: int, said: str
) -> None:
    ended, out, err = run(capsys, "compare", *words)
    assert (ended, out) == (code, "")
    assert said in err
    assert "Traceback" not in err


def test_an_empty_store_says_how_to_fill_it(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, _, err = run(capsys, "compare", "before", "last", "--store", str(tmp_path / "none"))
    assert (code, "levit-bench run --networks levit_128s,efficientnet_b0 --budget 60s --store" in err) == (3, True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("20261124T075958", "20261124T080119"), "differ in allocator (pinned, shipped) and isolation (alone, shared)"),
        (("20261124T075958", "20261126T000013"), "Not even ratios carry over: two machines"),
    ],
)
def test_committed_sessions_of_other_settings_and_machines_are_refused(
    capsys: pytest.CaptureFixture[str], words: tuple[str, str], said: str
) -> None:
    code, out, err = run(capsys, "compare", *words)
    assert (code, out) == (3, "")
    assert said in err
