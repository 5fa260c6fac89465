"""Which workers of a run are forked, and how many processes import."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from levit_bench.measuring.session import fork_servers
from levit_bench.measuring.session.crew import groups_of
from levit_bench.measuring.session.fork_servers import Kind, forked, importing
from levit_bench.records import Case, CaseLine, Protocol

from tools.simulated.fake_world import PROTOCOL

FORK = msgspec.structs.replace(PROTOCOL, start_method="fork", seats="alone")


@pytest.fixture(autouse=True)
def _can(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fork_servers, "can_fork", lambda: True)


def _kinds(*cases: Case, protocol: Protocol = FORK) -> dict[Kind, int]:
    lines = [CaseLine(id=case.id, case=case) for case in cases]
    return forked(groups_of(lines, protocol.seats), protocol)


def _case(network: str, **axes: Any) -> Case:
    return Case(network=network, resolution=224, **{"allocator": "pinned", **axes})


def test_pinned_workers_with_the_same_threads_and_libraries_have_one_server() -> None:
    levits = [_case("levit_128s"), _case("levit_192")]
    of_timm = [_case("deit_tiny"), _case("resnet18"), _case("efficientnet_b0")]
    assert _kinds(*levits, *of_timm) == {Kind(1, timm=False): 2, Kind(1, timm=True): 3}
    assert _kinds(*levits, _case("levit_256", threads=2)) == {Kind(1, timm=False): 2}


@pytest.mark.parametrize("runtime", ["torchscript", "compile", "onnxruntime", "openvino"])
def test_a_runtime_that_loads_a_file_imports_no_timm(runtime: str) -> None:
    assert _kinds(_case("deit_tiny", runtime=runtime), _case("levit_192")) == {Kind(1, timm=False): 2}


def test_users_networks_never_share_what_their_code_could_have_changed() -> None:
    """They are copies of a process in which none of it has run."""
    assert _kinds(_case("nets.py:a#1"), _case("nets.py:b#1")) == {Kind(1, timm=False): 2}


@pytest.mark.parametrize(
    "axes", [{"allocator": "shipped"}, {"allocator": "n/a"}, {"device": "cuda"}, {"device": "mps"}, {"streams": 2}]
)
def test_what_a_copy_would_change_starts_by_itself(axes: dict[str, Any]) -> None:
    assert _kinds(_case("levit_128s", **axes), _case("levit_192", **axes)) == {}


def test_bound_and_spawned_sessions_fork_nothing_nor_does_a_system_that_cannot(monkeypatch: pytest.MonkeyPatch) -> None:
    both = _case("levit_128s"), _case("levit_192")
    assert _kinds(*both, protocol=msgspec.structs.replace(FORK, bound=True)) == {}
    assert _kinds(*both, protocol=msgspec.structs.replace(FORK, start_method="spawn")) == {}
    monkeypatch.setattr(fork_servers, "can_fork", lambda: False)
    assert _kinds(*both) == {}


def test_the_server_of_several_workers_imports_once_for_all_of_them() -> None:
    cases = [_case(name) for name in ("levit_128s", "levit_192", "levit_256")]
    cases += [_case("levit_128s", allocator="shipped"), _case("levit_192", allocator="shipped")]
    lines = [CaseLine(id=case.id, case=case) for case in cases]
    groups = groups_of(lines, "alone")
    assert importing(groups, FORK) == 3
    assert importing(groups, msgspec.structs.replace(FORK, start_method="spawn")) == 5
