"""docs/format.md, written from the types of `bench/records.py`, so that it cannot go stale.

python -m tests.docs.format_page        writes the page; the tests compare it
"""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "format.md"

_LINES = ("SessionLine", "CaseLine", "RunStartLine", "TurnLine", "RunEndLine")
_PARTS = (
    "Case", "Protocol", "Machine", "Shell", "Conditions", "Allowance", "CoreKind", "GpuState", "Accuracy", "ColdStart",
    "SeatInfo", "Finding",
)  # fmt: skip
_INTRODUCTION = """# The format of results

A session is one file, `<store>/<machine>/<session>.jsonl`: one JSON object a line, told apart by `kind`. Lines are
written as things happen and never changed, so that a kill costs at most one turn and `git diff` reads well. Merging the
results of several machines is copying folders. This page is written from `bench/records.py`
(`python -m tests.docs.format_page`), and a test compares the two.

- **Base units, unrounded**: seconds, bytes, hertz; the unit is in the name. Nothing is NaN: what is not known is
  `null`.
- **Nothing personal**: no host name, no user name, no path.
- **Order**: the `session` line, its `case` lines, then for each run `run-start`, its `turn` lines, `run-end`. A run
  without `run-end` was broken off.
- **Identity**: turns name their case by `id`, the first twelve hexadecimal digits of the SHA-256 of the case's JSON
  with sorted keys. It depends on every field of the case and on nothing else. A later `case` line with the same `id`
  replaces the earlier one.
- **Versions**: `schema` is the number of the format. Older files are read; a newer one is refused with advice. Unknown
  fields are ignored.
- **Damage**: a line that cannot be read costs itself, and a finding names it. Reading never writes.
"""


def page() -> str:
    """The whole page."""
    source = (ROOT / "bench" / "records.py").read_text(encoding="utf-8")
    classes = {node.name: node for node in ast.parse(source).body if isinstance(node, ast.ClassDef)}
    history = source.split('"""')[1].partition("Schema history\n")[2].strip()
    parts = [_INTRODUCTION, "## Lines\n"]
    parts += [_section(classes[name], f"`{_tag(classes[name])}`") for name in _LINES]
    parts.append("## Values inside them\n")
    parts += [_section(classes[name], f"`{name}`") for name in _PARTS]
    parts.append(f"## History\n\n{history}\n")
    return "\n".join(parts)


def _tag(node: ast.ClassDef) -> str:
    return next(ast.literal_eval(word.value) for word in node.keywords if word.arg == "tag")


def _section(node: ast.ClassDef, heading: str) -> str:
    rows = [f"### {heading}", "", ast.get_docstring(node) or "", "", "| field | type | meaning |", "|:--|:--|:--|"]
    for field, comment in zip(node.body, node.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            meaning = ast.literal_eval(comment.value) if isinstance(comment, ast.Expr) else ""
            kind = ast.unparse(field.annotation).replace("|", "or")
            rows.append(f"| `{field.target.id}` | {kind} | {' '.join(str(meaning).split())} |")
    return "\n".join([*rows, ""])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
