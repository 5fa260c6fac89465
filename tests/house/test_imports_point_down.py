import os
import subprocess
import sys

import pytest

from tests.house.plan import FLOORS, ROOT, WORKSHOP, WORKSHOP_ONLY, floor_of, imports, modules, objection

MODULES = modules()
HEAVY = ("torch", "timm", "torchvision", "safetensors", "pandas", "matplotlib", "scipy", "numpy")
# Every command starts with these: help and lists must appear at once.
LIGHT = (
    "levit_bench",
    "levit_bench.errors",
    "levit_bench.records",
    "levit_bench.numbers.units",
    "levit_bench.catalog.entries",
    "levit_bench.store.files",
    "levit_bench.cli",
)
STUDY = [
    name
    for name in MODULES
    if name.startswith(
        ("levit_bench.judge", "levit_bench.report", "levit_bench.numbers.statistics", "levit_bench.planning.budget")
    )
]


def _edges():
    for module, path in MODULES.items():
        for imported, line in imports(path, module, set(MODULES)):
            yield module, imported, f"{path.relative_to(ROOT)}:{line}"


def _loaded_by(*names: str) -> set[str]:
    """Heavy libraries in a fresh interpreter after it imported those modules."""
    return set(_run(f"import {', '.join(names)}, sys; print(*(n for n in {HEAVY} if n in sys.modules))").split())


def _run(code: str) -> str:
    """What code prints in a fresh interpreter."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT / "bench")},
        capture_output=True,
        text=True,
        check=False,
        timeout=3600,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_file_has_a_floor():
    assert [name for name in MODULES if floor_of(name) is None] == []


def test_imports_point_down_or_stay_in_their_wing():
    found = [
        f"{where}: {why}"
        for module, imported, where in _edges()
        if imported.split(".")[0] == "levit_bench" and imported != module and (why := objection(module, imported))
    ]
    assert found == []


def test_only_the_workshop_names_torch():
    found = [
        f"{where}: {imported}"
        for module, imported, where in _edges()
        if imported.split(".")[0] in WORKSHOP_ONLY and not module.startswith(WORKSHOP)
    ]
    assert found == []


def test_the_package_loads_its_doors_only_when_they_are_used():
    code = "import levit_bench, sys; print(*sorted(name for name in sys.modules if name.startswith('levit_bench')))"
    assert set(_run(code).split()) == {"levit_bench", "levit_bench.version"}


def test_no_module_is_among_its_own_imports():
    graph: dict[str, set[str]] = {name: set() for name in MODULES}
    for module, imported, _ in _edges():
        # A package's `__init__` stands before its modules, and the doors join everything.
        if imported in MODULES and FLOORS["levit_bench"] not in (floor_of(module), floor_of(imported)):
            graph[module].add(imported)
    while leaves := [name for name, below in graph.items() if not below]:
        for leaf in leaves:
            del graph[leaf]
        for below in graph.values():
            below.difference_update(leaves)
    assert graph == {}, "these import each other in a circle"


def test_tools_import_no_test_and_the_package_imports_no_tool():
    tools = {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in (ROOT / "tools").rglob("*.py")}
    found = [
        f"{module}:{line}: {imported}"
        for module, path in {**tools, **MODULES}.items()
        for imported, line in imports(path, module, set(tools))
        if imported.split(".")[0] in ({"tests"} if module in tools else {"tests", "tools"})
    ]
    assert tools
    assert found == []


@pytest.mark.parametrize("name", LIGHT)
def test_what_every_command_starts_with_loads_no_heavy_library(name):
    assert _loaded_by(name) == set()


def test_judging_and_reporting_load_neither_torch_nor_timm():
    assert _loaded_by(*STUDY) & WORKSHOP_ONLY == set()


@pytest.mark.parametrize(
    ("importer", "imported"),
    [
        ("levit_bench.store.files", "levit_bench.judge.front.panels"),
        ("levit_bench.errors", "levit_bench.records"),
        ("levit_bench.numbers.statistics", "levit_bench.records"),
        ("levit_bench.catalog.entries", "levit_bench.store.files"),
        ("levit_bench.judge.front.panels", "levit_bench.report.front.table"),
        ("levit_bench.judge.front.panels", "levit_bench.measuring.workers.seat"),
        ("levit_bench.report.front.table", "levit_bench.measuring"),
        ("levit_bench.measuring.workers.seat", "levit_bench.judge"),
        ("levit_bench.measuring.workers.seat", "levit_bench.cli"),
        ("levit_bench.store.files", "levit_bench"),
        ("levit_bench.attic", "levit_bench.errors"),
        ("levit_bench.store.files", "levit_bench.attic"),
        ("levit_bench.store2", "levit_bench.errors"),
    ],
)
def test_the_plan_objects_to_an_import(importer, imported):
    assert objection(importer, imported) is not None


@pytest.mark.parametrize(
    ("importer", "imported"),
    [
        ("levit_bench.cli", "levit_bench.measuring.session.engine"),
        ("levit_bench.cli", "levit_bench.report.front.table"),
        ("levit_bench.__main__", "levit_bench.cli"),
        ("levit_bench.report.front.table", "levit_bench.judge.front.panels"),
        ("levit_bench.measuring.session.engine", "levit_bench.measuring.workers.seat"),
        ("levit_bench.measuring.session.engine", "levit_bench.store.files"),
        ("levit_bench.store.files", "levit_bench.records"),
    ],
)
def test_the_plan_allows_an_import(importer, imported):
    assert objection(importer, imported) is None


def test_the_reading_of_imports_misses_no_way_to_write_one(tmp_path):
    file = tmp_path / "x.py"
    file.write_text(
        "import levit_bench.errors\n"
        "from levit_bench.records import Case\n"
        "from levit_bench.numbers import units\n"
        "from .front import panels\n"
        "from ..report.front import table\n"
        "from ..store import files\n"
        "def late():\n    import torch.nn as nn\n"
        "import importlib\nimportlib.import_module('levit_bench.cli')\n"
    )
    known = {
        "levit_bench.numbers.units",
        "levit_bench.judge.front.panels",
        "levit_bench.report.front.table",
        "levit_bench.store.files",
    }
    found = [name for name, _ in imports(file, "levit_bench.judge.x", known)]
    assert found == [
        "levit_bench.errors",
        "levit_bench.records",
        "levit_bench.numbers.units",
        "levit_bench.judge.front.panels",
        "levit_bench.report.front.table",
        "levit_bench.store.files",
        "importlib",
        "torch.nn",
        "levit_bench.cli",
    ]
