"""Classes that a network returns are read off its outputs, and held against the sets that it was scored on."""

from __future__ import annotations

from pathlib import Path

import pytest
from levit_bench.measuring.preparing import artifacts
from levit_bench.measuring.session.session import about_classes
from levit_bench.records import Accuracy, Case, CaseLine
from torch import nn


def ten() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 16, 3, 4), nn.BatchNorm2d(16), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 10)
    )


@pytest.mark.parametrize("form", ["shipped", "inference"])
def test_a_preparation_tells_how_many_classes_the_network_returns(tmp_path: Path, form: str) -> None:
    case = Case(network="tests.measuring.preparing.test_classes:ten", resolution=32, form=form)
    assert artifacts.prepare(case, (1, 4), tmp_path, seed=0).classes == 10


def line(returns: int | None, *accuracies: Accuracy) -> CaseLine:
    case = Case(network="m:f", resolution=32)
    return CaseLine(
        id=case.id, case=case, accuracy=accuracies[0], accuracies=accuracies[1:], classes=returns, label="Ours"
    )


IMAGENET = Accuracy(top1=95.0, source="made up")
PARTS = Accuracy(top1=95.0, dataset="my-parts", images=2000, classes=10, source="made up")


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (line(10, IMAGENET), ["Ours returns 10 classes, and ImageNet-1k validation has 1,000: the accuracy is"]),
        (line(1000, PARTS), ["Ours returns 1,000 classes, and my-parts (2,000 images, 10 classes) has 10: its"]),
        (line(100, IMAGENET, PARTS), ["Ours returns 100 classes, and ImageNet", "Ours returns 100 classes, and my"]),
        (line(10, PARTS), []),
        (line(1000, IMAGENET), []),
        (line(None, IMAGENET), []),
        (line(10, Accuracy(top1=95.0, dataset="other", images=10, source="made up")), []),
    ],
)  # fmt: skip
def test_a_set_with_another_number_of_classes_is_noticed(found: CaseLine, said: list[str]) -> None:
    told = about_classes([found])
    assert [one.message[: len(text)] for one, text in zip(told, said, strict=True)] == said
    assert {(one.kind, one.case) for one in told} <= {("classes-differ", found.id)}
