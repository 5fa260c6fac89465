"""Which cases of two sides are paired, and what is said of those that are not."""

from __future__ import annotations

import msgspec
import pytest
from levit_bench.errors import UsageError
from levit_bench.judge.compare.matching import NEVER, check_ignored, edited, keyed, match, not_paired, why_nothing

from tests.making import record
from tools.simulated.generate_store import MACHINE

OTHER = msgspec.structs.replace(MACHINE, logical_cores=2)


def matched(first, second, *ignore):
    return match(keyed(first), keyed(second), ignore)


def networks(pairs):
    return [(pair.first.network, pair.differing) for pair in pairs]


def test_equal_cases_find_each_other_whatever_else_there_is():
    first = [record("a"), record("b", threads=4), record("gone")]
    second = [record("fresh"), record("b", threads=4), record("b"), record("a")]
    found = matched(first, second)
    assert networks(found.pairs) == [("a", {}), ("b", {})]
    assert [key.network for key in found.left] == ["gone"]
    assert [(key.network, key.setting.case.threads) for key in found.right] == [("fresh", 1), ("b", 1)]


def test_what_differs_is_set_apart_with_the_values():
    found = matched([record("a", resolution=224)], [record("a", resolution=256, torch="2.14.0")])
    assert networks(found.apart) == [("a", {"resolution": ("224", "256"), "torch": ("2.13.0", "2.14.0")})]
    assert (found.pairs, found.left, found.right) == ((), (), ())


def test_an_ignored_field_may_differ_and_no_other():
    first = [record("a"), record("b")]
    second = [record("a", torch="2.14.0"), record("b", torch="2.14.0", threads=2)]
    found = matched(first, second, "torch")
    assert networks(found.pairs) == [("a", {"torch": ("2.13.0", "2.14.0")})]
    assert networks(found.apart) == [("b", {"threads": ("1", "2"), "torch": ("2.13.0", "2.14.0")})]


def test_equals_win_over_what_ignoring_allows():
    first, second = [record("a"), record("a", threads=2)], [record("a", threads=2), record("a")]
    assert networks(matched(first, second, "threads").pairs) == [("a", {}), ("a", {})]


def test_a_case_that_ignoring_gives_several_counterparts_is_refused_with_a_choice():
    with pytest.raises(
        UsageError, match=r"a has 2 counterparts when threads is ignored \(2, 4\)\. Choose with --where"
    ):
        matched([record("a")], [record("a", threads=2), record("a", threads=4)], "threads")


def test_the_order_is_that_of_the_first_side_and_instruments_take_no_part():
    first = [record("b"), record("a"), record("yardstick-1a", role="yardstick")]
    assert networks(matched(first, [record("a"), record("b")]).pairs) == [("b", {}), ("a", {})]
    assert matched(first, first).right == ()


def test_a_session_that_was_read_twice_counts_once_and_sessions_stand_in_order():
    late, early = record("a", session="s2"), record("a", session="s1")
    ((_, group),) = keyed([late, early, late]).items()
    assert [one.session for one in group] == ["s1", "s2"]


@pytest.mark.parametrize("field", NEVER)
def test_what_decides_the_unit_cannot_be_ignored(field):
    with pytest.raises(UsageError, match=f"--ignore {field} is not possible: "):
        check_ignored(["torch", field])


def test_an_unknown_field_is_refused_with_the_nearest():
    with pytest.raises(UsageError, match=r"no such field\. Did you mean 'threads'\?"):
        check_ignored(["thread"])


def test_the_reason_names_fields_values_and_the_way_out():
    first, second = [record("a"), record("b")], [record("a", threads=4), record("b", threads=4, torch="2.7.0")]
    assert why_nothing(keyed(first), keyed(second), matched(first, second).apart) == (
        "cannot compare: the results differ in threads (1, 4) and torch (2.7.0, 2.13.0). "
        "Choose with --where, or say --ignore threads --ignore torch."
    )


def test_another_machine_is_refused_without_a_way_round():
    first, second = [record("a")], [record("a", machine=OTHER)]
    told = why_nothing(keyed(first), keyed(second), matched(first, second).apart)
    assert f"differ in machine ({OTHER.id}, {MACHINE.id})" in told
    assert "Not even ratios carry over: two machines" in told
    assert "--ignore" not in told


def test_sides_without_a_common_network_are_told_what_they_hold():
    first, second = keyed([record("a"), record("b")]), keyed([record("c")])
    assert why_nothing(first, second, ()) == (
        "cannot compare: no network is on both sides. The first has a, b; the second has c."
    )


OLD, NEW, OTHER_FILE = "nets.py:build#94d38b", "nets.py:build#56f303", "nets.py:build#77b1e2"


def versions(pairs):
    return [(pair.first.network, pair.second.network) for pair in pairs]


def test_a_file_that_was_edited_between_the_sides_is_one_network():
    found = matched([record(OLD), record("a")], [record("a", session="s2"), record(NEW, session="s2")])
    assert versions(found.pairs) == [(OLD, NEW), ("a", "a")]
    assert (found.left, found.right, found.ambiguous) == ((), (), ())
    (told,) = edited(found.pairs)
    assert told.kind == "file-edited"
    assert told.message.startswith("the file of nets.py:build (#94d38b, #56f303) was edited")
    assert "not checked" in told.message


def test_the_setting_of_an_edited_file_is_held_to_as_any_other():
    found = matched([record(OLD)], [record(NEW, session="s2", threads=2)])
    assert networks(found.apart) == [(OLD, {"threads": ("1", "2")})]
    assert versions(matched([record(OLD)], [record(NEW, session="s2", threads=2)], "threads").pairs) == [(OLD, NEW)]


def test_equal_files_are_paired_with_each_other_and_older_versions_are_left_out():
    found = matched([record(OLD), record(NEW, session="s2")], [record(OLD, session="s3")])
    assert versions(found.pairs) == [(OLD, OLD)]
    assert found.left == ()


def test_of_several_versions_in_sessions_of_a_side_the_newest_is_paired():
    first = [record(OLD, session="s1"), record(NEW, session="s2")]
    assert versions(matched(first, [record(OTHER_FILE, session="s3")]).pairs) == [(NEW, OTHER_FILE)]
    assert versions(matched(first[::-1], [record(OTHER_FILE, session="s3")]).pairs) == [(NEW, OTHER_FILE)]


def test_a_version_that_is_newer_than_the_judged_one_is_not_passed_over():
    found = matched([record(OLD)], [record(OLD, session="s2"), record(NEW, session="s3")])
    assert [key.network for key in found.right] == [NEW]


@pytest.mark.parametrize("swapped", [False, True])
def test_two_versions_in_one_session_are_two_networks(swapped):
    both, one = [record(OLD), record(NEW)], [record(OTHER_FILE, session="s2")]
    first, second = (one, both) if swapped else (both, one)
    found = matched(first, second)
    assert found.pairs == ()
    assert found.ambiguous == ("nets.py:build",)
    told = why_nothing(keyed(first), keyed(second), found.apart, found.ambiguous)
    assert "of nets.py:build a session holds several versions of the file" in told
    (finding,) = not_paired(found)
    assert finding.kind == "several-versions"
    again = matched(both, [record(OLD, session="s2")])
    assert versions(again.pairs) == [(OLD, OLD)]
    assert [key.network for key in again.left] == [NEW]
    assert again.ambiguous == ()
