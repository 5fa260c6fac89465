"""docs/format.md, written from the types of `bench/levit_bench/records.py` and `bench/levit_bench/numbers/ranges.py`,
so that it cannot go stale.

python -m tools.pages.format_page        writes the page; the tests compare it
"""

from __future__ import annotations

import ast
import json
from itertools import pairwise
from typing import get_args, get_origin

from levit_bench.axes import LATER
from levit_bench.numbers import ranges
from msgspec import Meta

from tools.pages import ROOT, WAY_BACK

PAGE = ROOT / "docs" / "format.md"

_LINES = ("SessionLine", "CaseLine", "RunStartLine", "TurnLine", "RunEndLine")
_PARTS = (
    "Case", "Protocol", "Machine", "Shell", "Conditions", "Allowance", "CoreKind", "GpuState", "Accuracy", "ColdStart",
    "SeatInfo", "Finding",
)  # fmt: skip
_INTRODUCTION = """# The format of results

A session is one file, `<store>/<machine>/<session>.jsonl`: one JSON object a line, told apart by `kind`. Lines are
written as things happen and never changed, so that a kill costs at most one turn and `git diff` reads well. Merging the
results of several machines is copying folders. This page is written from `bench/levit_bench/records.py`
(`python -m tools.pages.format_page`), and a test compares the two.

- **Base units, unrounded**: seconds, bytes, hertz; the unit is in the name. Nothing is NaN: what is not known is
  `null`.
- **Nothing personal**: no host name, no user name, no path.
- **Order**: the `session` line, its `case` lines, then for each run, in ascending number, `run-start`, its `turn`
  lines, `run-end`. A run without `run-end` was broken off. Of one run, each case has one turn a round, and each turn a
  position of its own.
- **Identity**: turns name their case by `id`, the first twelve hexadecimal digits of the SHA-256 of the case's JSON
  in UTF-8, with sorted keys and without spaces. So that ids of older files stay what they are, fields that the first
  format lacked are left out of it at their usual values:
  LATER.
  It depends on every field of the case and on nothing else; a line whose `id` is not its case's does not count. A later
  `case` line with the same `id` says that the case failed, and nothing else.
- **Versions**: `schema` is the number of the format, from 1. Older files are read; a newer one is refused with
  advice, and so is a file without the number. Unknown fields are ignored.
- **Damage**: a line that cannot be read, that breaks [the ranges](#ranges) or in which a key stands twice, however it
  is spelled, costs itself, and a finding names it. What stands out of the order does not count: turns of a run that
  did not start or had ended, and two different turns in one place, of which nobody knows which is right. A turn that is
  missing is told with its run and round: every round has one turn of each case that its run holds and that has not
  failed, in positions from 0 without a gap; a case that fails leaves its position in that round empty, and a run that
  was broken off may lack the end of its last round. So is a run whose number is skipped. Last rounds that are gone as a
  whole, and last runs, are not noticed. Reading never writes.
- **Joined files**: a second `session` line begins a second session, which is read as one of its own. A run that begins
  once more, or a case that is declared after the first run, is of a session whose first line is lost: nothing from
  there on counts. What repeats a line exactly counts once, and so does a session that several files hold.
- **Trust**: files are not signed. Damage, mishaps of editors and merges are noticed; who gives all turns of two cases
  each other's ids, or writes other durations, is not.
- **Files**: UTF-8, with or without a byte order mark, lines that end with LF or CRLF; at most 1 GiB, and 16 MiB a line.
  What is a pipe, a device or a folder is not opened.
"""


def page() -> str:
    """The whole page."""
    source = (ROOT / "bench" / "levit_bench" / "records.py").read_text(encoding="utf-8")
    classes = {node.name: node for node in ast.parse(source).body if isinstance(node, ast.ClassDef)}
    history = source.split('"""')[1].partition("Schema history\n")[2].strip()
    parts = [_INTRODUCTION.replace("LATER", _left_out_of_ids()), "## Lines\n"]
    parts += [_section(classes[name], f"`{_tag(classes[name])}`") for name in _LINES]
    parts.append("## Values inside them\n")
    parts += [_section(classes[name], f"`{name}`") for name in _PARTS]
    parts.append(_ranges())
    parts += [f"## History\n\n{history}\n", f"{WAY_BACK}\n"]
    return "\n".join(parts)


def _left_out_of_ids() -> str:
    """The fields of a case that do not enter its id at certain values, and those values, as they stand in the file."""
    return ", ".join(f"`{name}` at `{json.dumps(value)}`" for name, value in LATER.items())


def _ranges() -> str:
    """What each kind of value may be, from `bench/levit_bench/numbers/ranges.py`."""
    body = ast.parse((ROOT / "bench" / "levit_bench" / "numbers" / "ranges.py").read_text(encoding="utf-8")).body
    rows = [
        "## Ranges\n", "What a value may be. What lies beyond was not measured by anybody, and costs its line.\n",
        "| type | values | meaning |", "|:--|:--|:--|",
    ]  # fmt: skip
    for kind, comment in pairwise(body):
        if isinstance(kind, ast.Assign) and isinstance(kind.targets[0], ast.Name) and isinstance(comment, ast.Expr):
            name = kind.targets[0].id
            base, limits = get_args(getattr(ranges, name))
            rows.append(f"| {name} | {_values(base, limits)} | {' '.join(ast.literal_eval(comment.value).split())} |")
    return "\n".join([*rows, ""])


def _values(base: object, limits: Meta) -> str:
    if base is int:
        return f"int, {_whole(limits.ge)} to {_whole(limits.le)}"
    if base is float:
        return f"float, {f'above {limits.gt:g}' if limits.ge is None else f'{limits.ge:g}'} to {limits.le:g}"
    if limits.pattern:
        return f"str, `{limits.pattern}`"
    fewest_to_most = f"{limits.min_length or 0} to {_whole(limits.max_length)}"
    if base is str:
        return f"str, {fewest_to_most} characters"
    kinds = ", ".join(_name_of(kind) for kind in get_args(base) if kind is not ...)
    return f"{getattr(get_origin(base), '__name__', base)} of {kinds}, {fewest_to_most} of them"


def _whole(number: float | None) -> str:
    return f"{number:,}".replace(",", " ")


def _name_of(kind: object) -> str:
    return next(name for name, value in vars(ranges).items() if value == kind)


def _tag(node: ast.ClassDef) -> str:
    return next(str(ast.literal_eval(word.value)) for word in node.keywords if word.arg == "tag")


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
