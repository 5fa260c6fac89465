"""A form is another way to write the same network: known by name, applied anew in each seat, and checked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import nn

from bench import catalog
from bench.errors import UsageError
from bench.measuring import artifacts, calibrate, forms, networks, runtimes
from bench.measuring.folding.fold import fold
from bench.measuring.forms import inference
from bench.measuring.inputs import images
from bench.measuring.outputs import relative_distance
from bench.records import Case
from bench.request import Request, check
from tests.measuring.norms import norms_in


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Small operators on a busy machine wait for each other's threads, ten times longer than they compute."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calibrate on two images instead of sixteen: what is compared is one network with itself."""
    monkeypatch.setattr(calibrate, "images", lambda count, *rest: images(min(count, 2), *rest))


def _through(name: str, resolution: int, folder: Path) -> tuple[artifacts.Reference, torch.Tensor, torch.Tensor]:
    """Prepare a network in its form for inference and load it as a seat does: its references, and what it gives."""
    case = Case(network=name, resolution=resolution, form="inference")
    artifacts.prepare(case, (1,), folder, 0)
    with torch.inference_mode():
        loaded = runtimes.get("eager").load(case, artifacts.artifact_in(folder))
        first, second = (loaded.run(images(1, resolution, 0, stream)) for stream in artifacts.STREAMS)
    return artifacts.reference_in(folder, 1), first, second


def _compare(name: str, resolution: int, folder: Path) -> None:
    reference, first, second = _through(name, resolution, folder)
    for got, want in ((first, reference.first), (second, reference.second)):
        assert relative_distance(got, want) <= reference.tolerance("fp32")


SMALL = (
    "levit_128s",
    "mobilenetv3_small_075",
    "repvgg_a0",
    "resnet18",
    "repvit_m1",
    "mixnet_s",
    "shvit_s2",
    "resnet10t",
)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("name", SMALL)
def test_a_network_loaded_anew_in_its_form_computes_what_it_did_as_shipped(name: str, tmp_path: Path) -> None:
    _compare(name, 224, tmp_path)


# What stays of a family, and why: how many of how many, and the words of the reason.
LEFT: dict[str, tuple[int, int, str]] = {}


@pytest.mark.slow
@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("entry", catalog.entries(), ids=lambda entry: entry.name)
def test_every_network_of_the_catalog_has_a_form_for_inference(tmp_path: Path, entry: catalog.Entry) -> None:
    _compare(entry.name, entry.resolution, tmp_path)
    network = networks.build(entry.name, entry.resolution)
    _, report = fold(network, images(1, entry.resolution, 0, 0))
    left, before, why = LEFT.get(entry.name, (0, report.before, ""))
    assert (len(report.stay), report.before, report.refused) == (left, before, {})
    assert all(why in reason for reason in report.stay.values())


def test_forms_are_found_by_name_and_others_named() -> None:
    assert forms.names()[:2] == ("shipped", "inference")
    network = nn.Identity()
    assert forms.get("shipped").apply(network, torch.zeros(1, 3, 4, 4)) is network
    with pytest.raises(LookupError, match="unknown form 'pruned'; known are shipped, inference"):
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


def test_parameters_are_those_of_the_form_and_multiply_accumulates_those_of_the_network(tmp_path: Path) -> None:
    counts = {}
    for form in ("shipped", "inference"):
        (tmp_path / form).mkdir()
        case = Case(network="levit_128s", resolution=224, form=form)
        counts[form] = artifacts.prepare(case, (1,), tmp_path / form, 0)
    assert counts["shipped"].macs == counts["inference"].macs
    # LeViT's authors count the same after fusing, by arithmetic alone.
    assert (counts["shipped"].params, counts["inference"].params) == (7_777_058, 7_756_466)
