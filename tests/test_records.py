import hashlib
import json
import re
import typing
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from levit_bench.records import Case, CaseLine, Line, Machine, RunEndLine, RunStartLine, SessionLine, TurnLine

LINE_TYPES = [SessionLine, CaseLine, RunStartLine, TurnLine, RunEndLine]
LEAVES = {bool: st.booleans(), type(None): st.none()}


def anything(hint):
    """Every value that a field's type allows; hypothesis itself does not know msgspec's limits and defaults."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        return within(*arguments)
    if hint in LEAVES:
        return LEAVES[hint]
    if origin is typing.Literal:
        return st.sampled_from(arguments)
    if origin is tuple:
        return st.lists(anything(arguments[0]), max_size=2).map(tuple)
    if origin is dict:
        return st.dictionaries(*(anything(argument) for argument in arguments), max_size=2)
    if arguments:
        return st.one_of([anything(argument) for argument in arguments])
    hints = typing.get_type_hints(hint, include_extras=True)
    return st.builds(hint, **{name: anything(one) for name, one in hints.items()})


def within(kind, limits):
    """Every value of a type of `bench/levit_bench/numbers/ranges.py`."""
    if kind is float:
        least = limits.ge if limits.ge is not None else limits.gt
        return st.floats(least, limits.le, exclude_min=limits.ge is None)
    if kind is int:
        return st.integers(limits.ge, limits.le)
    if kind is str and limits.pattern:
        return st.from_regex(limits.pattern, fullmatch=True)
    if kind is str:
        return st.text(st.characters(exclude_categories=["Cs"]), min_size=limits.min_length or 0, max_size=8)
    return anything(kind).filter(lambda found: len(found) >= (limits.min_length or 0))


cases = anything(Case)


@pytest.mark.parametrize("field", Case.__struct_fields__)
def test_a_cases_id_changes_with_every_field(field):
    case = Case(network="levit_192", resolution=224)
    value = getattr(case, field)
    other = 1 if value is None else value + 1 if isinstance(value, int) else value + "x"
    changed = msgspec.structs.replace(case, **{field: other})
    assert changed.id != case.id


@given(cases, cases)
def test_cases_share_an_id_only_when_they_are_equal(a, b):
    assert a.id == msgspec.structs.replace(a).id
    assert (a.id == b.id) == (a == b)


@given(cases)
def test_a_cases_id_is_made_as_the_page_of_the_format_says(case):
    page = (Path(__file__).parents[1] / "docs" / "format.md").read_text(encoding="utf-8")
    left_out = dict(re.findall(r"`(\w+)` at `([^`]+)`", page))
    fields = {
        name: value
        for name, value in msgspec.to_builtins(case).items()
        if name not in left_out or json.dumps(value) != left_out[name]
    }
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert case.id == hashlib.sha256(text.encode()).hexdigest()[:12]


def test_neighbouring_fields_cannot_lend_each_other_letters():
    assert Case(network="ab", weights="c", resolution=1).id != Case(network="a", weights="bc", resolution=1).id


def test_a_cases_id_is_the_same_on_every_machine_and_tomorrow():
    case = Case(network="levit_192", resolution=224)
    assert case.id == Case(network="levit_192", resolution=224, threads=1).id
    assert len(case.id) == 12
    assert int(case.id, 16) >= 0


@pytest.mark.parametrize("kind", LINE_TYPES, ids=lambda kind: kind.__name__)
def test_any_line_survives_writing_and_reading(kind):
    # Lines hold lines of nouns: a busy machine takes long to make one up.
    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(anything(kind))
    def check(line):
        assert msgspec.json.decode(msgspec.json.encode(line), type=Line) == line

    check()


def bare(hint, where):
    """Fields that a reader would take any number or text for, by the way to them."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint in (int, float, str, dict):
        yield where
    elif origin is typing.Annotated:
        kind, limits = arguments
        ends = (limits.ge if limits.ge is not None else limits.gt, limits.le)
        if (kind in (int, float) and None in ends) or (kind is str and not (limits.max_length or limits.pattern)):
            yield where
        for argument in typing.get_args(kind):
            yield from bare(argument, where)
    elif origin is not typing.Literal:
        for argument in arguments:
            yield from bare(argument, where)
        if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
            for name, one in typing.get_type_hints(hint, include_extras=True).items():
                yield from bare(one, f"{where}.{name}")


@pytest.mark.parametrize("kind", LINE_TYPES, ids=lambda kind: kind.__name__)
def test_every_number_and_text_of_a_line_has_its_limits(kind):
    assert list(bare(kind, kind.__name__)) == []


def test_a_field_without_limits_would_be_noticed():
    class Free(msgspec.Struct):
        values: tuple[float | None, ...]
        within: Case

    assert list(bare(Free, "Free")) == ["Free.values"]


def test_a_machines_id_is_a_safe_folder_name_that_depends_on_every_field():
    base = {
        "cpu_model": "../Intel(R) Xeon(R) CPU @ 2.20GHz/\x1b",
        "isa": "x86_64",
        "logical_cores": 2,
        "memory_bytes": 1,
    }
    machine = Machine(**base)
    assert machine.id.startswith("intel-xeon-2-20ghz-2c-")
    changes = {"isa": "aarch64", "logical_cores": 4, "memory_bytes": 2, "features": ("avx2",), "gpus": ("H100",)}
    ids = {Machine(**{**base, name: value}).id for name, value in changes.items()}
    assert len(ids | {machine.id}) == len(changes) + 1


def test_nouns_cannot_be_changed():
    case = Case(network="a", resolution=1)
    with pytest.raises(AttributeError):
        case.network = "b"
