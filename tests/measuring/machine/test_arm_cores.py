"""ARM cores by their numbers, from texts as /proc/cpuinfo shows them on well-known machines."""

from __future__ import annotations

import platform
import subprocess

import pytest
from levit_bench.measuring.machine import arm_cores, description


def cpuinfo(*cores: tuple[str, str, int]) -> str:
    """So many processors of each (implementer, part)."""
    one = "processor\t: {at}\nBogoMIPS\t: 243.75\nFeatures\t: fp asimd evtstrm\nCPU implementer\t: {i}\n"
    one += "CPU architecture: 8\nCPU variant\t: 0x1\nCPU part\t: {p}\nCPU revision\t: 1\n\n"
    numbers = [(i, p) for i, p, count in cores for _ in range(count)]
    return "".join(one.format(at=at, i=i, p=p) for at, (i, p) in enumerate(numbers))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (cpuinfo(("0x41", "0xd40", 64)), "ARM Neoverse-V1"),  # Graviton 3
        (cpuinfo(("0x41", "0xd0c", 80)), "ARM Neoverse-N1"),  # Altra
        (cpuinfo(("0x41", "0xd0b", 4)), "ARM Cortex-A76"),  # Raspberry Pi 5
        (cpuinfo(("0x61", "0x022", 4), ("0x61", "0x023", 4)), "4x Apple Icestorm (M1) + 4x Apple Firestorm (M1)"),
        (
            cpuinfo(("0x41", "0xd05", 4), ("0x41", "0xd41", 3), ("0x41", "0xd44", 1)),
            "4x ARM Cortex-A55 + 3x ARM Cortex-A78 + 1x ARM Cortex-X1",
        ),
        (cpuinfo(("0x61", "0x042", 4), ("0x61", "0x043", 4)), "4x Apple Sawtooth (M3) + 4x Apple Everest (M3)"),
        (cpuinfo(("0x41", "0xfff", 2)), "ARM part 0xfff"),
        (cpuinfo(("0x99", "0x001", 2)), "implementer 0x99 part 0x001"),
    ],
)
def test_cores_are_named_by_their_numbers(text: str, name: str) -> None:
    assert arm_cores.cores(text) == name


@pytest.mark.parametrize("text", ["", "vendor_id\t: GenuineIntel\nmodel name\t: Xeon\n", "CPU implementer\t: 0x41\n"])
def test_a_text_without_numbers_names_nothing(text: str) -> None:
    assert arm_cores.cores(text) is None


def test_every_implementer_with_a_core_has_a_name() -> None:
    assert {implementer for implementer, _ in arm_cores.PARTS} <= set(arm_cores.IMPLEMENTERS)


GRAVITON_3 = "fp asimd evtstrm aes crc32 atomics fphp asimdhp cpuid asimdrdm fcma dcpop asimddp sve i8mm svebf16 bf16"
ALTRA = "fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp ssbs"


@pytest.mark.parametrize(
    ("flags", "features"),
    [
        (GRAVITON_3, ("asimd", "asimddp", "asimdhp", "bf16", "i8mm", "sve")),
        (ALTRA, ("asimd", "asimddp", "asimdhp")),
        ("fpu sse avx avx2 avx512f", ()),  # a process under an emulator that shows it the processor beneath
    ],
)
def test_the_fingerprint_lists_the_extensions_that_matter(
    monkeypatch: pytest.MonkeyPatch, flags: str, features: tuple[str, ...]
) -> None:
    """As Linux tells them; py-cpuinfo splits the line."""
    import cpuinfo as library

    monkeypatch.setattr(library, "get_cpu_info", lambda: {"flags": flags.split()})
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    assert description.machine().features == features


def test_the_fingerprint_names_the_core_on_arm_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(description, "_text", lambda _path: cpuinfo(("0x41", "0xd4f", 8)))
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    assert description.machine().cpu_model == "ARM Neoverse-V2"
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    assert description.machine().cpu_model != "ARM Neoverse-V2"


def test_an_apple_processor_tells_its_extensions(monkeypatch: pytest.MonkeyPatch) -> None:
    told = "hw.optional.arm.FEAT_FP16: 1\nhw.optional.arm.FEAT_DotProd: 1\nhw.optional.arm.FEAT_BF16: 0\n"
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    monkeypatch.setattr(platform, "machine", lambda: "arm64")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 0, stdout=told))
    assert description._apples_features() == {"asimd", "asimdhp", "asimddp"}
