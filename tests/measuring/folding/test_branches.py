"""Networks' own methods for inference are tried before they are believed."""

from __future__ import annotations

import torch
from levit_bench.measuring.folding import branches
from levit_bench.measuring.networks.timm_import import import_timm
from torch import nn

from tests.measuring.folding.norms import folded, norms_in, settled


class Doubled(nn.Module):
    """Two convolutions that are one."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.other = nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.one(x) + self.other(x)

    def fuse(self) -> nn.Module:
        self.one.weight += self.other.weight
        self.one.bias += self.other.bias
        return self.one


class Forgetful(Doubled):
    """Loses a bias, as a BatchNorm that took its activation along would."""

    def fuse(self) -> nn.Module:
        self.one.weight += self.other.weight
        return self.one


class Demanding(Doubled):
    """Means something else by that word."""

    def fuse(self, other: nn.Module) -> nn.Module:  # type: ignore[override]
        return other


class Shapeless(Doubled):
    """Returns no module."""

    def fuse(self) -> nn.Module:
        return "a string"  # type: ignore[return-value]


class InPlace(Doubled):
    """Rewrites itself, as timm's RepVGG does."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.one(x) + self.other(x) if hasattr(self, "other") else self.one(x)

    fuse = None  # type: ignore[assignment]

    def reparameterize(self) -> None:
        Doubled.fuse(self)
        del self.other


class Outer(nn.Module):
    """Holds a module that rewrites itself, and takes it along when it does so itself."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = Doubled()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.inner(x)

    def switch_to_deploy(self) -> None:
        self.inner = self.inner.fuse()


def _images() -> torch.Tensor:
    return torch.randn(1, 3, 6, 6, generator=torch.Generator().manual_seed(0))


def test_branches_become_one_and_the_outputs_stay() -> None:
    for make in (Doubled, InPlace, Outer):
        network = nn.Sequential(make(), nn.ReLU(), make())
        before = sum(1 for _ in network.parameters())
        new, report, difference = folded(network)
        assert report.rewritten == 2, make
        assert sum(1 for _ in new.parameters()) == before / 2
        assert difference < 1e-5


def test_a_method_that_changes_the_output_is_not_used_and_said_to() -> None:
    network = nn.Sequential(Doubled(), Forgetful(), Demanding(), Shapeless())
    new, report, difference = folded(network)
    assert report.rewritten == 1
    assert list(report.refused) == ["1", "2", "3"]
    assert "its fuse changes the output by" in report.refused["1"]
    assert report.refused["2"] == report.refused["3"] == "its fuse raises TypeError"
    assert type(new.get_submodule("1")) is Forgetful
    assert difference < 1e-5


def test_weights_of_zero_hide_no_error() -> None:
    network = nn.Sequential(Forgetful(), nn.Conv2d(3, 2, 1)).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
        assert branches.join(network, _images()).rewritten == 0


def test_a_module_with_two_names_stays_one() -> None:
    inner = Doubled()
    network = nn.Sequential(inner, nn.ReLU(), inner)
    new, _, difference = folded(network)
    assert new.get_submodule("0") is new.get_submodule("2")
    assert isinstance(new.get_submodule("0"), nn.Conv2d)
    assert difference < 1e-5


def test_a_module_is_tried_with_what_it_is_called_with() -> None:
    class Scaled(Doubled):
        def forward(self, x: torch.Tensor, scale: torch.Tensor | None = None) -> torch.Tensor:  # type: ignore[override]
            out = super().forward(x)
            return out if scale is None else out * scale

    class Caller(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one = Scaled()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.one(x, scale=x.mean())

    # What `fuse` returns takes no scale: on its own input it must fail.
    _, report, difference = folded(Caller())
    assert (report.rewritten, report.refused) == (0, {"one": "its fuse raises TypeError"})
    assert difference < 1e-5


def test_timms_levit_forgets_groups_and_is_folded_all_the_same() -> None:
    import_timm()
    from timm.models.levit import ConvNorm

    network = nn.Sequential(ConvNorm(4, 8, 3, groups=2), nn.ReLU(), ConvNorm(8, 8))
    new, report, difference = folded(network, channels=4)
    assert list(report.refused) == ["0"]
    assert (report.rewritten, report.folded, norms_in(new)) == (1, 1, 0)
    assert difference < 1e-5


def test_the_network_itself_is_not_run() -> None:
    network = nn.Sequential(Doubled(), nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3))
    settled(network)
    calls: list[object] = []
    network.register_forward_pre_hook(lambda module, _args: calls.append(1) if module is network else None)
    with torch.no_grad():
        branches.join(network, _images())
    assert calls == []
