"""From words to cases."""

from __future__ import annotations

from bench.measuring.preparation import Workshop
from bench.measuring.session import _about_load
from bench.measuring.wire import Resolved
from bench.request import Request, subjects
from tests.fake_world import CONDITIONS


class _Known(Workshop):
    """Resolves every name to 64 pixels, without a process."""

    def __init__(self) -> None:
        return

    def resolve(self, names: object) -> Resolved:
        return Resolved(resolutions=dict.fromkeys(names, 64), missing={}, known=())  # type: ignore[call-overload]


def _sizes(*networks: str, resolution: int | None = None) -> list[tuple[str, int]]:
    found = subjects(Request(networks=networks, resolution=resolution), _Known())
    return [(subject.case.network, subject.case.resolution) for subject in found]


def test_a_network_at_two_resolutions_is_two_cases() -> None:
    assert _sizes("m:f@32", "m:f@48", "m:f", "m:f@32") == [("m:f", 32), ("m:f", 48), ("m:f", 64)]
    assert _sizes("levit_128s@256", "levit_128s") == [("levit_128s", 256), ("levit_128s", 224)]


def test_one_resolution_for_all_gives_way_to_a_networks_own() -> None:
    assert _sizes("m:f@32", "m:g", resolution=96) == [("m:f", 32), ("m:g", 96)]


def test_axes_are_multiplied_and_accuracy_belongs_to_the_published_resolution() -> None:
    found = subjects(Request(networks=("levit_192", "levit_192@256"), batches=(1, 16), threads=(1, 2)), _Known())
    assert len(found) == 8
    assert {(s.case.resolution, s.accuracy is not None) for s in found} == {(224, True), (256, False)}


def test_a_loaded_machine_is_a_finding_and_a_quiet_one_is_not() -> None:
    import msgspec

    assert _about_load(CONDITIONS) == []
    assert _about_load(msgspec.structs.replace(CONDITIONS, load_1m=0.2)) == []
    (finding,) = _about_load(msgspec.structs.replace(CONDITIONS, load_1m=900.0))
    assert finding.kind == "busy-machine"
