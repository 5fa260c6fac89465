"""Tables that fit a terminal: lines end between words, names at their separators, and numbers are never cut."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any

from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

_WORD = re.compile(r"(?:[±<] ?)?[0-9][0-9.,–]* (?:ns|µs|ms|s|%|B|KiB|MiB|GiB|min|h)(?![^\s,;.)])|± ?\S+|\S+")
"""What stays on one line where it fits: a word, or a number with its unit."""
_SEPARATORS = "_.:@/#,…-"
"""Characters behind which a longer name may end a line, unless they stand between digits."""
_LONGEST_PIECE = 24
"""Columns of the longest part of a word for which a table makes room; longer ones are broken where they must."""
_NOTE = 80
"""Columns that a title or caption may take where its table is narrower, and the terminal is not."""
_INDENT = "  "


class FittedTable(Table):
    """A table whose columns of text give way to those of numbers, and break names only at their separators.

    Where even that is too wide, the left-aligned texts of a row stand on a line above its figures.
    """

    def __init__(self, *headers: str, **options: Any) -> None:  # noqa: ANN401 (those of rich's table)
        usual = {"box": box.SIMPLE_HEAD, "pad_edge": False, "padding": (0, 1)}
        usual |= {"title_justify": "left", "caption_justify": "left"}
        super().__init__(*headers, **{**usual, **options})
        self._texts: list[tuple[tuple[Text, ...], str | None]] = []

    def add_row(self, *cells: RenderableType | None, style: Any = None, end_section: bool = False) -> None:  # noqa: ANN401
        """Add a row; its cells are texts. Cells that are left out are empty."""
        texts = tuple(cell if isinstance(cell, Text) else Text(str(cell or "")) for cell in cells)
        self._texts.append((texts + (Text(),) * (len(self.columns) - len(texts)), style))
        super().add_row(*cells, style=style, end_section=end_section)

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement(options.max_width, options.max_width)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = options.max_width
        columns = [_Column(self._cells_of(at), no_wrap=column.no_wrap) for at, column in enumerate(self.columns)]
        layouts = []
        for gap, is_tight in ((3, False), (2, True)):
            room = width - gap * (len(columns) - 1) - (0 if is_tight or self.box is None else 2)
            if sum(column.least for column in columns) <= room:
                widths = _fitted(columns, room)
                layouts.append((_cost(columns, widths), is_tight, widths))
        if layouts:
            _, is_tight, widths = min(layouts)  # the roomier one where both are as good
            yield from self._table(widths, width, is_tight=is_tight)
            return
        above = [
            at for at, column in enumerate(self.columns) if column.justify == "left" and not (at and column.no_wrap)
        ]
        below = [at for at in range(len(columns)) if at not in above]
        if not above or not below:
            yield from self._table(_forced(columns, room), width, is_tight=True)
            return
        yield from self._stacked(above, below, width, columns)

    def _cells_of(self, at: int) -> list[Text]:
        header = self.columns[at].header if self.show_header else ""
        return [header if isinstance(header, Text) else Text(str(header)), *(texts[at] for texts, _ in self._texts)]

    def _table(self, widths: Sequence[int], room: int, *, is_tight: bool) -> RenderResult:
        """A plain table of those widths; a tight one has no edges, and less space between its columns."""
        tight: dict[str, Any] = {"padding": (0, 1, 0, 0), "show_edge": False, "collapse_padding": True}
        out = Table(
            box=self.box, show_header=self.show_header, pad_edge=False, title_justify="left", caption_justify="left",
            **(tight if is_tight else {"padding": (0, 1)}),
        )  # fmt: skip
        gap = 2 if is_tight else 3
        whole = sum(widths) + gap * (len(widths) - 1) + (0 if is_tight or self.box is None else 2)
        for at, (column, width) in enumerate(zip(self.columns, widths, strict=True)):
            header, *_ = self._cells_of(at)
            out.add_column(
                wrapped(header, width), justify=column.justify, style=column.style, width=width, no_wrap=True
            )
        for texts, style in self._texts:
            out.add_row(*(wrapped(text, width) for text, width in zip(texts, widths, strict=True)), style=style)
        beside = max(whole, min(room, _NOTE))
        if self.title is not None:
            yield _note(self.title, beside)
            if is_tight:  # its edges, which are empty lines elsewhere
                yield Text()
        yield out
        if self.caption is not None:
            if is_tight:
                yield Text()
            yield _note(self.caption, beside)

    def _stacked(
        self, above: Sequence[int], below: Sequence[int], width: int, columns: Sequence[_Column]
    ) -> RenderResult:
        """Each row on two lines: its texts, and below them its figures, under their headings."""
        lower = [columns[at] for at in below]
        room = width - 2 * (len(below) - 1) - len(_INDENT)
        fits = sum(column.least for column in lower) <= room
        widths = _fitted(lower, room) if fits else _forced(lower, room)
        heads = [self._cells_of(at)[0] for at in range(len(self.columns))]
        if self.title is not None:
            yield _note(self.title, width)
        if self.show_header:
            yield wrapped(Text(" · ".join(heads[at].plain for at in above if heads[at].plain), style="bold"), width)
            for line in self._figures([heads[at] for at in below], below, widths):
                line.stylize("bold")
                yield line
            yield Text("─" * width)
        for texts, style in self._texts:
            names = Text(" · ").join(texts[at] for at in above if texts[at].plain)
            if names.plain:
                yield wrapped(names, width)
            for line in self._figures([texts[at] for at in below], below, widths):
                line.stylize(style or "")
                yield line
        yield Text()
        if self.caption is not None:
            yield _note(self.caption, width)

    def _figures(self, texts: Sequence[Text], below: Sequence[int], widths: Sequence[int]) -> list[Text]:
        """Lines of a row's figures, each in its column."""
        cells = [wrapped(text, width).split("\n") for text, width in zip(texts, widths, strict=True)]
        out = []
        for number in range(max(len(lines) for lines in cells)):
            line = Text(_INDENT)
            for place, (at, lines, width) in enumerate(zip(below, cells, widths, strict=True)):
                cell = lines[number].copy() if number < len(lines) else Text()
                space = " " * max(0, width - cell.cell_len)
                line.append("  " if place else "")
                is_right = self.columns[at].justify == "right"
                line = line + space + cell if is_right else line + cell + space
            line.rstrip()
            if line.plain.strip():
                out.append(line)
        return out


class _Column:
    """Widths of a column, and how many lines its cells take in each.

    Args:
        cells: the heading and the cells.
        no_wrap: whether every cell stays on its lines.
    """

    def __init__(self, cells: Sequence[Text], *, no_wrap: bool) -> None:
        self.texts = [cell.plain for cell in cells]
        parts = [line for text in self.texts for line in text.split("\n")]
        self.most = max(map(cell_len, parts), default=0)
        pieces = (piece for part in parts for word in _WORD.findall(part) for piece in _pieces(word))
        longest = max((min(cell_len(piece), _LONGEST_PIECE) for piece in pieces), default=0)
        self.least = self.most if no_wrap else min(longest, self.most)

    def lines(self, width: int) -> list[tuple[int, int]]:
        """Lines of each cell in that width, and how many of them end within a word."""
        return [_line_count(text, width) for text in self.texts]


def wrapped(text: Text, width: int) -> Text:
    """The text in lines of that width, which end between words; a longer word is broken at its separators."""
    lines = []
    for line in text.split("\n", allow_blank=True):
        spans = _spans(line.plain, width)
        lines += [line[start:end] for start, end in spans] if spans else [line]
    out = Text("\n", style=text.style, justify=text.justify).join(lines) if len(lines) > 1 else lines[0]
    out.no_wrap = True
    return out


def _note(note: Any, width: int) -> Text:  # noqa: ANN401 (rich has texts of two kinds)
    """A title or caption in lines of that width."""
    return wrapped(note if isinstance(note, Text) else Text(str(note)), width)


@lru_cache(maxsize=100_000)
def _line_count(text: str, width: int) -> tuple[int, int]:
    spans = [_spans(line, width) for line in text.split("\n")]
    broken = sum(first[1] == second[0] for line_spans in spans for first, second in pairwise(line_spans))
    return sum(max(1, len(line_spans)) for line_spans in spans), broken


def _spans(line: str, width: int) -> list[tuple[int, int]]:
    """Beginnings and ends of the lines into which one line is broken."""
    if cell_len(line) <= width:
        return [(0, len(line))]
    out: list[tuple[int, int]] = []
    start, end = -1, 0
    for word in _WORD.finditer(line):
        if start >= 0 and cell_len(line[start : word.end()]) <= width:
            end = word.end()
            continue
        if start >= 0:
            out.append((start, end))
        start, end = word.span()
        ends = [word.start() + at for at in _breaks(word[0])]
        while cell_len(line[start:end]) > width:
            fitting = [at for at in ends if at > start and cell_len(line[start:at]) <= width]
            cut = fitting[-1] if fitting else _cut(line, start, width)
            out.append((start, cut))
            start = cut
    return [*out, (start, end)] if start >= 0 else out


def _breaks(word: str) -> list[int]:
    """Places within a word where a line may end: behind a separator that does not stand between digits."""
    return [
        at
        for at in range(1, len(word))
        if word[at - 1] in _SEPARATORS
        and word[at] not in _SEPARATORS
        and not (at >= 2 and word[at - 2].isdigit() and word[at].isdigit() and word[at - 1] != "_")
    ]


def _pieces(word: str) -> list[str]:
    """The parts of a word between the places where a line may end."""
    ends = [*_breaks(word), len(word)]
    return [word[start:end] for start, end in zip([0, *ends], ends, strict=False)]


def _cut(line: str, start: int, width: int) -> int:
    """The end of the longest part that fits, at least one character."""
    end = start + 1
    while end < len(line) and cell_len(line[start : end + 1]) <= width:
        end += 1
    return end


def _fitted(columns: Sequence[_Column], room: int) -> list[int]:
    """Widths of columns whose least widths fit: the room that is left goes where it saves most lines."""
    widths = [column.least for column in columns]
    cells = [column.lines(width) for column, width in zip(columns, widths, strict=True)]
    while (left := room - sum(widths)) > 0:
        best: tuple[float, int, int] | None = None
        for at, column in enumerate(columns):
            others = [max((row[other][0] for other in range(len(columns)) if other != at), default=0) for row in
                      zip(*cells, strict=True)]  # fmt: skip
            for width in range(widths[at] + 1, min(column.most, widths[at] + left) + 1):
                saved = sum(
                    max(before, other) - max(now, other) + 0.01 * (before - now) + (broken_before - broken_now) / 2
                    for (before, broken_before), (now, broken_now), other in zip(
                        cells[at], column.lines(width), others, strict=True
                    )
                )
                if saved > 0 and (best is None or saved / (width - widths[at]) > best[0]):
                    best = (saved / (width - widths[at]), at, width)
        if best is None:
            break
        _, at, widths[at] = best
        cells[at] = columns[at].lines(widths[at])
    return widths


def _cost(columns: Sequence[_Column], widths: Sequence[int]) -> float:
    """The lines of all rows, and half a line for each word that goes on in the next."""
    cells = [column.lines(width) for column, width in zip(columns, widths, strict=True)]
    rows = list(zip(*cells, strict=True))
    lines: int = sum(max(count for count, _ in row) for row in rows)
    broken_words: int = sum(broken for row in rows for _, broken in row)
    return lines + broken_words / 2


def _forced(columns: Sequence[_Column], room: int) -> list[int]:
    """Widths of columns that do not fit: the widest are made narrower, and break words."""
    widths = [column.least for column in columns]
    while sum(widths) > room and max(widths) > 1:
        widths[widths.index(max(widths))] -= 1
    return widths
