"""Which GPUs CUDA shows: the forms of CUDA_VISIBLE_DEVICES and CUDA_DEVICE_ORDER, and a driver that lists all cards."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest
from levit_bench.errors import UsageError
from levit_bench.measuring import devices
from levit_bench.measuring.devices import cuda
from levit_bench.measuring.machine import description, nvidia
from levit_bench.measuring.machine.visible_gpus import Card, visible

CARDS = (
    Card(0, "GPU-1111aaaa-0", 1.0),
    Card(1, "GPU-1111bbbb-1", 1.0),
    Card(2, "GPU-2222cccc-2", 9.0, (Card(-1, "MIG-7777-a"), Card(-1, "MIG-8888-b"))),
)
SLICE = CARDS[2].slices[0]


@pytest.mark.parametrize(
    ("wanted", "order", "found"),
    [
        (None, "PCI_BUS_ID", [CARDS[0], CARDS[1], SLICE]),
        (None, None, [SLICE, CARDS[0], CARDS[1]]),
        ("0", "PCI_BUS_ID", [CARDS[0]]),
        ("1,0", "PCI_BUS_ID", [CARDS[1], CARDS[0]]),
        ("0", None, [SLICE]),
        ("1", None, [CARDS[0]]),
        ("1", "FASTEST_FIRST", [CARDS[0]]),
        (" 1 , 0", "PCI_BUS_ID", [CARDS[1], CARDS[0]]),
        ("1gpu", "PCI_BUS_ID", [CARDS[1]]),
        ("", "PCI_BUS_ID", []),
        ("-1", "PCI_BUS_ID", []),
        ("NoDevFiles", "PCI_BUS_ID", []),
        ("none", "PCI_BUS_ID", []),
        ("1,-1,0", "PCI_BUS_ID", [CARDS[1]]),
        ("1,9,0", "PCI_BUS_ID", [CARDS[1]]),
        ("0,0", "PCI_BUS_ID", []),
        ("99999999999999999999", "PCI_BUS_ID", []),
        ("GPU-1111aaaa-0", None, [CARDS[0]]),
        ("GPU-1111b", None, [CARDS[1]]),
        ("GPU-1111", None, []),
        ("GPU-9", None, []),
        ("GPU-1111b,GPU-1111a", None, [CARDS[1], CARDS[0]]),
        ("GPU-1111b,GPU-1111bbbb-1", None, []),
        ("MIG-8888-b", None, [CARDS[2].slices[1]]),
        ("MIG-9", None, []),
        ("MIG-GPU-2222cccc-2/1/0", None, [SLICE]),
        ("MIG-GPU-1111aaaa-0/1/0", None, []),
    ],
)
def test_cuda_shows_what_its_variables_say(wanted: str | None, order: str | None, found: list[Card]) -> None:
    assert visible(CARDS, wanted, order) == found


@pytest.mark.parametrize(
    ("wanted", "hidden"),
    [(None, False), ("0", False), ("GPU-1", False), ("MIG-1", False), ("1gpu", False),
     ("", True), ("-1", True), ("NoDevFiles", True), ("none", True), (" ,0", True)],
)  # fmt: skip
def test_a_shell_that_hides_every_gpu_is_refused_before_anything_is_prepared(
    monkeypatch: pytest.MonkeyPatch, wanted: str | None, hidden: bool
) -> None:
    monkeypatch.setattr("ctypes.util.find_library", lambda _name: "libcuda.so.1")
    monkeypatch.setattr(cuda, "_built_for", lambda: "13.0")
    if wanted is None:
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    else:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", wanted)
    if hidden:
        with pytest.raises(UsageError, match=r"CUDA_VISIBLE_DEVICES=.* hides every GPU"):
            devices.resolve("cuda")
    else:
        assert devices.resolve("cuda") == "cuda"


def test_where_the_driver_does_not_tell_speeds_cards_stand_by_their_place() -> None:
    assert visible([card._replace(speed=None, slices=()) for card in CARDS], "0", None)[0].place == 0
    assert visible([], None, None) == []


class Nvml:
    """A driver of two cards; what it is not told to answer, it raises."""

    NAMES = ("Small", "Large")

    def __init__(self, **answers: object) -> None:
        self.answers = answers

    def __getattr__(self, name: str) -> object:
        def answer(*about: object) -> object:
            known = {
                "nvmlInit": lambda: None,
                "nvmlShutdown": lambda: None,
                "nvmlDeviceGetCount": lambda: 2,
                "nvmlDeviceGetHandleByIndex": lambda index: index,
                "nvmlDeviceGetName": lambda index: self.NAMES[int(str(index))],
                "nvmlDeviceGetUUID": lambda index: f"GPU-{index}abc",
            } | self.answers
            return known[name](*about)  # type: ignore[operator]

        return answer


@pytest.mark.parametrize(
    ("variables", "names"),
    [
        ({}, ["Small", "Large"]),
        ({"CUDA_VISIBLE_DEVICES": "1"}, ["Large"]),
        ({"CUDA_VISIBLE_DEVICES": "GPU-1a"}, ["Large"]),
        ({"CUDA_VISIBLE_DEVICES": ""}, []),
        ({"CUDA_VISIBLE_DEVICES": "1,0"}, ["Large", "Small"]),
    ],
)
def test_the_machine_lists_the_gpus_that_a_session_can_use(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], names: list[str]
) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", Nvml())
    assert [one.name for one in nvidia.states(variables)] == names


def refuse(*_: object) -> object:
    """A library that fails in a way of its own."""
    raise RuntimeError("not sound")


@pytest.mark.parametrize(
    "nvml",
    [
        Nvml(nvmlInit=refuse),
        Nvml(nvmlInit=lambda: sys.exit(3)),
        Nvml(nvmlDeviceGetCount=refuse),
        Nvml(nvmlDeviceGetCount=lambda: -1),
        Nvml(nvmlDeviceGetCount=lambda: "two"),
        Nvml(nvmlDeviceGetHandleByIndex=refuse),
        SimpleNamespace(),
    ],
)
def test_a_driver_that_fails_knows_no_gpu(monkeypatch: pytest.MonkeyPatch, nvml: object) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", nvml)
    assert nvidia.states({}) == ()


def test_what_a_driver_tells_as_nonsense_is_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    odd = Nvml(
        nvmlDeviceGetName=lambda _gpu: None,
        nvmlDeviceGetClockInfo=lambda *_: float("nan"),
        nvmlDeviceGetPowerUsage=lambda _gpu: -5,
        nvmlDeviceGetTemperature=lambda *_: "hot",
        nvmlDeviceGetMemoryInfo=lambda _gpu: SimpleNamespace(total=10**400, used=-1),
        nvmlDeviceGetUtilizationRates=refuse,
        nvmlShutdown=refuse,
    )
    monkeypatch.setitem(sys.modules, "pynvml", odd)
    one = nvidia.states({})[0]
    assert one.name == "unknown"
    assert {getattr(one, name) for name in one.__struct_fields__ if name != "name"} == {None}


def test_the_machine_of_a_session_of_processors_is_the_same_with_and_without_a_driver(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setitem(sys.modules, "pynvml", None)
    without = description.machine(gpus=False)
    monkeypatch.setitem(sys.modules, "pynvml", Nvml())
    assert description.machine(gpus=False) == without
    found = description.machine()
    assert found.gpus == ("Small", "Large")
    assert (found.id, found.hardware) == (without.id, without.hardware)
