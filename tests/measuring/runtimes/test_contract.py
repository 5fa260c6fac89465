"""Every runtime computes what fp32 eager does, within the tolerance of its precision, for families of all kinds."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import catalog
from bench.measuring import runtimes
from bench.measuring.worker import Worker
from bench.records import Case
from tests.measuring.runtimes.asking import ON_PROCESSORS, taken

SIZES = {"mobilevit_xxs": 128}
"""Pixels of those that 64 are too few for: attention over a single token is not what they do."""
STAND_FOR_ALL = ("efficientnet_b0", "levit_128s", "resnet10t", "vit_small_patch32_224", "xcit_tiny_12_p16_224")
"""Depthwise convolutions, the suite's own, plain convolutions, attention, and an odd one."""
COMPILED = ("levit_128s", "resnet10t")
"""Those of them that are compiled: it takes longer than everything else."""


def _smallest() -> list[str]:
    """The smallest network of each family, and the suite's own."""
    found: dict[str, str] = {}
    for entry in sorted(catalog.entries(), key=lambda entry: entry.macs_m or 0):
        found.setdefault(entry.family, entry.name)
    return list(dict.fromkeys(("levit_128s", *found.values())))


def _everything() -> list[object]:
    """Every family in every runtime; those that stand for others apart."""
    return [
        pytest.param(
            name,
            runtime,
            id=f"{name}-{runtime}",
            marks=[] if name in (COMPILED if runtime == "compile" else STAND_FOR_ALL) else [pytest.mark.exhaustive],
        )
        for name in _smallest()
        for runtime in ON_PROCESSORS
    ]


def _taken(name: str, folder: Path, **fields: object) -> Worker | str:
    return taken(Case(network=name, resolution=SIZES.get(name, 64), **fields), folder)  # type: ignore[arg-type]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "runtime"), _everything())
def test_a_runtime_computes_every_family_as_eager_does(name: str, runtime: str, tmp_path: Path) -> None:
    assert isinstance(found := _taken(name, tmp_path, runtime=runtime, batch=2), Worker), found


@pytest.mark.slow
@pytest.mark.parametrize("runtime", ON_PROCESSORS)
@pytest.mark.parametrize("name", ["levit_128s", "mobileone_s1"])
def test_a_runtime_computes_a_network_in_its_form_for_inference(name: str, runtime: str, tmp_path: Path) -> None:
    if (name, runtime) == ("mobileone_s1", "compile"):
        pytest.skip("compiled once in this form: levit_128s")
    assert isinstance(found := _taken(name, tmp_path, runtime=runtime, form="inference"), Worker), found


LOW = [(one, precision) for one in ON_PROCESSORS for precision in ("bf16", "fp16")]


@pytest.mark.slow
@pytest.mark.parametrize(("runtime", "precision"), [pair for pair in LOW if pair[1] in runtimes.precisions_of(pair[0])])
def test_a_runtime_computes_in_the_precisions_that_it_claims(runtime: str, precision: str, tmp_path: Path) -> None:
    found = _taken("resnet10t", tmp_path, runtime=runtime, precision=precision)
    if isinstance(found, str) and "this processor cannot" in found:
        pytest.skip(found)
    assert isinstance(found, Worker), found
