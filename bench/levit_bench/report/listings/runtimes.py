"""The runtimes as a table: what each can do, and whether it can run here.

Shows what it is given; refuses to know where runtimes come from.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from levit_bench.report.words.safe_text import shortened, visible

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text


class Told(NamedTuple):
    """What is known of a runtime without loading it."""

    name: str
    devices: tuple[str, ...]
    """Where it runs; empty where it is not of the suite, and only a seat can ask it."""
    precisions: tuple[str, ...]
    """Number formats that it computes in, where its device does; empty as above."""
    about: str
    """What it is, in a few words."""
    missing: str | None
    """Why it cannot run here and what would make it run."""


def table(runtimes: Sequence[Told]) -> Table:
    """One row a runtime."""
    from rich import box
    from rich.table import Table

    out = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    out.add_column("runtime", no_wrap=True, style="bold")
    for name in ("devices", "precisions", "here", "what it is"):
        out.add_column(name, overflow="fold")
    for one in runtimes:
        otherwise = "yes" if one.devices else "says so in a session"
        out.add_row(
            shortened(one.name),
            ", ".join(one.devices) or "–",
            ", ".join(one.precisions) or "–",
            visible(one.missing) if one.missing else otherwise,
            one.about,
            style="dim" if one.missing else "",
        )
    return out


def lines(runtimes: Sequence[Told]) -> list[Text]:
    """The same in a line, and one more for each that cannot run here."""
    from rich.text import Text

    here = ", ".join(shortened(one.name) for one in runtimes if not one.missing)
    absent = [
        Text(f"runtime {shortened(one.name)} cannot run here: {visible(one.missing)}.", style="yellow")
        for one in runtimes
        if one.missing
    ]
    return [Text(f"runtimes: {here}"), *absent]


def document(runtimes: Sequence[Told]) -> list[dict[str, Any]]:
    """For programs."""
    return [
        {
            "name": one.name,
            "devices": one.devices,
            "precisions": one.precisions,
            "about": one.about,
            "unavailable": one.missing,
        }
        for one in runtimes
    ]
