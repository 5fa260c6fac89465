"""Names of ARM cores by the numbers that they carry: implementer and part, as Linux shows them in /proc/cpuinfo.

ARM processors under Linux have no marketing name; the core decides how fast a network runs. The numbers are the
architecture's (MIDR_EL1), assigned by ARM to implementers and by these to their cores.
"""

from __future__ import annotations

import re
from collections import Counter

IMPLEMENTERS = {
    0x41: "ARM", 0x42: "Broadcom", 0x43: "Cavium", 0x46: "Fujitsu", 0x48: "HiSilicon", 0x4E: "NVIDIA",
    0x50: "Applied Micro", 0x51: "Qualcomm", 0x53: "Samsung", 0x61: "Apple", 0x6D: "Microsoft", 0xC0: "Ampere",
}  # fmt: skip
PARTS = {
    (0x41, 0xD01): "Cortex-A32", (0x41, 0xD02): "Cortex-A34", (0x41, 0xD03): "Cortex-A53", (0x41, 0xD04): "Cortex-A35",
    (0x41, 0xD05): "Cortex-A55", (0x41, 0xD06): "Cortex-A65", (0x41, 0xD07): "Cortex-A57", (0x41, 0xD08): "Cortex-A72",
    (0x41, 0xD09): "Cortex-A73", (0x41, 0xD0A): "Cortex-A75", (0x41, 0xD0B): "Cortex-A76", (0x41, 0xD0C): "Neoverse-N1",
    (0x41, 0xD0D): "Cortex-A77", (0x41, 0xD0E): "Cortex-A76AE", (0x41, 0xD40): "Neoverse-V1",
    (0x41, 0xD41): "Cortex-A78", (0x41, 0xD42): "Cortex-A78AE", (0x41, 0xD43): "Cortex-A65AE",
    (0x41, 0xD44): "Cortex-X1", (0x41, 0xD46): "Cortex-A510", (0x41, 0xD47): "Cortex-A710", (0x41, 0xD48): "Cortex-X2",
    (0x41, 0xD49): "Neoverse-N2", (0x41, 0xD4A): "Neoverse-E1", (0x41, 0xD4B): "Cortex-A78C",
    (0x41, 0xD4C): "Cortex-X1C", (0x41, 0xD4D): "Cortex-A715", (0x41, 0xD4E): "Cortex-X3", (0x41, 0xD4F): "Neoverse-V2",
    (0x41, 0xD80): "Cortex-A520", (0x41, 0xD81): "Cortex-A720", (0x41, 0xD82): "Cortex-X4",
    (0x41, 0xD83): "Neoverse-V3AE", (0x41, 0xD84): "Neoverse-V3", (0x41, 0xD85): "Cortex-X925",
    (0x41, 0xD87): "Cortex-A725", (0x41, 0xD88): "Cortex-A520AE", (0x41, 0xD89): "Cortex-A720AE",
    (0x41, 0xD8A): "C1-Nano", (0x41, 0xD8B): "C1-Pro", (0x41, 0xD8C): "C1-Ultra", (0x41, 0xD8E): "Neoverse-N3",
    (0x41, 0xD8F): "Cortex-A320", (0x41, 0xD90): "C1-Premium",
    (0x42, 0x516): "ThunderX2", (0x43, 0x0A1): "ThunderX", (0x43, 0x0AF): "ThunderX2", (0x46, 0x001): "A64FX",
    (0x46, 0x003): "MONAKA",
    (0x48, 0xD01): "TaiShan-v110", (0x48, 0xD02): "TaiShan-v120",
    (0x4E, 0x000): "Denver", (0x4E, 0x003): "Denver 2", (0x4E, 0x004): "Carmel", (0x4E, 0x010): "Olympus",
    (0x50, 0x000): "X-Gene",
    (0x51, 0x001): "Oryon", (0x51, 0x002): "Oryon 2", (0x51, 0x800): "Kryo 2xx Gold", (0x51, 0x801): "Kryo 2xx Silver",
    (0x51, 0x802): "Kryo 3xx Gold", (0x51, 0x803): "Kryo 3xx Silver", (0x51, 0x804): "Kryo 4xx Gold",
    (0x51, 0x805): "Kryo 4xx Silver", (0x51, 0xC00): "Falkor", (0x51, 0xC01): "Saphira",
    (0x61, 0x022): "Icestorm (M1)", (0x61, 0x023): "Firestorm (M1)", (0x61, 0x024): "Icestorm (M1 Pro)",
    (0x61, 0x025): "Firestorm (M1 Pro)", (0x61, 0x028): "Icestorm (M1 Max)", (0x61, 0x029): "Firestorm (M1 Max)",
    (0x61, 0x032): "Blizzard (M2)", (0x61, 0x033): "Avalanche (M2)", (0x61, 0x034): "Blizzard (M2 Pro)",
    (0x61, 0x035): "Avalanche (M2 Pro)", (0x61, 0x038): "Blizzard (M2 Max)", (0x61, 0x039): "Avalanche (M2 Max)",
    (0x61, 0x042): "Sawtooth (M3)", (0x61, 0x043): "Everest (M3)", (0x61, 0x044): "Sawtooth (M3 Pro)",
    (0x61, 0x045): "Everest (M3 Pro)", (0x61, 0x048): "Sawtooth (M3 Max)", (0x61, 0x049): "Everest (M3 Max)",
    (0x61, 0x052): "efficiency core (M4)", (0x61, 0x053): "performance core (M4)",
    (0x61, 0x054): "efficiency core (M4 Pro)", (0x61, 0x055): "performance core (M4 Pro)",
    (0x61, 0x058): "efficiency core (M4 Max)", (0x61, 0x059): "performance core (M4 Max)",
    (0x6D, 0xD49): "Azure Cobalt 100", (0xC0, 0xAC3): "Ampere-1", (0xC0, 0xAC4): "Ampere-1A",
}  # fmt: skip
QEMUS = (0x00, 0x051)
"""QEMU's default core, with numbers that no implementer uses."""
_FIELD = re.compile(r"^CPU (implementer|part)\s*:\s*(0x[0-9a-fA-F]+)\s*$", re.M)


def cores(cpuinfo: str) -> str | None:
    """The cores of a machine in words, such as `ARM Neoverse-N1` or `4x ARM Cortex-A55 + 4x ARM Cortex-A76`.

    A core that is not in the table is named by its numbers. None where the text has none, as on other architectures.
    """
    counts = Counter(numbers(cpuinfo))
    if not counts:
        return None
    if len(counts) == 1:
        return name(*next(iter(counts)))
    return " + ".join(f"{count}x {name(*core)}" for core, count in sorted(counts.items()))


def numbers(cpuinfo: str) -> list[tuple[int, int]]:
    """Implementer and part of every processor; empty where the text has none, or unequal numbers of both."""
    fields = [(kind, int(text, 16)) for kind, text in _FIELD.findall(cpuinfo)]
    implementers = [number for kind, number in fields if kind == "implementer"]
    parts = [number for kind, number in fields if kind == "part"]
    return list(zip(implementers, parts, strict=True)) if len(implementers) == len(parts) else []


def name(implementer: int, part: int) -> str:
    """Name of one core."""
    maker = IMPLEMENTERS.get(implementer, f"implementer {implementer:#04x}")
    return f"{maker} {PARTS.get((implementer, part), f'part {part:#05x}')}"
