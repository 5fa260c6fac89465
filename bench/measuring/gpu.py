"""What NVIDIA's driver says of the GPUs, through NVML: name, clocks, temperature, power, memory, and how busy each is.

Refuses to judge what it reads, and loads nothing but the driver's own library. Without the driver, or without the
package `nvidia-ml-py`, nothing is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from bench.records import GpuState

_Answer = TypeVar("_Answer")


def states() -> tuple[GpuState, ...]:
    """Every GPU of the machine, as it is now; empty when nothing is known."""
    with _driver() as nvml:
        if nvml is None:
            return ()
        count = _known(nvml, lambda: int(nvml.nvmlDeviceGetCount())) or 0
        return tuple(_state(nvml, nvml.nvmlDeviceGetHandleByIndex(number)) for number in range(count))


@contextmanager
def _driver() -> Iterator[Any]:
    """NVML, ready to be asked, or None."""
    try:
        import pynvml
    except ImportError:
        yield None
        return
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        yield None
        return
    try:
        yield pynvml
    finally:
        pynvml.nvmlShutdown()


def _state(nvml: Any, gpu: Any) -> GpuState:  # noqa: ANN401 (the package has no types)
    memory = _known(nvml, lambda: nvml.nvmlDeviceGetMemoryInfo(gpu))
    milliwatts = _known(nvml, lambda: float(nvml.nvmlDeviceGetPowerUsage(gpu)))
    millijoules = _known(nvml, lambda: float(nvml.nvmlDeviceGetTotalEnergyConsumption(gpu)))
    return GpuState(
        name=_text(_known(nvml, lambda: nvml.nvmlDeviceGetName(gpu))) or "unknown",
        driver=_text(_known(nvml, nvml.nvmlSystemGetDriverVersion)),
        clock_hz=_hertz(_known(nvml, lambda: nvml.nvmlDeviceGetClockInfo(gpu, nvml.NVML_CLOCK_SM))),
        memory_clock_hz=_hertz(_known(nvml, lambda: nvml.nvmlDeviceGetClockInfo(gpu, nvml.NVML_CLOCK_MEM))),
        temperature_c=_known(nvml, lambda: float(nvml.nvmlDeviceGetTemperature(gpu, nvml.NVML_TEMPERATURE_GPU))),
        power_w=None if milliwatts is None else milliwatts / 1e3,
        energy_j=None if millijoules is None else millijoules / 1e3,
        busy=_known(nvml, lambda: nvml.nvmlDeviceGetUtilizationRates(gpu).gpu / 100),
        memory_bytes=None if memory is None else int(memory.total),
        used_bytes=None if memory is None else int(memory.used),
    )


def _known(nvml: Any, ask: Callable[[], _Answer]) -> _Answer | None:  # noqa: ANN401 (the package has no types)
    """The driver's answer; None where the card or a container does not give one."""
    try:
        return ask()
    except nvml.NVMLError:
        return None


def _hertz(megahertz: Any) -> float | None:  # noqa: ANN401 (the package has no types)
    return None if megahertz is None else float(megahertz) * 1e6


def _text(value: Any) -> str | None:  # noqa: ANN401 (older packages answer in bytes)
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value
