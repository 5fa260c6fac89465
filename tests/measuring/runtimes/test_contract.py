"""Every runtime computes what fp32 eager does, within the tolerance of its precision, for families of all kinds."""

from __future__ import annotations

from pathlib import Path

import pytest
from levit_bench.catalog import entries
from levit_bench.measuring import runtimes
from levit_bench.measuring.worker import Worker
from levit_bench.records import Case

from tests.measuring.runtimes.asking import ON_PROCESSORS, taken

SIZES = {"mobilevit_xxs": 128}
"""Pixels of those that 64 are too few for: attention over a single token is not what they do."""
STAND_FOR_ALL = ("efficientnet_b0", "levit_128s", "vit_small_patch32_224", "xcit_tiny_12_p16_224")
"""Depthwise convolutions, the suite's own, attention, and an odd one."""
FIRST = {"compile": ("levit_128s",), "openvino": ("efficientnet_b0", "levit_128s")}
"""Those of them in runtimes that take longer: compiling, and an engine that reads the file that another reads, too."""


def _smallest() -> list[str]:
    """The smallest network of each family, and the suite's own."""
    found: dict[str, str] = {}
    for entry in sorted(entries.entries(), key=lambda entry: entry.macs_m or 0):
        found.setdefault(entry.family, entry.name)
    return list(dict.fromkeys(("levit_128s", *found.values())))


def _everything() -> list[object]:
    """Every family in every runtime; those that stand for others apart."""
    return [
        pytest.param(
            name,
            runtime,
            id=f"{name}-{runtime}",
            marks=[] if name in FIRST.get(runtime, STAND_FOR_ALL) else [pytest.mark.exhaustive],
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
@pytest.mark.parametrize("runtime", [one for one in ON_PROCESSORS if one != "compile"])
@pytest.mark.parametrize("name", ["levit_128s", "mobileone_s1"])
def test_a_runtime_computes_a_network_in_its_form_for_inference(name: str, runtime: str, tmp_path: Path) -> None:
    assert isinstance(found := _taken(name, tmp_path, runtime=runtime, form="inference"), Worker), found


@pytest.mark.slow
@pytest.mark.exhaustive
@pytest.mark.parametrize("name", ["levit_128s", "mobileone_s1"])
def test_the_compiler_takes_networks_in_their_form_for_inference(name: str, tmp_path: Path) -> None:
    assert isinstance(found := _taken(name, tmp_path, runtime="compile", form="inference"), Worker), found


def _low() -> list[object]:
    """Runtimes with the number formats below fp32 that they claim; what compiles takes long."""
    pairs = [(one, low) for one in ON_PROCESSORS for low in ("bf16", "fp16") if low in runtimes.precisions_of(one)]
    return [pytest.param(*pair, marks=[pytest.mark.exhaustive] if pair[0] == "compile" else []) for pair in pairs]


@pytest.mark.slow
@pytest.mark.parametrize(("runtime", "precision"), _low())
def test_a_runtime_computes_in_the_precisions_that_it_claims(runtime: str, precision: str, tmp_path: Path) -> None:
    found = _taken("resnet10t", tmp_path, runtime=runtime, precision=precision)
    if isinstance(found, str) and "this processor cannot" in found:
        pytest.skip(found)
    assert isinstance(found, Worker), found
