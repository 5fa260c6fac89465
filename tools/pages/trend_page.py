"""Blocks and the picture of docs/trend.md and docs/bisect.md, computed from stored sessions and stored simulations.

python -m tools.pages.trend_page        writes the blocks and the picture; the tests compare them
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

import levit_bench
from levit_bench.judge.bisect.answers import Ratio, standing_of
from levit_bench.judge.bisect.bisection import middle
from levit_bench.judge.gate.gate_report import GateRules
from levit_bench.judge.gate.side_by_side import side_by_side
from levit_bench.numbers.units import format_duration, significant
from levit_bench.reading.trend import TrendPage
from levit_bench.report.bisect.words import standing_words
from levit_bench.report.front.figure import save
from levit_bench.report.trend.figure import small_multiples
from levit_bench.report.trend.words import changed_with, headline
from levit_bench.store.files import Session, records

from tools.pages import ROOT
from tools.pages.measured_page import sessions

TREND, BISECT = ROOT / "docs" / "trend.md", ROOT / "docs" / "bisect.md"
PICTURE = ROOT / "docs" / "pictures" / "trend.png"
RULES = ROOT / "docs" / "trend-rules.json"
"""What `python -m tools.trend.measure_rules` wrote."""
BISECTIONS = {"bisect_7": "a planted 7 %", "bisect_7_again": "the same again", "bisect_none": "no step at all"}
"""Topics of docs/evidence.toml."""
_END = "<!-- end -->"


def series() -> TrendPage:
    """The trend of the stored short nights alone."""
    names = [session.head.session for session in sessions("trend")]
    return levit_bench.load(ROOT / "results", names).trend()


def source() -> str:
    """The sessions that the picture shows, as it is stored in it."""
    names = [session.head.session for session in sessions("trend")]
    return f"{names[0]} to {names[-1]}"


def series_block() -> str:
    """What was planted in the stored nights, and what the trend says of them."""
    page, nights = series(), sessions("trend")
    each = format_duration(_mean_length(nights))
    told = (
        f"{len(nights)} short nights of this repository, {each} each, of five networks with the allocator as shipped. "
        "With the 8th, a layer was added to one network, 5 % of its time; with the 14th, the shell made glibc map each "
        "larger block of memory by itself (`GLIBC_TUNABLES`): another allocator for all. What the trend says of these "
        "nights; among all sessions of the store it finds both, too:"
    )
    lines = [
        told,
        "",
        "```text",
    ]
    for number, event in enumerate(page.events, 1):
        lines.append(f"{number}. {headline(event)}")
        if also := changed_with(event):
            lines.append(f"   changed there, too: {also}")
        numbers = [names(nights).index(point.session) + 1 for point in (event.first_after, event.alerts[0].found_with)]
        lines.append(f"   that is night {numbers[0]}, found with night {numbers[1]}")
    return "\n".join([*lines, "```"])


def names(nights: Sequence[Session]) -> list[str]:
    """The names of sessions."""
    return [session.head.session for session in nights]


def _mean_length(nights: Sequence[Session]) -> float:
    return sum(session.ends[-1].at_s - session.starts[0].at_s for session in nights) / len(nights)


def rules_block() -> str:
    """The table of rules."""
    document = json.loads(RULES.read_text(encoding="utf-8"))
    columns = (
        "rule", "nights", "false alerts a year", "precision", "recall at 1, 2, 3, 5, 10 %",
        "nights to the alert, 5 % and 10 %", "misplaced by, 5 %",
    )  # fmt: skip
    head = [f"| {' | '.join(columns)} |", "|:--|:--|--:|--:|:--|:--|--:|"]
    return "\n".join([*head, *(_rule_row(row) for row in document["rows"])])


def _rule_row(row: dict[str, Any]) -> str:
    recall = ", ".join(f"{100 * row[f'recall_{size:g}']:.0f}" for size in (0.01, 0.02, 0.03, 0.05, 0.10))
    delay = " and ".join(_number(row[f"delay_{size:g}"]) for size in (0.05, 0.10))
    precision = "–" if row["precision"] is None else f"{100 * row['precision']:.0f} %"
    false = significant(row["false_a_year"], 2)
    cells = (row["rule"], row["noise"], false, precision, f"{recall} %", delay, _number(row["misplaced_0.05"]))
    return f"| {' | '.join(cells)} |"


def _number(value: float | None) -> str:
    return "–" if value is None else significant(value, 2)


def bisected_block() -> str:
    """What the stored bisections measured."""
    lines = [
        "Sixteen commits of which the eleventh adds a layer to LeViT-128S; each measurement takes 30 s at first:",
        "",
    ]
    lines += [
        "| | measured against the good end, and the pair at the end | gates | from the first to the last |",
        "|:--|:--|--:|--:|",
    ]
    for topic, words in BISECTIONS.items():
        taken = sessions(topic)
        ratios = [_ratio(session) for session in taken]
        threshold = middle(ratios[0])
        told = [f"ends {_shown(ratios[0])}"]
        told += [f"{standing_of(ratio, threshold).value} {_shown(ratio)}" for ratio in ratios[1:-1]]
        told += [f"pair {_shown(ratios[-1])}"] if len(ratios) > 1 else []
        lines.append(f"| {words} | {', '.join(told)} | {len(taken)} | {format_duration(_span_s(taken))} |")
    return "\n".join(lines)


def versions_block() -> str:
    """What a stored bisection of a package's versions measured."""
    taken = sessions("bisect_versions")
    ratios = [_ratio(session).turned for session in taken]
    threshold = middle(ratios[0])
    took = format_duration(_span_s(taken))
    lines = [
        f"EfficientNet-B0 from ONNX Runtime 1.20.0 to 1.32.0, with `--faster` and 30 s each; in all {took}:",
        "",
        "| measured | against | times as fast | |",
        "|:--|:--|:--|:--|",
    ]
    for session, ratio in zip(taken, ratios, strict=True):
        first, second = (side.asked for side in session.head.sides)
        is_pair = session is taken[-1]
        standing = (
            "the pair that was found" if is_pair else standing_words(standing_of(ratio, threshold), is_faster=True)
        )
        lines.append(f"| {second} | {first} | {_shown(ratio)} | {standing} |")
    return "\n".join(lines)


def _ratio(session: Session) -> Ratio:
    (case,) = side_by_side(records(session), GateRules(0.02, 0.05, allow_other_outputs=True)).cases
    assert case.comparison is not None
    assert case.comparison.ratio is not None
    return Ratio.of(case.comparison.ratio)


def _shown(ratio: Ratio) -> str:
    value, low, high = (significant(math.exp(log), 4) for log in ratio)
    return f"{value} ({low} to {high})"


def _span_s(taken: Sequence[Session]) -> float:
    from datetime import datetime

    begin, end = (
        datetime.fromisoformat(session.head.conditions.taken_at.replace("Z", "+00:00"))
        for session in (taken[0], taken[-1])
    )
    return (end - begin).total_seconds() + taken[-1].ends[-1].at_s


BLOCKS = (
    (TREND, "<!-- series -->\n", series_block),
    (TREND, "<!-- rules -->\n", rules_block),
    (BISECT, "<!-- bisected -->\n", bisected_block),
    (BISECT, "<!-- versions -->\n", versions_block),
)
"""File, beginning and content of each block."""


def main() -> None:
    """Write the blocks and the picture."""
    for path, begin, block in BLOCKS:
        before, mark, rest = path.read_text(encoding="utf-8").partition(begin)
        _, end, after = rest.partition(_END)
        assert mark
        assert end
        path.write_text(f"{before}{mark}{block()}\n{_END}{after}", encoding="utf-8")
    save(small_multiples(series().trend.judged), PICTURE, source())


if __name__ == "__main__":
    main()
