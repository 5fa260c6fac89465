"""Names become networks, and runtimes are found by name."""

from __future__ import annotations

import pytest
import torch
from levit_bench.catalog.twins import SUFFIX
from levit_bench.measuring import networks, runtimes
from levit_bench.measuring.reference_cases import NULL, NULL_RESOLUTION, YARDSTICKS, instrument_cases
from levit_bench.measuring.workers.process_environment import default_allocator
from levit_bench.records import Case, ImageShape


def test_each_kind_of_name_resolves_to_its_own_resolution() -> None:
    found = networks.resolve(["efficientnet_b2", "resnet26t", "tests.hostile_networks:sound", NULL, YARDSTICKS[0]])
    assert found.shapes == {
        "efficientnet_b2": ImageShape.square(260),
        "resnet26t": ImageShape.square(256),
        "tests.hostile_networks:sound": ImageShape.square(32),
        NULL: ImageShape.square(NULL_RESOLUTION),
        YARDSTICKS[0]: ImageShape.square(224),
    }
    assert (found.missing, found.known) == ({}, ())


def test_names_that_cannot_be_built_come_back_with_the_reason_and_what_there_is() -> None:
    found = networks.resolve(["nosuch", "no.module:f", "tests.hostile_networks:nosuch"])
    assert set(found.missing) == {"nosuch", "no.module:f", "tests.hostile_networks:nosuch"}
    assert "PYTHONPATH" in found.missing["no.module:f"]
    assert "levit_128s" in found.known


@pytest.mark.parametrize(("name", "resolution"), [("levit_128s", 256), ("deit_tiny", 192), ("efficientnet_b0", 192)])
def test_a_network_is_built_for_the_resolution_asked_for(name: str, resolution: int) -> None:
    network = networks.build(name, ImageShape.square(resolution))
    with torch.inference_mode():
        assert network(torch.zeros(1, 3, resolution, resolution)).shape == (1, 1000)
    assert not network.training


def test_a_resolution_that_a_network_cannot_take_is_refused_with_the_reason() -> None:
    with pytest.raises(ValueError, match="cannot be built for 100 px"):
        networks.build("xcit_tiny_12_p16_224", ImageShape.square(100))


def test_the_null_network_looks_at_its_input_and_has_no_weights() -> None:
    network = networks.build(NULL, ImageShape.square(NULL_RESOLUTION))
    images = torch.randn(2, 3, NULL_RESOLUTION, NULL_RESOLUTION)
    assert torch.equal(network(images), images.flatten(1)[:, :1000])
    assert not list(network.parameters())


def test_every_device_and_thread_count_gets_two_pinned_yardsticks_and_a_null() -> None:
    cases = [
        Case(network=n, resolution=224, threads=t, allocator=a)
        for n in "ab"
        for t in (1, 2)
        for a in ("pinned", "shipped")
    ]
    own = instrument_cases(cases)
    assert len(own) == 2 * 3
    assert {case.allocator for case, _ in own} == {default_allocator()}
    assert len({case.id for case, _ in own}) == len(own)
    assert [role for _, role in own[:3]] == ["yardstick", "yardstick", "null"]


def test_registered_runtimes_are_found_and_others_named() -> None:
    assert "eager" in runtimes.names()
    assert runtimes.get("eager").unavailable() is None
    with pytest.raises(LookupError, match=r"unknown runtime 'tensorrt'\. Choose from eager"):
        runtimes.get("tensorrt")


@pytest.mark.parametrize("name", ["levit_128s", "tests.hostile_networks:sound"])
def test_a_twin_is_built_as_its_original_is(name: str) -> None:
    twin, shape = name + SUFFIX, networks.resolve([name]).shapes[name]
    assert networks.resolve([twin]).shapes == {twin: shape}
    built = []
    for one in (name, twin):
        torch.manual_seed(0)
        built.append(networks.build(one, shape).state_dict())
    assert built[0].keys() == built[1].keys()
    assert all(torch.equal(value, built[1][key]) for key, value in built[0].items())


def test_a_twin_of_nothing_comes_back_with_the_reason() -> None:
    assert set(networks.resolve(["nosuch" + SUFFIX]).missing) == {"nosuch" + SUFFIX}
