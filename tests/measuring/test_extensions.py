"""Five extension points, one mechanism: what packages add is found by name; what is broken costs itself alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from levit_bench.asking.request import Request, check
from levit_bench.errors import UsageError
from levit_bench.judge.explain.factors import WEIGHT_BYTES
from levit_bench.measuring import devices, forms, networks, precisions, runtimes
from levit_bench.measuring.extensions import ExtensionError, ExtensionPoint
from levit_bench.measuring.pass_data.images import images
from levit_bench.measuring.pass_data.reference_outputs import References
from levit_bench.numbers.units import MAX
from levit_bench.records import Case, ImageShape
from torch import nn

from tests.house.plan import SOURCE
from tests.measuring.fake_packages import Install

BUILDER = """
from torch import nn
def owns(name): return name.startswith("theirs")
def default_resolution(name): return 48
def build(name, resolution): return nn.Sequential(nn.Flatten(), nn.Linear(3 * resolution**2, 7))
"""
FORM = """
def apply(network, example):
    network.theirs = tuple(example.shape)
    return network
"""
RUNTIME = """
import torch
from levit_bench.measuring.runtimes import InProcess
def unavailable(): return None
def prepare(case, network, example, folder):
    torch.jit.save(torch.jit.trace(network, example), folder / "theirs.pt")
    return folder / "theirs.pt"
def load(case, artifact): return InProcess(torch.jit.load(artifact))
def threads(): return torch.get_num_threads()
def versions(): return {"theirs": "7"}
"""
DEVICE = """
from levit_bench.measuring import precisions
from levit_bench.measuring.loaded_network import InProcess
HAS_OWN_MEMORY = True
def resolve(): return "theirs"
def hold(module, precision):
    module.to(precisions.dtype(precision, "theirs"))
    return InProcess(module)
"""
PRECISION = """
from levit_bench.measuring.precisions import Precision
THEIRS = Precision("float64", tolerance=1e-4, coarseness=0.5, about="double precision", devices=("cpu",))
"""
OFFERS = {
    "form": (forms.POINT, FORM, ""),
    "runtime": (runtimes.POINT, RUNTIME, ""),
    "device": (devices.POINT, DEVICE, ""),
    "precision": (precisions.POINT, PRECISION, "MODULE:THEIRS"),
    "builder of networks": (networks.POINT, BUILDER, ""),
}
EACH = pytest.mark.parametrize("kind", OFFERS)


def test_the_groups_are_those_that_the_documentation_names() -> None:
    assert {kind: point.group for kind, (point, _, _) in OFFERS.items()} == {
        "form": "levit_bench.forms",
        "runtime": "levit_bench.runtimes",
        "device": "levit_bench.devices",
        "precision": "levit_bench.precisions",
        "builder of networks": "levit_bench.networks",
    }


@EACH
def test_what_a_package_adds_is_found_by_name_with_who_makes_it(kind: str, install: Install) -> None:
    point, code, value = OFFERS[kind]
    before = point.names()
    install(point.group, "theirs", code, value=value, package="their-package", version="2.5")
    assert point.names() == (*before, "theirs")
    assert point.get("theirs")
    assert point.made_by("theirs") == "their-package 2.5"
    assert {name: type(found) for name, found in point.of_packages()}.keys() == {"theirs"}


@EACH
def test_one_that_raises_when_it_is_loaded_costs_itself_alone_and_is_named(kind: str, install: Install) -> None:
    point, code, value = OFFERS[kind]
    install(point.group, "theirs", code, value=value)
    for name, broken in (("raises", "raise OSError('libtheirs.so is missing')"), ("leaves", "raise SystemExit(3)")):
        install(point.group, name, broken)
        with pytest.raises(ExtensionError, match=rf"cannot load 'fake_.*', which the package their-{name} 1\.0 offers"):
            point.get(name)
    assert point.get("theirs")
    broken = {name for name, found in point.of_packages() if isinstance(found, ExtensionError)}
    assert broken == {"raises", "leaves"}


@EACH
def test_one_that_is_not_what_its_group_asks_for_is_refused_with_what_it_lacks(kind: str, install: Install) -> None:
    point, _, _ = OFFERS[kind]
    install(point.group, "empty", "")
    with pytest.raises(ExtensionError, match=r"cannot use 'fake_.*: it lacks "):
        point.get("empty")


@EACH
def test_a_name_that_two_packages_offer_is_refused_with_both(kind: str, install: Install) -> None:
    point, code, value = OFFERS[kind]
    install(point.group, "theirs", code, value=value, package="one", version="1")
    install(point.group, "theirs", code, value=value, package="other", version="2")
    with pytest.raises(ExtensionError, match=r"offered by two packages: the package other 2 and the package one 1"):
        point.get("theirs")


@EACH
def test_a_name_that_nobody_offers_is_refused_with_those_there_are(kind: str, install: Install) -> None:
    point, code, value = OFFERS[kind]
    install(point.group, "theirs", code, value=value)
    with pytest.raises(ExtensionError, match=rf"unknown {kind} 'nosuch'\. Choose from .*theirs\."):
        point.check("nosuch")
    with pytest.raises(LookupError):
        point.get("nosuch")


@pytest.mark.parametrize(("kind", "name"), [("form", "shipped"), ("runtime", "eager"), ("device", "cpu"),
                                            ("precision", "fp32")])  # fmt: skip
def test_no_package_takes_over_a_name_of_the_suite(kind: str, name: str, install: Install) -> None:
    point: ExtensionPoint[object] = OFFERS[kind][0]  # type: ignore[assignment]
    before = point.names(), point.get(name)
    install(point.group, name, "raise OSError")
    assert (point.names(), point.get(name)) == before
    assert point.made_by(name) is None


def test_metadata_that_say_nothing_cost_no_name(install: Install, tmp_path: Path) -> None:
    install(forms.ENTRY_POINTS, "theirs", FORM)
    (metadata,) = tmp_path.rglob("METADATA")
    metadata.unlink()
    assert "theirs" in forms.names()
    assert forms.get("theirs")
    assert forms.POINT.made_by("theirs") is None


def test_a_form_of_a_package_is_applied(install: Install) -> None:
    install(forms.ENTRY_POINTS, "theirs", FORM)
    check(Request(networks=("levit_128s",), forms=("theirs",)))
    network = forms.build(Case(network="null-1", resolution=32, form="theirs"))
    assert network.theirs == (1, 3, 32, 32)


def test_a_builder_that_fails_when_it_is_asked_is_named_where_nobody_else_knows_the_name(install: Install) -> None:
    install(networks.ENTRY_POINTS, "a", "def owns(name): return 1 / 0\ndefault_resolution = build = owns")
    install(networks.ENTRY_POINTS, "levit", BUILDER)
    found = networks.resolve(["theirs-1", "resnet18", "unknown-1"])
    assert found.shapes == {"theirs-1": ImageShape.square(48), "resnet18": ImageShape.square(224)}
    assert "'a', which the package their-a 1.0 brings, failed: ZeroDivisionError" in found.missing["unknown-1"]


def test_a_builder_that_does_not_know_the_size_of_its_network_costs_that_name(install: Install) -> None:
    install(
        networks.ENTRY_POINTS,
        "a",
        "def owns(name): return True\ndef default_resolution(name): return {}[name]\nbuild = owns",
    )
    found = networks.resolve(["theirs-1", "resnet18"])
    assert set(found.shapes) == {"resnet18"}
    assert set(found.missing) == {"theirs-1"}


def test_a_device_of_a_package_can_be_asked_for_and_holds_networks(install: Install) -> None:
    install(devices.ENTRY_POINTS, "theirs", DEVICE)
    assert check(Request(networks=("levit_128s",), device="theirs", runtimes=("eager", "channels-last"))) == "theirs"
    assert check(Request(networks=("levit_128s",), device="theirs", batches=(MAX,))) == "theirs"
    assert {"theirs"} <= set(runtimes.devices_of("eager"))
    with pytest.raises(UsageError, match=r"'openvino' does not run on theirs\. Choose from eager, channels-last\."):
        check(Request(networks=("levit_128s",), device="theirs", runtimes=("openvino",)))
    with pytest.raises(UsageError, match=r"tf32 is how NVIDIA .*; --device theirs does not"):
        check(Request(networks=("levit_128s",), device="theirs", precisions=("tf32",)))
    held = devices.get("theirs").hold(nn.Linear(3, 2), "fp32")
    assert held.run(torch.ones(1, 3)).shape == (1, 2)


def test_a_device_names_its_model_and_a_processor_none(install: Install) -> None:
    install(devices.ENTRY_POINTS, "theirs", f"{DEVICE}\ndef versions(): return {{'gpu': 'Model 3', 'driver': 12}}")
    assert devices.versions_of("theirs") == {"gpu": "Model 3", "driver": "12"}
    assert devices.versions_of("cpu") == {}


def test_the_study_knows_the_bytes_of_every_precision_of_the_suite() -> None:
    """Repeated there, for the study must not reach into the workshop."""
    assert {name: precisions.dtype(name, "cuda").itemsize for name in precisions.names()} == WEIGHT_BYTES


def test_a_device_that_fails_to_say_whether_it_is_there_is_named(install: Install) -> None:
    install(devices.ENTRY_POINTS, "theirs", "def resolve(): raise OSError('no driver')\nhold = resolve")
    with pytest.raises(UsageError, match=r"device 'theirs', which the package their-theirs 1\.0 brings, failed: OSErr"):
        devices.resolve("theirs")
    install(devices.ENTRY_POINTS, "other", "def resolve(): return 'nosuch'\nhold = resolve")
    with pytest.raises(UsageError, match="unknown device 'nosuch'"):
        devices.resolve("other")


def test_a_precision_of_a_package_is_stored_and_checked_as_it_says(install: Install) -> None:
    install(precisions.ENTRY_POINTS, "fp64", PRECISION, value="MODULE:THEIRS")
    assert check(Request(networks=("levit_128s",), precisions=("fp64",))) == "cpu"
    held = devices.get("cpu").hold(nn.Sequential(nn.Flatten(), nn.Linear(48, 5)), "fp64")
    placed = held.place(images(2, ImageShape.square(4), 0, 0))
    assert (placed.dtype, held.fetch(held.run(placed)).dtype) == (torch.float64, torch.float32)
    made = References(torch.ones(2, 5), 4, (), sensitivity=1.0, distance=1e9, changes=0, change=0.0)
    assert made.tolerance("fp64") == pytest.approx(made.tolerance("fp32") / 2)
    assert "fp64" in runtimes.precisions_of("eager")
    with pytest.raises(UsageError, match="'onnxruntime' does not compute in fp64, but in fp32"):
        check(Request(networks=("levit_128s",), precisions=("fp64",), runtimes=("onnxruntime",)))


@pytest.mark.parametrize("tolerance", ["0.0", "0.5", "float('nan')", "'little'"])
def test_a_precision_that_would_hardly_be_checked_is_refused(tolerance: str, install: Install) -> None:
    install(precisions.ENTRY_POINTS, "theirs", PRECISION.replace("1e-4", tolerance), value="MODULE:THEIRS")
    with pytest.raises(UsageError, match=r"their-theirs 1\.0 offers as precision 'theirs': it has a tolerance of"):
        check(Request(networks=("levit_128s",), precisions=("theirs",)))
    assert precisions.on("cpu") == ("fp32", "fp16", "bf16")


def test_a_precision_that_torch_does_not_store_is_refused(install: Install) -> None:
    install(precisions.ENTRY_POINTS, "theirs", PRECISION.replace("float64", "float3"), value="MODULE:THEIRS")
    with pytest.raises(ValueError, match="stored as 'float3', and this torch has no such type"):
        devices.get("cpu").hold(nn.Identity(), "theirs")


def test_what_is_known_of_the_suites_own_needs_no_torch() -> None:
    """The parent reads facts, devices and precisions, and must stay light."""
    code = (
        "import sys; from levit_bench.measuring import devices, forms, precisions, runtimes\n"
        "print(*[runtimes.facts(n).about for n in runtimes.names()], sep='\\n')\n"
        "[runtimes.unavailable(n) for n in runtimes.names()], [precisions.get(n) for n in precisions.names()]\n"
        "[devices.has_own_memory(n) for n in devices.names()], [runtimes.precisions_of(n) for n in runtimes.names()]\n"
        "assert not {'torch', 'timm', 'numpy', 'onnxruntime', 'openvino'} & set(sys.modules), 'loads what is heavy'"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": str(SOURCE)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert len(set(done.stdout.splitlines())) == len(runtimes.POINT.names())
