"""A trend as files: trend.json, trend.svg, trend.png and a picture of each case, each whole or not at all."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from levit_bench.libraries import require
from levit_bench.paths.whole_files import make_folder, write_whole
from levit_bench.report.trend.document import document
from levit_bench.report.words.safe_text import visible

if TYPE_CHECKING:
    from levit_bench.judge.trend.series import Series
    from levit_bench.judge.trend.trend_report import Trend

NAMES = ("trend.json", "trend.svg", "trend.png")


def write(trend: Trend, folder: Path, *, each: bool = False) -> tuple[Path, ...]:
    """Write the files, replacing older ones; returns their paths.

    Args:
        trend: of a store.
        folder: created when it is missing.
        each: also a picture of each case, as SVG and PNG.

    Raises:
        StoreError: the folder or a file cannot be written.
        UsageError: matplotlib is missing; nothing was written.
    """
    require("matplotlib", "draw the pictures of a trend")
    from levit_bench.report.front.figure import encoded
    from levit_bench.report.trend.figure import alone, small_multiples

    sessions = sorted({point.session for one in trend.judged for point in one.series.points})
    source = visible(f"{sessions[0]} to {sessions[-1]}")
    drawn = small_multiples(trend.judged)
    contents = {
        "trend.json": encoded_document(trend),
        "trend.svg": encoded(drawn, "svg", source),
        "trend.png": encoded(drawn, "png", source),
    }
    for one in trend.judged if each else ():
        if not one.series.is_yardstick:
            picture, name = alone(one), file_name(one.series)
            contents |= {f"{name}.{kind}": encoded(picture, kind, source) for kind in ("svg", "png")}
    make_folder(folder)
    return tuple(write_whole(folder / name, content) for name, content in contents.items())


def encoded_document(trend: Trend) -> bytes:
    """`trend.json`."""
    return (json.dumps(document(trend), indent=1, allow_nan=False) + "\n").encode()


def file_name(series: Series) -> str:
    """Name of the picture of a case, without its ending; distinct for each series."""
    words = re.sub(r"[^a-z0-9_.]+", "-", series.case.lower()).strip("-.")[:100]
    return f"case-{words or 'network'}-{series.id[:6]}"
