"""Cells of CSV files that spreadsheets open: names in other people's files may be formulas."""

from __future__ import annotations

_BEGIN_FORMULAS = frozenset("=+-@＝＋－＠")


def no_formula(text: str) -> str:
    """Text that no spreadsheet takes for a formula: a leading `=`, `+`, `-` or `@` gets an apostrophe."""
    return "'" + text if text.lstrip()[:1] in _BEGIN_FORMULAS else text
