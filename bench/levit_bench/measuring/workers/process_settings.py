"""Process-wide settings that a network's code may change, with an effect on other networks in the same process.

Each has a name and can be read and restored.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch.nn.modules import module as modules
from torch.overrides import _get_current_function_mode_stack
from torch.utils._device import DeviceContext

from levit_bench.measuring.workers import torch_settings


class _Setting(NamedTuple):
    """One setting."""

    name: str
    read: Callable[[], Any]
    """Its value: comparable, and with a text that may be shown."""
    write: Callable[[Any], object]
    reported: bool = True
    """Whether a change can affect times or outputs and is reported; else it is restored silently."""
    of_a_case: bool = False
    """Whether a device may set it when it is given a case."""


class Changed(NamedTuple):
    """A setting whose value has changed."""

    name: str
    old: object
    new: object

    def __str__(self) -> str:
        return f"{self.name} from {_shortened(self.old)} to {_shortened(self.new)}"


_put_back: list[Changed] = []


def put_back() -> list[Changed]:
    """The changes that `restoring` has undone since the last call."""
    changes = list(_put_back)
    _put_back.clear()
    return changes


class Settings:
    """The settings of this process at one moment."""

    def __init__(self, *, loading: bool = False) -> None:
        """`loading`: whether a device is given a case next, which may change some of them."""
        self._values = [(setting, _value(setting)) for setting in _SETTINGS if not (loading and setting.of_a_case)]

    def restore(self) -> list[Changed]:
        """Restore all of them; returns the changes that can affect times or outputs."""
        out = []
        for setting, old in self._values:
            new = _value(setting)
            if new == old:
                continue
            setting.write(old)
            if setting.reported:
                out.append(Changed(setting.name, *_differences(old, new)))
        return out


@contextmanager
def restoring() -> Iterator[None]:
    """Restore all settings on exit; `put_back` returns what had changed within."""
    before = Settings()
    try:
        yield
    finally:
        _put_back.extend(before.restore())


def listed(changed: Iterable[Changed]) -> str:
    """The changes as text, each once."""
    return ", ".join(dict.fromkeys(map(str, changed)))


def _value(setting: _Setting) -> Any:  # noqa: ANN401 (settings have values of all kinds)
    try:
        return setting.read()
    except Exception as error:  # Such as a working folder that is gone: the error stands for its value.
        return type(error).__name__


def _differences(old: object, new: object) -> tuple[object, object]:
    """Old and new value: of a group of switches only the changed ones, as text; other values as they are."""
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return old, new
    names = [name for name in old if old[name] != new.get(name)]
    return tuple(" and ".join(f"{name} {switches.get(name)}" for name in names) for switches in (old, new))  # type: ignore[return-value]


def _shortened(value: object) -> str:
    text = str(getattr(value, "__name__", value))
    return text if len(text) <= 60 else f"{text[:57]}..."


def _hooks() -> dict[str, int]:
    """Number of global module hooks of each kind."""
    return {name: len(getattr(modules, name)) for name in _HOOKS if getattr(modules, name, None)}


def _remove_hooks(before: dict[str, int]) -> None:
    for name in _HOOKS:
        hooks = getattr(modules, name, None)
        while hooks and len(hooks) > before.get(name, 0):
            hooks.popitem()


_HOOKS = (
    "_global_forward_hooks",
    "_global_forward_pre_hooks",
    "_global_backward_hooks",
    "_global_backward_pre_hooks",
    "_global_parameter_registration_hooks",
    "_global_module_registration_hooks",
    "_global_buffer_registration_hooks",
)


def _flushes_denormals() -> bool:
    """Whether subnormal numbers are flushed to zero: torch can set this but has no function to read it."""
    return float(torch.tensor(1e-39, dtype=torch.float32) * 0.5) == 0.0


def _modes() -> tuple[int, int]:
    """Numbers of active function and dispatch modes, such as a profiler's or a counter's."""
    functions = [mode for mode in _get_current_function_mode_stack() if not isinstance(mode, DeviceContext)]
    return len(functions), torch._C._len_torch_dispatch_stack()


def _pop_modes(before: tuple[int, int]) -> None:
    while _modes()[0] > before[0]:
        torch._C._pop_torch_function_stack()
    for _ in range(torch._C._len_torch_dispatch_stack() - before[1]):
        torch._C._pop_torch_dispatch_stack(None)


def _default_device() -> str | None:
    """The default device of new tensors; None where it is not set."""
    stack = _get_current_function_mode_stack()
    return next((str(mode.device) for mode in stack if isinstance(mode, DeviceContext)), None)


def _autocast() -> dict[str, bool]:
    return {kind: torch.is_autocast_enabled(kind) for kind in ("cpu", "cuda")}


def _set_autocast(before: dict[str, bool]) -> None:
    for kind, on in before.items():
        torch.set_autocast_enabled(kind, on)


def _deterministic() -> tuple[bool, bool]:
    return torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()


def _set_deterministic(before: tuple[bool, bool]) -> None:
    on, warn_only = before
    torch.use_deterministic_algorithms(on, warn_only=warn_only)


def _affinity() -> tuple[int, ...]:
    return tuple(sorted(os.sched_getaffinity(0))) if hasattr(os, "sched_getaffinity") else ()


def _set_affinity(before: tuple[int, ...]) -> None:
    if before:
        os.sched_setaffinity(0, before)


def _priority() -> int:
    return os.getpriority(os.PRIO_PROCESS, 0) if hasattr(os, "getpriority") else 0


def _set_priority(before: int) -> None:
    with suppress(OSError):  # A lowered priority may not be raised again without privileges; the change is reported.
        os.setpriority(os.PRIO_PROCESS, 0, before)


def _set_environment(before: dict[str, str]) -> None:
    for name in os.environ.keys() - before.keys():
        del os.environ[name]
    os.environ.update(before)


def _folder() -> str:
    return str(Path.cwd())


def _signals() -> dict[int, Any]:
    return {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)}


def _set_signals(before: dict[int, Any]) -> None:
    for number, handler in before.items():
        signal.signal(number, handler)


def _filters() -> list[Any]:
    return list(warnings.filters)


def _set_filters(before: list[Any]) -> None:
    warnings.filters[:] = before  # type: ignore[index]  # A list, whatever its type says.
    warnings._filters_mutated()  # type: ignore[attr-defined]  # As `warnings.catch_warnings` does.


def _cudnn(field: str) -> _Setting:
    flags = torch.backends.cudnn
    return _Setting(
        f"cudnn.{field}", lambda: getattr(flags, field), lambda value: setattr(flags, field, value), of_a_case=True
    )


_SETTINGS: tuple[_Setting, ...] = (
    # These first: the others are read and written through calls that a mode or a default device would affect.
    _Setting("default_device", _default_device, torch.set_default_device),
    _Setting("modes", _modes, _pop_modes),
    _Setting("profiling", sys.getprofile, sys.setprofile),
    _Setting("tracing", sys.gettrace, sys.settrace),
    _Setting("threads", torch.get_num_threads, torch.set_num_threads),
    _Setting("default_dtype", torch.get_default_dtype, torch.set_default_dtype),
    _Setting("grad_mode", torch.is_grad_enabled, torch.set_grad_enabled),
    _Setting("autocast", _autocast, _set_autocast),
    _Setting(
        "fp32_precision", lambda: torch_settings.fp32_precision("generic", "mkldnn"), torch_settings.set_fp32_precision
    ),
    _Setting(
        "fp32_precision",
        torch_settings.fp32_precision_of_gpus,
        torch_settings.set_fp32_precision_of_gpus,
        of_a_case=True,
    ),
    _Setting("switches", torch_settings.switches, torch_settings.set_switches),
    _Setting("mkldnn", torch._C._get_mkldnn_enabled, torch._C._set_mkldnn_enabled),
    _Setting("flush_denormal", _flushes_denormals, torch.set_flush_denormal),
    _Setting("deterministic_algorithms", _deterministic, _set_deterministic),
    _cudnn("enabled"),
    _cudnn("benchmark"),
    _cudnn("deterministic"),
    _Setting("hooks", _hooks, _remove_hooks),
    _Setting("affinity", _affinity, _set_affinity),
    _Setting("priority", _priority, _set_priority),
    _Setting("collector", gc.isenabled, lambda on: gc.enable() if on else gc.disable(), reported=False),
    _Setting("switch_interval", sys.getswitchinterval, sys.setswitchinterval, reported=False),
    _Setting("recursion_limit", sys.getrecursionlimit, sys.setrecursionlimit, reported=False),
    _Setting("environment", lambda: dict(os.environ), _set_environment, reported=False),
    _Setting("folder", _folder, os.chdir, reported=False),
    _Setting("signals", _signals, _set_signals, reported=False),
    _Setting("warnings", _filters, _set_filters, reported=False),
)
