"""The words that tell panels apart."""

from __future__ import annotations

import msgspec
import pytest
from levit_bench.judge.front.panels import Panel, panels
from levit_bench.records import Machine, Record
from levit_bench.report.front.changes import heading
from levit_bench.report.front.table import markdown
from levit_bench.report.words.panel_names import PanelNames
from levit_bench.report.words.setting import apart, setting_line

from tests.making import record


def versioned(runtime: str, **versions: str) -> Record:
    """A record of a runtime, with the versions that its session noted."""
    made = record("net", runtime=runtime)
    told = {"torch": "2.13.0", **versions}
    return msgspec.structs.replace(made, conditions=msgspec.structs.replace(made.conditions, versions=told))


def machine(memory: int, model: str = "Same Name") -> Machine:
    return Machine(cpu_model=model, isa="x86_64", logical_cores=2, memory_bytes=memory)


def titles(found: tuple[Panel, ...]) -> list[str]:
    called = PanelNames(found)
    return [called.title(panel) for panel in found]


def test_a_runtimes_version_goes_with_its_name_and_one_that_has_none_is_not_told() -> None:
    found = panels([versioned("eager"), versioned("onnxruntime", onnxruntime="1.32.0")])
    assert titles(found) == ["runtime eager", "runtime onnxruntime 1.32.0"]


def test_two_versions_of_one_runtime_are_told_apart() -> None:
    found = panels([versioned("openvino", openvino=version) for version in ("2026.4", "2027.0")])
    assert titles(found) == ["runtime version 2026.4", "runtime version 2027.0"]


def test_isolation_is_told_of_every_panel_where_it_is_all_that_tells_them_apart() -> None:
    one = record("net", allocator="pinned")
    isolated = [
        msgspec.structs.replace(one, protocol=msgspec.structs.replace(one.protocol, seats=mode))
        for mode in ("shared", "alone")
    ]
    found = panels(isolated)
    assert sorted(titles(found)) == ["isolation alone", "isolation shared"]
    called = PanelNames(found)
    assert all(heading(panel, called).startswith(f"Against {called.title(panel)}, ") for panel in found)
    assert titles(panels(isolated[:1])) == [""]


def test_machines_that_are_called_alike_are_told_apart_by_the_end_of_their_folders_name() -> None:
    machines = [machine(1 << 30), machine(2 << 30), machine(1 << 30, "Another")]
    found = panels([record("net", machine=one) for one in machines])
    same = sorted(f"Same Name (2 logical cores) …{one.id[-6:]}" for one in machines[:2])
    assert sorted(titles(found)) == ["Another (2 logical cores)", *same]
    page = markdown(found)
    for one in machines[:2]:
        assert f"…{one.id[-6:]} ·" in page
    assert setting_line(found[0]).startswith(found[0].machine.cpu_model), "alone it needs no more"


@pytest.mark.parametrize(
    ("some", "words"), [((0, 1), "batch 1"), ((2, 3), "batch 16"), ((0, 3), ""), ((0,), "batch 1, runtime compile")]
)
def test_what_some_panels_share_and_others_lack_sets_them_apart(some: tuple[int, ...], words: str) -> None:
    found = panels([record("net", batch=batch, runtime=one) for batch in (1, 16) for one in ("eager", "compile")])
    assert apart([found[at] for at in some], found) == words
