"""Calibrated random weights: worth checking, the same every time, and free of what trained networks do not have."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import torch
from levit_bench.axes import usual
from levit_bench.measuring import networks, reference_cases
from levit_bench.measuring.networks import yardstick
from levit_bench.measuring.pass_data.images import images
from levit_bench.measuring.pass_data.reference_outputs import references_in
from levit_bench.measuring.preparing import artifacts
from levit_bench.measuring.preparing.calibration import VERSION, CalibrationError, calibrate
from levit_bench.records import Case, ImageShape
from torch import nn

pytestmark = pytest.mark.slow  # builds and times networks


class _Residual(nn.Module):
    """A residual branch that its initialisation switches off."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 3, 2)
        self.norm = nn.BatchNorm2d(16)
        self.branch = nn.Sequential(nn.Conv2d(16, 16, 1), nn.BatchNorm2d(16))
        nn.init.zeros_(self.branch[1].weight)
        self.table = nn.Parameter(torch.zeros(4, 4))
        self.head = nn.Linear(16, 10)
        nn.init.zeros_(self.head.bias)
        self.head.weight.data *= 1e-6

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.norm(self.stem(x))
        return self.head((x + self.branch(x)).mean((2, 3)))


def _calibrated(seed: int = 0) -> tuple[nn.Module, float]:
    torch.manual_seed(seed)
    network = _Residual().eval()
    return network, calibrate(network, ImageShape.square(64), seed)


def test_logits_are_of_order_one_and_differ_between_images() -> None:
    network, deviation = _calibrated()
    assert 0.5 < deviation < 2
    with torch.inference_mode():
        logits = network(images(4, ImageShape.square(64), 0, 0))
    assert 0.2 < float(logits.std(1).mean()) < 5
    spread = float((logits - logits.mean(0)).norm() / logits.norm())
    assert spread > 0.01


def test_no_branch_is_dead_and_no_parameter_is_constant() -> None:
    network, _ = _calibrated()
    for name, parameter in network.named_parameters():
        assert float(parameter.detach().std()) > 0, name
    assert 0.1 <= float(network.branch[1].weight.detach().min()) <= 0.3  # type: ignore[union-attr, index]


def test_statistics_are_those_of_images_and_the_network_is_left_in_evaluation_mode() -> None:
    network, _ = _calibrated()
    assert not any(module.training for module in network.modules())
    assert network.norm.momentum == 0.1  # type: ignore[union-attr]
    sample = network.stem(images(16, ImageShape.square(64), 0, 2))  # type: ignore[operator]
    assert torch.allclose(network.norm.running_mean, sample.mean((0, 2, 3)), atol=1e-5)  # type: ignore[arg-type, union-attr]


def test_the_same_seed_gives_the_same_weights_and_another_seed_others() -> None:
    def bits(seed: int) -> bytes:
        return b"".join(value.numpy().tobytes() for value in _calibrated(seed)[0].state_dict().values())

    assert bits(3) == bits(3)
    assert bits(3) != bits(4)


def test_subnormal_weights_are_refused() -> None:
    network = _Residual().eval()
    network.stem.weight.data[0, 0, 0, 0] = 1e-40
    with pytest.raises(CalibrationError, match="subnormal"):
        calibrate(network, ImageShape.square(64), 0)


def test_the_first_images_of_a_larger_batch_are_the_same_images() -> None:
    assert torch.equal(images(2, ImageShape.square(32), 5, 0), images(4, ImageShape.square(32), 5, 0)[:2])
    assert not torch.equal(images(2, ImageShape.square(32), 5, 0), images(2, ImageShape.square(32), 5, 1))
    assert 0.3 < float(images(8, ImageShape.square(32), 0, 0).std()) < 3


@pytest.mark.parametrize(
    "name", ["levit_128s", *(pytest.param(name, marks=pytest.mark.slow) for name in ("efficientnet_b0", "deit_tiny"))]
)
def test_a_prepared_network_has_references_that_are_finite_and_worth_checking(tmp_path: Path, name: str) -> None:
    prepared = artifacts.prepare(Case(network=name, resolution=224), (1, 2), tmp_path, 0)
    assert 0.5 < prepared.logits_std < 2
    assert prepared.failed == {}
    references = references_in(tmp_path)
    assert references.sensitivity <= 1e-5  # Ten times it is the tolerance of fp32.
    assert references.logits.shape == (prepared.distinct_images, 1000)
    assert prepared.distinct_images >= 9
    assert references.distance > 0.01, "two different inputs hardly differ in their outputs"
    # DeiT's count includes attention, which torch's counter does not see inside fused kernels.
    macs = {"levit_128s": 304_660_832, "efficientnet_b0": 385_814_752, "deit_tiny": 1_261_000_000}[name]
    assert prepared.macs == pytest.approx(macs, rel=0.005)


def test_gains_of_standardised_weights_leave_something_of_the_image(tmp_path: Path) -> None:
    """Networks without norms have a gain for each filter, which starts at one."""
    artifacts.prepare(Case(network="test_nfnet", resolution=160), (1,), tmp_path, 0)
    assert references_in(tmp_path).distance > 0.01


@pytest.mark.parametrize(
    ("name", "tables"), [("levit_128s", "bias.table"), ("levit_128s.fb_dist_in1k", "attention_biases")]
)
def test_levits_attention_biases_are_used_by_the_reference_and_not_a_stale_cache(
    tmp_path: Path, name: str, tables: str
) -> None:
    case = Case(network=name, resolution=224)
    artifacts.prepare(case, (1,), tmp_path, 0)
    from levit_bench.measuring.runtimes import eager

    loaded = eager.load(case, artifacts.artifact_in(tmp_path))
    biases = [p for part, p in loaded.run.named_parameters() if part.endswith(tables)]
    assert biases
    assert all(float(bias.abs().max()) > 0.01 for bias in biases)
    references = references_in(tmp_path)
    with torch.inference_mode():
        got = loaded.run(references.pool(case.shape, 0).batch([0]))
    assert torch.allclose(got, references.logits[:1], atol=1e-5)


class Masked(nn.Module):
    """A softmax that one of two places is masked out of, as in Swin's shifted windows."""

    def __init__(self, way: nn.Module) -> None:
        super().__init__()
        self.way = way
        self.head = nn.Linear(12, 1000)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        pixels = nn.functional.adaptive_avg_pool2d(x, 2).flatten(1)
        return self.head(pixels + self.way(torch.tensor([0.0, -100.0])).sum())


def test_subnormals_of_a_masked_softmax_belong_to_the_network_and_others_are_refused() -> None:
    torch.manual_seed(0)
    assert calibrate(Masked(nn.Softmax(-1)), ImageShape.square(32), 0) > 0.05
    torch.manual_seed(0)
    with pytest.raises(CalibrationError, match="subnormal numbers at way"):
        calibrate(Masked(nn.Hardtanh(1e-40, 2e-40)), ImageShape.square(32), 0)


def test_a_network_that_hands_its_class_token_to_a_module_is_counted(tmp_path: Path) -> None:
    prepared = artifacts.prepare(Case(network="pit_ti_224", resolution=224), (1,), tmp_path, 0)
    assert prepared.macs == pytest.approx(0.7e9, rel=0.02)


YARDSTICK_SHA256 = "c0a05cc6c1a65d120206ddb69197e39b05d4f3a1080381292ed0923bcdd5c642"


def test_the_yardstick_is_frozen() -> None:
    source = Path(yardstick.__file__).read_bytes().replace(b"\r\n", b"\n")
    assert hashlib.sha256(source).hexdigest() == YARDSTICK_SHA256, "a better yardstick is a new file with a new number"


def test_the_yardstick_has_the_shape_of_levit_128s_and_imports_torch_alone() -> None:
    network = networks.build("yardstick-1a", ImageShape.square(224))
    assert sum(p.numel() for p in network.parameters()) == 7_833_322
    assert yardstick.NAMES == reference_cases.YARDSTICKS
    assert yardstick.RESOLUTION == reference_cases.YARDSTICK_RESOLUTION
    lines = Path(yardstick.__file__).read_text(encoding="utf-8").splitlines()
    imported = {line.split()[1].partition(".")[0] for line in lines if line.startswith(("import ", "from "))}
    assert imported == {"__future__", "torch"}


def test_the_usual_weights_are_those_that_are_calibrated_here():
    assert usual("weights") == VERSION
