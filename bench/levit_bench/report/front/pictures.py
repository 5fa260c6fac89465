"""The pictures of a front, kept in the user's cache: drawing takes longer than everything else, and matplotlib to load.

A kept picture is found by everything that decides it: what is shown, the code that draws it, the libraries that draw,
the files by which a user sets matplotlib, and what a program has set since.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from levit_bench.judge.front.overlay import Overlay
from levit_bench.judge.front.panels import Panel
from levit_bench.judge.published.panels import PublishedPanel
from levit_bench.libraries import require
from levit_bench.paths.kept_files import KeptFiles, kept_files, key_of
from levit_bench.paths.library_identity import library_identity
from levit_bench.paths.own_code import code_identity
from levit_bench.report.front.pages import paginate
from levit_bench.report.words.panel_names import PanelNames
from levit_bench.report.words.setting import session_words

if TYPE_CHECKING:
    from levit_bench.report.front.figure import Drawn

_CODE = (
    "axes.py", "command_lines.py", "records.py", "version.py", "catalog", "judge", "numbers", "paths", "planning",
    "report",
)  # fmt: skip
"""Everything of this package that decides a picture."""
_LIBRARIES = ("matplotlib", "numpy", "PIL", "contourpy", "kiwisolver", "fontTools")
_VARIABLES = ("MATPLOTLIBRC", "MPLCONFIGDIR", "XDG_CONFIG_HOME", "SOURCE_DATE_EPOCH")


class Picture(msgspec.Struct, frozen=True, array_like=True):
    """The picture of one page."""

    png: bytes
    svg: bytes
    unlabelled: int
    """Number of points whose label has no free place."""


_decoder = msgspec.msgpack.Decoder(list[Picture])


def pictures(
    panels: Sequence[Panel],
    published: Sequence[PublishedPanel],
    called: PanelNames,
    overlays: Sequence[Overlay] = (),
) -> list[Picture]:
    """The picture of each page: drawn, unless it was drawn before.

    Args:
        panels: the panels of all pages.
        published: the published panels, which every page shows.
        called: names of the panels.
        overlays: the panels in groups that share a pair of axes; empty: each has its own.

    Raises:
        NothingToShowError: no panel holds a point.
        UsageError: matplotlib is missing.
    """
    files = kept_files()
    key = None if files is None else _key(panels, published, called, overlays)
    if files is None or key is None:
        return _drawn(panels, published, called, overlays)
    if (drawn := _kept(files, key)) is None:
        drawn = _drawn(panels, published, called, overlays)
        files.keep(key, msgspec.msgpack.encode(drawn))
        files.shrink()
    return drawn


def _drawn(
    panels: Sequence[Panel], published: Sequence[PublishedPanel], called: PanelNames, overlays: Sequence[Overlay]
) -> list[Picture]:
    require("matplotlib", "draw a front")
    if overlays:
        return _drawn_together(overlays)
    from levit_bench.report.front import figure

    pages = paginate(panels)
    among = [panel for page in pages for panel in page.panels] if len(pages) > 1 else []
    # Panels of one of several pages are named among themselves: its heading states how they differ from the others.
    names = None if len(pages) > 1 else called
    source = session_words(panels)
    return [
        _picture(figure.draw(page.panels, published, among=among, heading=page.heading, called=names), source)
        for page in pages
    ]


def _drawn_together(overlays: Sequence[Overlay]) -> list[Picture]:
    """The picture of each page of overlays."""
    from levit_bench.report.front.overlay_figure import draw_overlays

    overlay_of = {overlay.together.key: overlay for overlay in overlays}
    pages = [
        ([overlay_of[panel.key] for panel in page.panels], page.heading)
        for page in paginate([overlay.together for overlay in overlays])
    ]
    source = session_words([overlay.together for overlay in overlays])
    among = overlays if len(pages) > 1 else ()
    return [_picture(draw_overlays(shown, among=among, heading=heading), source) for shown, heading in pages]


def _picture(drawn: Drawn, source: str) -> Picture:
    from levit_bench.report.front.figure import encoded

    png, svg = (encoded(drawn.figure, kind, source) for kind in ("png", "svg"))
    return Picture(png, svg, drawn.unlabelled)


def _kept(files: KeptFiles, key: str) -> list[Picture] | None:
    content = files.read(key)
    if content is None:
        return None
    try:
        return _decoder.decode(content)
    except (msgspec.MsgspecError, ValueError):
        return None


def _key(
    panels: Sequence[Panel], published: Sequence[PublishedPanel], called: PanelNames, overlays: Sequence[Overlay]
) -> str | None:
    """The key of everything that decides the pictures; None where a name is no text, as that of a file may be."""
    titles = [called.title(panel) for panel in panels if panel.points]
    try:
        lines = [called.line(panel) for panel in panels]
        shown = msgspec.msgpack.encode((panels, published, lines, titles, overlays))
    except UnicodeEncodeError:
        return None
    libraries = library_identity(*_LIBRARIES)
    return key_of("pictures", sha256(shown).hexdigest(), code_identity(*_CODE), sys.version, libraries, *_settings())


def _settings() -> Iterable[str]:
    """The variables and files by which a user sets matplotlib, and its settings in this process where it is loaded."""
    rc, folder, config, _ = values = [os.environ.get(name, "") for name in _VARIABLES]
    yield from values
    home = Path(os.path.expanduser("~"))  # noqa: PTH111 (Path.home raises where there is none)
    folders = [Path(), Path(rc), Path(folder), Path(config or home / ".config") / "matplotlib", home / ".matplotlib"]
    yield from (_text(path / "matplotlibrc") for path in folders)
    yield _text(Path(rc))
    if (matplotlib := sys.modules.get("matplotlib")) is not None:
        now, from_files = matplotlib.rcParams, matplotlib.rcParamsOrig
        names = [name for name in now if not name.startswith("backend")]  # Figures are drawn without one.
        changed = {name: now[name] for name in names if now[name] != from_files.get(name)}
        if changed:
            yield repr(changed)


def _text(path: Path) -> str:
    """The content of a text file; empty where there is none."""
    try:
        return path.read_bytes().decode("latin-1")
    except OSError:
        return ""
