"""Every kind of finding that the code can raise has a heading in docs/doubts.md, and every heading is raised."""

from __future__ import annotations

import ast
import re

from tests.docs.blocks import ROOT


def _raised() -> set[str]:
    """First arguments or `kind=` of whatever makes a finding."""
    kinds = set()
    for path in (ROOT / "bench").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            given = [word.value for word in node.keywords if word.arg == "kind"] if name == "Finding" else []
            given += node.args[:1] if name == "_notice" else []
            kinds |= {value.value for value in given if isinstance(value, ast.Constant)}
    return kinds


def test_every_doubt_has_a_heading_and_every_heading_is_a_doubt() -> None:
    headings = re.findall(r"^## (.+)$", (ROOT / "docs/doubts.md").read_text(encoding="utf-8"), re.M)
    assert headings == sorted(headings)
    assert _raised()
    # `case-failed` and `case-skipped` are made from the outcome.
    assert _raised() | {"case-failed"} == set(headings)
