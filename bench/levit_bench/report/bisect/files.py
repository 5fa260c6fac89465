"""A bisection as files: bisect.json, bisect.svg and bisect.png, each written whole or not at all."""

from __future__ import annotations

from pathlib import Path

from levit_bench.judge.bisect.bisection import Bisection
from levit_bench.libraries import require
from levit_bench.paths.whole_files import clear_files, make_folder, write_whole
from levit_bench.report.bisect.document import encoded
from levit_bench.report.words.safe_text import visible

NAMES = ("bisect.json", "bisect.svg", "bisect.png")
_PURPOSE = "draw the picture of a bisection"


def clear(folder: Path) -> None:
    """Remove the files of an earlier bisection, and check that new ones can be written.

    Raises:
        UsageError: the folder or a file cannot be written, or matplotlib is missing.
    """
    require("matplotlib", _PURPOSE)
    clear_files(folder, NAMES)


def write(found: Bisection, folder: Path) -> tuple[Path, ...]:
    """Write the files, replacing older ones; returns their paths.

    Args:
        found: the bisection.
        folder: created when it is missing.

    Raises:
        StoreError: the folder or a file cannot be written.
        UsageError: matplotlib is missing; nothing was written.
    """
    require("matplotlib", _PURPOSE)
    from levit_bench.report.bisect.figure import draw
    from levit_bench.report.front.figure import encoded as picture

    drawn, source = draw(found), visible((found.confirmation or found.ends).session)
    contents = {
        "bisect.json": encoded(found).encode(),
        "bisect.svg": picture(drawn, "svg", source),
        "bisect.png": picture(drawn, "png", source),
    }
    make_folder(folder)
    return tuple(write_whole(folder / name, content) for name, content in contents.items())
