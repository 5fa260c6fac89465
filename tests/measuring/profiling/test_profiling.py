"""A case watched operator by operator: held against a count with a pencil."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from levit_bench.errors import UsageError
from levit_bench.measuring.counting.operator_kinds import (
    ATTENTION,
    COPY,
    DENSE,
    DEPTHWISE,
    ELEMENTWISE,
    GROUPED,
    MATMUL,
    NORM,
    OTHER,
    POINTWISE,
    kind_of,
    own_kind,
)
from levit_bench.measuring.loaded_network import InProcess, module_of
from levit_bench.measuring.preparing import artifacts
from levit_bench.measuring.profiling import matrix_rate, profiled_cases
from levit_bench.measuring.profiling import profile as watching
from levit_bench.measuring.profiling.operators import counted
from levit_bench.measuring.profiling.profiled_cases import Taken, check, profiles
from levit_bench.measuring.profiling.profiler_times import layers_of, times
from levit_bench.measuring.worker import Worker
from levit_bench.measuring.workers.messages import (
    CaseLoaded,
    Failed,
    Load,
    Profiled,
    Turn,
    Turned,
    Watch,
    decode_answer,
    encode,
)
from levit_bench.measuring.workers.process_environment import default_allocator
from levit_bench.profiles import OUTSIDE, VIEWS, Profile
from levit_bench.records import Case
from torch import nn

from tests.profiled_networks import BYTES, KERNELS, MACS, RESOLUTION, Attention, Counted, Wrapped
from tools.simulated.generate_store import PROTOCOL

CASE = Case(network="tests.profiled_networks:counted", resolution=RESOLUTION, batch=2)


@pytest.fixture(autouse=True)
def _small_matrices(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(matrix_rate, "_SIZES", (16, 32))
    with torch.inference_mode():
        yield


@pytest.mark.parametrize(
    ("images", "weight", "kind"),
    [
        ((1, 3, 9, 9), (8, 3, 3, 3), DENSE),
        ((1, 8, 9, 9), (16, 8, 1, 1), POINTWISE),
        ((1, 8, 9, 9), (8, 1, 3, 3), DEPTHWISE),
        ((1, 8, 9, 9), (8, 1, 1, 1), DEPTHWISE),
        ((1, 8, 9, 9), (8, 2, 3, 3), GROUPED),
        ((8, 9, 9), (8, 1, 3, 3), DEPTHWISE),
        ((1, 8, 9), (8, 1, 3), DEPTHWISE),
        ((1, 1, 9, 9), (8, 1, 3, 3), DENSE),
        ((), (), DENSE),
    ],
)
def test_convolutions_are_told_apart_by_their_shapes(
    images: tuple[int, ...], weight: tuple[int, ...], kind: str
) -> None:
    for name in ("aten::convolution", "aten::mkldnn_convolution"):
        assert kind_of(name, (images, weight, (8,))) == kind
    assert (kind_of("aten::conv2d", (images, weight)), own_kind("aten::conv2d", (images, weight))) == (None, kind)


@pytest.mark.parametrize(
    ("name", "kind", "own"),
    [
        ("aten::add_", ELEMENTWISE, None),
        ("aten::addmm", MATMUL, None),
        ("aten::linear", None, MATMUL),
        ("aten::native_layer_norm", NORM, None),
        ("aten::copy_", COPY, None),
        ("aten::_scaled_dot_product_flash_attention_for_cpu", ATTENTION, None),
        ("aten::scaled_dot_product_attention", None, ATTENTION),
        ("aten::transpose", None, VIEWS),
        ("theirs::unheard_of", None, OTHER),
    ],
)
def test_operators_have_kinds_and_those_made_of_others_have_their_own(
    name: str, kind: str | None, own: str | None
) -> None:
    assert kind_of(name, ()) == kind
    assert own is None or own_kind(name, ()) == own


def test_operators_are_those_that_a_pencil_counts() -> None:
    network, images = Counted().eval(), torch.randn(1, 3, 32, 32)
    found = counted(lambda: network(images))
    assert {kind: one.calls for kind, one in found.items() if kind != VIEWS} == KERNELS
    assert {kind: one.macs for kind, one in found.items() if one.macs} == MACS
    assert {kind: found[kind].moved_bytes for kind in BYTES} == BYTES
    assert (found[VIEWS].macs, found[VIEWS].moved_bytes) == (0, 0)
    assert counted(lambda: network(torch.cat((images, images))))[DEPTHWISE].macs == 2 * MACS[DEPTHWISE]


def test_fused_attention_counts_as_its_two_products() -> None:
    found = counted(lambda: Attention()(torch.randn(3, 2, 16, 4)))
    assert found[ATTENTION].macs == 3 * 2 * 16 * 16 * (4 + 4)


def test_an_expanded_tensor_is_read_once() -> None:
    found = counted(lambda: torch.ones(3, 1).expand(3, 100).clone())
    assert found[COPY].moved_bytes == 4 * (3 + 3) + 4 * 300


def test_kinds_and_layers_both_add_up_to_the_pass() -> None:
    network, images = Counted().eval(), torch.randn(4, 3, 32, 32)
    found = times(network, lambda: network(images), 3)
    assert found.seconds == pytest.approx(sum(layer.seconds for layer in found.layers))
    assert set(KERNELS) | {OUTSIDE} <= set(found.kinds) <= set(KERNELS) | {OUTSIDE, VIEWS}
    assert all(seconds > 0 for seconds in found.kinds.values())
    paths = [layer.path for layer in found.layers if layer.path]
    assert paths == ["stem", "stem.0", "stem.1", "blocks.0", "blocks.1", "blocks.2", "act", "head"]
    assert not network.stem._forward_hooks
    assert not network.stem._forward_pre_hooks


def test_layers_are_those_below_a_wrapper() -> None:
    assert list(layers_of(Wrapped()))[:3] == ["network.stem", "network.stem.0", "network.stem.1"]


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")  # Where there are scripts, they must be known.
def test_a_module_of_pythons_is_looked_into_and_a_compiled_one_is_not() -> None:
    network = Counted().eval()
    assert module_of(InProcess(network)) is network
    traced = torch.jit.trace(nn.Linear(2, 2), torch.ones(1, 2), check_trace=False)
    assert module_of(InProcess(traced)) is None
    assert module_of(InProcess(torch.compile(network))) is None
    assert module_of(InProcess(lambda images: images)) is None
    assert module_of(object()) is None  # type: ignore[arg-type]


def test_what_has_no_module_still_has_a_rate_and_a_reason() -> None:
    images = itertools.repeat(torch.ones(1, 4))
    found = watching.watched(InProcess(lambda given: given + 1), lambda: next(images), 3)
    assert (found.kinds, found.layers, found.profiled_s) == ((), (), None)
    assert found.missing == watching.NOTHING_INSIDE
    assert found.matrix_flops > 0
    assert (found.matrix_size in (16, 32), found.matrix_format, found.passes) == (True, "float32", 3)


def test_a_seat_watches_a_case_and_still_computes_what_it_should(tmp_path: Path) -> None:
    artifacts.prepare(CASE, (2,), tmp_path, 0)
    worker = Worker()
    assert isinstance(worker.answer(Load(case=CASE, folder=str(tmp_path), seed=0)), CaseLoaded)
    answer = decode_answer(encode(worker.answer(Watch(case=CASE.id, passes=3))).rstrip(b"\n"))
    assert isinstance(answer, Profiled)
    _agrees_with_the_pencil(answer.profile)
    turned = worker.answer(Turn(case=CASE.id, settle=1, passes=2))
    assert isinstance(turned, Turned)
    assert turned.problem is None
    assert isinstance(worker.answer(Watch(case="unknown", passes=3)), Failed)


def _agrees_with_the_pencil(profile: Profile) -> None:
    calls = {kind.kind: kind.calls for kind in profile.kinds if kind.kind not in (VIEWS, OUTSIDE)}
    assert calls == KERNELS
    assert profile.kernels == sum(KERNELS.values())
    assert {kind.kind: kind.macs for kind in profile.kinds if kind.macs} == {k: 2 * v for k, v in MACS.items()}
    assert profile.profiled_s == pytest.approx(sum(kind.seconds for kind in profile.kinds))
    assert profile.profiled_s == pytest.approx(sum(layer.seconds for layer in profile.layers))
    assert profile.kinds == tuple(sorted(profile.kinds, key=lambda kind: -kind.seconds))
    assert profile.pass_s > 0


@pytest.mark.slow
def test_cases_are_profiled_in_seats_of_their_own_and_a_broken_one_has_its_reason() -> None:
    allocator = default_allocator()
    sound = Case(network=CASE.network, resolution=RESOLUTION, batch=2, allocator=allocator)
    broken = Case(network="tests.hostile_networks:no_such", resolution=32, allocator=allocator)
    told: list[tuple[str, str]] = []
    found = profiles([sound, broken], PROTOCOL, lambda what, case: told.append((what, case.network)))
    assert [what for what, _ in told] == ["preparing", "preparing", "profiling"]
    taken = found[sound.id]
    assert isinstance(taken, Taken)
    _agrees_with_the_pencil(taken.profile)
    assert taken.prepared.macs == sum(MACS.values())
    assert taken.profile.matrix_size >= 256
    assert isinstance(found[broken.id], str)


def test_nothing_is_profiled_under_an_emulator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profiled_cases, "is_emulated", lambda: True)
    with pytest.raises(UsageError, match="cannot profile: this process runs under an instruction-set emulator"):
        check(CASE)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"runtime": "theirs"}, "cannot profile: runtime 'theirs' is not installed here. Known are eager"),
        ({"form": "theirs"}, "cannot profile: form 'theirs' is not installed here. Known are shipped"),
        ({"allocator": "theirs"}, "unknown allocator 'theirs'"),
        ({"device": "theirs"}, "unknown device 'theirs'"),
    ],
)
def test_what_is_not_here_is_refused_before_anything_is_prepared(fields: dict[str, str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        check(Case(network="a", resolution=32, **fields))  # type: ignore[arg-type]
