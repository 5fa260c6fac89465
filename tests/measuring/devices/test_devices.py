"""Where networks run: devices that are refused with what to do, number formats, and what a GPU's driver says."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from levit_bench.asking.request import Request, check
from levit_bench.errors import UsageError
from levit_bench.measuring import devices, runtimes
from levit_bench.measuring.devices import cuda
from levit_bench.measuring.loaded_network import Rearranged, copies_of
from levit_bench.measuring.machine import nvidia
from levit_bench.measuring.pass_data.images import DISTINCT, images
from levit_bench.measuring.pass_data.output_check import relative_distance
from levit_bench.measuring.preparing import artifacts
from levit_bench.measuring.reference_cases import environment_of, instrument_cases
from levit_bench.measuring.runtimes import InProcess, cuda_graphs
from levit_bench.measuring.session.session import Subject, _about_gpu
from levit_bench.measuring.worker import Worker
from levit_bench.measuring.workers.messages import CaseLoaded, Failed, Load, Turn, Turned
from levit_bench.records import Case, Conditions, GpuState, ImageShape
from torch import nn


def test_an_unknown_device_is_refused_with_those_there_are() -> None:
    with pytest.raises(UsageError, match=r"unknown device 'tpu'\. Choose from cpu, arm, cuda, mps"):
        devices.resolve("tpu")


@pytest.mark.parametrize(
    ("driver", "built_for", "message"),
    [
        (None, "13.0", "no NVIDIA driver is installed here"),
        ("libcuda.so.1", None, "needs a torch that was built for CUDA"),
        ("libcuda.so.1", "13.0", None),
    ],
)
def test_a_gpu_needs_a_driver_and_a_torch_that_was_built_for_it(
    monkeypatch: pytest.MonkeyPatch, driver: str | None, built_for: str | None, message: str | None
) -> None:
    monkeypatch.setattr("ctypes.util.find_library", lambda _name: driver)
    monkeypatch.setattr(cuda, "_built_for", lambda: built_for)
    if message is None:
        assert devices.resolve("cuda") == "cuda"
    else:
        with pytest.raises(UsageError, match=message):
            devices.resolve("cuda")


@pytest.mark.parametrize(
    ("line", "version"), [("cuda: Optional[str] = None", None), ("cuda: Optional[str] = '13.0'", "13.0")]
)
def test_what_torch_was_built_for_is_read_from_its_source(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, line: str, version: str | None
) -> None:
    (tmp_path / "version.py").write_text(f"__version__ = '2'\n{line}\nhip: Optional[str] = None\n", encoding="utf-8")
    spec = SimpleNamespace(origin=str(tmp_path / "__init__.py"))
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: spec)
    assert cuda._built_for() == version


def test_what_torch_was_built_for_agrees_with_torch() -> None:
    assert cuda._built_for() == torch.version.cuda


@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16"])
def test_a_processor_holds_a_module_in_its_format_and_gives_fp32_back(precision: str) -> None:
    module = nn.Sequential(nn.Flatten(), nn.Linear(48, 5)).eval().requires_grad_(requires_grad=False)
    given = images(2, ImageShape.square(4), 0, 0)
    want = module(given)
    held = devices.get("cpu").hold(module, precision)
    output = held.fetch(held.run(held.place(given)))
    held.synchronise()
    assert output.dtype == torch.float32
    assert relative_distance(output, want) < {"fp32": 1e-9, "fp16": 1e-2, "bf16": 5e-2}[precision]
    assert held.device_seconds() == ()


def test_a_processor_has_no_tf32() -> None:
    with pytest.raises(ValueError, match="tf32 is how NVIDIA GPUs multiply"):
        devices.get("cpu").hold(nn.Identity(), "tf32")


def test_a_runtime_for_gpus_is_refused_elsewhere_before_anything_is_prepared() -> None:
    with pytest.raises(UsageError, match=r"'cuda-graphs' does not run on cpu\. Choose from eager"):
        check(Request(networks=("levit_128s",), runtimes=("cuda-graphs",)))
    with pytest.raises(ValueError, match="CUDA graphs run on cuda, not on cpu"):
        cuda_graphs.load(Case(network="levit_128s", resolution=224), Path("none"))


def test_an_unknown_precision_is_refused_with_those_there_are() -> None:
    with pytest.raises(UsageError, match=r"unknown precision 'int3'\. Choose from fp32, tf32, fp16, bf16"):
        check(Request(networks=("levit_128s",), precisions=("int3",)))


def test_tf32_is_refused_on_a_processor_before_anything_is_prepared() -> None:
    with pytest.raises(UsageError, match="--precision tf32 is how NVIDIA GPUs multiply"):
        check(Request(networks=("levit_128s",), precisions=("fp32", "tf32")))


def test_cases_of_two_precisions_do_not_share_a_seat() -> None:
    environments = {
        environment_of(Case(network="n", resolution=8, device="cuda", precision=one)) for one in ("fp32", "tf32")
    }
    assert len(environments) == 2


def test_a_gpu_has_yardsticks_of_its_own() -> None:
    made = instrument_cases([Case(network="n", resolution=8, device="cuda"), Case(network="n", resolution=8)])
    assert {(case.device, role) for case, role in made} == {
        (device, role) for device in ("cpu", "cuda") for role in ("yardstick", "null")
    }


class Remote(InProcess):
    """A device of another kind: images go there in another format, and every pass is clocked."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__(module)
        self.calls: list[str] = []
        self.run = self._run
        self._module = module
        self._clocked: list[float] = []

    def place(self, images: torch.Tensor) -> torch.Tensor:
        self.calls.append("place")
        return images.double()

    def _run(self, images: torch.Tensor) -> torch.Tensor:
        assert images.dtype == torch.float64, "runs on what was placed"
        self._clocked.append(0.25)
        return self._module(images.float()).double()

    def fetch(self, output: torch.Tensor) -> torch.Tensor:
        self.calls.append("fetch")
        return output.float()

    def device_seconds(self) -> tuple[float, ...]:
        out, self._clocked = tuple(self._clocked), []
        return out

    def copy_seconds(self, images: torch.Tensor) -> tuple[float, float]:
        assert images.dtype == torch.float32, "copies are of images as a user has them"
        return 0.002, 0.001


def test_a_seat_places_once_fetches_for_checks_and_stores_the_devices_own_seconds(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    held: list[Remote] = []
    eager = runtimes.get("eager")

    def load(case: Case, artifact: Path) -> Remote:
        held.append(Remote(eager.rebuilt(case, artifact)))  # type: ignore[attr-defined]
        return held[0]

    foreign = SimpleNamespace(
        unavailable=eager.unavailable, prepare=eager.prepare, load=load, threads=lambda: 1, versions=dict
    )
    monkeypatch.setattr(runtimes, "get", lambda _name: foreign)
    case = Case(network="tests.hostile_networks:sound", resolution=64, runtime="remote")
    artifacts.prepare(case, (1,), tmp_path, 0)
    worker = Worker()
    loaded = worker.answer(Load(case=case, folder=str(tmp_path), seed=0))
    assert isinstance(loaded, CaseLoaded)
    assert (loaded.cold.copy_s, loaded.cold.copy_pinned_s) == (0.002, 0.001)
    before = held[0].calls.copy()
    answer = worker.answer(Turn(case=case.id, settle=2, passes=3))
    assert isinstance(answer, Turned), answer
    assert answer.device_s == (0.25, 0.25, 0.25), "those of the settle passes are left out"
    assert answer.problem is None
    assert held[0].calls[len(before) :] == ["fetch"] * 5, "each output is fetched when its pass is over"


def test_a_pass_that_does_not_fit_costs_its_case_and_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Full(InProcess):
        def place(self, images: torch.Tensor) -> torch.Tensor:
            raise MemoryError("out of GPU memory at batch 1: more than is left of 80 GiB. Choose a smaller --batch")

    eager = runtimes.get("eager")
    foreign = SimpleNamespace(unavailable=eager.unavailable, prepare=eager.prepare, load=lambda *_: Full(nn.Identity()))
    monkeypatch.setattr(runtimes, "get", lambda _name: foreign)
    case = Case(network="tests.hostile_networks:sound", resolution=64, runtime="full")
    artifacts.prepare(case, (1,), tmp_path, 0)
    answer = Worker().answer(Load(case=case, folder=str(tmp_path), seed=0))
    assert isinstance(answer, Failed)
    assert "Choose a smaller --batch" in answer.reason


def test_large_batches_repeat_their_images_and_so_do_their_references(tmp_path: Path) -> None:
    many = images(DISTINCT + 3, ImageShape.square(8), 0, 0)
    assert torch.equal(many[:DISTINCT], images(DISTINCT, ImageShape.square(8), 0, 0))
    assert torch.equal(many[DISTINCT:], many[:3])
    case = Case(network="tests.hostile_networks:sound", resolution=32, batch=DISTINCT + 3)
    artifacts.prepare(case, (DISTINCT + 3, 2 * DISTINCT), tmp_path, 0)
    worker = Worker()
    assert isinstance(worker.answer(Load(case=case, folder=str(tmp_path), seed=0)), CaseLoaded)
    answer = worker.answer(Turn(case=case.id, settle=0, passes=1))
    assert isinstance(answer, Turned)
    assert answer.problem is None


class _Driver:
    """NVML as `nvidia-ml-py` offers it, of a card that does not tell its energy."""

    NVML_CLOCK_SM, NVML_CLOCK_MEM, NVML_TEMPERATURE_GPU = 1, 2, 0

    class NVMLError(Exception):
        pass

    def __init__(self) -> None:
        self.open = 0

    def nvmlInit(self) -> None:  # noqa: N802 (the library's name)
        self.open += 1

    def nvmlShutdown(self) -> None:  # noqa: N802
        self.open -= 1

    def __getattr__(self, name: str) -> object:
        known = {
            "nvmlDeviceGetCount": 1,
            "nvmlDeviceGetHandleByIndex": "handle",
            "nvmlDeviceGetName": b"NVIDIA H100",
            "nvmlSystemGetDriverVersion": "580.1",
            "nvmlDeviceGetClockInfo": 1980,
            "nvmlDeviceGetTemperature": 41,
            "nvmlDeviceGetPowerUsage": 120_500,
            "nvmlDeviceGetUtilizationRates": SimpleNamespace(gpu=30),
            "nvmlDeviceGetMemoryInfo": SimpleNamespace(total=80 << 30, used=1 << 30),
        }

        def answer(*_: object) -> object:
            if name not in known:
                raise self.NVMLError(name)
            return known[name]

        return answer


def test_the_driver_is_asked_and_what_it_does_not_tell_is_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    driver = _Driver()
    monkeypatch.setitem(sys.modules, "pynvml", driver)
    (one,) = nvidia.states()
    assert one == GpuState(
        name="NVIDIA H100", driver="580.1", clock_hz=1.98e9, memory_clock_hz=1.98e9, temperature_c=41.0, power_w=120.5,
        energy_j=None, busy=0.3, memory_bytes=80 << 30, used_bytes=1 << 30,
    )  # fmt: skip
    assert driver.open == 0


def test_without_driver_or_package_nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert nvidia.states() == ()
    driver = _Driver()

    def no_driver() -> None:
        raise driver.NVMLError("driver not loaded")

    driver.nvmlInit = no_driver  # type: ignore[method-assign]
    monkeypatch.setitem(sys.modules, "pynvml", driver)
    assert nvidia.states() == ()


@pytest.mark.parametrize(
    ("busy", "used", "raised"), [(0.0, 1, False), (0.3, 1, True), (0.0, 40, True), (None, None, False)]
)
def test_a_gpu_that_somebody_else_uses_is_a_finding(busy: float | None, used: int | None, raised: bool) -> None:
    state = GpuState(name="G", busy=busy, memory_bytes=80, used_bytes=used)
    now = Conditions(taken_at="2026-01-01T00:00:00Z", os="x", python="3", gpus=(state,))
    subject = Subject(Case(network="n", resolution=8, device="cuda"))
    assert [finding.kind for finding in _about_gpu(now, [subject])] == ["gpu-shared"] * raised
    assert _about_gpu(now, [Subject(Case(network="n", resolution=8))]) == []


class Images:
    """Images whose copies are counted."""

    def __init__(self, copied: list[str], kind: str = "usual", *, full: bool = False) -> None:
        self.copied, self.kind, self.full = copied, kind, full

    def pin_memory(self) -> Images:
        return Images(self.copied, "pinned")

    def to(self, device: str, *, non_blocking: bool) -> None:
        assert (device, non_blocking) == ("cuda", True)
        if self.full:
            raise torch.OutOfMemoryError("CUDA out of memory")
        self.copied.append(self.kind)


def on_gpu() -> cuda.OnCuda:
    held = object.__new__(cuda.OnCuda)
    held._torch = SimpleNamespace(cuda=SimpleNamespace(synchronize=lambda: None))  # type: ignore[assignment]
    return held


def test_copies_are_timed_from_both_kinds_of_memory_and_the_first_one_does_not_count(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = iter(range(1000))
    monkeypatch.setattr("time.perf_counter", lambda: float(next(clock)))
    copied: list[str] = []
    assert on_gpu().copy_seconds(Images(copied)) == (1.0, 1.0)  # type: ignore[arg-type]
    assert copied == ["usual"] * cuda._COPIES + ["pinned"] * cuda._COPIES


def test_a_device_without_room_for_a_copy_has_no_such_figure_and_keeps_its_case() -> None:
    assert copies_of(on_gpu(), Images([], full=True)) == (None, None)  # type: ignore[arg-type]


def test_a_network_that_takes_images_in_another_order_is_copied_to_all_the_same() -> None:
    held = Remote(nn.Identity())
    turned = Rearranged(held, lambda given: given)
    assert copies_of(turned, images(1, ImageShape.square(8), 0, 0)) == (0.002, 0.001)
    assert copies_of(InProcess(nn.Identity()), images(1, ImageShape.square(8), 0, 0)) == (None, None)
