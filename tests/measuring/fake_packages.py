"""Small installed packages: a module and the entry points of its distribution, in a folder of the import path."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Install = Callable[..., str]


def write(folder: Path, module: str, code: str, points: dict[str, dict[str, str]], *, name: str, version: str) -> None:
    """What pip leaves of a package that is one module.

    Args:
        folder: of the import path.
        module: its name.
        code: its text.
        points: by group, the value of each entry point by its name.
        name: of the distribution.
        version: of the distribution.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{module}.py").write_text(code, encoding="utf-8")
    info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir()
    head = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    (info / "METADATA").write_text(head, encoding="utf-8")
    text = "".join(
        f"[{group}]\n" + "".join(f"{key} = {value}\n" for key, value in some.items()) for group, some in points.items()
    )
    (info / "entry_points.txt").write_text(text, encoding="utf-8")


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Installs a package for this process alone: `install(group, name, code)` returns its module's name."""
    number = 0

    def installed(group: str, name: str, code: str, *, value: str = "", package: str = "", version: str = "1.0") -> str:
        nonlocal number
        number += 1
        module = f"fake_package_{number}"
        folder = tmp_path / "installed" / module
        points = {group: {name: value.replace("MODULE", module) or module}}
        write(folder, module, code, points, name=package or f"their-{name}", version=version)
        monkeypatch.syspath_prepend(folder)
        monkeypatch.delitem(sys.modules, module, raising=False)
        return module

    return installed
