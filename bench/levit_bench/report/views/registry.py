"""Registry of the views of stored cases.

A view is one file with a function `view(request)` (see `levit_bench.report.views.view`) and one line here. Its option
of `levit-bench show`, and its argument of `Results.show`, follow from the line.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from levit_bench.errors import NothingToShowError, UsageError

if TYPE_CHECKING:
    from levit_bench.report.views.view import CaseView, ViewRequest


class ViewEntry(NamedTuple):
    """The registration of one view."""

    module: str
    """Its module, imported on use."""
    words: str = ""
    """Its description in `--help`."""
    value: str = ""
    """Placeholder of its option's value in the help; empty where it takes none."""
    refines: str = ""
    """The view whose option must be given with its own."""


_HERE = "levit_bench.report.views"
OVERVIEW = ViewEntry(f"{_HERE}.overview")
"""The default view."""
VIEWS: dict[str, ViewEntry] = {
    "variance": ViewEntry(f"{_HERE}.variance", "Show where the variance lies: between sessions, runs, rounds, passes."),
    "percentiles": ViewEntry(
        f"{_HERE}.percentiles", "Show p50, p90, p95 and p99 of single passes where there are passes enough."
    ),
    "cold": ViewEntry(f"{_HERE}.cold_starts", "Show cold starts: compile, load and first pass times, memory."),
    "cross_check": ViewEntry(
        f"{_HERE}.timer_agreement", "Compare our clock with a second instrument's, after run --cross-check."
    ),
    "against": ViewEntry(
        f"{_HERE}.reference_network", "Show how many times as long each takes as this one, with intervals.", "NETWORK"
    ),
    "grid": ViewEntry(
        f"{_HERE}.grid",
        "With --against: this network alone, by runtime, batch and allocator.",
        "NETWORK",
        refines="against",
    ),
}
"""All other views, by the names of their options."""


def option(name: str) -> str:
    """The option of a view on the command line."""
    return f"--{name.replace('_', '-')}"


def view(options: Mapping[str, str | bool | None], request: ViewRequest) -> CaseView:
    """Show the view that options choose: one view, or one and its refinement; by default the cases themselves.

    Args:
        options: values of the options of views by name: a text or a flag; None and False: not given.
        request: the cases.

    Raises:
        UsageError: a view does not exist, several are chosen, or one lacks the view that it refines or its value.
        NothingToShowError: no case has what the view shows.
    """
    named = chosen(options)
    values = {name: "" if value is True else str(value) for name, value in options.items() if name in named}
    entry = next((VIEWS[name] for name in named if VIEWS[name].refines or len(named) == 1), OVERVIEW)
    if not request.records:
        raise NothingToShowError("only reference cases are chosen, and no network: add --instrument to show them.")
    case_view: CaseView = import_module(entry.module).view(request._replace(values=values))
    return case_view


def chosen(options: Mapping[str, str | bool | None]) -> list[str]:
    """Names of the views that options choose, after checking that they go together.

    Raises:
        UsageError: as `view`.
    """
    if unknown := [name for name in options if name not in VIEWS]:
        raise UsageError(f"there is no view {unknown[0]!r}. There are: {', '.join(VIEWS)}.")
    named = [name for name, value in options.items() if value is not None and value is not False]
    for name in named:
        if VIEWS[name].value and not isinstance(options[name], str):
            raise UsageError(f"{option(name)} needs a value: {option(name)} {VIEWS[name].value}.")
        if VIEWS[name].refines and VIEWS[name].refines not in named:
            refined = VIEWS[name].refines
            raise UsageError(
                f"{option(name)} {str(options[name])[:80]} needs a network to compare with: "
                f"{option(refined)} {VIEWS[refined].value}."
            )
    if len([name for name in named if not VIEWS[name].refines]) > 1:
        *most, last = [option(name) for name, entry in VIEWS.items() if not entry.refines]
        raise UsageError(f"{', '.join(most)} and {last} are tables of their own. Ask for one at a time.")
    return named
