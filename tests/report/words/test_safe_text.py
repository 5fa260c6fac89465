from hypothesis import given
from hypothesis import strategies as st
from levit_bench.errors import one_line
from levit_bench.report.words.safe_text import (
    csv_cell,
    drawable,
    markdown_cell,
    markdown_message,
    message,
    shortened,
    visible,
)


def test_terminal_escapes_and_direction_marks_become_visible():
    assert visible("a\x1b[31mb\x07\n\u202ec") == "a\\x1b[31mb\\x07\\x0a\\u202ec"
    assert visible("größe µ") == "größe µ"


@given(st.text())
def test_visible_text_is_printable_and_short_text_is_short(text):
    assert all(c.isprintable() or c.isspace() for c in visible(text))
    assert "\n" not in visible(text)
    assert len(shortened(text)) <= 40


def test_a_long_name_keeps_its_beginning():
    assert shortened("x" * 41) == "x" * 39 + "…"
    assert shortened("x" * 40) == "x" * 40


def test_markdown_shows_hostile_names_as_they_are():
    assert markdown_cell("a|b`c<script>&[x](y)*") == r"a\|b\`c&lt;script&gt;&amp;\[x\](y)\*"
    assert markdown_cell("levit_128s") == "levit_128s"


def test_no_spreadsheet_takes_a_cell_for_a_formula():
    for text in ("=1+1", "+1", "-1", "@SUM(A1)", "  =1", "\uff1d1"):
        assert csv_cell(text) == "'" + text
    assert csv_cell("\t=1") == "\\x09=1"
    assert csv_cell("levit-128") == "levit-128"


def test_characters_that_the_font_lacks_are_spelled_out():
    assert drawable("净é") == "\\u51c0é"


@given(st.text(max_size=2000), st.integers(4, 500))
def test_a_long_message_keeps_its_beginning_and_its_end(text, limit):
    shown = message(text, limit)
    assert len(shown) <= limit
    if len(visible(text)) <= limit:
        assert shown == visible(text)
    else:
        assert "…" in shown
        assert shown[-1] == visible(text)[-1]


def test_the_cure_at_the_end_of_a_reason_is_shown_in_lists_and_pages():
    reason = "it raised " + "x" * 500 + ". Export it again"
    assert message(reason).startswith("it raised")
    assert message(reason).endswith(". Export it again")
    assert markdown_message(f"{reason} as a|b").endswith(r"as a\|b")
    assert one_line(reason).endswith(". Export it again")
