"""Pages that list what can be asked for, against the tables of axes and of session options."""

from __future__ import annotations

import re
from pathlib import Path

from levit_bench.asking.session_options import OF_A_NETWORK, OF_A_SESSION
from levit_bench.axes import AXES

DOCS = Path(__file__).parents[2] / "docs"
_MARK = re.compile(r"^The mark names .*?(?=\n\n)", re.M | re.S)
_OPTIONS = re.compile(r"^Every option of a request .*?(?=\n\n)", re.M | re.S)


def missing_from_pytest_page(page: str) -> dict[str, list[str]]:
    """What `docs/pytest.md` leaves out, by the paragraph that should name it: of the mark, and of the options."""
    axes = [axis for axis in AXES if axis.asked]
    wanted = {
        "mark": (_MARK, ["against", *(axis.name for axis in axes), *(option.name for option in OF_A_NETWORK)]),
        "options": (_OPTIONS, ["networks", "store", "reuse", *(one.option[2:] for one in (*axes, *OF_A_SESSION))]),
    }
    return {
        what: [name for name in names if f"`{name}`" not in _paragraph(paragraph, page)]
        for what, (paragraph, names) in wanted.items()
    }


def missing_from_format_page(page: str) -> list[str]:
    """The axes that `docs/format.md` leaves out: each is a field of a case."""
    return [axis.name for axis in AXES if f"| `{axis.name}`" not in page]


def _paragraph(expression: re.Pattern[str], page: str) -> str:
    match = expression.search(page)
    return "" if match is None else match[0]
