"""One table of the axes of a case: fields, defaults, ids and names derive from it or are held equal to it."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from levit_bench import axes
from levit_bench.axes import AXES, BY_NAME, AxisKind, Shown
from levit_bench.judge.comparability import FIELDS_OF_SETTING, Setting
from levit_bench.judge.variance import reproducibility
from levit_bench.measuring.reference_cases import Environment, environment_of
from levit_bench.records import Case

RESULTS = Path(__file__).parents[1] / "results"
PLAIN = Case(network="n", resolution=224)


def test_every_field_of_a_case_is_an_axis_with_its_default() -> None:
    fields = {one.name: one for one in msgspec.structs.fields(Case)}
    assert fields.keys() == BY_NAME.keys()
    assert len(BY_NAME) == len(AXES)
    defaults = {name: one.default for name, one in fields.items() if not one.required}
    assert defaults == {axis.name: axis.usual for axis in AXES if axis.name not in ("network", "resolution")}


def test_whoever_asks_for_an_axis_finds_words_for_it() -> None:
    for axis in AXES:
        assert axis.asked == bool(axis.help) == bool(axis.metavar), axis
        assert bool(axis.plural) == (axis.kind in (AxisKind.NUMBERS, AxisKind.BATCHES, AxisKind.NAMES)), axis
        assert axis.is_numeric == (axis.largest is not None), axis
    ranks = [axis.rank for axis in axes.SETTING]
    assert ranks == sorted(set(ranks)), "two axes at one place of a heading"


@pytest.mark.parametrize("axis", [axis for axis in AXES if axis.since > 1], ids=lambda axis: axis.name)
def test_a_usual_value_that_older_files_lack_leaves_the_id_as_it_was(axis: axes.Axis) -> None:
    assert msgspec.structs.replace(PLAIN, **{axis.name: axis.usual}).id == PLAIN.id
    other = "uint8" if axis.name == "dtype" else 7
    assert msgspec.structs.replace(PLAIN, **{axis.name: other}).id != PLAIN.id


def test_every_stored_case_has_the_id_that_it_was_stored_with() -> None:
    lines = (line for path in RESULTS.rglob("*.jsonl") for line in path.read_text(encoding="utf-8").splitlines())
    stored = [json.loads(line) for line in lines if '"kind":"case"' in line[:40]]
    assert len(stored) > 1000
    assert all(msgspec.convert(one["case"], Case).id == one["id"] for one in stored)


@pytest.mark.parametrize("axis", [axis for axis in axes.SAID if axis.name != "network"], ids=lambda axis: axis.name)
def test_the_name_of_a_case_says_a_value_that_is_not_as_usual(axis: axes.Axis) -> None:
    other = {"resolution": 32, "dtype": "uint8"}.get(axis.name, 7 if isinstance(axis.usual, int) else "another")
    case = msgspec.structs.replace(PLAIN, **{axis.name: other})
    assert axis.word(other) in case.words()
    usual_is_said = axis.word(PLAIN.value(axis.name)) in PLAIN.words()
    assert usual_is_said == (axis.shown is Shown.ALWAYS)
    assert case.label != PLAIN.label


def test_numbers_that_have_a_noun_are_counted() -> None:
    assert BY_NAME["threads"].phrase(1) == "1 thread"
    assert BY_NAME["threads"].phrase("4") == "4 threads"
    assert BY_NAME["channels"].word(1) == "1 channel"
    assert BY_NAME["batch"].phrase(16) == "batch 16"


def test_what_worker_processes_have_for_life_is_what_tells_environments_apart() -> None:
    assert set(Environment._fields) == {axis.name for axis in AXES if axis.process}
    assert environment_of(PLAIN) == tuple(PLAIN.value(name) for name in Environment._fields)


def test_a_kind_of_session_names_its_axes_as_the_table_does() -> None:
    of_a_session = {"machine", "gpu", "isolation", "affinity", "allowance", "shell", "torch", "yardstick"}
    assert {name for name in reproducibility.Kind._fields if name not in of_a_session} == {
        "device",
        "threads",
        "allocator",
    }
    assert {"device", "threads", "allocator"} <= {axis.name for axis in axes.SETTING}


def test_a_setting_holds_every_axis_that_makes_one_in_the_order_of_headings() -> None:
    told = [name for name in FIELDS_OF_SETTING if name in BY_NAME]
    assert told == [axis.name for axis in axes.SETTING]
    assert FIELDS_OF_SETTING.index("gpu") == FIELDS_OF_SETTING.index("device") + 1
    assert FIELDS_OF_SETTING.index("runtime_version") == FIELDS_OF_SETTING.index("runtime") + 1
    assert set(FIELDS_OF_SETTING) - set(told) | {"case"} == set(Setting.__struct_fields__)
