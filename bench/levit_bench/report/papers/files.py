"""Figures and tables for papers as files: speed-accuracy in two widths and three formats, and its numbers.

The same input gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from levit_bench.axes import BY_NAME
from levit_bench.errors import NothingToShowError
from levit_bench.judge.front.panels import Panel
from levit_bench.libraries import require_installed
from levit_bench.paths.whole_files import make_folder, write_whole
from levit_bench.report.front.figure import encoded
from levit_bench.report.papers.figure import WIDTHS, draw
from levit_bench.report.papers.tables import write_all
from levit_bench.report.words.safe_text import visible
from levit_bench.report.words.setting import setting_line

STEM = "speed-accuracy"
KINDS = ("png", "svg", "pdf")


def write_figures(panels: Sequence[Panel], folder: Path) -> tuple[Path, ...]:
    """Write the figure and the tables, replacing older ones; returns their paths.

    Args:
        panels: of which one a device is drawn, that with the most networks, the newest of those, and of the largest
            batch.
        folder: created when it is missing.

    Raises:
        NothingToShowError: no panel holds a point.
        StoreError: the folder or a file cannot be written.
        UsageError: matplotlib is missing.
    """
    require_installed("matplotlib", "draw figures")
    chosen = one_a_device(panels)
    if not chosen:
        raise NothingToShowError("no case has both a speed and an accuracy, so there is no figure to draw.")
    captions = [setting_line(panel, chosen) for panel in chosen]
    sessions = sorted({origin.session for panel in chosen for origin in panel.origins})
    source = visible(", ".join(sessions))
    contents = {
        f"{STEM}-{name}.{kind}": encoded(figure, kind, source)
        for name, width in WIDTHS.items()
        for figure in [draw(chosen, [_title(panel) for panel in chosen], width)]
        for kind in KINDS
    }
    contents |= {f"{STEM}.{kind}": content for kind, content in write_all(chosen, captions).items()}
    make_folder(folder)
    return tuple(write_whole(folder / name, content) for name, content in contents.items())


def one_a_device(panels: Sequence[Panel]) -> list[Panel]:
    """Of each machine and device the panel that the figure shows; GPUs first, as in the paper."""
    best: dict[tuple[str, str], Panel] = {}
    for panel in panels:
        key = (panel.machine.id, panel.setting.case.device)
        if panel.points and (key not in best or _rank(panel) > _rank(best[key])):
            best[key] = panel
    return sorted(best.values(), key=lambda panel: (panel.setting.case.device == "cpu", panel.machine.id))


def _rank(panel: Panel) -> tuple[int, str, int]:
    return len(panel.points), max(origin.session for origin in panel.origins), panel.setting.case.batch


def _title(panel: Panel) -> str:
    """Device and batch in a few words."""
    case = panel.setting.case
    where = panel.setting.gpu or panel.machine.cpu_model
    threads = "" if case.device != "cpu" else f", {BY_NAME['threads'].phrase(case.threads)}"
    return f"{where}{threads}, batch {case.batch}, {case.runtime}"
