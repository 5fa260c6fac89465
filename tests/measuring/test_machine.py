"""What is said of the machine: nothing personal, nothing invented, emulation recognised."""

from __future__ import annotations

import getpass
import platform
import socket
from pathlib import Path

import msgspec
import pytest

from bench.measuring import machine as module
from bench.records import Machine


def test_fingerprint_and_conditions_name_neither_host_nor_user_nor_path() -> None:
    text = (msgspec.json.encode(module.machine()) + msgspec.json.encode(module.conditions())).decode()
    for secret in (socket.gethostname(), getpass.getuser(), str(Path.home()), str(Path.cwd())):
        # A user called root or a host called linux would be found in other words.
        if len(secret) > 5:
            assert secret not in text


def test_the_fingerprint_is_the_same_each_time_and_its_id_is_a_folder_name() -> None:
    who = module.machine()
    assert who == module.machine()
    assert who.id.replace("-", "").isalnum()
    assert who.memory_bytes % (1 << 30) == 0


def test_the_id_of_a_machine_depends_on_every_field() -> None:
    base = Machine(cpu_model="Intel(R) Xeon(R) CPU @ 2.00GHz", isa="x86_64", logical_cores=2, memory_bytes=1 << 30)
    changed = {"cpu_model": "x", "isa": "aarch64", "features": ("avx2",), "physical_cores": 1, "logical_cores": 4,
               "l2_bytes": 1, "l3_bytes": 1, "memory_bytes": 2 << 30, "gpus": ("T4",)}  # fmt: skip
    assert set(changed) == set(Machine.__struct_fields__)
    ids = {msgspec.structs.replace(base, **{name: value}).id for name, value in changed.items()}
    assert len(ids | {base.id}) == len(changed) + 1


@pytest.mark.parametrize("name", ["../../etc", "", "\x1b[31mred", "日本", "x" * 300, "CON/..\\.."])
def test_a_hostile_processor_name_becomes_a_harmless_folder_name(name: str) -> None:
    found = Machine(cpu_model=name, isa="x86_64", logical_cores=2, memory_bytes=1 << 30).id
    assert found.isascii()
    assert found.replace("-", "").isalnum()
    assert len(found) < 80


@pytest.mark.parametrize(
    ("isa", "cpuinfo", "emulated"),
    [
        ("aarch64", "vendor_id : GenuineIntel", True),
        ("aarch64", "vendor_id\t: AuthenticAMD", True),
        ("aarch64", "CPU implementer : 0x41", False),
        ("x86_64", "vendor_id : GenuineIntel", False),
        ("x86_64", "model name : QEMU TCG CPU version 2.5+", True),
        ("x86_64", "model name : QEMU Virtual CPU version 2.5+", False),
    ],
)
def test_an_emulated_process_is_recognised(
    monkeypatch: pytest.MonkeyPatch, isa: str, cpuinfo: str, emulated: bool
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: isa)
    monkeypatch.setattr(module, "_text", lambda _path: cpuinfo)
    monkeypatch.setattr(module.sys, "platform", "linux")
    assert module.is_emulated() is emulated


def test_what_the_system_does_not_tell_is_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_text", lambda _path: None)
    monkeypatch.setattr(module, "_git", lambda *_: None)
    state = module.conditions()
    assert (state.governor, state.huge_pages, state.commit, state.dirty) == (None, None, None, None)


def test_a_setting_in_brackets_is_the_chosen_one() -> None:
    assert module._chosen("always [madvise] never") == "madvise"
    assert module._chosen("performance") == "performance"
    assert module._chosen(None) is None
