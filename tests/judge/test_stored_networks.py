"""The stored networks that a text names, and every place that takes the name of one."""

from __future__ import annotations

import msgspec
import pytest
from levit_bench.errors import NothingToShowError, UsageError
from levit_bench.judge.case_lookup import named
from levit_bench.judge.comparability import where
from levit_bench.judge.compare.one_session import within
from levit_bench.judge.compare.reference_network import base_in
from levit_bench.judge.stored_networks import network_meant, networks_meant, short_name
from levit_bench.report.views.registry import view
from levit_bench.report.views.view import ViewRequest

from tests.making import record

NAMES = (
    "levit_192",
    "models/nets.py:build#3f2a91",
    "models/nets.py:build(width=2)#3f2a91",
    "nets.py:tiny#77aa00",
    "old/nets.py:tiny#aa1100",
    "nets.py:two#77aa00",
    "nets.py:two#bb2200",
    'module:function(note="a")',
)


def labelled(made, label):
    return msgspec.structs.replace(made, info=msgspec.structs.replace(made.info, label=label))


RECORDS = [*(record(name) for name in NAMES), labelled(record("x.py:f#0123ab"), "ours, wide: 2")]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("levit_192", "levit_192"),
        ("models/nets.py:build#3f2a91", "models/nets.py:build#3f2a91"),
        ("models/nets.py:build", "models/nets.py:build#3f2a91"),
        ("nets.py:build", "models/nets.py:build#3f2a91"),
        ("models/nets.py:build( width = 2 )", "models/nets.py:build(width=2)#3f2a91"),
        ("nets.py:build(width=2)", "models/nets.py:build(width=2)#3f2a91"),
        ("nets.py:tiny", "nets.py:tiny#77aa00"),
        ("old/nets.py:tiny", "old/nets.py:tiny#aa1100"),
        ("module:function(note='a')", 'module:function(note="a")'),
        ("ours, wide: 2", "x.py:f#0123ab"),
        ("x.py:f", "x.py:f#0123ab"),
    ],
)
def test_a_text_names_a_network_everywhere(text, meant):
    assert network_meant(RECORDS, text) == meant
    assert [each.case.network for each in where(RECORDS, {"network": text})] == [meant]
    assert named(RECORDS, text).case.network == meant
    assert base_in(RECORDS, text) == meant
    others = [name for name in ("levit_192", "nets.py:two#bb2200") if name != meant]
    (row,) = within(RECORDS, "network", others[0], text).rows
    assert row.second.case.network == meant
    request = ViewRequest(RECORDS, RECORDS, lambda: RECORDS, one_session=True)
    assert view({"against": text}, request).rows()[0]["against"] == meant
    grid = view({"against": others[0], "grid": text}, request)
    assert {row["network"] for row in grid.rows()} == {meant}


def test_the_stored_name_comes_before_any_other_way_to_name_a_network():
    disguised = labelled(record("other"), "levit_192")
    assert networks_meant([*RECORDS, disguised], "levit_192") == ("levit_192",)


def test_several_versions_of_a_file_are_all_chosen_by_where_and_refused_where_one_is_meant():
    both = ("nets.py:two#77aa00", "nets.py:two#bb2200")
    assert networks_meant(RECORDS, "nets.py:two") == both
    assert [each.case.network for each in where(RECORDS, {"network": "nets.py:two"})] == [*both]
    for one in (network_meant, base_in):
        with pytest.raises(
            UsageError, match=r"'nets.py:two' is several networks: nets\.py:two#77aa00, nets\.py:two#bb"
        ):
            one(RECORDS, "nets.py:two")
    with pytest.raises(UsageError, match="is several networks"):
        within(RECORDS, "network", "levit_192", "nets.py:two")
    with pytest.raises(UsageError, match="is 2 stored cases, which differ in network"):
        named(RECORDS, "nets.py:two")


def test_two_names_of_one_network_are_not_compared():
    with pytest.raises(UsageError, match=r"'x\.py:f' and 'ours, wide: 2' are both x\.py:f#0123ab"):
        within(RECORDS, "network", "x.py:f", "ours, wide: 2")


def test_what_names_no_network_is_refused_with_the_nearest_name_or_label():
    with pytest.raises(NothingToShowError, match=r"no stored case is of 'levit_129'\. Did you mean 'levit_192'\?"):
        network_meant(RECORDS, "levit_129")
    with pytest.raises(NothingToShowError, match=r"Did you mean 'ours, wide: 2'\? Stored are: .* and 3 more"):
        network_meant(RECORDS, "ours, wide: 3")
    with pytest.raises(NothingToShowError, match="Stored are: none"):
        network_meant([], "x")


def test_where_takes_several_networks_between_commas():
    chosen = where(RECORDS, {"network": "levit_192,nets.py:build(width=2),nets.py:two"})
    assert {each.case.network for each in chosen} == {NAMES[0], NAMES[2], NAMES[5], NAMES[6]}


def test_the_short_name_of_a_network_means_it_alone():
    assert short_name(RECORDS, "levit_192") == "levit_192"
    assert short_name(RECORDS, "nets.py:two#77aa00") == "nets.py:two#77aa00"  # there are two versions
    for name in NAMES:
        assert networks_meant(RECORDS, short_name(RECORDS, name)) == (name,)
    assert short_name([record("nets.py:build#3f2a91")], "nets.py:build#3f2a91") == "nets.py:build"
