"""Fingerprint of the machine and its conditions, without host name, user name or path.

What the system does not report stays absent, and so does a fact whose library raises, hangs or returns nonsense:
every query goes through `probe.py`.
"""

from __future__ import annotations

import ctypes
import datetime
import os
import platform
import re
import subprocess
import sys
from functools import partial
from importlib.metadata import version
from pathlib import Path

import psutil

from levit_bench.measuring.machine import arm_cores, nvidia, probe
from levit_bench.measuring.machine.allowance import allowance
from levit_bench.measuring.machine.processor_use import busy_s, own_s
from levit_bench.paths.git_commands import ask_git
from levit_bench.records import Conditions, Machine, usual_size

_FEATURES = (
    "avx",
    "avx2",
    "fma",
    "f16c",
    "avx512f",
    "avx512bw",
    "avx512_vnni",
    "avx512_bf16",
    "amx_tile",
    "amx_bf16",
    "amx_int8",
)
_ARMS_FEATURES = ("asimd", "asimdhp", "asimddp", "sve", "sve2", "bf16", "i8mm")
_APPLES = {"FEAT_FP16": "asimdhp", "FEAT_DotProd": "asimddp", "FEAT_BF16": "bf16", "FEAT_I8MM": "i8mm"}
"""Extensions as macOS names them, by Linux's word for the same."""
_ARM = ("aarch64", "arm64")
_PROCESSOR_SENSORS = ("coretemp", "k10temp", "cpu_thermal", "zenpower")
# Beyond these an answer is nonsense.
_MOST_CORES, _LEAST_BYTES, _MOST_BYTES, _MOST_HZ, _MOST_S = 1 << 16, 1 << 20, 1 << 60, 1e12, 1e12
_LIBRARIES = ("torch", "timm", "torchvision", "numpy", "onnx", "onnxruntime", "onnxscript", "openvino", "levit-bench")


def machine(*, gpus: bool = True) -> Machine:
    """Fingerprint of this machine. Takes about a second: the processor is identified in several ways.

    Args:
        gpus: whether its GPUs are included. The machine of a session on processors alone has none, so that its
            fingerprint does not depend on the packages that are installed.
    """
    info, cpu = _cpu_info(), _text("/proc/cpuinfo") or ""
    flags = _flags(info.get("flags"), cpu) | _apples_features()
    # An ARM process that an emulator translates may see the processor it runs on, whose extensions it cannot use.
    isa = probe.text(platform.machine) or "unknown"
    features = _ARMS_FEATURES if isa in _ARM else (*_FEATURES, *_ARMS_FEATURES)
    named_cores = probe.text(lambda: arm_cores.cores(cpu)) if isa in _ARM else None
    brand = probe.as_text(info.get("brand_raw")) or _model(cpu) or probe.text(platform.processor)
    logical = probe.whole(psutil.cpu_count, 1, _MOST_CORES) or probe.whole(os.cpu_count, 1, _MOST_CORES) or 1
    physical = probe.whole(lambda: psutil.cpu_count(logical=False), 1, logical)
    memory = _memory_bytes()
    return Machine(
        cpu_model=(named_cores or brand or isa)[:120],
        isa=isa,
        features=tuple(name for name in sorted(features) if name in flags),
        physical_cores=physical,
        logical_cores=logical,
        l2_bytes=probe.whole(lambda: _cache_bytes(2), 1, _MOST_BYTES),
        l3_bytes=probe.whole(lambda: _cache_bytes(3), 1, _MOST_BYTES),
        gpus=tuple(gpu.name for gpu in nvidia.states()) if gpus else (),
        memory_bytes=None if memory is None else usual_size(memory),
        rule=2,
    )


def _cpu_info() -> dict[str, object]:
    """Fields of py-cpuinfo; empty where it fails."""

    def ask() -> object:
        import cpuinfo  # Slow to import, and needed once.

        return cpuinfo.get_cpu_info()

    info = probe.answer(ask)
    return info if isinstance(info, dict) else {}


def _flags(flags: object, cpu: str) -> set[str]:
    """Instruction-set extensions of the processor: those of py-cpuinfo, or else those that Linux lists."""
    if isinstance(flags, list | tuple) and flags:
        return {flag for flag in flags if isinstance(flag, str)}
    line = re.search(r"^(?:flags|Features)\s*:\s*(.+)$", cpu, re.M)
    return set(line[1].split()) if line else set()


def _model(cpu: str) -> str | None:
    """Name of the processor in Linux's /proc/cpuinfo."""
    line = re.search(r"^model name\s*:\s*(.+)$", cpu, re.M)
    return probe.as_text(line[1]) if line else None


def _memory_bytes() -> int | None:
    """Main memory that the system reports."""
    total = probe.whole(lambda: psutil.virtual_memory().total, _LEAST_BYTES, _MOST_BYTES)
    if total is not None:
        return total
    return probe.whole(lambda: os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"), _LEAST_BYTES, _MOST_BYTES)


def _apples_features() -> set[str]:
    """Extensions of an Apple processor, under the names that Linux has for them; empty on other systems."""
    if platform.system() != "Darwin" or platform.machine() not in _ARM:
        return set()
    names = [f"hw.optional.arm.{name}" for name in _APPLES]
    result = probe.answer(
        lambda: subprocess.run(["/usr/sbin/sysctl", *names], capture_output=True, text=True, timeout=10, check=False)
    )
    lines = result.stdout.splitlines() if isinstance(result, subprocess.CompletedProcess) else ()
    values = dict(line.rsplit(": ", 1) for line in lines if ": " in line)
    return {"asimd"} | {word for name, word in _APPLES.items() if values.get(f"hw.optional.arm.{name}") == "1"}


def conditions() -> Conditions:
    """State of this machine now. Cheap: files of the system, and one call of git."""
    revision = probe.answer(_revision)
    commit, dirty = revision if isinstance(revision, tuple) else (None, None)
    plugged = probe.flag(lambda: getattr(psutil.sensors_battery(), "power_plugged", None))
    return Conditions(
        taken_at=datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        os=probe.text(lambda: f"{platform.system()} {platform.release()}") or "unknown",
        python=platform.python_version(),
        versions={name: text for name in _LIBRARIES if (text := probe.text(partial(version, name)))},
        libc=probe.text(lambda: " ".join(platform.libc_ver())),
        governor=_text("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        clock_hz=_clock_hz(),
        temperature_c=probe.number(_temperature, -100, 1000),
        load_1m=probe.number(lambda: os.getloadavg()[0], 0, _MOST_S),
        steal_s=probe.number(lambda: psutil.cpu_times().steal, 0, _MOST_S),
        busy_s=probe.number(busy_s, 0, _MOST_S),
        own_s=probe.number(own_s, 0, _MOST_S),
        available_bytes=probe.whole(lambda: psutil.virtual_memory().available, 0, _MOST_BYTES),
        memory_bytes=_memory_bytes(),
        allowance=allowance(),
        swap_used_bytes=probe.whole(lambda: psutil.swap_memory().used, 0, _MOST_BYTES),
        huge_pages=_chosen(_text("/sys/kernel/mm/transparent_hugepage/enabled")),
        on_battery=None if plugged is None else not plugged,
        gpus=nvidia.states(),
        emulated=bool(probe.flag(is_emulated)),
        commit=commit,
        dirty=dirty,
    )


def is_emulated() -> bool:
    """Whether the process's instructions are translated: an ARM process on an x86 processor or the other way round.

    Recognised by the processor that the system shows, the kernel's architecture, QEMU's own names, and Rosetta. A whole
    machine that is emulated as a real processor looks like that processor, and is not recognised.
    """
    isa, cpu = platform.machine().lower(), (_text("/proc/cpuinfo") or "")[:4000]
    if isa in _ARM and ("GenuineIntel" in cpu or "AuthenticAMD" in cpu):
        return True
    if "QEMU TCG" in cpu or arm_cores.QEMUS in arm_cores.numbers(cpu):
        return True
    # QEMU from 8.1 on shows an ARM process a made-up /proc/cpuinfo, but the kernel's own architecture.
    kernel = _text("/proc/sys/kernel/arch")
    if kernel and _is_arm(kernel) != _is_arm(isa):
        return True
    return sys.platform == "darwin" and _rosetta()


def _is_arm(isa: str) -> bool:
    """Whether an architecture is ARM, of 32 or 64 bits: a 64-bit kernel may run 32-bit processes."""
    return isa.startswith(("arm", "aarch64"))


def _rosetta() -> bool:
    value, size = ctypes.c_int(0), ctypes.c_size_t(4)
    name = b"sysctl.proc_translated"
    failed = ctypes.CDLL(None).sysctlbyname(name, ctypes.byref(value), ctypes.byref(size), None, 0)
    return not failed and value.value == 1


def _text(path: str) -> str | None:
    """A file of the system; None where it is missing, unreadable or empty."""
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace").strip() or None
    except OSError:
        return None


def _chosen(setting: str | None) -> str | None:
    """The word in brackets: `always [madvise] never` is `madvise`."""
    return setting.partition("[")[2].partition("]")[0] or setting if setting else None


def _cache_bytes(level: int) -> int | None:
    for folder in Path("/sys/devices/system/cpu/cpu0/cache").glob("index*"):
        if _text(f"{folder}/level") == str(level) and _text(f"{folder}/type") != "Instruction":
            size = _text(f"{folder}/size") or ""
            unit = {"K": 1 << 10, "M": 1 << 20}.get(size[-1:], 1)
            digits = size.rstrip("KM")
            return int(digits) * unit if digits.isdigit() else None
    return None


def _clock_hz() -> float | None:
    megahertz = probe.number(lambda: psutil.cpu_freq().current, 0, _MOST_HZ / 1e6)
    return megahertz * 1e6 if megahertz else None


def _temperature() -> float | None:
    """Degrees Celsius of the processor's hottest sensor."""
    sensors = psutil.sensors_temperatures() if hasattr(psutil, "sensors_temperatures") else {}
    of_processor = [sensor for name in _PROCESSOR_SENSORS for sensor in sensors.get(name, ())]
    return max((sensor.current for sensor in of_processor), default=None)


def _revision() -> tuple[str | None, bool | None]:
    """Commit of this package's own checkout, and whether it has changes; None when it is installed elsewhere."""
    here = Path(__file__).parent
    if _git(here, "ls-files", "--error-unmatch", Path(__file__).name) is None:
        return None, None
    commit = _git(here, "rev-parse", "--short=12", "HEAD")
    changes = _git(here, "status", "--porcelain", "--untracked-files=no", "--", "../..")
    return commit, None if commit is None or changes is None else bool(changes)


def _git(folder: Path, *args: str) -> str | None:
    answer = ask_git(folder, *args, timeout_s=10)
    return answer.text if answer.is_good else None
