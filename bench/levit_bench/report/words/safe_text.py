"""Escapes of stored text for terminals, Markdown, spreadsheets and fonts: names in a results file may be hostile."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from levit_bench.errors import cut_in_the_middle
from levit_bench.paths.csv_cells import no_formula

NAME_LIMIT = 40
"""Characters of a name that are shown: timm's longest usual name has 48, its last words matter least."""
LABEL_LIMIT = 60
"""Characters of a user's label, all of which are shown."""
WHOLE_NAME = 72
"""Characters of a name in a terminal's table, where a long one takes several lines: most names are shown whole."""
MESSAGE_LIMIT = 400
"""Characters of a reason or a finding that are shown in a list: stored reasons have at most 300."""
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_MARKDOWN = re.compile(r"([\\`*\[\]|~])")
_HTML = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_DRAWABLE_BELOW = 0x250
_DRAWABLE = frozenset("–—…±·×≤≥µ∞‘’“”")


def visible(text: str) -> str:
    r"""The text with every control, format and unassigned character spelled out, such as `\x1b`."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escape_code(c) if unicodedata.category(c) in _INVISIBLE else c for c in text)


def shortened(text: str, limit: int = NAME_LIMIT) -> str:
    """Visible text of at most `limit` characters; an ellipsis stands for the rest."""
    shown = visible(text[: limit + 1])
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def message(text: str, limit: int = MESSAGE_LIMIT) -> str:
    """Visible text of a sentence: a long one is cut in the middle, because a reason ends with what to do next."""
    shown = visible(text if len(text) <= 2 * limit else text[:limit] + "…" + text[-limit:])
    return cut_in_the_middle(shown, limit)


def distinct(texts: Iterable[str], limit: int = WHOLE_NAME) -> dict[str, str]:
    """A distinct form of each text for a table: visible, and cut in the middle when it is long."""
    out: dict[str, str] = {}
    times: dict[str, int] = {}
    shown_texts: set[str] = set()
    for text in sorted(set(texts)):
        cut = shown = _short_text(text, limit)
        while shown in shown_texts:
            times[cut] = times.get(cut, 1) + 1
            shown = f"{cut} ({times[cut]})"
        shown_texts.add(shown)
        out[text] = shown
    return out


def _short_text(text: str, limit: int) -> str:
    """Visible text of at most `limit` characters, in quotes where it begins or ends with a space."""
    shown = visible(text if len(text) <= 2 * limit else text[:limit] + "…" + text[-limit:])
    if shown != shown.strip():
        shown = f"'{shown}'"
    return cut_in_the_middle(shown, limit)


def drawable(text: str, limit: int = NAME_LIMIT) -> str:
    """Shortened text in characters that the figure's font has; others are spelled out."""
    characters = (
        c if ord(c) < _DRAWABLE_BELOW or c in _DRAWABLE else _escape_code(c) for c in visible(text[: limit + 1])
    )
    return shortened("".join(characters), limit)


def markdown_cell(text: str, limit: int = NAME_LIMIT) -> str:
    """Shortened text that Markdown shows as it is, also inside a table: no markup, no HTML, no new column."""
    return _markdown(shortened(text, limit))


def markdown_message(text: str, limit: int = MESSAGE_LIMIT) -> str:
    """As `message`, shown by Markdown as it is."""
    return _markdown(message(text, limit))


def _markdown(shown: str) -> str:
    plain = re.sub("[&<>]", lambda match: _HTML[match[0]], shown)
    return _MARKDOWN.sub(r"\\\1", plain)


def csv_cell(text: str) -> str:
    """Visible text that no spreadsheet takes for a formula."""
    return no_formula(visible(text))


def _escape_code(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else character.encode("ascii", "backslashreplace").decode()
