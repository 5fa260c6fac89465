"""Who is asked, and in what state: fingerprint and conditions, without host name, user name or path.

Refuses to judge what it reads. What the system does not tell stays absent.
"""

from __future__ import annotations

import ctypes
import datetime
import os
import platform
import subprocess
import sys
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil

from bench.measuring import arm_cores, gpu
from bench.records import Conditions, Machine

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
_LIBRARIES = ("torch", "timm", "torchvision", "numpy", "onnx", "onnxruntime", "onnxscript", "openvino", "levit-bench")


def machine() -> Machine:
    """Fingerprint of this machine. Takes about a second: the processor is asked in several ways."""
    import cpuinfo  # Slow to import, and needed once.

    info: dict[str, Any] = cpuinfo.get_cpu_info()
    flags = set(info.get("flags", ())) | _apples_features()
    # An ARM process that an emulator translates may see the processor it runs on, whose extensions it cannot use.
    on_arm = platform.machine() in _ARM
    known = _ARMS_FEATURES if on_arm else (*_FEATURES, *_ARMS_FEATURES)
    named = arm_cores.cores(_text("/proc/cpuinfo") or "") if on_arm else None
    return Machine(
        cpu_model=str(named or info.get("brand_raw") or platform.processor() or platform.machine())[:120],
        isa=platform.machine(),
        features=tuple(name for name in sorted(known) if name in flags),
        physical_cores=psutil.cpu_count(logical=False),
        logical_cores=psutil.cpu_count() or 1,
        l2_bytes=_cache_bytes(2),
        l3_bytes=_cache_bytes(3),
        gpus=tuple(one.name for one in gpu.states()),
        memory_bytes=round(psutil.virtual_memory().total / (1 << 30)) << 30,
    )


def _apples_features() -> set[str]:
    """Extensions of an Apple processor, under the names that Linux has for them; empty on other systems."""
    if platform.system() != "Darwin" or platform.machine() not in _ARM:
        return set()
    names = [f"hw.optional.arm.{name}" for name in _APPLES]
    done = subprocess.run(["/usr/sbin/sysctl", *names], capture_output=True, text=True, check=False)
    told = dict(line.rsplit(": ", 1) for line in done.stdout.splitlines() if ": " in line)
    return {"asimd"} | {word for name, word in _APPLES.items() if told.get(f"hw.optional.arm.{name}") == "1"}


def conditions() -> Conditions:
    """State of this machine now. Cheap: files of the system, and one call of git."""
    commit, dirty = _revision()
    battery = psutil.sensors_battery() if hasattr(psutil, "sensors_battery") else None
    return Conditions(
        taken_at=datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        os=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
        versions={name: found for name in _LIBRARIES if (found := _version(name))},
        libc=" ".join(platform.libc_ver()).strip() or None,
        governor=_text("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        clock_hz=_clock_hz(),
        temperature_c=_temperature(),
        load_1m=os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        steal_s=getattr(psutil.cpu_times(), "steal", None),
        busy_s=_busy_s(),
        own_s=_own_s(),
        available_bytes=psutil.virtual_memory().available,
        swap_used_bytes=psutil.swap_memory().used,
        huge_pages=_chosen(_text("/sys/kernel/mm/transparent_hugepage/enabled")),
        on_battery=None if battery is None else not battery.power_plugged,
        gpus=gpu.states(),
        emulated=is_emulated(),
        commit=commit,
        dirty=dirty,
    )


def is_emulated() -> bool:
    """Whether the process's instructions are translated: an ARM process on an x86 processor or the other way round.

    Told by the processor that the system shows, by the architecture of its kernel, by QEMU's own names, and by Rosetta.
    A whole machine that is emulated as a processor of some maker's looks like that processor, and is not recognised.
    """
    isa, cpu = platform.machine().lower(), (_text("/proc/cpuinfo") or "")[:4000]
    if isa in _ARM and ("GenuineIntel" in cpu or "AuthenticAMD" in cpu):
        return True
    if "QEMU TCG" in cpu or arm_cores.QEMUS in arm_cores.numbers(cpu):
        return True
    # QEMU from 8.1 on shows a made-up /proc/cpuinfo to an ARM process; the kernel stays what it is.
    kernel = _text("/proc/sys/kernel/arch")
    if kernel and _is_arm(kernel) != _is_arm(isa):
        return True
    return sys.platform == "darwin" and _rosetta()


def _is_arm(isa: str) -> bool:
    """Whether an architecture is ARM's, of 32 bits or of 64: a kernel of the one may run processes of the other."""
    return isa.startswith(("arm", "aarch64"))


def _rosetta() -> bool:
    value, size = ctypes.c_int(0), ctypes.c_size_t(4)
    name = b"sysctl.proc_translated"
    failed = ctypes.CDLL(None).sysctlbyname(name, ctypes.byref(value), ctypes.byref(size), None, 0)
    return not failed and value.value == 1


def _text(path: str) -> str | None:
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
    frequency = psutil.cpu_freq() if hasattr(psutil, "cpu_freq") else None
    return frequency.current * 1e6 if frequency and frequency.current else None


def _temperature() -> float | None:
    sensors = psutil.sensors_temperatures() if hasattr(psutil, "sensors_temperatures") else {}
    of_processor = [sensor for name in _PROCESSOR_SENSORS for sensor in sensors.get(name, ())]
    return max((sensor.current for sensor in of_processor), default=None)


def _busy_s() -> float:
    """Processor seconds since boot in which anything ran. Guests of this machine are in `user` already."""
    spent = psutil.cpu_times()
    return sum(getattr(spent, name, 0.0) for name in ("user", "nice", "system", "irq", "softirq"))


def _own_s() -> float:
    """Processor seconds of this process, of its children that ended, and of those that live."""
    own, living = os.times(), 0.0
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):  # It may have ended meanwhile, or be a zombie.
            spent = child.cpu_times()
            living += spent.user + spent.system
    return own.user + own.system + own.children_user + own.children_system + living


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _revision() -> tuple[str | None, bool | None]:
    """Commit of this package's own checkout; nothing when it was installed into somebody else's."""
    here = Path(__file__).parent
    if _git(here, "ls-files", "--error-unmatch", Path(__file__).name) is None:
        return None, None
    commit = _git(here, "rev-parse", "--short=12", "HEAD")
    changes = _git(here, "status", "--porcelain", "--untracked-files=no", "--", "..")
    return commit, None if commit is None or changes is None else bool(changes)


def _git(folder: Path, *args: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", *args], cwd=folder, capture_output=True, text=True, timeout=10, check=False, errors="replace"
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
