"""Settings of a whole process: what a network changes is put back, by name."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from bench.measuring.process_settings import Settings, kept, listed, put_back


class _Function(TorchFunctionMode):
    """Sees every call, and fails in each."""


class _Dispatch(TorchDispatchMode):
    """The same below autograd."""


def _hook() -> object:
    return torch.nn.modules.module.register_module_forward_hook(lambda *_: None)


CHANGES: dict[str, Callable[[], object]] = {
    "threads": lambda: torch.set_num_threads(torch.get_num_threads() + 1),
    "default_dtype": lambda: torch.set_default_dtype(torch.float64),
    "default_device": lambda: torch.set_default_device("meta"),
    "grad_mode": lambda: torch.set_grad_enabled(not torch.is_grad_enabled()),
    "autocast": lambda: torch.set_autocast_enabled("cpu", True),
    "matmul_precision": lambda: torch.set_float32_matmul_precision("medium"),
    "mkldnn": lambda: torch.backends.mkldnn.set_flags(False),
    "flush_denormal": lambda: torch.set_flush_denormal(True),
    "deterministic_algorithms": lambda: torch.use_deterministic_algorithms(True),
    "cudnn.benchmark": lambda: setattr(torch.backends.cudnn, "benchmark", True),
    "modes": lambda: _Function().__enter__(),
    "hooks": _hook,
    "profiling": lambda: sys.setprofile(lambda *_: None),
}
TAKEN_SILENTLY: dict[str, Callable[[], object]] = {
    "environment": lambda: os.environ.__setitem__("LEVIT_BENCH_TRIAL", "1"),
    "folder": lambda: os.chdir("/"),
    "warnings": lambda: warnings.simplefilter("ignore"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_put_back_and_named(name: str) -> None:
    before = Settings()
    CHANGES[name]()
    (changed,) = before.restore()
    assert changed.name == name
    assert str(changed).startswith(f"{name} from ")
    assert Settings().restore() == []
    assert before.restore() == []


@pytest.mark.parametrize("name", TAKEN_SILENTLY)
def test_what_changes_no_time_is_put_back_without_a_word(name: str) -> None:
    folder, environment, filters = Path.cwd(), dict(os.environ), list(warnings.filters)
    with kept():
        TAKEN_SILENTLY[name]()
    assert put_back() == []
    assert (Path.cwd(), dict(os.environ), list(warnings.filters)) == (folder, environment, filters)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity") or len(os.sched_getaffinity(0)) < 2, reason="one processor")
def test_processors_that_a_network_binds_itself_to_are_given_back() -> None:
    allowed = os.sched_getaffinity(0)
    with kept():
        os.sched_setaffinity(0, {min(allowed)})
    assert listed(put_back()).startswith("affinity from ")
    assert os.sched_getaffinity(0) == allowed


def test_all_at_once_are_put_back_also_where_an_exception_ends_it() -> None:
    def everything() -> None:
        with kept():
            for change in CHANGES.values():
                change()
            _Dispatch().__enter__()
            raise LookupError

    with pytest.raises(LookupError):
        everything()
    told = put_back()
    assert {one.name for one in told} == CHANGES.keys()
    assert put_back() == []
    assert torch.zeros(1).device.type == "cpu"
    assert torch.zeros(1).dtype == torch.float32
    assert Settings().restore() == []


def test_what_a_device_sets_when_it_is_given_a_case_is_no_change() -> None:
    before, loading = Settings(), Settings(loading=True)
    torch.set_float32_matmul_precision("high")
    assert loading.restore() == []
    assert [one.name for one in before.restore()] == ["matmul_precision"]
