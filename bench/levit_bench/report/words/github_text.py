"""Stored text inside comments on GitHub: shown as it is, never markup, a mention, a reference or a link.

GitHub looks for mentions, references and addresses in the text that Markdown has left, after entities were decoded:
what would be one is parted by a zero-width space, as bots that quote changelogs do. In code nothing is looked for.
"""

from __future__ import annotations

import re

from levit_bench.report.words.safe_text import shortened

_PART = "&#8203;"
"""A zero-width space, visible in the source."""
_LINKED = re.compile(r"[@#]|\bGH-(?=[0-9])|\bwww(?=\.)|:(?=//)", re.IGNORECASE)
"""What a mention, a reference to an issue or an address begins with."""
_MARKUP = re.compile(r"[\\`*\[\]|~<>&$!{}]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
_BLOCK = re.compile(r"(?:[-+=]|[0-9]+[.)](?=\s|$))")
"""What begins a list or underlines a heading where it stands first."""


def code(text: str, limit: int) -> str:
    r"""Shortened text as code on one line, also in a table; `|` and backticks are spelled out, such as `\x7c`."""
    shown = shortened(text, limit).replace("|", "\\x7c").replace("`", "\\x60")
    return f"`{shown}`" if shown.strip() and shown == shown.strip() else f"`'{shown}'`"


def prose(text: str, limit: int) -> str:
    """Shortened text as prose on one line, also in a table or a list."""
    shown = shortened(text.strip(), limit)
    first = _BLOCK.match(shown)
    start = first.end() if first else 0
    lead = shown[:start].replace("-", "&#45;").replace("+", "&#43;").replace("=", "&#61;")
    lead = lead.replace(".", "&#46;").replace(")", "&#41;")
    return lead + _LINKED.sub(_parted, _MARKUP.sub(_entity, shown[start:]).replace("&#", "\0")).replace("\0", "&#")


def command_block(command: str) -> str:
    """A command line as an indented block: no text can close it, unlike a fence."""
    return f"    {command}"


def _entity(match: re.Match[str]) -> str:
    return f"&#{ord(match[0])};"


def _parted(match: re.Match[str]) -> str:
    return f"{match[0]}{_PART}"
