"""The axes that a table's rows share, and those that tell them apart, said in every row."""

from __future__ import annotations

import pytest
from levit_bench.axes import BY_NAME
from levit_bench.records import Case
from levit_bench.report.words.shared_axes import heading, rests, words_of


@pytest.mark.parametrize(
    ("axis", "other", "said"),
    [
        ("runtime", "openvino", ["eager", "openvino"]),
        ("precision", "bf16", ["fp32", "bf16"]),
        ("form", "inference", ["form shipped", "inference"]),
        ("streams", 2, ["s1", "s2"]),
        ("device", "cuda", ["cpu", "cuda"]),
        ("allocator", "shipped", ["pinned", "shipped"]),
    ],
)
def test_an_axis_that_varies_says_its_usual_value_too(axis: str, other: object, said: list[str]) -> None:
    cases = [Case(network="a", resolution=224), Case(network="a", resolution=224, **{axis: other})]
    words = words_of(cases)
    assert rests(words) == said
    assert heading(words) == "all: 224px b1 t1" + ("" if axis == "allocator" else " pinned")


def test_an_axis_that_does_not_vary_goes_without_saying_where_it_is_usual() -> None:
    cases = [Case(network=name, resolution=224, runtime="compile") for name in "ab"]
    assert words_of(cases) == [["224px", "b1", "t1", "pinned", "compile"]] * 2


def test_the_usual_form_and_the_shipped_allocator_are_told_apart() -> None:
    case = Case(network="a", resolution=224, allocator="shipped")
    assert case.words(also=("form",)) == ["224px", "b1", "t1", "shipped", "form shipped"]
    assert BY_NAME["form"].word("shipped") != BY_NAME["allocator"].word("shipped")
