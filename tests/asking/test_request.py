"""From words to cases."""

from __future__ import annotations

from levit_bench.asking.request import Request, subjects
from levit_bench.measuring.preparing.workshop import Workshop
from levit_bench.measuring.runtimes import of_an_artifact
from levit_bench.measuring.workers.messages import Resolved
from levit_bench.records import Case, ImageShape


class _Known(Workshop):
    """Resolves every name to 64 pixels, without a process."""

    def __init__(self) -> None:
        return

    def resolve(self, names: object) -> Resolved:
        return Resolved(shapes=dict.fromkeys(names, ImageShape.square(64)), missing={}, known=())


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


def test_forms_are_an_axis_and_named_in_messages_when_they_are_not_as_shipped() -> None:
    found = subjects(Request(networks=("levit_192",), batches=(1, 16), forms=("shipped", "inference")), _Known())
    assert [(s.case.batch, s.case.form) for s in found] == [
        (1, "shipped"), (1, "inference"), (16, "shipped"), (16, "inference"),
    ]  # fmt: skip
    assert found[0].case.label == "levit_192 224px b1 t1 pinned"
    assert found[1].case.label == "levit_192 224px b1 t1 pinned inference"
    (found_elsewhere,) = subjects(Request(networks=("levit_192",), runtimes=("torchscript",)), _Known())
    assert found_elsewhere.case.label == "levit_192 224px b1 t1 pinned torchscript"
    assert all(s.accuracy is not None for s in found)
    found = subjects(Request(networks=("levit_192", "levit_128"), forms=("shipped", "inference")), _Known())
    assert [(s.case.network, s.case.form) for s in found[:3]] == [
        ("levit_192", "shipped"), ("levit_192", "inference"), ("levit_128", "shipped"),
    ]  # fmt: skip


def test_networks_in_two_forms_are_prepared_apart_and_thread_counts_are_not() -> None:
    cases = [Case(network="a", resolution=64, form=f, threads=t) for f in ("shipped", "inference") for t in (1, 2)]
    assert [of_an_artifact(case).form for case in cases] == ["shipped", "shipped", "inference", "inference"]
    assert len({of_an_artifact(case) for case in cases}) == 2
