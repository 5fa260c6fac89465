"""A form is another way to write the same network: known by name, applied anew in each seat, and checked."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from levit_bench.asking.request import Request, check
from levit_bench.catalog import entries
from levit_bench.errors import UsageError
from levit_bench.measuring import forms, runtimes
from levit_bench.measuring.folding.batchnorms import Folding, fold
from levit_bench.measuring.forms import inference
from levit_bench.measuring.pass_data.output_check import relative_distance
from levit_bench.measuring.pass_data.reference_outputs import references_in
from levit_bench.measuring.preparing import artifacts
from levit_bench.measuring.workers.messages import Prepared
from levit_bench.records import Case
from torch import nn

from tests.measuring.folding.norms import norms_in

pytestmark = pytest.mark.slow  # builds and times networks


@pytest.fixture
def reports(monkeypatch: pytest.MonkeyPatch) -> list[Folding]:
    """What was folded, each time something was."""
    found: list[Folding] = []

    def kept(network: nn.Module, example: torch.Tensor) -> tuple[nn.Module, Folding]:
        new, report = fold(network, example)
        found.append(report)
        return new, report

    monkeypatch.setattr(inference, "fold", kept)
    return found


def _compare(name: str, resolution: int, folder: Path) -> Prepared:
    """Prepare a network in its form for inference, load it as a seat does, and compare it with the one shipped."""
    case = Case(network=name, resolution=resolution, form="inference")
    prepared = artifacts.prepare(case, (1,), folder, 0)
    references = references_in(folder)
    pool = references.pool(case.shape, 0)
    with torch.inference_mode():
        loaded = runtimes.get("eager").load(case, artifacts.artifact_in(folder))
        for number in (0, pool.size - 1):
            output = loaded.run(pool.batch([number]))
            assert relative_distance(output, references.logits[[number]]) <= references.tolerance("fp32")
    return prepared


SMALL = {
    "efficientnet_b0": 64, "levit_128s.fb_dist_in1k": 128, "mixnet_s": 64, "mobilenetv3_small_075": 64, "repvgg_a0": 64,
    "repvit_m1": 64, "resnet18": 64, "shvit_s2": 64,
}  # fmt: skip
"""One a family, at sizes that cost little: what is folded does not depend on them."""


QUICK = ("efficientnet_b0", "levit_128s.fb_dist_in1k", "resnet18")


@pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in SMALL]
)
def test_a_network_loaded_anew_in_its_form_computes_what_it_did_as_shipped(
    name: str, tmp_path: Path, reports: list[Folding]
) -> None:
    _compare(name, SMALL[name], tmp_path)
    # Once with calibrated weights, once with fresh ones.
    assert reports[0] == reports[1]
    assert (reports[0].stay, reports[0].refused) == ({}, {})


LEFT = {
    "coatnet_nano_rw_224": (2, "normalises what"),
    "densenet121": (62, "normalises what cat made"),
    "densenet169": (86, "normalises what cat made"),
    "dpn68b": (27, "normalises what"),
    "efficientformerv2_s0": (1, "normalises what add made"),
    "efficientformerv2_s2": (1, "normalises what add made"),
    "mobilenetv4_hybrid_medium": (8, "normalises what add made"),
    "nextvit_small": (1, "normalises what add made"),
    "starnet_s1": (1, "normalises what add made"),
    "starnet_s4": (1, "normalises what add made"),
    "swiftformer_xs": (1, "normalises what add made"),
    "visformer_tiny": (1, "normalises what add made"),
    "xcit_small_12_p16_224": (12, "normalises what gelu made"),
    "xcit_tiny_12_p16_224": (12, "normalises what gelu made"),
}
"""Norms that stay, of networks where any does, and what their reasons say. Everywhere else all are folded."""


HEAVY_M = 1500.0
"""Millions of multiply-accumulates above which a network takes several times as long as most: for `make test-all`."""


def _spread() -> list[object]:
    """Every network; those apart that are neither the smallest of their family nor the smallest of a reason in `LEFT`.

    A family whose smallest network is heavy is left apart as well.
    """
    families: dict[str, entries.Entry] = {}
    reasons: dict[str, entries.Entry] = {}
    for entry in sorted(entries.entries(), key=lambda entry: entry.macs_m or 0):
        families.setdefault(entry.family, entry)
        if entry.name in LEFT:
            reasons.setdefault(LEFT[entry.name][1], entry)
    first = {entry.name for entry in families.values() if (entry.macs_m or 0) <= HEAVY_M}
    first |= {entry.name for entry in reasons.values()}
    ours = {entry.name for entry in entries.entries() if entry.built_by == "levit-bench"}
    return [
        pytest.param(entry, id=entry.name, marks=[] if entry.name in first | ours else [pytest.mark.exhaustive])
        for entry in entries.entries()
    ]


@pytest.mark.slow
@pytest.mark.parametrize("entry", _spread())
def test_every_network_of_the_catalog_can_be_prepared_and_has_a_form_for_inference(
    tmp_path: Path, entry: entries.Entry, reports: list[Folding]
) -> None:
    prepared = _compare(entry.name, entry.resolution, tmp_path)
    if entry.macs_m is not None:
        assert prepared.macs == pytest.approx(1e6 * entry.macs_m, rel=0.01)
    # Fewer than as shipped, unless a norm stood before a convolution of more channels: its shift becomes their bias.
    assert prepared.params <= 1.001e6 * entry.params_m + 600
    if entry.built_by == "levit-bench":
        assert reports == [], "it brings its own form"
        return
    assert reports[0] == reports[1]
    left, why = LEFT.get(entry.name, (0, ""))
    assert (len(reports[0].stay), reports[0].refused) == (left, {})
    assert all(why in reason for reason in reports[0].stay.values())


def test_forms_are_found_by_name_and_others_named() -> None:
    assert forms.names()[:2] == ("shipped", "inference")
    network = nn.Identity()
    assert forms.get("shipped").apply(network, torch.zeros(1, 3, 4, 4)) is network
    with pytest.raises(LookupError, match=r"unknown form 'pruned'\. Choose from shipped, inference"):
        forms.get("pruned")


def test_an_unknown_form_is_refused_with_the_choices() -> None:
    check(Request(networks=("levit_128s",), forms=("shipped", "inference")))
    with pytest.raises(UsageError, match=r"unknown form 'folded'. Choose from shipped, inference"):
        check(Request(networks=("levit_128s",), forms=("shipped", "folded")))


class Ready(nn.Module):
    """A network that knows its form for inference."""

    def __init__(self, *, right: bool = True, form: object = None) -> None:
        super().__init__()
        self.conv, self.norm, self.head = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Linear(4, 9)
        self.right, self.form = right, form

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.norm(self.conv(x)).mean((2, 3)))

    def for_inference(self) -> object:
        if not self.right:
            self.norm = nn.Identity()  # type: ignore[assignment]
        return self.form


def test_a_network_that_knows_its_own_form_is_taken_at_its_word() -> None:
    network = Ready().eval()
    assert inference.apply(network, torch.zeros(1, 3, 8, 8)) is network
    assert norms_in(network) == 1
    other = nn.Identity()
    assert inference.apply(Ready(form=other), torch.zeros(1, 3, 8, 8)) is other
    with pytest.raises(TypeError, match="for_inference returned a str"):
        inference.apply(Ready(form="text"), torch.zeros(1, 3, 8, 8))


def right() -> nn.Module:
    """Its own form is the same network."""
    return Ready()


def wrong() -> nn.Module:
    """Its own form loses the norm."""
    return Ready(right=False)


def test_a_form_that_computes_something_else_is_refused_with_the_distance(tmp_path: Path) -> None:
    case = Case(network=f"{__name__}:right", resolution=16, form="inference")
    artifacts.prepare(case, (1, 2), tmp_path, 0)
    case = Case(network=f"{__name__}:wrong", resolution=16, form="inference")
    with pytest.raises(ValueError, match=r"the form 'inference' is not the same network: .* differs .* by [0-9.e+-]+ "):
        artifacts.prepare(case, (1, 2), tmp_path, 0)


def test_our_levit_brings_its_own_form_which_is_loaded_anew_and_computes_the_same(
    tmp_path: Path, reports: list[Folding]
) -> None:
    _compare("levit_128s", 128, tmp_path)
    assert reports == [], "nothing was folded in general"


# LeViT's authors count the same as for timm's after fusing, by arithmetic alone. Our form has merged its two heads, one
# less of 384 * 1000 + 1000, and keeps its biases, 5,314 numbers, as buffers.
FUSED = {"levit_128s.fb_dist_in1k": 7_756_466, "levit_128s": 7_756_466 - 385_000 - 5_314}


@pytest.mark.slow
@pytest.mark.parametrize("name", FUSED)
def test_parameters_are_those_of_the_form_and_multiply_accumulates_those_of_the_network(
    name: str, tmp_path: Path
) -> None:
    counts = {}
    for form in ("shipped", "inference"):
        (tmp_path / form).mkdir()
        case = Case(network=name, resolution=224, form=form)
        counts[form] = artifacts.prepare(case, (1,), tmp_path / form, 0)
    assert counts["shipped"].macs == counts["inference"].macs
    assert (counts["shipped"].params, counts["inference"].params) == (7_777_058, FUSED[name])
