import pytest
from levit_bench.errors import NothingToShowError, UsageError
from levit_bench.judge.comparability import differences, natural, setting, where
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
