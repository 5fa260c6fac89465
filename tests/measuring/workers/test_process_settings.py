"""Settings of a whole process: what a network changes is put back, by name."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from levit_bench.measuring.workers import torch_settings
from levit_bench.measuring.workers.process_settings import Settings, listed, put_back, restoring
from levit_bench.measuring.workers.torch_settings import ATTENTION, SWITCHES
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode


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
    "fp32_precision": lambda: setattr(torch.backends.mkldnn.conv, "fp32_precision", "bf16"),
    "switches": lambda: torch.backends.cuda.enable_flash_sdp(False),
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
    with restoring():
        TAKEN_SILENTLY[name]()
    assert put_back() == []
    assert (Path.cwd(), dict(os.environ), list(warnings.filters)) == (folder, environment, filters)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity") or len(os.sched_getaffinity(0)) < 2, reason="one processor")
def test_processors_that_a_network_binds_itself_to_are_given_back() -> None:
    allowed = os.sched_getaffinity(0)
    with restoring():
        os.sched_setaffinity(0, {min(allowed)})
    assert listed(put_back()).startswith("affinity from ")
    assert os.sched_getaffinity(0) == allowed


def test_all_at_once_are_put_back_also_where_an_exception_ends_it() -> None:
    def everything() -> None:
        with restoring():
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
    torch.backends.cuda.matmul.allow_tf32 = True
    assert loading.restore() == []
    (told,) = map(str, before.restore())
    assert told.startswith("fp32_precision from matmul_precision highest and cuda.matmul none to matmul_precision high")


def test_in_torch_without_fp32_precision_its_older_switches_are_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    switch = [True]  # not torch's own, which in newer torch writes to the formats
    monkeypatch.delattr(torch._C, "_get_fp32_precision_getter", raising=False)
    monkeypatch.setattr(torch._C, "_get_cudnn_allow_tf32", lambda: switch[0])
    monkeypatch.setattr(torch._C, "_set_cudnn_allow_tf32", lambda on: switch.__setitem__(0, on))
    before = torch_settings.fp32_precision("generic", "cuda")
    assert before == {"cudnn_allow_tf32": "True"}
    switch[0] = False
    assert torch_settings.fp32_precision("generic", "cuda") != before
    torch_settings.set_fp32_precision(before)
    assert switch == [True]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda: torch.set_float32_matmul_precision("medium"), "mkldnn.matmul none to mkldnn.matmul bf16"),
        (lambda: setattr(torch.backends, "fp32_precision", "tf32"), "from generic.all none and mkldnn.all none"),
        (lambda: setattr(torch.backends.mkldnn, "fp32_precision", "bf16"), " and mkldnn.conv none"),
        (lambda: setattr(torch.backends.cudnn.conv, "fp32_precision", "ieee"), "from cuda.conv tf32 to cuda.conv ieee"),
        (lambda: torch.backends.cuda.enable_math_sdp(False), "switches from math_sdp True to math_sdp False"),
        (lambda: torch.backends.mkldnn.set_flags(_deterministic=True), "mkldnn_deterministic False"),
        (lambda: torch.backends.nnpack.set_flags(False), "nnpack_enabled True to nnpack_enabled False"),
    ],
)
def test_number_formats_and_ways_to_compute_are_put_back_by_whatever_name_they_were_set(
    change: Callable[[], object], told: str
) -> None:
    with restoring():
        change()
    assert told in listed(put_back())
    assert torch.get_float32_matmul_precision() == "highest"


_HARMLESS = (
    "autograd_fallback_mode backcompat_broadcast_warn backcompat_keepdim_warn deterministic_fill_uninitialized_memory "
    "dispatch_mode dtensor_allow_implicit_replication graph_exec_group sm_carveout_experimental tensor_metadata "
    "thread_name torch_function_state tracing_state value_trace warnAlways"
)
"""Of torch's pairs of functions that read and set: what changes neither times nor outputs, or no setting at all."""
_BY_OTHER_NAMES = (
    "cublas_allow_tf32 cudnn_allow_tf32 cudnn_benchmark cudnn_deterministic cudnn_enabled deterministic_algorithms "
    "float32_matmul_precision mkldnn_enabled onednn_allow_tf32"
)


def test_every_switch_of_this_torch_is_known() -> None:
    there = set(dir(torch._C))
    pairs = {name[5:] for name in there if name.startswith("_get_") and f"_set_{name[5:]}" in there}
    assert pairs - {*SWITCHES, *_HARMLESS.split(), *_BY_OTHER_NAMES.split()} == set()
    assert {name[5:-12] for name in there if name.startswith("_get_") and name.endswith("_sdp_enabled")} == set(
        ATTENTION
    )
