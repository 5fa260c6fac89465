import shlex

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from levit_bench.cli.options import several_conditions_from
from levit_bench.errors import NotComparableError, NothingToShowError, UsageError
from levit_bench.judge.comparability import differences, natural, setting, where
from levit_bench.judge.front.panels import panels
from levit_bench.judge.front.pick_settings import pick_settings
from levit_bench.records import Record, Shell
from levit_bench.report.words.setting import phrase

from tests.making import record

STORED = [record("a", threads=t, batch=b, session=f"s{t}") for t in (1, 4) for b in (1, 16)]


def test_where_compares_case_fields_machine_session_and_torch_as_text():
    assert [r.case.batch for r in where(STORED, {"threads": "4"})] == [1, 16]
    assert where(STORED, {"threads": "4", "batch": "16"}) == [STORED[3]]
    assert where(STORED, {"session": "s1", "torch": "2.13.0", "machine": STORED[0].machine.id}) == STORED[:2]
    assert where(STORED, {}) == STORED


def test_an_unknown_field_gets_a_suggestion():
    with pytest.raises(UsageError, match=r"cannot choose by 'thread': no such field. Did you mean 'threads'\?"):
        where(STORED, {"thread": "1"})


def test_no_match_names_the_values_that_exist():
    with pytest.raises(NothingToShowError, match=r"no stored case has batch=8. Stored are: 1, 16\."):
        where(STORED, {"threads": "1", "batch": "8"})
    with pytest.raises(NothingToShowError, match="holds no case at all"):
        where([], {"batch": "8"})


def test_versions_are_ordered_by_number_not_by_letter():
    assert sorted(["2.13.0", "2.7.0", "2.7.0+cpu"], key=natural) == ["2.7.0", "2.7.0+cpu", "2.13.0"]


def test_differences_name_only_the_fields_that_differ():
    assert differences(setting(r) for r in STORED) == {"threads": ("1", "4"), "batch": ("1", "16")}
    assert differences([setting(STORED[0])]) == {}


def test_one_thread_is_singular():
    assert (phrase("threads", "1"), phrase("threads", "4")) == ("1 thread", "4 threads")


def _made_by(axis: str, package: str, session: str, **fields: str) -> Record:
    """A record of a session in which that package brought one field of the case."""
    one = record("a", session=session, **fields)
    return msgspec.structs.replace(one, info=msgspec.structs.replace(one.info, made_by={axis: package}))


@pytest.mark.parametrize("axis", ["device", "form", "precision"])
def test_what_a_package_brings_is_chosen_by_its_name_alone_or_with_the_package(axis):
    versions = ("their-package 1.0", "their-package 2.0")
    stored = [_made_by(axis, version, f"s{version}", **{axis: "theirs"}) for version in versions]
    usual = record("a")
    assert where([*stored, usual], {axis: "theirs"}) == stored
    assert where([*stored, usual], {axis: "theirs (their-package 2.0)"}) == stored[1:]
    with pytest.raises(NothingToShowError, match=r"Stored are: .*theirs \(their-package 1\.0\), theirs \(their-pack"):
        where([*stored, usual], {axis: "theirs (their-package 3.0)"})


_VALUES = {
    "device": ("cpu", "theirs"),
    "form": ("shipped", "theirs"),
    "precision": ("fp32", "theirs"),
    "runtime": ("eager", "theirs"),
    "allocator": ("pinned", "shipped"),
    "batch": (1, 16),
    "threads": (1, 4),
    "streams": (1, 2),
}


@st.composite
def _stores(draw):
    """Sessions in different settings: axes, packages that bring their values, versions, and the calling shell."""
    stored = []
    for number in range(draw(st.integers(1, 5))):
        fields = {name: draw(st.sampled_from(choices)) for name, choices in _VALUES.items()}
        packages = {
            axis: draw(st.sampled_from(("their-package 1.0", "their-package 2.0", "another, package 1.0")))
            for axis in ("device", "form", "precision", "runtime")
            if fields[axis] == "theirs" and draw(st.booleans())
        }
        made = record("a", session=f"s{number}", torch=draw(st.sampled_from(("2.7.0", "2.13.0"))), **fields)
        shell = Shell(settings=draw(st.sampled_from(({}, {"OMP_PLACES": "cores", "A": "b=c, d=e"}))))
        info = msgspec.structs.replace(made.info, made_by=packages)
        conditions = made.conditions if draw(st.booleans()) else msgspec.structs.replace(made.conditions, versions={})
        stored.append(msgspec.structs.replace(made, info=info, conditions=conditions, shell=shell))
    return stored


@given(_stores())
def test_every_field_of_a_panel_is_accepted_by_where_and_together_they_choose_that_panel(stored):
    all_panels = panels(stored)
    for panel in all_panels:
        for name, value in panel.fields.items():
            assert where(stored, {name: value}), (name, value)
        (chosen,) = panels(where(stored, panel.fields))
        assert chosen.fields == panel.fields
        assert [origin.session for origin in chosen.origins] == [origin.session for origin in panel.origins]


@pytest.mark.parametrize("axis", ["runtime", "device", "form", "precision"])
def test_what_a_package_brings_in_two_versions_is_two_panels(axis):
    versions = ("their-package 1.0", "their-package 2.0", "another-package 2.0")
    stored = [_made_by(axis, one, f"s{number}", **{axis: "theirs"}) for number, one in enumerate(versions)]
    assert len(panels(stored)) == 3
    assert len(panels([stored[0], _made_by(axis, versions[0], "s9", **{axis: "theirs"})])) == 1
    (texts,) = differences(map(setting, stored)).values()
    assert len(texts) == 3
    assert all(any(version in text for version in versions) for text in texts)


def test_the_version_of_a_runtime_is_what_its_session_recorded_or_that_of_the_distribution_of_its_name():
    older = record("a", runtime="onnxruntime")
    conditions = msgspec.structs.replace(older.conditions, versions={"onnxruntime": "1.27.0"})
    older = msgspec.structs.replace(older, conditions=conditions)
    newer = _made_by("runtime", "1.27.0", "s2", runtime="onnxruntime")
    assert setting(older) == setting(msgspec.structs.replace(newer, conditions=older.conditions))
    assert where([older, newer], {"runtime_version": "1.27.0"}) == [older, newer]
    assert setting(record("a")).runtime_version is None


def test_the_choice_that_pick_names_is_one_that_where_accepts():
    stored = [_made_by("device", f"their-package {v}", f"s{v}", device="theirs") for v in ("1.0", "2.0")]
    with pytest.raises(NotComparableError) as refused:
        pick_settings(panels(stored))
    option, *choices = shlex.split(str(refused.value).partition("such as the newest: ")[2])
    assert option == "--where"
    (panel,) = panels(where(stored, several_conditions_from(tuple(choices))))
    assert panel.fields["device"] == "theirs (their-package 2.0)"


@pytest.mark.parametrize("axis", ["form", "precision"])
def test_of_two_versions_of_a_package_pick_takes_the_newest(axis):
    versions = ("theirs (their-package 1.0)", "theirs (their-package 2.0)")
    stored = [_made_by(axis, f"their-package {v}", f"s{v}", **{axis: "theirs"}) for v in ("1.0", "2.0")]
    settings = pick_settings(panels(stored))
    assert [panel.fields[axis] for panel in settings.panels] == [versions[1]]
    assert settings.passed_over == {axis: versions}
