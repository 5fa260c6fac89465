"""The plan of a nightly job: a TOML file with what is measured every night, and how it is judged.

    networks = ["levit_128s", "nets.py:build"]
    budget = "10m"
    batch = [1, 16]

    [judge]
    reference = "v1"
    acknowledged = "trend.toml"

The first part takes the arguments of `levit_bench.measure`, under the same names.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from levit_bench.asking import arguments
from levit_bench.asking.request import Request
from levit_bench.errors import UsageError
from levit_bench.numbers.dates import period
from levit_bench.paths.toml_files import NoTomlError, read_toml
from levit_bench.reading.rules import TREND_MIN_EFFECT, min_effect_from
from levit_bench.spelling import did_you_mean

TITLE = "nightly"
SINCE = "30d"
"""How long an alert that nobody has acknowledged makes the night fail, by default."""
_JUDGE = ("reference", "since", "min_effect", "acknowledged")


class NightlyPlan(NamedTuple):
    """What is measured every night, and how it is judged."""

    request: Request
    title: str
    """Of the sessions."""
    reference: str | None
    """Session or tag that slow drift is held against; absent: the first sessions of each case."""
    since: str
    """Alerts that were found before do not make the night fail."""
    min_effect: str
    """Least lasting change."""
    acknowledged: Path | None
    """File of alerts that a person has seen."""


def read_plan(path: Path) -> NightlyPlan:
    """The plan of a file; paths in it are relative to the current folder.

    Raises:
        UsageError: it cannot be read or is malformed; the message says where and what to write.
    """
    document = _document(path)
    judge = document.pop("judge", {})
    if not isinstance(judge, dict):
        raise _broken(path, "judge is no table: write [judge]")
    title, networks = document.pop("title", TITLE), document.pop("networks", None)
    for name, value in document.items():
        if isinstance(value, dict):
            raise _broken(path, f"there is no table [{name[:80]}]; the only one is [judge]")
    if not networks:
        raise _broken(path, 'it lacks networks, such as networks = ["levit_128s"]')
    try:
        fields = arguments.fields(document)
        request = Request(networks=arguments.words("networks", networks), **fields)
        words = arguments.title(title)
        return NightlyPlan(request, words or TITLE, *_judging(judge))
    except (TypeError, UsageError) as error:
        raise _broken(path, str(error)) from error


def _judging(judge: Mapping[str, Any]) -> tuple[str | None, str, str, Path | None]:
    for name in judge:
        if name not in _JUDGE:
            raise UsageError(f"[judge] has no {name[:80]!r}.{did_you_mean(name, _JUDGE)} It takes {', '.join(_JUDGE)}")
    reference = arguments.optional_text("reference", judge.get("reference"))
    since = arguments.text("since", judge.get("since", SINCE))
    min_effect = arguments.share("min_effect", judge.get("min_effect", TREND_MIN_EFFECT))
    period(since, None)  # refused before anything is measured
    min_effect_from(min_effect)
    named = judge.get("acknowledged")
    if named is not None and not Path(arguments.text("acknowledged", named)).is_file():
        raise UsageError(f"acknowledged = {named!r}: there is no such file. Write one, or leave it out")
    return reference, since, min_effect, None if named is None else Path(named)


def _document(path: Path) -> dict[str, Any]:
    try:
        return read_toml(path)
    except OSError as error:
        raise UsageError(
            f"cannot read the plan {path}: {error.strerror or error}. Write a TOML file with networks and budget."
        ) from error
    except NoTomlError as error:
        raise _broken(path, f"it is {error}") from error


def _broken(path: Path, why: str) -> UsageError:
    return UsageError(
        f"{path} is no plan of a night: {why.rstrip('.')}. It takes networks, budget and the other arguments of "
        "levit_bench.measure, and a table [judge]."
    )
