"""Pictures of a front are drawn once, and anew where anything has changed that decides them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib
import pytest
from levit_bench.judge.front.overlay import overlays
from levit_bench.judge.front.panels import Panel, panels
from levit_bench.paths.cache_folder import VARIABLE
from levit_bench.paths.kept_files import KeptFiles
from levit_bench.report.front import figure, overlay_figure, pictures
from levit_bench.report.front.export import write_front

from tests.making import record


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and no settings of matplotlib."""
    for name in ("MATPLOTLIBRC", "SOURCE_DATE_EPOCH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The pages that are drawn from now on."""
    out: list[Any] = []
    draw = figure.draw

    def noted(shown: Any, *rest: Any, **more: Any) -> Any:
        out.append(shown)
        return draw(shown, *rest, **more)

    monkeypatch.setattr(figure, "draw", noted)
    return out


def _panels(*batches: int, seconds: float = 0.01) -> tuple[Panel, ...]:
    return panels([record(name, (seconds, 0.0102, 0.0101), batch=batch) for batch in batches for name in ("a", "b")])


def _files(shown: tuple[Panel, ...], folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in write_front(shown, folder)}


@pytest.mark.parametrize("batches", [(1,), tuple(range(1, 11))], ids=["one page", "several pages"])
def test_the_second_time_nothing_is_drawn_and_the_files_are_the_same(
    batches: tuple[int, ...], tmp_path: Path, cache: Path, drawn: list[Any]
) -> None:
    first = _files(_panels(*batches), tmp_path / "first")
    pages = len(drawn)
    assert pages == (1 if len(batches) == 1 else 2)
    assert _files(_panels(*batches), tmp_path / "second") == first
    assert len(drawn) == pages
    assert len([name for name in first if name.endswith(".png")]) == pages


def test_kept_pictures_are_those_that_are_drawn(
    tmp_path: Path, cache: Path, drawn: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        kept = _files(_panels(1), tmp_path / "kept")
    monkeypatch.setenv(VARIABLE, "")
    assert _files(_panels(1), tmp_path / "drawn") == kept
    assert len(drawn) == 2


def test_other_numbers_are_drawn_anew(tmp_path: Path, cache: Path, drawn: list[Any]) -> None:
    first = _files(_panels(1), tmp_path)
    second = _files(_panels(1, seconds=0.0100000001), tmp_path)
    assert len(drawn) == 2
    assert first["front.csv"] != second["front.csv"]


@pytest.mark.parametrize(
    "change",
    [
        "code_identity",
        "library_identity",
        "SOURCE_DATE_EPOCH",
        "MATPLOTLIBRC",
        "MPLCONFIGDIR",
        "XDG_CONFIG_HOME",
        "cwd",
    ],
)
def test_what_decides_a_picture_draws_it_anew(
    change: str, tmp_path: Path, cache: Path, drawn: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("settings", "settings/matplotlib"):
        (tmp_path / folder).mkdir()
    for name in ("MPLCONFIGDIR", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "settings"))
    monkeypatch.chdir(tmp_path)
    _files(_panels(1), tmp_path / "out")
    if change.endswith("identity"):
        monkeypatch.setattr(pictures, change, lambda *_names: "another")
    elif change == "SOURCE_DATE_EPOCH":
        monkeypatch.setenv(change, "1")
    else:
        folder = {"MPLCONFIGDIR": "settings", "XDG_CONFIG_HOME": "settings/matplotlib", "cwd": "."}.get(change, ".")
        (tmp_path / folder / "matplotlibrc").write_text("lines.linewidth: 9\n", encoding="utf-8")
        if change == "MATPLOTLIBRC":
            monkeypatch.setenv(change, str(tmp_path / "matplotlibrc"))
    _files(_panels(1), tmp_path / "out")
    assert len(drawn) == 2


def test_what_a_program_has_set_is_drawn_and_kept_apart(tmp_path: Path, cache: Path, drawn: list[Any]) -> None:
    plain = _files(_panels(1), tmp_path / "plain")
    with matplotlib.rc_context({"figure.facecolor": "black", "text.color": "white"}):
        dark = _files(_panels(1), tmp_path / "dark")
        assert _files(_panels(1), tmp_path / "again") == dark
    assert _files(_panels(1), tmp_path / "out") == plain
    assert len(drawn) == 2


def test_damaged_or_strange_content_is_drawn_anew(tmp_path: Path, cache: Path, drawn: list[Any]) -> None:
    first = _files(_panels(1), tmp_path)
    (kept,) = [entry.path for entry in KeptFiles(cache).entries()]
    for damage in (lambda: kept.write_bytes(b"damaged"), lambda: KeptFiles(cache).keep(kept.name, b"\x91\x93\x01")):
        damage()
        before = len(drawn)
        assert _files(_panels(1), tmp_path) == first
        assert len(drawn) == before + 1


def test_a_name_that_is_no_text_is_drawn_each_time(tmp_path: Path, cache: Path, drawn: list[Any]) -> None:
    shown = panels([record("a", (0.01, 0.0102, 0.0101), family="F\udc80")])
    assert _files(shown, tmp_path) == _files(shown, tmp_path)
    assert len(drawn) == 2


def test_an_overlay_is_drawn_anew_and_then_kept_by_what_it_shows(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = []
    draw = overlay_figure.draw_overlays

    def noted(shown: Any, **more: Any) -> Any:
        drawn.append(shown)
        return draw(shown, **more)

    monkeypatch.setattr(overlay_figure, "draw_overlays", noted)
    records = [record("a", (0.01, 0.0102, 0.0101), runtime=runtime, threads=threads)
               for runtime in ("eager", "openvino") for threads in (1, 4)]  # fmt: skip
    shown = panels(records)
    plain = _files(shown, tmp_path / "plain")
    files = {}
    for axis in ("runtime", "threads", "runtime"):
        written = write_front(shown, tmp_path / axis, overlays=overlays(shown, (axis,), records))
        content = {path.name: path.read_bytes() for path in written}
        assert files.setdefault(axis, content) == content
    assert len(drawn) == 2
    assert len({plain["front.png"], files["runtime"]["front.png"], files["threads"]["front.png"]}) == 3
