"""Multiply-accumulates: held against a count with a pencil, and against a second count by other means."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from levit_bench.measuring.counting import operation_counts
from levit_bench.measuring.counting.operation_counts import Count, counted_macs, hidden_in
from levit_bench.measuring.counting.operator_kinds import ATTENTION, RECURRENT
from levit_bench.measuring.networks import build
from levit_bench.measuring.preparing import artifacts
from levit_bench.measuring.preparing.workshop import Artifact
from levit_bench.measuring.profiling.operators import counted
from levit_bench.measuring.session import session
from levit_bench.planning.budget import Costs
from levit_bench.records import Case, CaseLine, ImageShape
from torch import Tensor, nn
from torch.nn import functional

from tests.measuring.called_functions import count_calls

TOKENS, WIDTH, HEADS = 7, 16, 4
X = torch.randn(1, TOKENS, WIDTH)
LINEAR = TOKENS * WIDTH * WIDTH
PRODUCTS = 2 * TOKENS * TOKENS * WIDTH


def macs(run: Callable[..., object], *given: object) -> Count:
    """Of one call, as a preparation counts."""
    if isinstance(run, nn.Module):
        run.eval().requires_grad_(requires_grad=False)
    with torch.no_grad():
        return counted_macs(lambda: run(*given))


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
@pytest.mark.parametrize("weights", [False, True])
@pytest.mark.parametrize("batch_first", [False, True])
def test_an_attention_layer_is_four_linear_layers_and_two_products(
    mode: Callable[[], torch.no_grad], weights: bool, batch_first: bool
) -> None:
    layer = nn.MultiheadAttention(WIDTH, HEADS, batch_first=batch_first).eval().requires_grad_(requires_grad=False)
    x = X if batch_first else X.transpose(0, 1)
    with mode():
        assert counted_macs(lambda: layer(x, x, x, need_weights=weights)) == (4 * LINEAR + PRODUCTS, ())


def test_attention_to_other_tokens_counts_their_number() -> None:
    layer, others = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True), torch.randn(1, 3, WIDTH)
    wanted = 2 * LINEAR + 2 * 3 * WIDTH * WIDTH + 2 * TOKENS * 3 * WIDTH
    assert macs(layer, X, others, others) == (wanted, ())


@pytest.mark.parametrize("fast", [False, True])
@pytest.mark.parametrize("norm_first", [False, True])
def test_an_encoder_layer_counts_the_same_fast_or_not(fast: bool, norm_first: bool) -> None:
    layer = nn.TransformerEncoderLayer(WIDTH, HEADS, 40, batch_first=True, norm_first=norm_first)
    was = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(fast)
    try:
        assert macs(layer, X) == (4 * LINEAR + PRODUCTS + 2 * TOKENS * WIDTH * 40, ())
    finally:
        torch.backends.mha.set_fastpath_enabled(was)


def test_a_whole_encoder_counts_every_layer() -> None:
    one = nn.TransformerEncoderLayer(WIDTH, HEADS, 40, batch_first=True)
    whole = nn.TransformerEncoder(one, 3, enable_nested_tensor=False)
    assert macs(whole, X) == (3 * (4 * LINEAR + PRODUCTS + 2 * TOKENS * WIDTH * 40), ())


@pytest.mark.filterwarnings("ignore:LSTM with projections is not supported")
@pytest.mark.parametrize(
    ("layer", "wanted"),
    [
        (nn.LSTM(WIDTH, 8, batch_first=True), TOKENS * 4 * 8 * (WIDTH + 8)),
        (nn.LSTM(WIDTH, 8, bias=False), TOKENS * 4 * 8 * (WIDTH + 8)),
        # Two directions; the second layer sees both.
        (nn.LSTM(WIDTH, 8, 2, bidirectional=True), TOKENS * 2 * 4 * 8 * ((WIDTH + 8) + (16 + 8))),
        # Projected to 5: the state has 5 values, and one matrix more.
        (nn.LSTM(WIDTH, 8, proj_size=5), TOKENS * (4 * 8 * (WIDTH + 5) + 8 * 5)),
        (
            nn.LSTM(WIDTH, 8, 2, bidirectional=True, proj_size=5),
            TOKENS * 2 * (4 * 8 * (WIDTH + 5) + 8 * 5 + 4 * 8 * (10 + 5) + 8 * 5),
        ),
        (nn.GRU(WIDTH, 8), TOKENS * 3 * 8 * (WIDTH + 8)),
        (nn.GRU(WIDTH, 8, 2, bidirectional=True), TOKENS * 2 * 3 * 8 * ((WIDTH + 8) + (16 + 8))),
        (nn.RNN(WIDTH, 8), TOKENS * 8 * (WIDTH + 8)),
        (nn.RNN(WIDTH, 8, nonlinearity="relu"), TOKENS * 8 * (WIDTH + 8)),
    ],
    ids=str,
)
def test_recurrent_layers_count_every_matrix_once_a_token(layer: nn.RNNBase, wanted: int) -> None:
    assert macs(layer, X if layer.batch_first else X.transpose(0, 1)) == (wanted, ())


def test_cells_count_their_two_matrices() -> None:
    x = torch.randn(3, WIDTH)
    assert macs(nn.LSTMCell(WIDTH, 8), x).macs == 3 * 4 * 8 * (WIDTH + 8)
    assert macs(nn.GRUCell(WIDTH, 8), x).macs == 3 * 3 * 8 * (WIDTH + 8)
    assert macs(nn.RNNCell(WIDTH, 8), x).macs == 3 * 8 * (WIDTH + 8)


A, B = torch.randn(2, 3, 5), torch.randn(2, 5, 4)
M, N, V = torch.randn(3, 5), torch.randn(5, 4), torch.randn(5)
IMAGES = torch.randn(2, 6, 9, 9)


@pytest.mark.parametrize(
    ("run", "wanted"),
    [
        (lambda: torch.bmm(A, B), 2 * 3 * 5 * 4),
        (lambda: A @ B, 2 * 3 * 5 * 4),
        (lambda: torch.matmul(A, N), 2 * 3 * 5 * 4),
        (lambda: torch.matmul(torch.randn(2, 1, 3, 5), torch.randn(7, 5, 4)), 2 * 7 * 3 * 5 * 4),
        (lambda: M @ V, 3 * 5),
        (lambda: V @ V, 5),
        (lambda: torch.outer(V, V), 0),
        (lambda: torch.addr(torch.zeros(5, 5), V, V), 25),
        (lambda: torch.einsum("bij,bjk->bik", A, B), 2 * 3 * 5 * 4),
        (lambda: torch.einsum("bij,jk->ik", A, N), 3 * 5 * 4),  # Sums over b first, without products.
        (lambda: torch.addmm(torch.zeros(4), M, N), 3 * 5 * 4),
        (lambda: torch.addbmm(torch.zeros(3, 4), A, B), 2 * 3 * 5 * 4),
        (lambda: torch.baddbmm(torch.zeros(2, 3, 4), A, B), 2 * 3 * 5 * 4),
        (lambda: torch.zeros(2, 3, 4).baddbmm_(A, B), 2 * 3 * 5 * 4),
        (lambda: torch.addmv(torch.zeros(3), M, V), 3 * 5),
        (lambda: torch.tensordot(A, N, dims=([2], [0])), 2 * 3 * 5 * 4),
        (lambda: torch.linalg.multi_dot((M, N, torch.randn(4, 2))), 5 * 4 * 2 + 3 * 5 * 2),
        (lambda: functional.linear(A, torch.randn(6, 5)), 2 * 3 * 5 * 6),
        (lambda: functional.linear(torch.randn(2, 3, 4, 5), torch.randn(6, 5), torch.randn(6)), 2 * 3 * 4 * 5 * 6),
        (lambda: functional.linear(M.double(), torch.randn(6, 5).double()), 3 * 5 * 6),
        (lambda: functional.linear(M.bfloat16(), torch.randn(6, 5).bfloat16()), 3 * 5 * 6),
        (lambda: M.cfloat() @ N.cfloat(), 4 * 3 * 5 * 4),
        (lambda: torch.ones(3, 5, dtype=torch.int64) @ torch.ones(5, 4, dtype=torch.int64), 3 * 5 * 4),
        (lambda: functional.conv1d(torch.randn(2, 6, 9), torch.randn(8, 6, 3)), 2 * 8 * 7 * 6 * 3),
        (lambda: functional.conv1d(torch.randn(6, 9), torch.randn(8, 6, 3)), 8 * 7 * 6 * 3),
        (lambda: functional.conv2d(IMAGES, torch.randn(8, 6, 3, 3), padding=1), 2 * 8 * 81 * 6 * 9),
        (lambda: functional.conv2d(IMAGES, torch.randn(8, 6, 3, 3), dilation=2), 2 * 8 * 25 * 6 * 9),
        (lambda: functional.conv2d(IMAGES, torch.randn(12, 2, 3, 3), groups=3, stride=2), 2 * 12 * 16 * 2 * 9),
        (lambda: functional.conv2d(IMAGES, torch.randn(6, 1, 3, 3), groups=6), 2 * 6 * 49 * 9),
        (lambda: functional.conv3d(torch.randn(1, 2, 5, 5, 5), torch.randn(4, 2, 3, 3, 3)), 4 * 27 * 2 * 27),
        (lambda: functional.conv_transpose2d(IMAGES, torch.randn(6, 8, 2, 2), stride=2), 2 * 6 * 81 * 8 * 4),
        (lambda: functional.conv_transpose2d(IMAGES, torch.randn(6, 4, 2, 2), groups=2), 2 * 6 * 81 * 4 * 4),
        (lambda: functional.conv_transpose1d(torch.randn(1, 6, 9), torch.randn(6, 8, 3)), 6 * 9 * 8 * 3),
        (lambda: torch.conv_tbc(torch.randn(9, 2, 6), torch.randn(3, 6, 8), torch.zeros(8)), 7 * 2 * 8 * 6 * 3),
        (lambda: functional.affine_grid(torch.randn(1, 2, 3), [1, 3, 8, 8], align_corners=False), 64 * 2 * 3),
        (lambda: functional.interpolate(IMAGES, 20, mode="bicubic").sort().values.topk(2), 0),
        (lambda: torch.arange(9) // 2 + torch.arange(9) % 2, 0),
        (lambda: torch.stack([IMAGES, IMAGES]).roll(1, 2).mul(2).softmax(-1).cumsum(0).norm(), 0),
    ],
)  # fmt: skip
def test_products_and_convolutions_count_by_their_sizes(run: Callable[[], object], wanted: int) -> None:
    with torch.no_grad():
        assert counted_macs(run) == (wanted, ())


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_fused_attention_is_its_two_products(mode: Callable[[], torch.no_grad], masked: bool) -> None:
    query, key, value = torch.randn(2, 4, 7, 8), torch.randn(2, 4, 5, 8), torch.randn(2, 4, 5, 8)
    mask = torch.zeros(7, 5) if masked else None
    with mode():
        found = counted_macs(lambda: functional.scaled_dot_product_attention(query, key, value, mask))
        assert found == (2 * 4 * 7 * 5 * (8 + 8), ())
        # Four heads of the query share two of the key; the value has another width.
        few = torch.randn(2, 2, 5, 8), torch.randn(2, 2, 5, 6)
        shared = counted_macs(lambda: functional.scaled_dot_product_attention(query, *few, enable_gqa=True))
        assert shared == (2 * 4 * 7 * 5 * (8 + 6), ())


def test_a_traced_and_a_scripted_network_count_as_the_network_itself() -> None:
    network = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Flatten(), nn.Linear(8 * 9, 10)).eval()
    x = torch.randn(1, 3, 5, 5)
    wanted = (8 * 9 * 27 + 8 * 9 * 10, ())
    assert macs(network, x) == wanted
    with pytest.warns(DeprecationWarning, match="jit.trace"):
        assert macs(torch.jit.trace(network, x), x) == wanted


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_what_an_optimised_scripted_network_hides_is_named() -> None:
    network = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU()).eval()
    scripted = torch.jit.script(network)
    optimised = torch.jit.optimize_for_inference(scripted)
    assert hidden_in(network) == hidden_in(nn.Sequential(scripted)) == []
    assert hidden_in(nn.Sequential(optimised)) == ["prim::mkldnn_convolution"]


@torch.library.custom_op("counted_tests::twice", mutates_args=())
def twice(x: Tensor) -> Tensor:
    """An operator that torch knows nothing of: it could do anything."""
    return torch.bmm(x, x)


def test_an_operator_of_somebody_elses_is_unknown_by_name() -> None:
    layer = nn.Linear(5, 5)
    found = macs(lambda: layer(twice(torch.randn(2, 5, 5))))
    assert found == (2 * 5 * 5 * 5, ("counted_tests::twice",))


@pytest.mark.parametrize(
    ("run", "name"),
    [
        (lambda: torch.fft.rfft2(IMAGES), "aten::_fft_r2c"),
        (lambda: torch.linalg.svd(M), "aten::_linalg_svd"),
        (lambda: torch.linalg.inv(torch.eye(4)), "aten::linalg_inv_ex"),
        (lambda: torch.cdist(M, M), "aten::_cdist_forward"),
        (lambda: functional.bilinear(M, M, torch.randn(2, 5, 5)), "aten::_trilinear"),
        (lambda: torch.sparse.mm(torch.eye(3).to_sparse(), M), "aten::_sparse_addmm"),
    ],
)
def test_heavy_operators_without_a_count_are_unknown_by_name(run: Callable[[], object], name: str) -> None:
    with torch.no_grad():
        assert name in counted_macs(run).unknown


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
def test_quantised_layers_are_unknown_by_name() -> None:
    network = torch.ao.quantization.quantize_dynamic(nn.Sequential(nn.Linear(8, 8)), {nn.Linear}, dtype=torch.qint8)
    assert macs(network, torch.randn(1, 8)).unknown == ("quantized::linear_dynamic",)


def test_no_operator_of_torch_that_multiplies_matrices_is_free() -> None:
    """Every operator of this torch whose name says so has a formula, or is unknown."""
    words = re.compile(
        r"(^|_)(\w*mm|mv|matmul|conv\w*|\w*attention|rnn|lstm|gru|fft|linalg|cdist|trilinear|solve)(_|$)"
    )
    harmless = ("linalg_cross", "linalg_vector_norm", "linalg_check", "_linalg_check", "_convert", "convert")
    elementwise = ("_thnn_fused_lstm_cell", "_thnn_fused_gru_cell", "_thnn_differentiable_lstm_cell_backward")
    moving = ("mkldnn_reorder_conv2d_weight", "mkldnn_reorder_conv3d_weight")
    heavy, free = set(), set()
    for schema in torch._C._jit_get_all_schemas():
        space, _, name = schema.name.partition("::")
        whole = f"{schema.name}.{schema.overload_name}".rstrip(".")
        named_so = words.search(name) and not name.startswith(harmless)
        if space != "aten" or not named_so or not torch._C._dispatch_has_kernel(whole):
            continue
        func = getattr(getattr(torch.ops.aten, name), schema.overload_name or "default")
        if not func.has_kernel_for_dispatch_key(torch._C.DispatchKey.CompositeImplicitAutograd):
            heavy.add(name)
            if operation_counts._is_free(func, name):
                free.add(name)
    assert len(heavy) > 80
    assert free - {*elementwise, *moving} == set()


def test_explain_counts_fused_layers_under_a_kind_of_their_own() -> None:
    attention = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True).eval().requires_grad_(requires_grad=False)
    recurrent = nn.LSTM(WIDTH, 8).eval().requires_grad_(requires_grad=False)
    with torch.inference_mode():
        found = counted(lambda: (attention(X, X, X, need_weights=False), recurrent(X.transpose(0, 1))))
    assert found[ATTENTION].macs == 4 * LINEAR + PRODUCTS
    assert found[RECURRENT].macs == TOKENS * 4 * 8 * (WIDTH + 8)


@pytest.mark.parametrize(
    ("name", "resolution"),
    [
        ("vit_tiny_patch16_224", 224),
        ("mobilenetv3_small_050", 96),
        ("efficientvit_b0", 128),
        *(
            pytest.param(*one, marks=pytest.mark.slow)
            for one in (("sequencer2d_s", 224), ("botnet26t_256", 256), ("halonet26t", 256), ("lambda_resnet26t", 256))
        ),
    ],
)
def test_networks_of_timm_count_the_same_by_what_they_call(name: str, resolution: int) -> None:
    with torch.device("meta"):
        network = build(name, ImageShape.square(resolution)).requires_grad_(requires_grad=False)
        x = torch.zeros(1, 3, resolution, resolution)
    assert macs(network, x) == (count_calls(lambda: network(x)), ())


class _Odd(nn.Module):
    """Hands its features to an operator that nobody knows."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.head = nn.Conv2d(3, 4, 8, 8), nn.Linear(4, 10)

    def forward(self, x: Tensor) -> Tensor:
        features = self.stem(x)
        logits: Tensor = self.head((features + twice(features.flatten(0, 1)).view_as(features)).mean((2, 3)))
        return logits


def odd() -> nn.Module:
    """Built anew."""
    return _Odd()


odd.resolution = 32  # type: ignore[attr-defined]


def test_a_network_with_an_unknown_operator_is_prepared_without_a_count_and_its_session_says_so(tmp_path: Path) -> None:
    case = Case(network=f"{__name__}:odd", resolution=32)
    made = artifacts.prepare(case, (1,), tmp_path, 0)
    assert (made.macs, made.uncounted) == (None, ("counted_tests::twice",))
    line = CaseLine(id=case.id, case=case)
    ready = session._Ready((line,), {line.id: Artifact(tmp_path, made)}, Costs(0.0, 1.0))
    (finding,) = session._about_counts(ready)
    assert finding.kind == "macs-unknown"
    assert f"{case.network} are unknown: nobody knows those of counted_tests::twice" in finding.message


def test_a_network_that_cannot_be_counted_is_prepared_without_a_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(run: Callable[[], object]) -> Count:
        raise RuntimeError("no mode for me")

    monkeypatch.setattr(artifacts, "counted_macs", fail)
    made = artifacts.prepare(Case(network="tests.hostile_networks:sound", resolution=32), (2,), tmp_path, 0)
    assert made.macs is None
    assert "raised RuntimeError: no mode for me" in made.uncounted[0]
