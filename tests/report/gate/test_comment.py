"""A pull request's comment, read by a Markdown parser: what stands in it, in which order, and that names are text."""

from __future__ import annotations

import re

import msgspec
import pytest
from levit_bench.judge.gate.gate_report import CaseVerdict
from levit_bench.records import Side, SideDifference
from levit_bench.report.gate.comment import LIMIT_BYTES, comment, marker
from levit_bench.report.words.safe_text import visible
from markdown_it import MarkdownIt
from markdown_it.token import Token

from tests.report.gate import made
from tests.report.gate.hostile_names import HOSTILE

V = CaseVerdict
_OURS = re.compile(
    r"<!-- levit-bench gate(: [A-Za-z0-9_.-]+)? -->|<details><summary>[A-Za-z0-9 :,]+</summary>|</details>"
)
_LINKED = re.compile(r"(?<!\w)@\w|#\d|\bGH-\d|\w+://|\bwww\.", re.IGNORECASE)
"""What GitHub makes a link of, wherever it stands outside code."""


def parsed(text: str) -> list[Token]:
    return MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)


def inlines(text: str) -> list[Token]:
    """All inline tokens."""
    return [child for token in parsed(text) for child in token.children or ()]


def plain(token: Token) -> str:
    """The text of a cell or paragraph as it is shown, without zero-width spaces."""
    return "".join(child.content for child in token.children or ()).replace("\u200b", "")


def tables(text: str) -> list[list[list[str]]]:
    """The rows of every table, headings first, each cell as it is shown."""
    out: list[list[list[str]]] = []
    for token, content in zip(tokens := parsed(text), [*tokens[1:], None], strict=True):
        if token.type == "table_open":
            out.append([])
        elif token.type == "tr_open":
            out[-1].append([])
        elif token.type in ("th_open", "td_open"):
            out[-1][-1].append(plain(content))
    return out


def test_failed_and_missing_come_first_and_what_passed_is_folded() -> None:
    text = comment(made.EVERY)
    assert re.findall(r"^####? (.+)$|<summary>(.+)</summary>", text, re.M) == [
        ("❌ levit-bench gate: failed", ""), ("Failed and missing (2)", ""), ("Slower (1)", ""),
        ("Other outputs (1)", ""), ("Inconclusive: the data cannot tell (1)", ""), ("Not comparable (1)", ""),
        ("", "Others: 1 faster, 1 same, 1 new"), ("", "Conditions"), ("", "How to reproduce"),
    ]  # fmt: skip
    assert text.count("<details>") == text.count("</details>") == 3
    assert text.startswith(marker() + "\n###")


def test_the_numbers_are_those_of_the_report() -> None:
    failed, slower, outputs, unsure, apart, others = tables(comment(made.EVERY))
    assert failed[1] == ["net_failed 224px b1 t1 pinned", "failed", made.REASONS[V.FAILED]]
    assert slower == [
        ["case", "ratio, b over a", "95 % CI", "detectable", "latency, a → b"],
        ["net_slower 224px b1 t1 pinned", "1.12", "1.07 to 1.17", "3.4 %", "10.0 ms → 11.2 ms"],
    ]
    assert outputs[1][1:7] == ["1.01", "0.990 to 1.03", "3.0 %", "10.0 ms → 10.1 ms", "0.31", "0.0010"]
    assert unsure[1][1:] == ["1.02", "0.970 to 1.08", "8.3 %", "10.0 ms → 10.2 ms", made.REASONS[V.INCONCLUSIVE]]
    assert apart[1] == ["net_not_comparable 224px b1 t1 pinned", made.REASONS[V.NOT_COMPARABLE]]
    assert [row[0] for row in others[1:]] == ["faster", "same", "new"]
    assert others[3][1:] == ["net_new 224px b1 t1 pinned", "–", "–", "–", "– → 10.0 ms"]


def test_the_head_says_what_to_do_and_the_command_is_a_block_of_its_own() -> None:
    tokens = parsed(comment(made.EVERY))
    blocks = [token.content for token in tokens if token.type == "code_block"]
    again = "levit-bench gate --networks 'net_*' --a main"
    assert blocks == [f"{again} --allow-other-outputs\n", f"{again}\n"]
    assert "Look for the slowdown in what differs between the sides." in plain(
        next(token for token in tokens if token.type == "inline" and token.content.startswith("Gate failed"))
    )


def test_the_head_names_both_commits_and_what_the_names_of_cases_say() -> None:
    text = comment(made.EVERY)
    above, _, _ = text.partition("<details>")
    assert (
        "\n\nJudged (b): working tree, commit fedcba987654 with uncommitted changes. Compared with (a): main, commit "
        "0123456789ab.\n\n"
    ) in above
    assert (
        "\n\nIn names of cases: 224px = resolution 224, b1 = batch 1, t1 = 1 thread, pinned = allocator pinned.\n"
        in above
    )
    assert "In a checkout of commit fedcba987654, with the changes that were not committed; times" in text


def test_a_title_stands_above_the_tables_and_in_the_conditions() -> None:
    case = made.case(V.SAME)
    assert case.second is not None
    titled = case._replace(second=msgspec.structs.replace(case.second, title="before the <release>"))
    text = comment(made.report([titled]))
    assert "\n\nbefore the &#60;release&#62;\n\n" in text
    assert "- session: 20261126T060430Z-2c11, before the &#60;release&#62;\n" in text


def test_stored_sessions_show_the_multiples_that_their_ratio_is_of() -> None:
    text = comment(made.report([V.SLOWER], baseline="s0", session="s1", sides=(), command=()))
    ((head, row),) = tables(text)
    assert head[-1] == "time over the yardstick's, a → b"
    first, second = map(float, row[-1].split(" → "))
    assert second / first == pytest.approx(1.12, 0.01)
    assert "Judged (b): session s1. Compared with (a): session s0." in text
    assert "With the store that holds s0 and s1." in text


def test_every_outcome_has_a_heading_of_its_own() -> None:
    gates = {
        "✅ levit-bench gate: passed": made.QUIET,
        "⚠️ levit-bench gate: inconclusive": made.ALARMED,
        "⚠️ levit-bench gate: inconclusive (allowed)": made.report([V.INCONCLUSIVE], rules=made.ALLOWED),
        "⚠️ levit-bench gate: nothing compared": made.report(),
        "❌ levit-bench gate: failed": made.report([V.SLOWER]),
    }
    assert [re.findall(r"^### (.+)$", comment(gate), re.M) for gate in gates.values()] == [[words] for words in gates]
    assert "### ❌ levit-bench gate `arm64`: failed" in comment(made.EVERY, "arm64")


def test_conditions_name_sides_differences_and_the_control() -> None:
    text = comment(made.ALARMED)
    for words in (
        "- a: main, commit 0123456789ab, Python 3.11.9", "- file nets.py: 3f2a91c0 in a, 77b1e2d4 in b",
        "withdrawn: 1 of slower", "- 95 % CI: 99 % each, so that 95 % hold for 5 comparisons together",
    ):  # fmt: skip
        assert words in text


def test_findings_are_folded_too() -> None:
    text = comment(made.QUIET._replace(findings=(made.finding("the load was 5 | @team"),)))
    assert "<details><summary>Findings</summary>" in text
    assert "the load was 5 | @team" in [plain(token) for token in parsed(text) if token.type == "inline"][-2][-25:]


def test_markers_of_several_gates_differ_and_none_begins_another() -> None:
    names = ["", "arm64", "arm 64", "arm-64", "arm_64", "a" * 100, "a" * 101, "-->", "é", "\udc80", "arm64.x"]
    markers = [marker(name) for name in names]
    assert len(set(markers)) == len(names)
    assert all(_OURS.fullmatch(one) and "--" not in one[4:-3] for one in markers)
    assert not [one for one in markers for other in markers if one != other and one in other]
    assert (markers[0], markers[1]) == ("<!-- levit-bench gate -->", "<!-- levit-bench gate: arm64 -->")


@pytest.mark.parametrize("name", HOSTILE.values(), ids=list(HOSTILE))
def test_a_hostile_name_is_shown_as_text_wherever_it_stands(name: str) -> None:
    cases = [made.case(verdict, name, reason=name) for verdict in V]
    sides = tuple(Side(name=side, asked=name, revision=name, python=name) for side in ("a", "b"))
    report = made.report(
        cases, sides=sides, differences=(SideDifference(kind="file", name=name, first=name, second=name),),
        session=name, command=("--a", name), controls=(made.case(V.SLOWER, name),), findings=(made.finding(name),),
    )  # fmt: skip
    text = comment(report, name)
    tokens = parsed(text)
    assert all(c.isprintable() or c in "\n\u2003\ufe0f" for c in text)
    html = [token.content for token in (*tokens, *inlines(text)) if token.type in ("html_block", "html_inline")]
    assert all(_OURS.fullmatch(part) for block in html for part in block.strip().split("\n"))
    assert {token.type for token in inlines(text)} <= {"text", "code_inline", "softbreak"} | {"text_special"}
    assert not [token.content for token in inlines(text) if token.type == "text" and _LINKED.search(token.content)]
    assert len(re.findall(r"^#", text, re.M)) == 6
    assert [len(table) for table in tables(text)] == [3, 2, 2, 2, 2, 4]
    assert all(len(row) == len(table[0]) for table in tables(text) for row in table)
    lists = [token for token in tokens if token.type in ("bullet_list_open", "ordered_list_open")]
    assert [token.level for token in lists] == [0, 0]
    assert text.count(marker(name)) == 1


def test_names_that_are_no_markup_are_shown_as_they_are() -> None:
    for name in ("levit_128s 224px b1", "path/to/nets.py:build", "a @x #1 <b> *c* ~~d~~ $e$ [f](g)", "n\N{ROCKET}"):
        ((_, row),) = tables(comment(made.report([made.case(V.FAILED, name, reason=name)])))
        assert (row[0], row[2]) == (visible(name), visible(name))


@pytest.mark.parametrize("name", ["net_{}", "|`<@#" * 30 + "{}", "\N{ROCKET}" * 200 + "{}", "n" * 300 + "{}"])
@pytest.mark.parametrize("count", [0, 1, 40, 400, 2000])
def test_a_comment_never_exceeds_the_limit_and_is_whole(name: str, count: int) -> None:
    report = made.many(count, name=name)
    report = report._replace(
        cases=tuple(case._replace(reason=name * 3) for case in report.cases), command=("--networks", name * 100)
    )
    text = comment(report)
    assert len(text.encode()) <= LIMIT_BYTES
    assert text.count("<details>") == text.count("</details>")
    assert all(len(row) == len(table[0]) for table in tables(text) for row in table)
    shown = sum(len(table) - 1 for table in tables(text))
    left = sum(map(int, re.findall(r"^(\d+) more lines? left out here: gate\.json has all of them\.$", text, re.M)))
    assert shown + left == count
    assert "<summary>How to reproduce</summary>" in text


def test_what_fails_is_shown_before_what_passes_where_there_is_no_room_for_both() -> None:
    passing = made.many(1000, V.SAME).cases
    text = comment(made.report([*passing, made.case(V.SLOWER), made.case(V.FAILED)]))
    failed, slower, others = tables(text)
    assert (len(failed), len(slower)) == (2, 2)
    assert 100 < len(others) - 1 < 1000
    assert f"{1000 - len(others) + 1} more lines left out here" in text
    assert "- a: main, commit" in text


def test_a_flood_of_conditions_and_findings_leaves_room_for_what_fails() -> None:
    long = "<@|`" * 200
    report = made.report(
        [made.case(V.SLOWER, f"n{at}") for at in range(20)],
        differences=tuple(SideDifference(kind="package", name=f"{at}{long}", first=long) for at in range(500)),
        findings=tuple(made.finding(f"{at}{long}") for at in range(500)),
    )
    text = comment(report)
    assert len(text.encode()) <= LIMIT_BYTES
    assert len(tables(text)[0]) == 21
