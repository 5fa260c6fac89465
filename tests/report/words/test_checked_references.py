"""What a session says of the networks that model files were compared with."""

from __future__ import annotations

from levit_bench.records import Record
from levit_bench.report.words.checked_references import sentence
from msgspec.structs import replace

from tests.making import record


def compared(name: str, reference: str | None, distance: float | None) -> Record:
    one = record(name)
    return replace(one, info=replace(one.info, reference=reference, reference_distance=distance))


def test_nothing_is_said_where_no_file_was_compared() -> None:
    assert sentence([record("a"), compared("m.onnx#3f2a91", "nets.py:build", None)]) is None


def test_a_file_is_named_once_with_its_function_and_the_largest_distance() -> None:
    one = compared("m.onnx#3f2a91", "nets.py:build#c0ffee", 1.2e-7)
    other = compared("m.onnx#3f2a91", "nets.py:build#c0ffee", 3.4e-7)
    assert sentence([one, other, record("b")]) == (
        "outputs compared with eager fp32 (relative L2): m.onnx as nets.py:build#c0ffee (3.4e-07)"
    )


def test_of_many_files_the_first_are_named() -> None:
    many = [compared(f"{number}.onnx", "nets:build", 1e-7) for number in range(5)]
    assert str(sentence(many)).endswith("2.onnx as nets:build (1e-07) and 2 more files")
