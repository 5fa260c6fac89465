"""Which stored case somebody means who writes a few words."""

from __future__ import annotations

import pytest
from levit_bench.errors import NothingToShowError, UsageError
from levit_bench.judge.case_lookup import named, two
from levit_bench.judge.comparability import where

from tests.making import record

RECORDS = [
    record("levit_192", allocator="pinned", batch=1),
    record("levit_192", allocator="shipped", batch=1),
    record("levit_192", allocator="pinned", batch=16),
    record("net", resolution=224),
    record("net", resolution=256),
    record("nets.py:build#0123456789ab"),
    record("odd:name=of,one"),
    record("yardstick-1a", role="yardstick"),
]


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("levit_192:batch=16", 2),
        ("levit_192:allocator=shipped", 1),
        ("levit_192: batch = 1 , allocator = pinned ", 0),
        ("net@256", 4),
        ("net:resolution=224", 3),
        ("nets.py:build", 5),
        ("nets.py:build#0123456789ab", 5),
        ("nets.py:build:batch=1", 5),
        ("odd:name=of,one", 6),
        ("odd:name=of,one:batch=1", 6),
    ],
)
def test_words_name_one_case(text, at):
    assert named(RECORDS, text) is RECORDS[at]


def test_several_are_refused_with_what_they_differ_in_and_a_name_that_works():
    with pytest.raises(UsageError) as caught:
        named(RECORDS, "levit_192")
    said = str(caught.value)
    assert "'levit_192' is 3 stored cases, which differ in batch (1, 16), allocator (pinned, shipped)" in said
    offered = said.split("or name one: ")[1]
    assert offered == "levit_192:batch=1,allocator=pinned"
    assert named(RECORDS, offered) is RECORDS[0]


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        (
            "levit_19",
            NothingToShowError,
            "no stored case is of 'levit_19'. Did you mean 'levit_192'? Stored are: levit_",
        ),
        ("yardstick-1a", NothingToShowError, "no stored case is of 'yardstick-1a'"),
        ("levit_192:batch", NothingToShowError, "no stored case is of 'levit_192:batch'"),
        ("net@240", NothingToShowError, "no stored case has resolution=240. Stored are: 224, 256."),
        ("levit_192:batch=2", NothingToShowError, "no stored case has batch=2. Stored are: 1, 16."),
        ("levit_192:bath=1", UsageError, "cannot choose by 'bath': no such field. Did you mean 'batch'?"),
        ("levit_192:batch=1,form", UsageError, "'form' in 'levit_192:batch=1,form' has no value"),
        (
            "levit_192:batch=1, batch = 16",
            UsageError,
            "'levit_192:batch=1, batch = 16' gives batch twice, 1 and 16, and names one case. Give it once.",
        ),
        ("levit_192:batch=1,allocator=pinned,batch=1", UsageError, "gives batch twice, 1 and 1"),
        ("net@224:resolution=256", UsageError, "gives resolution twice, 224 and 256"),
    ],
)
def test_words_that_name_nothing_are_refused_with_what_there_is(text, error, said):
    with pytest.raises(error) as caught:
        named(RECORDS, text)
    assert said in str(caught.value)


def test_nothing_stored_is_said():
    with pytest.raises(NothingToShowError, match="Stored are: none"):
        named([], "levit_192")


def test_of_two_that_are_several_one_choice_for_both_is_named_that_works():
    crowd = [record(name, runtime=runtime, batch=2) for runtime in ("eager", "onnxruntime") for name in ("a", "b")]
    crowd.append(record("b", runtime="eager", batch=4))
    for first, runtime, said in (
        ("a", "eager", "runtime=eager,batch=2"),
        ("a:runtime=onnxruntime", "onnxruntime", "batch=2,runtime=onnxruntime"),
    ):
        with pytest.raises(UsageError) as caught:
            two(crowd, first, "b")
        assert str(caught.value).endswith(f" Add --where {said}, which holds for both sides.")
        found = two(where(crowd, {"runtime": runtime, "batch": "2"}), first, "b")
        assert [record.case.network for record in found] == ["a", "b"]


def test_where_no_choice_fits_both_sides_one_name_is_offered():
    crowd = [record("a", batch=1), record("a", batch=2), record("b", batch=4)]
    with pytest.raises(UsageError, match=r"name one: a:batch=1$"):
        two(crowd, "a", "b")


def test_two_different_cases_are_needed():
    assert two(RECORDS, "net@224", "net@256") == (RECORDS[3], RECORDS[4])
    with pytest.raises(UsageError, match="'net@224' and 'net:resolution=224' are the same case, net 224px"):
        two(RECORDS, "net@224", "net:resolution=224")
