"""BatchNorms go into their neighbours where that changes nothing, and stay where it would."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
import torch
from levit_bench.measuring.folding.batchnorms import fold
from levit_bench.measuring.networks.timm_import import import_timm
from torch import nn
from torch.nn import functional

from tests.measuring.folding.norms import folded, norms_in, settled

CLOSE = 2e-5


class Written(nn.Module):
    """A network whose forward is given as a function of itself and the images."""

    def __init__(self, forward: Callable[..., torch.Tensor], **modules: nn.Module) -> None:
        super().__init__()
        self.way = forward
        for name, module in modules.items():
            self.add_module(name, module)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.way(self, x)


def _tokens(x: torch.Tensor) -> torch.Tensor:
    return x.flatten(2).transpose(1, 2)


def _twice(value: torch.Tensor, use: Callable[[torch.Tensor], torch.Tensor]) -> torch.Tensor:
    """Hand a tensor to what reads it more than once."""
    return use(value)


FOLDED: dict[str, Callable[[], nn.Module]] = {
    "a convolution without bias": lambda: nn.Sequential(nn.Conv2d(3, 8, 3, bias=False), nn.BatchNorm2d(8)),
    "a convolution with bias": lambda: nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8)),
    "a large epsilon": lambda: nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8, eps=0.1)),
    "a norm that has learnt no weights": lambda: nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8, affine=False)),
    "a grouped convolution": lambda: nn.Sequential(nn.Conv2d(6, 12, 3, groups=3), nn.BatchNorm2d(12)),
    "a depthwise convolution with two outputs a channel": lambda: nn.Sequential(
        nn.Conv2d(3, 6, 3, groups=3), nn.BatchNorm2d(6)
    ),
    "a transposed convolution": lambda: nn.Sequential(nn.ConvTranspose2d(3, 8, 3, stride=2), nn.BatchNorm2d(8)),
    "a grouped transposed convolution": lambda: nn.Sequential(
        nn.ConvTranspose2d(6, 9, 3, groups=3, bias=False), nn.BatchNorm2d(9)
    ),
    "reflected borders": lambda: nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1, padding_mode="reflect"), nn.BatchNorm2d(8)
    ),
    "padding by name": lambda: nn.Sequential(nn.Conv2d(3, 8, 3, padding="same", dilation=2), nn.BatchNorm2d(8)),
    "a synchronised norm": lambda: nn.Sequential(nn.Conv2d(3, 8, 3), nn.SyncBatchNorm(8)),
    "a dropout between": lambda: nn.Sequential(nn.Conv2d(3, 8, 3), nn.Dropout(0.5), nn.BatchNorm2d(8)),
    "a linear layer over tokens, flattened": lambda: Written(
        lambda net, x: net.norm(net.fc(_tokens(x)).flatten(0, 1)).view(len(x), -1, 5),
        fc=nn.Linear(3, 5),
        norm=nn.BatchNorm1d(5),
    ),
    "a linear layer whose output gives a shape": lambda: Written(
        lambda net, x: _twice(net.fc(_tokens(x)), lambda y: net.norm(y.flatten(0, 1)).reshape_as(y)),
        fc=nn.Linear(3, 5, bias=False),
        norm=nn.BatchNorm1d(5),
    ),
    "a linear layer, transposed": lambda: Written(
        lambda net, x: net.norm(net.fc(_tokens(x)).transpose(1, 2)), fc=nn.Linear(3, 5), norm=nn.BatchNorm1d(5)
    ),
    "channels that are shuffled between": lambda: Written(
        lambda net, x: net.norm(net.conv(x).unflatten(1, (2, 4)).transpose(1, 2).flatten(1, 2)),
        conv=nn.Conv2d(3, 8, 1),
        norm=nn.BatchNorm2d(8),
    ),
    "two convolutions side by side": lambda: Written(
        lambda net, x: net.norm(torch.cat([net.a(x), net.b(x)], 1)),
        a=nn.Conv2d(2, 2, 3),
        b=nn.Conv2d(2, 6, 3, groups=2),
        norm=nn.BatchNorm2d(8),
    ),
    "an activation in place behind the norm": lambda: nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(inplace=True), nn.Conv2d(8, 4, 3), nn.BatchNorm2d(4)
    ),
    "a norm before a linear layer": lambda: nn.Sequential(
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.BatchNorm1d(3), nn.Dropout(0.1), nn.Linear(3, 5)
    ),
    "a norm before a grouped convolution without padding": lambda: nn.Sequential(
        nn.ReLU(), nn.BatchNorm2d(6), nn.Conv2d(6, 4, 3, groups=2, bias=False)
    ),
    "a norm before a linear layer over all pixels": lambda: nn.Sequential(
        nn.ReLU(), nn.BatchNorm2d(3), nn.Flatten(), nn.Linear(3 * 144, 5)
    ),
    "a norm before a layer that another norm follows": lambda: nn.Sequential(
        nn.ReLU(), nn.BatchNorm2d(3), nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4)
    ),
}


@pytest.mark.parametrize("what", FOLDED)
def test_it_is_folded_and_the_outputs_stay(what: str) -> None:
    network = FOLDED[what]()
    before = norms_in(network)
    first = next(iter(network.state_dict(keep_vars=True).values()))
    layer = next(m for m in network.modules() if any(value is first for value in m._parameters.values()))
    channels = getattr(layer, "in_channels", getattr(layer, "in_features", getattr(layer, "num_features", 0)))
    new, report, difference = folded(network, channels)
    assert norms_in(new) == 0
    assert (report.before, report.folded, report.stay) == (before, before, {})
    assert difference < CLOSE


def _shared_norm() -> nn.Module:
    norm = nn.BatchNorm2d(8)
    return Written(
        lambda net, x: net.norm(net.a(x)) + net.norm(net.b(x)), a=nn.Conv2d(3, 8, 3), b=nn.Conv2d(3, 8, 3), norm=norm
    )


class Standardised(nn.Conv2d):
    """Its weight is computed anew in each pass."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        weight = self.weight - self.weight.mean((1, 2, 3), keepdim=True)
        return functional.conv2d(x, weight / weight.std((1, 2, 3), keepdim=True), self.bias)


class Louder(nn.BatchNorm2d):
    """A norm that does more than its name says."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return 2 * super().forward(x)


def _tied() -> nn.Module:
    first, second = nn.Conv2d(3, 3, 3), nn.Conv2d(3, 3, 3)
    second.weight = first.weight
    return nn.Sequential(first, nn.BatchNorm2d(3), second)


STAYS: dict[str, tuple[Callable[[], nn.Module], str]] = {
    "a convolution that is called twice": (
        lambda: Written(
            lambda net, x: net.norm(net.conv(net.conv(x))), conv=nn.Conv2d(3, 3, 3), norm=nn.BatchNorm2d(3)
        ),
        "used more than once",
    ),
    "a norm that is called twice": (_shared_norm, "is used more than once"),
    "two convolutions with one weight": (_tied, "used more than once"),
    "an output that is read by others": (
        lambda: Written(
            lambda net, x: _twice(net.conv(x), lambda y: net.norm(y) + y),
            conv=nn.Conv2d(3, 3, 3),
            norm=nn.BatchNorm2d(3),
        ),
        "what others read",
    ),
    "a view of the output that is read by others": (
        lambda: Written(
            lambda net, x: _twice(net.conv(x), lambda y: net.norm(y) + y[:, :, :1, :1]),
            conv=nn.Conv2d(3, 3, 3),
            norm=nn.BatchNorm2d(3),
        ),
        "what others read",
    ),
    "an output that is changed in place": (
        lambda: Written(
            lambda net, x: net.norm(net.conv(x).mul_(x[:, :, 1:-1, 1:-1])),
            conv=nn.Conv2d(3, 3, 3),
            norm=nn.BatchNorm2d(3),
        ),
        "mul_",
    ),
    "an output that is changed through a view": (
        lambda: Written(
            lambda net, x: _twice(net.conv(x), lambda y: (y[:, :1].zero_(), net.norm(y))[1]),
            conv=nn.Conv2d(3, 3, 3),
            norm=nn.BatchNorm2d(3),
        ),
        "what others read",
    ),
    "a convolution beside its input": (
        lambda: Written(
            lambda net, x: net.norm(torch.cat([net.conv(x), x], 1)), conv=nn.Conv2d(3, 2, 1), norm=nn.BatchNorm2d(5)
        ),
        "normalises what cat made",
    ),
    "a convolution twice side by side": (
        lambda: Written(
            lambda net, x: _twice(net.conv(x), lambda y: net.norm(torch.cat([y, y], 1))),
            conv=nn.Conv2d(3, 2, 1),
            norm=nn.BatchNorm2d(4),
        ),
        "what others read",
    ),
    "two convolutions one below the other": (
        lambda: Written(
            lambda net, x: net.norm(torch.cat([net.a(x), net.b(x)], 2)),
            a=nn.Conv2d(3, 4, 1),
            b=nn.Conv2d(3, 4, 1),
            norm=nn.BatchNorm2d(4),
        ),
        "other channels",
    ),
    "a sum of two convolutions": (
        lambda: Written(
            lambda net, x: net.norm(net.a(x) + net.b(x)),
            a=nn.Conv2d(3, 3, 1),
            b=nn.Conv2d(3, 3, 1),
            norm=nn.BatchNorm2d(3),
        ),
        "normalises what add made",
    ),
    "a norm before the activation of a padded convolution": (
        lambda: nn.Sequential(nn.ReLU(), nn.BatchNorm2d(3), nn.ReLU(), nn.Conv2d(3, 4, 1)),
        "normalises what relu made",
    ),
    "a norm before a padded convolution": (
        lambda: nn.Sequential(nn.ReLU(), nn.BatchNorm2d(3), nn.Conv2d(3, 4, 3, padding=1)),
        "normalises what relu made",
    ),
    "a norm before a transposed convolution": (
        lambda: nn.Sequential(nn.ReLU(), nn.BatchNorm2d(3), nn.ConvTranspose2d(3, 4, 3)),
        "normalises what relu made",
    ),
    "a norm that two layers read": (
        lambda: Written(
            lambda net, x: _twice(net.norm(x.relu()), lambda y: net.a(y) + net.b(y)),
            norm=nn.BatchNorm2d(3),
            a=nn.Conv2d(3, 4, 1),
            b=nn.Conv2d(3, 4, 1),
        ),
        "normalises what relu made",
    ),
    "a weight that is computed anew": (
        lambda: nn.Sequential(Standardised(3, 8, 3), nn.BatchNorm2d(8)),
        "normalises what conv2d made",
    ),
    "a weight behind a parametrisation": (
        lambda: nn.Sequential(nn.utils.parametrizations.weight_norm(nn.Conv2d(3, 8, 3)), nn.BatchNorm2d(8)),
        "normalises what conv2d made",
    ),
    "a norm that does more": (lambda: nn.Sequential(nn.Conv2d(3, 8, 3), Louder(8)), "is a Louder"),
    "a norm over tokens": (
        lambda: Written(lambda net, x: net.norm(net.fc(_tokens(x))), fc=nn.Linear(3, 5), norm=nn.BatchNorm1d(144)),
        "other channels",
    ),
    "a norm without running statistics": (
        lambda: nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8, track_running_stats=False)),
        "statistics of each batch",
    ),
    "a norm of the images": (lambda: nn.Sequential(nn.BatchNorm2d(3), nn.ReLU()), "the network's input"),
    "a norm that is never called": (
        lambda: Written(lambda net, x: net.conv(x), conv=nn.Conv2d(3, 8, 3), norm=nn.BatchNorm2d(8)),
        "is not called",
    ),
}


@pytest.mark.parametrize("what", STAYS)
def test_it_stays_with_its_reason_and_the_outputs_stay(what: str) -> None:
    make, why = STAYS[what]
    network = make()
    new, report, difference = folded(network)
    assert norms_in(new) == report.before == len(report.stay) == 1
    assert report.folded == 0
    (reason,) = report.stay.values()
    assert why in reason
    assert difference < CLOSE


def test_the_activation_of_a_combined_module_is_kept() -> None:
    import_timm()
    from timm.layers import BatchNormAct2d, ConvNormAct

    network = nn.Sequential(
        ConvNormAct(3, 8, 3, act_layer=nn.SiLU),
        nn.Conv2d(8, 6, 1),
        BatchNormAct2d(6, act_layer=nn.ReLU, drop_layer=nn.Dropout),
        nn.Conv2d(6, 4, 1),
        BatchNormAct2d(4, apply_act=False),
    )
    new, report, difference = folded(network)
    assert (norms_in(new), report.folded) == (0, 3)
    assert difference < CLOSE
    assert [type(m).__name__ for m in new.modules() if isinstance(m, nn.SiLU | nn.ReLU | nn.Dropout)] == [
        "SiLU",
        "Dropout",
        "ReLU",
    ]


def test_a_combined_module_is_not_folded_into_what_its_activation_separates_it_from() -> None:
    import_timm()
    from timm.layers import BatchNormAct2d

    network = nn.Sequential(nn.ReLU(), BatchNormAct2d(3), nn.Conv2d(3, 4, 1))
    _, report, difference = folded(network)
    assert list(report.stay) == ["1"]
    assert difference < CLOSE


def test_timms_convolutions_that_pad_by_themselves_are_served() -> None:
    import_timm()
    from timm.layers import Conv2dSame, ScaledStdConv2d

    network = nn.Sequential(Conv2dSame(3, 8, 3, stride=2), nn.BatchNorm2d(8))
    assert folded(network, side=11)[2] < CLOSE
    assert norms_in(network) == 0
    # Before it the norm's shift would have to reach into the border.
    before = nn.Sequential(nn.ReLU(), nn.BatchNorm2d(3), Conv2dSame(3, 8, 3, stride=2))
    assert len(folded(before, side=11)[1].stay) == 1
    standardised = nn.Sequential(ScaledStdConv2d(3, 8, 3), nn.BatchNorm2d(8))
    _, report, difference = folded(standardised)
    assert len(report.stay) == 1
    assert difference < CLOSE


def test_frozen_norms_are_folded_like_others() -> None:
    import_timm()
    from timm.layers import BatchNormAct2d
    from timm.layers.norm_act import freeze_batch_norm_2d

    network = settled(
        nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.Conv2d(8, 4, 1), BatchNormAct2d(4, act_layer=nn.SiLU))
    )
    network = freeze_batch_norm_2d(network)
    new, report, difference = folded(network)
    assert (report.before, report.folded) == (2, 2)
    assert any(isinstance(module, nn.SiLU) for module in new.modules())
    assert difference < CLOSE


def test_folding_rounds_once() -> None:
    """With statistics far from one, single precision would lose digits on the way."""
    network = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4, eps=0.0))
    settled(network)
    norm = network[1]
    norm.running_mean.fill_(1000.0)
    norm.running_var.fill_(1e-3)
    network[0].bias.fill_(1000.0)
    example = torch.rand(1, 3, 4, 4)
    with torch.inference_mode():
        exact = copy.deepcopy(network).double()(example.double())
        new = fold(network, example)[0]
        error = float((new(example).double() - exact).abs().max() / exact.abs().max())
    assert error < 1e-6


def test_the_same_norms_are_folded_whatever_the_weights_are() -> None:
    def shapes(seed: int) -> dict[str, torch.Size]:
        torch.manual_seed(seed)
        make = (FOLDED["a grouped convolution"], STAYS["a sum of two convolutions"][0])
        network = Written(lambda net, x: net.b(net.a(x)[:, :3]), a=make[0](), b=make[1]()).eval()
        for parameter in network.parameters() if seed == 2 else ():
            nn.init.zeros_(parameter)
        new = fold(network, torch.zeros(1, 6, 8, 8))[0]
        return {name: value.shape for name, value in new.state_dict().items()}

    assert shapes(0) == shapes(1) == shapes(2)


def test_what_a_network_caches_of_its_parameters_does_not_come_from_folding() -> None:
    class Cached(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.norm = nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4)
            self.kept: torch.Tensor | None = None

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            if self.kept is None:
                self.kept = self.conv.weight.sum()
            return self.norm(self.conv(x)) * self.kept

    network = settled(Cached())
    fold(network, torch.zeros(1, 3, 4, 4))
    assert network.kept is None
