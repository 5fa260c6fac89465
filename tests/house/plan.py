"""The plan of the house as data, and the reading of its import graph from source, without importing anything."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "bench"
PACKAGE = SOURCE / "levit_bench"


class Floor(NamedTuple):
    """Where a module stands. Modules of one wing may import each other; a floor without a wing may not."""

    height: int
    wing: str = ""


# The longest prefix that matches decides.
FLOORS = {
    "levit_bench.errors": Floor(0, "ground"),
    "levit_bench.version": Floor(0),
    "levit_bench.axes": Floor(0),
    "levit_bench.command_lines": Floor(0),
    "levit_bench.spelling": Floor(0),
    "levit_bench.libraries": Floor(0, "ground"),  # needs the errors, and everything above may need a library
    "levit_bench.numbers": Floor(1, "numbers"),
    "levit_bench.paths": Floor(1, "paths"),
    "levit_bench.records": Floor(2),
    "levit_bench.profiles": Floor(3),
    "levit_bench.catalog": Floor(3, "catalog"),
    "levit_bench.store": Floor(3, "store"),
    "levit_bench.planning": Floor(4, "planning"),
    "levit_bench.levit": Floor(4, "workshop"),
    "levit_bench.measuring": Floor(5, "workshop"),
    "levit_bench.judge": Floor(5, "judge"),
    "levit_bench.report": Floor(6, "report"),
    "levit_bench.reading": Floor(7, "reading"),
    "levit_bench": Floor(8, "doors"),  # its `__init__.py` alone; see `floor_of`
    "levit_bench.__main__": Floor(8, "doors"),
    "levit_bench.api": Floor(8, "doors"),
    "levit_bench.asking": Floor(8, "doors"),
    "levit_bench.asking.session_options": Floor(4),
    "levit_bench.asking.arguments": Floor(5),  # of methods that read, too
    "levit_bench.cli": Floor(8, "doors"),
    "levit_bench.nightly": Floor(8, "doors"),
    "levit_bench.pytest_gate": Floor(8, "doors"),
    "levit_bench.pytest_plugin": Floor(8, "doors"),
}

# Wings that only a file may join.
WALL = ({"workshop"}, {"judge", "report"})

WORKSHOP = ("levit_bench.measuring", "levit_bench.levit")
"""Where torch is known: what measures, and our own network."""

# Libraries that only the workshop may name.
WORKSHOP_ONLY = {"torch", "timm", "torchvision", "safetensors", "onnx", "onnxruntime", "onnxscript", "openvino"}


def modules() -> dict[str, Path]:
    """Every module of the package by its dotted name."""
    out = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(SOURCE).with_suffix("").parts
        out[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return out


def floor_of(module: str) -> Floor | None:
    """The floor of a module; None when the plan does not know it."""
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        prefix = ".".join(parts[:length])
        if prefix in FLOORS and (prefix != "levit_bench" or module == "levit_bench"):
            return FLOORS[prefix]
    return None


def imports(path: Path, module: str, known: set[str]) -> Iterator[tuple[str, int]]:
    """What a file imports, late and type-checking imports included, with line numbers."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            base = _base(node, module, is_package=path.stem == "__init__")
            for alias in node.names:
                whole = f"{base}.{alias.name}"
                yield (whole if whole in known else base), node.lineno
        elif isinstance(node, ast.Call) and _name(node.func) in {"import_module", "__import__"}:
            for argument in node.args[:1]:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    yield argument.value, node.lineno


def _base(node: ast.ImportFrom, module: str, *, is_package: bool) -> str:
    """The absolute name that a `from` import starts at."""
    if not node.level:
        return node.module or ""
    parts = module.split(".")
    parts = parts[: len(parts) - node.level + is_package]
    return ".".join([*parts, *([node.module] if node.module else [])])


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def objection(importer: str, imported: str) -> str | None:
    """Why one module of the house may not import another; None when it may."""
    above, below = floor_of(importer), floor_of(imported)
    if above is None or below is None:
        return f"{importer if above is None else imported} has no floor"
    for one, other in (WALL, WALL[::-1]):
        if above.wing in one and below.wing in other:
            return f"{importer} reaches through the wall to {imported}"
    if below.height < above.height or (above.wing and above.wing == below.wing):
        return None
    return f"{importer} (floor {above.height}) imports {imported} (floor {below.height})"
