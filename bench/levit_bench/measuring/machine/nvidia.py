"""State of NVIDIA GPUs through NVML: name, clocks, temperature, power, memory and utilisation.

Loads only the driver's own library. Without the driver, or without the package `nvidia-ml-py`, there is no state; a
value that a card does not report, or reports as nonsense, is absent.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from levit_bench.measuring.machine import probe
from levit_bench.measuring.machine.visible_gpus import Card, visible
from levit_bench.records import GpuState

_TEMPERATURE, _SM, _MEMORY = 0, 1, 2
"""Numbers of nvml.h: the sensor of the chip, and the clocks of its multiprocessors and of its memory."""
# Beyond these an answer is nonsense.
_MOST, _MOST_CORES, _MOST_MHZ, _MOST_C, _MOST_MW, _MOST_MJ, _MOST_BYTES = 1024, 1e7, 1e5, 1000, 1e8, 1e15, 1 << 50


def states(environment: Mapping[str, str] | None = None) -> tuple[GpuState, ...]:
    """Every GPU that CUDA would show to this process, in CUDA's order, as it is now; empty when nothing is known.

    Args:
        environment: where CUDA_VISIBLE_DEVICES and CUDA_DEVICE_ORDER are looked for; the process's own by default.
    """
    variables = os.environ if environment is None else environment
    gpus = probe.answer(lambda: _states(variables.get("CUDA_VISIBLE_DEVICES"), variables.get("CUDA_DEVICE_ORDER")))
    return gpus if isinstance(gpus, tuple) else ()


def _states(setting: str | None, order: str | None) -> tuple[GpuState, ...]:
    with _driver() as nvml:
        handles: dict[Card, Any] = {}
        for place in range(probe.as_whole(_ask(nvml, "nvmlDeviceGetCount"), 0, _MOST) or 0):
            gpu = _ask(nvml, "nvmlDeviceGetHandleByIndex", place)
            if gpu is not None:
                handles |= _card(nvml, gpu, place)
        cards = [card for card in handles if card.place >= 0]
        return tuple(_state(nvml, handles[card]) for card in visible(cards, setting, order))


def _card(nvml: Any, gpu: Any, place: int) -> dict[Card, Any]:  # noqa: ANN401 (the package has no types)
    """A card and its parts, each with its handle; parts have no place in the driver's list of cards."""
    parts: dict[Card, Any] = {}
    for number in range(probe.as_whole(_ask(nvml, "nvmlDeviceGetMaxMigDeviceCount", gpu), 0, _MOST) or 0):
        part = _ask(nvml, "nvmlDeviceGetMigDeviceHandleByIndex", gpu, number)
        if part is not None:
            parts[Card(-1, probe.as_text(_ask(nvml, "nvmlDeviceGetUUID", part)))] = part
    cores = probe.as_number(_ask(nvml, "nvmlDeviceGetNumGpuCores", gpu), 1, _MOST_CORES)
    clock = probe.as_number(_ask(nvml, "nvmlDeviceGetMaxClockInfo", gpu, _SM), 1, _MOST_MHZ)
    speed = cores * clock if cores and clock else None
    uuid = probe.as_text(_ask(nvml, "nvmlDeviceGetUUID", gpu))
    return {Card(place, uuid, speed, tuple(parts)): gpu} | parts


@contextmanager
def _driver() -> Iterator[Any]:
    """NVML, ready to be asked.

    Raises:
        Exception: the driver or the package is not installed.
    """
    import pynvml

    pynvml.nvmlInit()
    try:
        yield pynvml
    finally:
        with suppress(Exception):
            pynvml.nvmlShutdown()


def _state(nvml: Any, gpu: Any) -> GpuState:  # noqa: ANN401 (the package has no types)
    memory = _ask(nvml, "nvmlDeviceGetMemoryInfo", gpu)
    milliwatts = probe.as_number(_ask(nvml, "nvmlDeviceGetPowerUsage", gpu), 0, _MOST_MW)
    millijoules = probe.as_number(_ask(nvml, "nvmlDeviceGetTotalEnergyConsumption", gpu), 0, _MOST_MJ)
    busy = probe.as_number(getattr(_ask(nvml, "nvmlDeviceGetUtilizationRates", gpu), "gpu", None), 0, 100)
    celsius = probe.as_number(_ask(nvml, "nvmlDeviceGetTemperature", gpu, _TEMPERATURE), -100, _MOST_C)
    return GpuState(
        name=probe.as_text(_ask(nvml, "nvmlDeviceGetName", gpu)) or "unknown",
        driver=probe.as_text(_ask(nvml, "nvmlSystemGetDriverVersion")),
        clock_hz=_hertz(_ask(nvml, "nvmlDeviceGetClockInfo", gpu, _SM)),
        memory_clock_hz=_hertz(_ask(nvml, "nvmlDeviceGetClockInfo", gpu, _MEMORY)),
        temperature_c=None if celsius is None else float(celsius),
        power_w=None if milliwatts is None else milliwatts / 1e3,
        energy_j=None if millijoules is None else millijoules / 1e3,
        busy=None if busy is None else busy / 100,
        memory_bytes=probe.as_whole(getattr(memory, "total", None), 1, _MOST_BYTES),
        used_bytes=probe.as_whole(getattr(memory, "used", None), 0, _MOST_BYTES),
    )


def _ask(nvml: Any, name: str, *about: Any) -> Any:  # noqa: ANN401 (the package has no types)
    """The driver's answer; None where the card, a container or an old package does not give one."""
    try:
        return getattr(nvml, name)(*about)
    except Exception:  # A driver may fail in any way; only this value is absent then.
        return None


def _hertz(megahertz: object) -> float | None:
    number = probe.as_number(megahertz, 0, _MOST_MHZ)
    return None if number is None else number * 1e6
