"""Cases and requests made by hand, for the tests of every format."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

import msgspec
from levit_bench.records import Record, Side
from levit_bench.report.exports.export_request import Commit, ExportRequest
from levit_bench.report.exports.exported_case import select_cases
from levit_bench.report.exports.registry import FORMATS

from tests.making import record

COMMITS = {"base": Commit("a" * 40, 1_767_000_000), "head": Commit("b" * 40, 1_767_100_000)}
RUNS = (0.010, 0.011, 0.0105)


def measured(network: str = "levit_192", commit: str | None = "head", **fields: Any) -> Record:
    """A record of three runs at a commit."""
    made = record(network, fields.pop("runs", RUNS), **fields)
    return with_conditions(made, commit=commit)


def with_conditions(made: Record, **fields: Any) -> Record:
    return msgspec.structs.replace(made, conditions=msgspec.structs.replace(made.conditions, **fields))


def labelled(made: Record, label: str) -> Record:
    return msgspec.structs.replace(made, info=msgspec.structs.replace(made.info, label=label))


def of_side(name: Any, revision: str, *, dirty: bool = False) -> Record:
    """The record of one side of a gate between two commits."""
    sides = tuple(
        Side(
            name=one,
            asked=one,
            revision=commit,
            dirty=dirty and one == name,
            python="3.12.3",
            versions={"torch": "2.12.0"},
        )
        for one, commit in (("a", "base"), ("b", "head"), ("control", "base"))
    )
    made = msgspec.structs.replace(measured(side=name, commit="harness"), sides=sides)
    assert revision == next(side.revision for side in sides if side.name == name)
    return made


def files(to: str, *records: Record, commit: str | None = None) -> dict[str, str]:
    """The files of some records in a format."""
    selection = select_cases(records)
    made = FORMATS[to].make(ExportRequest(selection.cases, commit, COMMITS.get))
    return dict(made.files)


def document(to: str, *records: Record) -> Any:
    """The one file of a format, as its consumer decodes it: constants such as NaN are refused."""
    (text,) = files(to, *records).values()
    return decoded(text)


def decoded(text: str) -> Any:
    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    return json.loads(text, parse_constant=refuse)


def values(document: Any) -> Iterator[Any]:
    """Every value of a document that holds no further ones."""
    if isinstance(document, dict):
        document = list(document.values())
    if isinstance(document, list):
        for one in document:
            yield from values(one)
    else:
        yield document


def assert_no_null(document: Any) -> None:
    found = list(values(document))
    assert found
    assert None not in found
    assert all(math.isfinite(one) for one in found if isinstance(one, float))
