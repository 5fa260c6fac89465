"""The runtimes as a table: devices and precisions of each, and whether it can run here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from levit_bench.report.words.safe_text import shortened, visible

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text


class RuntimeSummary(NamedTuple):
    """A runtime as far as it is known without loading it."""

    name: str
    devices: tuple[str, ...]
    """Devices that it supports; empty for a third party's, which only a worker process loads."""
    precisions: tuple[str, ...]
    """Number formats that it supports, where its device does; empty as above."""
    about: str
    """A short description."""
    missing: str | None
    """The reason why it cannot run here and the remedy; None where it can."""
    lacking: Mapping[str, str] = MappingProxyType({})
    """Number formats that this machine's processor cannot compute in with it, each with the reason."""

    @property
    def precisions_here(self) -> tuple[str, ...]:
        """Number formats that the processor can compute in with it, as far as is known."""
        return tuple(name for name in self.precisions if name not in self.lacking)


def table(runtimes: Sequence[RuntimeSummary]) -> Table:
    """One row a runtime."""
    from rich.text import Text

    from levit_bench.report.fitted_table import FittedTable

    out = FittedTable()
    out.add_column("runtime", no_wrap=True, style="bold")
    for name in ("devices", "precisions", "here", "what it is"):
        out.add_column(name, overflow="fold")
    for runtime in runtimes:
        out.add_row(
            shortened(runtime.name),
            ", ".join(runtime.devices) or "–",
            ", ".join(runtime.precisions) or "–",
            Text(visible(runtime.missing) if runtime.missing else _here(runtime)),  # brackets are no markup
            Text(runtime.about),
            style="dim" if runtime.missing else "",
        )
    return out


def _here(runtime: RuntimeSummary) -> str:
    """What can be used here of a runtime that is installed."""
    if not runtime.devices:
        return "says so in a session"
    if not runtime.lacking:
        return "yes"
    return f"in {', '.join(runtime.precisions_here)}; {'; '.join(dict.fromkeys(runtime.lacking.values()))}"


def lines(runtimes: Sequence[RuntimeSummary]) -> list[Text]:
    """The names of the usable runtimes in a line, and one line more for each that cannot run here."""
    from rich.text import Text

    here = ", ".join(shortened(runtime.name) for runtime in runtimes if not runtime.missing)
    absent = [
        Text(f"runtime {shortened(runtime.name)} cannot run here: {visible(runtime.missing)}.", style="yellow")
        for runtime in runtimes
        if runtime.missing
    ]
    return [Text(f"runtimes: {here}"), *absent]


def document(runtimes: Sequence[RuntimeSummary]) -> list[dict[str, Any]]:
    """The runtimes as data."""
    return [
        {
            "name": runtime.name,
            "devices": runtime.devices,
            "precisions": runtime.precisions,
            "about": runtime.about,
            "unavailable": runtime.missing,
            "precisions_here": runtime.precisions_here,
            "lacking": dict(runtime.lacking),
        }
        for runtime in runtimes
    ]
