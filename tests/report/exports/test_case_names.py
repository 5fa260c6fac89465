"""Names of exported cases: equal from session to session, different within one, short enough for every consumer."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from levit_bench.records import Record
from levit_bench.report.exports.case_names import LONGEST_BYTES, case_names, stems, within_bytes

from tests.making import record
from tests.report.exports.made import labelled


def named(*records: Record) -> list[str]:
    return case_names(records)


def test_a_name_says_the_network_and_its_setting() -> None:
    assert named(record("levit_192"), record("levit_192", batch=16, allocator="shipped", runtime="onnxruntime")) == [
        "levit_192 224px b1 t1 pinned",
        "levit_192 224px b16 t1 shipped onnxruntime",
    ]


def test_a_name_holds_neither_the_session_nor_the_digest_of_a_file() -> None:
    before, after = record("nets.py:build(2)#3f2a91", session="s1"), record("nets.py:build(2)#77aabb", session="s2")
    assert named(before) == named(after) == ["nets.py:build(2) 224px b1 t1 pinned"]


def test_a_label_of_the_user_is_the_name() -> None:
    assert named(labelled(record("nets.py:build#3f2a91"), "ours")) == ["ours 224px b1 t1 pinned"]


def test_names_do_not_depend_on_the_cases_beside_them() -> None:
    one, other = record("levit_192"), record("levit_192", batch=16)
    assert named(one, other)[0] == named(one)[0]


def test_two_labels_alike_get_the_networks_behind_them() -> None:
    assert named(labelled(record("one"), "ours"), labelled(record("two"), "ours"), record("three")) == [
        "ours (one) 224px b1 t1 pinned",
        "ours (two) 224px b1 t1 pinned",
        "three 224px b1 t1 pinned",
    ]


def test_two_packages_of_one_form_are_told_apart() -> None:
    made = [record("net", form="pruned", threads=n) for n in (1, 1)]
    records = [
        msgspec.structs.replace(one, info=msgspec.structs.replace(one.info, made_by={"form": package}))
        for one, package in zip(made, ("their-forms 1.0", "our-forms 2.0"), strict=True)
    ]
    assert named(*records) == [
        "net 224px b1 t1 pinned pruned form of their-forms 1.0",
        "net 224px b1 t1 pinned pruned form of our-forms 2.0",
    ]


def test_two_files_of_one_name_are_told_apart_by_their_digests() -> None:
    assert named(record("m.onnx#3f2a91"), record("m.onnx#77aabb")) == [
        "m.onnx#3f2a91 224px b1 t1 pinned",
        "m.onnx#77aabb 224px b1 t1 pinned",
    ]


def test_a_side_is_named_only_where_there_are_several() -> None:
    first, second = record("net", side="a"), record("net", side="b")
    assert named(first, second) == ["net 224px b1 t1 pinned side a", "net 224px b1 t1 pinned side b"]
    assert named(second) == ["net 224px b1 t1 pinned"]


def test_control_characters_are_spelled_out() -> None:
    assert named(labelled(record("net"), "a\nb\x1b[31m")) == ["a\\x0ab\\x1b[31m 224px b1 t1 pinned"]


@given(st.lists(st.text(max_size=1500), min_size=1, max_size=4, unique=True))
def test_names_of_any_labels_are_distinct_and_at_most_1024_bytes(labels: list[str]) -> None:
    records = [labelled(record(f"net{place}"), label) for place, label in enumerate(labels)]
    names = named(*records)
    assert len(set(names)) == len(names)
    assert all(0 < len(name.encode()) <= LONGEST_BYTES for name in names)


def test_long_names_that_begin_alike_stay_different() -> None:
    first, second = within_bytes("é" * 600 + "1", LONGEST_BYTES), within_bytes("é" * 600 + "2", LONGEST_BYTES)
    assert first != second
    assert {len(first.encode()), len(second.encode())} <= {LONGEST_BYTES, LONGEST_BYTES - 1}


@given(st.lists(st.text(max_size=200), max_size=6, unique=True))
def test_stems_are_distinct_and_safe(names: list[str]) -> None:
    made = stems([name.encode("utf-8", "replace").decode() for name in names])
    texts = [stem.casefold() for stem in made.values()]
    assert len(set(texts)) == len(texts)
    assert all(stem and not set(stem) & set('/\\. :*?"<>|') and len(stem) < 200 for stem in texts)


def test_a_stem_reads_as_its_name() -> None:
    assert stems(["nets.py:build 224px b1"]) == {"nets.py:build 224px b1": "nets-py-build-224px-b1"}
    upper, lower = stems(["Net b1", "net b1"]).values()
    assert upper.casefold() != lower.casefold()
