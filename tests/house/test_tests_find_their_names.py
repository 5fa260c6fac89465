"""What tests import inside functions is there: a slow test must not fail hours later for a name that has moved."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest

from tests.house.plan import ROOT

_FILES = sorted(
    path for folder in ("tests", "tools", "suites", "docs/examples") for path in (ROOT / folder).rglob("*.py")
)


@pytest.mark.parametrize("path", _FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_name_that_a_function_imports_from_us_exists(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in ("levit_bench", "tests", "tools"):
            module = importlib.import_module(node.module or "")
            for alias in node.names:
                try:
                    found = hasattr(module, alias.name) or importlib.import_module(f"{node.module}.{alias.name}")
                except ModuleNotFoundError:
                    found = False
                assert found, f"line {node.lineno}: {node.module} has no {alias.name}"
