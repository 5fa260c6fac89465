"""Pages name every axis and every option that can be asked for."""

from __future__ import annotations

from tests.docs.axes_pages import DOCS, missing_from_format_page, missing_from_pytest_page


def test_the_page_about_pytest_names_whatever_a_mark_fixes_and_every_option() -> None:
    page = (DOCS / "pytest.md").read_text(encoding="utf-8")
    assert missing_from_pytest_page(page) == {"mark": [], "options": []}


def test_the_page_about_the_format_names_every_axis() -> None:
    assert missing_from_format_page((DOCS / "format.md").read_text(encoding="utf-8")) == []
