"""What a profile says, on profiles made by hand."""

from __future__ import annotations

import msgspec
import pytest
from levit_bench.judge.explain.profile import (
    ELSEWHERE,
    ProfileSource,
    disturbance,
    elsewhere,
    intensity,
    kind_flops,
    matrix_share,
    rolled_up,
    side_by_side,
    unlike,
)
from levit_bench.profiles import OUTSIDE, VIEWS, KindShare, LayerShare, Profile

from tests.making import record
from tools.simulated.generate_store import MACHINE

MATMUL = KindShare(kind="matmul", calls=3, macs=600, moved_bytes=80, seconds=0.6)
PROFILE = Profile(
    pass_s=0.8,
    passes=5,
    matrix_flops=3000.0,
    matrix_size=256,
    kinds=(
        MATMUL,
        KindShare(kind="norm", calls=2, moved_bytes=40, seconds=0.1),
        KindShare(kind=OUTSIDE, seconds=0.29),
        KindShare(kind=VIEWS, calls=9, seconds=0.01),
    ),
    layers=(
        LayerShare(path="", seconds=0.1),
        LayerShare(path="stem", seconds=0.2),
        LayerShare(path="stem.norm", seconds=0.1),
        LayerShare(path="blocks", seconds=0.004),
        LayerShare(path="blocks.0", seconds=0.25),
        LayerShare(path="blocks.1", seconds=0.341),
        LayerShare(path="head", seconds=0.005),
    ),
    profiled_s=1.0,
)
PLAIN = msgspec.structs.replace(PROFILE, kinds=(), layers=(), profiled_s=None, missing="nothing to see")


def test_views_are_no_kernels():
    assert (PROFILE.kernels, PROFILE.moved_bytes) == (5, 120)


def test_rates_and_shares():
    assert matrix_share(PROFILE, 600) == pytest.approx(1200 / 0.8 / 3000)
    assert intensity(PROFILE, 600) == pytest.approx(10)
    assert disturbance(PROFILE) == pytest.approx(1.25)
    assert kind_flops(MATMUL) == pytest.approx(2000)
    assert kind_flops(PROFILE.kinds[1]) is None
    assert (matrix_share(PROFILE, None), intensity(PLAIN, 600), disturbance(PLAIN)) == (None, None, None)


def test_kinds_stand_side_by_side_the_largest_share_first():
    other = msgspec.structs.replace(PROFILE, kinds=(KindShare(kind="softmax", seconds=0.7),))
    rows = side_by_side(PROFILE, other)
    assert [row.kind for row in rows] == ["softmax", "matmul", OUTSIDE, "norm", VIEWS]
    assert rows[0].first == KindShare(kind="softmax")
    assert (rows[1].first, rows[1].second.calls) == (MATMUL, 0)
    assert [row.kind for row in side_by_side(None, PLAIN)] == []


def test_large_layers_are_shown_by_their_parts_small_ones_together_and_nothing_is_lost():
    rows = rolled_up(PROFILE)
    assert [(row.path, round(row.seconds, 3)) for row in rows] == [
        ("stem", 0.3), ("blocks.0", 0.25), ("blocks.1", 0.341), (ELSEWHERE, 0.109),
    ]  # fmt: skip
    assert sum(row.seconds for row in rows) == pytest.approx(PROFILE.profiled_s)


def test_a_name_that_all_layers_share_is_no_level():
    layers = tuple(LayerShare(path=one.path and f"network.{one.path}", seconds=one.seconds) for one in PROFILE.layers)
    rows = rolled_up(msgspec.structs.replace(PROFILE, layers=layers))
    assert [row.path for row in rows][:2] == ["network.stem", "network.blocks.0"]


@pytest.mark.parametrize(
    ("latency_s", "kind"), [(0.8, None), (0.7, None), (0.6, "profiled-unlike"), (1, "profiled-unlike")]
)
def test_a_pass_that_is_unlike_the_sessions_is_said(latency_s, kind):
    finding = unlike(record(), latency_s, PROFILE)
    assert (finding and finding.kind) == kind


def test_a_profile_of_another_machine_torch_or_network_is_said():
    one = record()
    here = ProfileSource(machine=MACHINE.id, torch="2.13.0", params=one.info.params, macs=one.info.macs)
    assert elsewhere(one, here) is None
    finding = elsewhere(one, here._replace(torch="2.14.0", params=7))
    assert finding.kind == "profiled-elsewhere"
    assert f"torch 2.13.0, here 2.14.0, params {one.info.params}, here 7" in finding.message
