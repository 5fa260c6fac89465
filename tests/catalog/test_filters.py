"""Filters and orders of the catalog, and what is said when nothing passes."""

from __future__ import annotations

import pytest
from levit_bench.catalog.entries import entries
from levit_bench.catalog.filters import ORDERS, Filters, families, family_named, keep, ordered, why_empty
from levit_bench.errors import UsageError
from levit_bench.numbers.units import parse_count
from msgspec.structs import replace

BARE = replace(entries()[0], name="bare", top1=None, macs_m=None)


def test_without_filters_everything_passes_in_its_order() -> None:
    assert keep(entries(), Filters()) == entries()


def test_each_filter_keeps_what_it_says_and_all_hold_together() -> None:
    filters = Filters(families=("LeViT", "Swin"), min_top1=80.0, max_macs=2e9, in1k_only=True)
    kept = keep(entries(), filters)
    assert [entry.name for entry in kept] == ["levit_192", "levit_256", "levit_256.fb_dist_in1k", "levit_conv_256"]


def test_limits_are_inclusive() -> None:
    levit = next(entry for entry in entries() if entry.name == "levit_192")
    assert keep([levit], Filters(min_top1=levit.top1, max_macs=(levit.macs_m or 0) * 1e6)) == (levit,)


def test_an_entry_without_the_figure_does_not_pass_a_limit_on_it() -> None:
    assert keep([BARE], Filters(min_top1=1.0)) == ()
    assert keep([BARE], Filters(max_macs=1e15)) == ()


@pytest.mark.parametrize("order", ORDERS)
def test_orders_are_stable_and_keep_every_entry(order: str) -> None:
    some = (BARE, *entries())
    found = ordered(some, order)
    assert sorted(e.name for e in found) == sorted(e.name for e in some)
    assert ordered(ordered(some, order), order) == found
    same = [e for e in found if e.resolution == 224]
    if order == "resolution":
        assert same == [e for e in some if e.resolution == 224]


def test_the_best_accuracy_and_the_least_cost_come_first_and_what_is_unknown_last() -> None:
    some = (BARE, *entries())
    top1 = [entry.top1 for entry in ordered(some, "top1")]
    assert top1[-1] is None
    assert top1[:-1] == sorted((entry.top1 for entry in entries()), reverse=True)
    assert [e.macs_m for e in ordered(some, "macs")][:-1] == sorted(e.macs_m for e in entries())
    assert [e.params_m for e in ordered(some, "params")] == sorted(e.params_m for e in some)


def test_a_family_is_found_in_any_case_and_a_wrong_one_answered_with_the_nearest_and_all() -> None:
    assert family_named("mobilenetv3") == "MobileNetV3"
    with pytest.raises(UsageError, match=r"unknown family 'mobilnetv3'\. Did you mean 'MobileNetV3'\? Families: CAF"):
        family_named("mobilnetv3")
    with pytest.raises(UsageError) as caught:
        family_named("\x1b[31m" + "x" * 500)
    assert str(caught.value).isprintable()
    assert all(family in str(caught.value) for family in families())


def test_families_differ_in_more_than_case() -> None:
    assert len({family.lower() for family in families()}) == len(families())


def test_when_nothing_passes_the_filter_to_loosen_is_named() -> None:
    said = why_empty(entries(), Filters(families=("VGG",), max_macs=1e6))
    assert said == ("none of 163 networks passes all filters: without --max-macs 1.00M 1 would. Loosen that.")


def test_when_one_filter_less_is_not_enough_all_are_named() -> None:
    said = why_empty(entries(), Filters(families=("VGG",), min_top1=99.0, max_macs=1e6, in1k_only=True))
    assert said.endswith("Loosen several of --family VGG, --min-top1 99, --max-macs 1.00M, --in1k-only.")


@pytest.mark.parametrize(
    ("text", "count"),
    [("600M", 6e8), ("1.2G", 1.2e9), ("1.2 g", 1.2e9), ("250000", 250_000), ("5e9", 5e9), ("3k", 3e3), ("0.5T", 5e11)],
)
def test_counts_are_read_as_people_write_them(text: str, count: float) -> None:
    assert parse_count(text) == pytest.approx(count)


@pytest.mark.parametrize(
    "text", ["", "M", "-5M", "0", "600MB", "1,2G", "nan", "inf", "1e999", "٣M", "5 5M", "\x1b[31m"]
)
def test_a_count_that_is_none_is_refused_in_words(text: str) -> None:
    with pytest.raises(UsageError, match="invalid count") as caught:
        parse_count(text)
    assert str(caught.value).isprintable()
