"""A gate as files: comment.md, junit.xml, gate.json, gate.svg and gate.png, each written whole or not at all."""

from __future__ import annotations

from pathlib import Path

from levit_bench.judge.gate.gate_report import GateReport
from levit_bench.libraries import require
from levit_bench.paths.whole_files import clear_files, make_folder, write_whole
from levit_bench.report.gate import document
from levit_bench.report.gate.comment import comment
from levit_bench.report.gate.junit import junit
from levit_bench.report.words.safe_text import visible

NAMES = ("comment.md", "junit.xml", "gate.json", "gate.svg", "gate.png")
"""The files, in the order in which they are written."""
_PURPOSE = "draw the picture of a gate"


def clear(folder: Path) -> None:
    """Remove the files of an earlier gate, before anything of this one is done, and check that new ones can be written.

    A gate that ends without a report leaves none: whoever collects the files must not read those of another gate.

    Args:
        folder: created when it is missing.

    Raises:
        UsageError: the folder or a file cannot be written, or matplotlib is missing.
    """
    clear_files(folder, NAMES)
    require("matplotlib", _PURPOSE)


def write(report: GateReport, folder: Path, name: str = "") -> tuple[Path, ...]:
    """Write the files, replacing older ones; returns their paths.

    Args:
        report: the gate.
        folder: created when it is missing.
        name: of the gate, where a pull request or a build has several; see `levit_bench.report.gate.comment.marker`.

    Raises:
        StoreError: the folder or a file cannot be written.
        UsageError: matplotlib is missing; nothing was written.
    """
    contents = _contents(report, name)
    make_folder(folder)
    return tuple(write_whole(folder / file, contents[file]) for file in NAMES)


def _contents(report: GateReport, name: str) -> dict[str, bytes]:
    """The content of each file, by its name."""
    require("matplotlib", _PURPOSE)
    from levit_bench.report.front.figure import encoded
    from levit_bench.report.gate.figure import draw

    drawn, source = draw(report), visible(report.session)
    return {
        "comment.md": comment(report, name).encode(),
        "junit.xml": junit(report, name),
        "gate.json": document.encoded(report).encode(),
        "gate.svg": encoded(drawn, "svg", source),
        "gate.png": encoded(drawn, "png", source),
    }
