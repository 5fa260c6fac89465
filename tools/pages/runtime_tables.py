"""Tables of docs/runtimes.md, docs/threads.md and the README on runtimes, threads and streams, from stored sessions.

python -m tools.pages.runtime_tables        writes them into the pages; the tests compare them
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from levit_bench.judge.compare.reference_network import against
from levit_bench.judge.estimates import latency
from levit_bench.judge.front.changes import base_of, changes
from levit_bench.judge.front.panels import Panel, panels
from levit_bench.judge.paired_ratio import Ratio, paired
from levit_bench.judge.scaling import ScalingPoint, scaling
from levit_bench.judge.throughput import throughput
from levit_bench.judge.variance.components import components
from levit_bench.numbers.units import format_latency, significant
from levit_bench.records import Estimate, Record
from levit_bench.report.front import changes as moves
from levit_bench.report.front import figure
from levit_bench.report.front.table import plus_minus
from levit_bench.report.views import grid, scaling_figure
from levit_bench.report.views.scaling import at_work, notes
from levit_bench.report.words.panel_names import PanelNames
from levit_bench.store.files import Session

from tools.pages import ROOT
from tools.pages import measured_page as measured

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NOTEWORTHY = 1.05
DISTURBING = 0.1
FAST, SLOW = "levit_192", "efficientnet_b2"
AGREEMENT = ROOT / "docs" / "agreement.json"


def pair_lines() -> list[str]:
    """EfficientNet-B2's time over LeViT-192's, by runtime, batch and allocator."""
    return grid.markdown(_grid())


def _grid() -> grid.Grid:
    (session,) = measured.sessions("runtimes")
    (ratio_grid,) = grid.grids(against(measured.subjects([session]), FAST), SLOW).values()
    return ratio_grid


def readme_lines() -> list[str]:
    """The same with an introduction, for the README."""
    (session,) = measured.sessions("runtimes")
    ratios = [ratio for ratio in _grid().cells.values() if isinstance(ratio, Ratio)]
    least, most = (significant(choose(ratio.value for ratio in ratios)) for choose in (min, max))
    return [
        f"5 times? **Between {least} and {most} times**, by runtime, batch and allocator: how many times as long",
        f"EfficientNet-B2 takes as LeViT-192, one thread, 95 % limits over {_runs(session)} fresh runs",
        f"(session `{session.head.session}`):",
        "",
        *pair_lines(),
    ]


def page_lines() -> list[str]:
    """The same for docs/runtimes.md, with the command."""
    (session,) = measured.sessions("runtimes")
    names = ",".join(dict.fromkeys(record.case.runtime for record in measured.subjects([session])))
    return [
        f"One thread, {_runs(session)} fresh runs of one interleaved session, ratios paired by round:",
        "",
        *pair_lines(),
        "",
        "```sh",
        f"levit-bench run --networks {FAST},{SLOW} --runtime {names} \\",
        "  --batch 1,16 --allocator shipped,pinned --budget 15m",
        f"levit-bench show --session {session.head.session} --against {FAST} --grid {SLOW} --markdown",
        "```",
    ]


def sweep_lines() -> list[str]:
    """Networks that join and leave the front of the paper's networks, by runtime, at each measured batch."""
    out: list[str] = []
    for session in measured.sessions("sweep"):
        fronts = panels(measured.subjects([session]))
        base = base_of(fronts)
        batch = base.setting.case.batch
        out += [
            f"Batch {batch}, pinned, {_runs(session)} fresh runs (`{session.head.session}`).{_disturbed(session)}",
            "",
            moves.markdown(changes(fronts, base), base, fronts, PanelNames(fronts)),
            "",
            *_latencies(fronts),
            "",
            _slower(measured.subjects([session])),
            "",
        ]
    return out[:-1]


def _latencies(fronts: Sequence[Panel]) -> list[str]:
    """Milliseconds a batch: a row a network, a column a runtime."""
    cells = {(point.label, panel.setting.case.runtime): point.latency for panel in fronts for point in panel.points}
    names = dict.fromkeys(name for name, _ in sorted(cells, key=lambda key: cells[key].value))
    runtimes = sorted(dict.fromkeys(runtime for _, runtime in cells), key=lambda name: (name != "eager", name))
    lines = [f"| ms a batch | {' | '.join(runtimes)} |", f"|:--|{'--:|' * len(runtimes)}"]
    for name in names:
        times = [cells[name, runtime] for runtime in runtimes]
        lines.append(f"| {name} | {' | '.join(f'{significant(1e3 * t.value)} {plus_minus(t)}' for t in times)} |")
    return lines


def _disturbed(session: Session) -> str:
    """Processor time of other processes during the runs, where it is large; otherwise empty."""
    starts = {start.run: start for start in session.starts}
    shares = []
    for end in session.ends:
        before, after = starts[end.run].conditions, end.conditions
        readings = [before.busy_s, after.busy_s, before.own_s, after.own_s]
        busy_before, busy_after, own_before, own_after = (value or 0.0 for value in readings)
        shares.append(((busy_after - busy_before) - (own_after - own_before)) / (end.at_s - starts[end.run].at_s))
    worth = [f"{100 * share:.0f}" for share in shares if share > DISTURBING]
    if not worth:
        return ""
    return f" In {len(worth)} of them other processes used {', '.join(worth)} % of a processor: trust ratios most."


def _slower(records: Sequence[Record]) -> str:
    """Which networks a runtime surely makes slower than eager mode does, by at least a twentieth."""
    eager = {record.case.network: record for record in records if record.case.runtime == "eager"}
    parts = []
    for record in records:
        ratio = paired([record], [eager[record.case.network]])
        if ratio is not None and ratio.low > NOTEWORTHY:
            limits = f"{significant(ratio.low)} to {significant(ratio.high)}"
            parts.append(
                f"{record.case.network} {record.case.runtime} {significant(ratio.value)} ({limits}) times as long"
            )
    return f"Slower than in eager mode, by at least a twentieth: {'; '.join(parts) or 'none'}."


def scaling_lines() -> list[str]:
    """Threads and streams, from the stored session."""
    (session,) = measured.sessions("threads")
    curves = scaling(measured.subjects([session]))
    lines = [
        (
            f"One session of {_runs(session)} fresh runs on two processors, batch 1, pinned, eager "
            f"(`{session.head.session}`):"
        ),
        "",
        "| network | at work | latency | images/s | speed-up | efficiency |",
        "|:--|:--|--:|--:|--:|--:|",
    ]
    for curve in curves:
        for step in curve.steps:
            name = curve.base.case.network if step.record is curve.base else ""
            lines.append(f"| {name} | {at_work(step.record.case)} | {' | '.join(_figures(step))} |")
    return [*lines, "", *(f"- {note}" for note in notes(curves))]


def bound_lines() -> list[str]:
    """Scatter between runs where the system schedules processes, and where they are bound to processors."""
    sessions = measured.sessions("bound")
    records = measured.subjects(sessions)
    count = len(sessions) // 2
    lines = [
        f"{count} sessions of each kind in turns, one thread, pinned, eager; standard deviation between runs:",
        "",
        "| network | latency, system | bound | ratio to the yardstick, system | bound |",
        "|:--|--:|--:|--:|--:|",
    ]
    deviations = {
        (component.case.network, affinity, component.quantity): component.between_runs
        for affinity in ("system", "bound")
        for component in components([record for record in records if record.affinity == affinity])
    }
    for name in dict.fromkeys(record.case.network for record in records):
        cells = [
            deviations[name, affinity, quantity]
            for quantity in ("latency", "ratio")
            for affinity in ("system", "bound")
        ]
        lines.append(f"| {name} | {' | '.join(f'{significant(100 * cell)} %' for cell in cells)} |")
    return lines


def agreement_lines() -> list[str]:
    """Our latencies beside those of each runtime's own tool."""
    document = json.loads(AGREEMENT.read_text(encoding="utf-8"))
    lines = ["| runtime | network | its own tool | tool / ours | 95 % |", "|:--|:--|:--|--:|:--|"]
    for row in document["rows"]:
        limits = f"{row['low']:.3f} to {row['high']:.3f}"
        lines.append(f"| {row['runtime']} | {row['network']} | {row['tool']} | {row['ratio']:.3f} | {limits} |")
    return [
        *lines,
        "",
        f"{document['repetitions']} repetitions in turns, {document['machine']}, {document['versions']}.",
    ]


def _figures(step: ScalingPoint) -> tuple[str, str, str, str]:
    time, rate = latency(step.record), throughput(step.record)
    assert isinstance(time, Estimate)
    assert isinstance(rate, Estimate)
    assert step.speedup is not None
    assert step.efficiency is not None
    speedup = f"{significant(step.speedup.value)} ({significant(step.speedup.low)} to {significant(step.speedup.high)})"
    return format_latency(time.value), significant(rate.value), speedup, f"{100 * step.efficiency:.0f} %"


def _runs(session: Session) -> int:
    return sum(end.outcome == "done" for end in session.ends)


BLOCKS: tuple[tuple[Path, str, Callable[[], list[str]]], ...] = (
    (ROOT / "README.md", "runtimes", readme_lines),
    (ROOT / "docs" / "runtimes.md", "pair", page_lines),
    (ROOT / "docs" / "runtimes.md", "sweep", sweep_lines),
    (ROOT / "docs" / "runtimes.md", "agreement", agreement_lines),
    (ROOT / "docs" / "threads.md", "scaling", scaling_lines),
    (ROOT / "docs" / "threads.md", "bound", bound_lines),
)
"""Page, marker and content of every block."""


def pictures() -> dict[Path, tuple[Figure, str]]:
    """The figures of the pages, and the session that each is drawn from."""
    (threads,), sweep = measured.sessions("threads"), measured.sessions("sweep")[0]
    folder = ROOT / "docs" / "pictures"
    return {
        folder / "scaling.png": (scaling_figure.draw(scaling(measured.subjects([threads]))), threads.head.session),
        folder / "runtimes.png": (figure.draw(panels(measured.subjects([sweep]))).figure, sweep.head.session),
    }


def written(text: str, marker: str, lines: list[str]) -> str:
    """The page with the block between `<!-- marker -->` and the next `<!-- end -->` replaced."""
    before, start, rest = text.partition(f"<!-- {marker} -->\n")
    _, end, after = rest.partition("<!-- end -->")
    assert end, f"the page has no block {marker!r}"
    return f"{before}{start}" + "\n".join(lines) + f"\n{end}{after}"


if __name__ == "__main__":
    for page, marker, lines_of in BLOCKS:
        page.write_text(written(page.read_text(encoding="utf-8"), marker, lines_of()), encoding="utf-8")
    for path, (picture, session) in pictures().items():
        figure.save(picture, path, f"session {session}")
