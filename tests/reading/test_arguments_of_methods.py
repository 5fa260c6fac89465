"""Arguments of the methods that read: what the command line takes they take, and the wrong kind is refused in words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import levit_bench
import numpy
import pytest
from levit_bench import Results
from levit_bench.errors import NothingToShowError, UsageError

from tests.house.test_reading_needs_no_workshop import FIRST, SECOND
from tests.reading.test_verbs_print_what_methods_return import store

__all__ = ["store"]

SPEEDS = """model,infer_samples_per_sec,infer_step_time,infer_batch_size,infer_img_size
levit_192.fb_dist_in1k,643.12,1.555,1,224
levit_192.fb_dist_in1k,700.0,22.857,16,224
"""
WRONG: list[tuple[str, Callable[[Any], object]]] = [
    ("published=3: give the path", lambda one: one.front(published=3)),
    ("x.csv", lambda one: one.front(published="x.csv")),
    ("x.csv", lambda one: one.front(published=Path("x.csv"))),
    ("published_batch=1.5: give whole", lambda one: one.front(published_batch=1.5)),
    ("published_networks=3: give a text", lambda one: one.front(published_networks=3)),
    ("published_front='no': give True", lambda one: one.front(published_front="no")),
    ("base='runtime=eager': give fields and values", lambda one: one.front(base="runtime=eager")),
    ("runtime=.'eager'.: give a text or a number", lambda one: one.front(base={"runtime": ["eager"]})),
    ("on=3: give a text", lambda one: one.front(on=3)),
    ("overlay=3: give a text", lambda one: one.front(overlay=3)),
    ("--overlay torch: no such choice", lambda one: one.front(overlay=("runtime", "torch"))),
    ("metric='speed': give 'latency'", lambda one: one.front("speed")),
    ("on=3: give a text", lambda one: one.pick(min_top1=80, on=3)),
    ("min_top1='80': give a number", lambda one: one.pick(min_top1="80")),
    ("min_throughput='x': give a number", lambda one: one.pick(min_throughput="x")),
    (r"max_latency=\[1\]: give a text such as '60s'", lambda one: one.pick(max_latency=[1])),
    ("max_latency=True: give a text", lambda one: one.pick(max_latency=True)),
    ("min_top1=True: give a number", lambda one: one.pick(min_top1=True)),
    ("min_effect=0.03: give percent as a text, such as '3%'", lambda one: one.compare(one, min_effect=0.03)),
    ("margin=3: give percent", lambda one: one.compare_before(margin=3)),
    ("min_effect=3: give percent", lambda one: one.aa(min_effect=3)),
    ("other='last': give results", lambda one: one.compare("last")),
    ("ignore=3: give a text", lambda one: one.compare(one, ignore=3)),
    ("first=1: give a text", lambda one: one.compare_within("allocator", 1, 2)),
    ("field=1: give a text", lambda one: one.compare_within(1, "pinned", "shipped")),
    ("first=1: give a text", lambda one: one.explain(1, 2)),
    ("instrument='x': give True", lambda one: one.show(instrument="x")),
    ("batch=.16.: give a text or a number", lambda one: one.where(batch=(1, [16]))),
    ("batch=.. holds no value", lambda one: one.where(batch=())),
    ("session=3: give a text", lambda one: levit_bench.load("results", 3)),  # type: ignore[arg-type]
    ("path=3: give the path", lambda one: levit_bench.load(3)),  # type: ignore[arg-type]
    ("name of a session is empty", lambda one: levit_bench.load("results", "")),
    ("there is no tag 'x' in results. The tags are: none", lambda one: levit_bench.load("results", tag="x")),
    ("there is no tag ''", lambda one: levit_bench.load("results", tag="")),
    ("tag names the sessions of one store", lambda one: levit_bench.load("results", "last", tag="")),
]


@pytest.fixture
def one() -> Results:
    return levit_bench.load("results", FIRST).where(allocator="pinned", batch=1)


@pytest.mark.parametrize(("message", "call"), WRONG, ids=[message for message, _ in WRONG])
def test_an_argument_of_the_wrong_kind_is_refused_in_words(
    message: str, call: Callable[[Any], object], one: Results
) -> None:
    with pytest.raises(UsageError, match=message):
        call(one)


def test_one_of_a_list_may_be_given_alone_or_as_the_command_line_takes_it(one: Results) -> None:
    Path("infer.csv").write_text(SPEEDS, encoding="utf-8")
    every = one.front(published=["infer.csv"]).rows()
    kinds = [row["kind"] for row in every]
    assert kinds.count("published") == 2
    for published in ("infer.csv", Path("infer.csv"), (Path("infer.csv"),)):
        assert one.front(published=published, published_batch="1,16").rows() == every
    (sixteen,) = [row for row in one.front(published="infer.csv", published_batch=16).rows() if row["source"]]
    assert sixteen["images_per_s"] == 700.0
    other = levit_bench.load("results", SECOND).where(allocator="pinned", batch=1)
    both = one.compare(other, ignore="torch,isolation").document()
    assert both == one.compare(other, ignore=("torch", "isolation")).document()


def test_numbers_of_numpy_are_numbers(one: Results) -> None:
    assert one.pick(min_top1=numpy.float64(75)) == one.pick(min_top1=75)
    assert one.pick(max_latency=numpy.float64(0.04)) == one.pick(max_latency="40ms")
    assert len(one.where(batch=numpy.int64(1))) == len(one)


def test_where_takes_sizes_as_pairs_and_none_for_what_is_not_known(one: Results) -> None:
    assert len(one.where(resolution=(224, 224))) == len(one.where(resolution=224)) > 0
    assert len(one.where(gpu=None)) == len(one)
    assert one.front(base={"gpu": None, "batch": 1}).rows() == one.front().rows()
    with pytest.raises(NothingToShowError, match="no stored case has resolution=192x256"):
        one.where(resolution=(192, 256))
