import typing

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.records import Case, CaseLine, Line, Machine, RunEndLine, RunStartLine, SessionLine, TurnLine

LINE_TYPES = [SessionLine, CaseLine, RunStartLine, TurnLine, RunEndLine]
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
LEAVES = {
    str: texts,
    int: st.integers(-(2**62), 2**62),
    float: st.floats(allow_nan=False, allow_infinity=False),
    bool: st.booleans(),
    type(None): st.none(),
}


def anything(hint):
    """Every value that a field's type allows; hypothesis itself does not know msgspec's defaults."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
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
    return st.builds(hint, **{name: anything(one) for name, one in typing.get_type_hints(hint).items()})


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
    @settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
    @given(anything(kind))
    def check(line):
        assert msgspec.json.decode(msgspec.json.encode(line), type=Line) == line

    check()


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
