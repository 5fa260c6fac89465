"""On a GPU, where there is one: formats, events, graphs and memory as the seats use them."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import torch
from levit_bench.measuring import devices, runtimes
from levit_bench.measuring.devices import cuda
from levit_bench.measuring.pass_data.images import images
from levit_bench.measuring.pass_data.output_check import relative_distance
from levit_bench.measuring.pass_data.reference_outputs import references_in
from levit_bench.measuring.preparing import artifacts
from levit_bench.measuring.worker import Worker
from levit_bench.measuring.workers.messages import CaseLoaded, Failed, Load, Turn, Turned
from levit_bench.records import Case, ImageShape

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU")
NETWORKS = ("levit_128s", "efficientnet_b0", "deit_tiny", "yardstick-1a", "null-1")


@pytest.mark.parametrize("runtime", ["eager", "channels-last", "cuda-graphs"])
@pytest.mark.parametrize("precision", ["fp32", "tf32", "fp16", "bf16"])
@pytest.mark.parametrize(("network", "batch"), [*((name, 1) for name in NETWORKS), ("levit_128s", 65)])
def test_a_seat_computes_there_what_the_processor_does(
    tmp_path: Path, network: str, precision: str, runtime: str, batch: int
) -> None:
    size = 32 if network == "null-1" else 224
    case = Case(network=network, resolution=size, device="cuda", precision=precision, runtime=runtime, batch=batch)
    artifacts.prepare(case, (batch,), tmp_path, 0)
    worker = Worker()
    loaded = worker.answer(Load(case=case, folder=str(tmp_path), seed=0))
    assert isinstance(loaded, CaseLoaded), loaded
    for _ in range(2):
        answer = worker.answer(Turn(case=case.id, settle=1, passes=4))
        assert isinstance(answer, Turned), answer
        assert answer.problem is None
        assert len(answer.device_s) == len(answer.duration_s) == 4
        assert all(0 < device <= wall for device, wall in zip(answer.device_s, answer.duration_s, strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["fp32", "tf32", "fp16", "bf16"])
def test_a_network_compiled_for_a_gpu_computes_there_what_the_processor_does(tmp_path: Path, precision: str) -> None:
    case = Case(network="levit_128s", resolution=224, device="cuda", precision=precision, runtime="compile", batch=4)
    artifacts.prepare(case, (4,), tmp_path, 0)
    worker = Worker()
    loaded = worker.answer(Load(case=case, folder=str(tmp_path), seed=0))
    assert isinstance(loaded, CaseLoaded), loaded
    answer = worker.answer(Turn(case=case.id, settle=1, passes=4))
    assert isinstance(answer, Turned), answer
    assert answer.problem is None
    assert len(answer.device_s) == 4


def test_tf32_is_a_format_of_its_own(tmp_path: Path) -> None:
    outputs = {}
    case = Case(network="efficientnet_b0", resolution=224, device="cuda")
    artifacts.prepare(case, (4,), tmp_path, 0)
    references = references_in(tmp_path)
    given, want = references.pool(case.shape, 0).batch(range(4)), references.logits[:4]
    with torch.inference_mode():
        for precision in ("fp32", "tf32"):
            network = runtimes.get("eager").rebuilt(case, artifacts.artifact_in(tmp_path))  # type: ignore[attr-defined]
            held = devices.get("cuda").hold(network, precision)
            outputs[precision] = relative_distance(held.fetch(held.run(held.place(given))), want)
    assert outputs["fp32"] < 1e-4 < outputs["tf32"] < 1e-2


def test_a_pass_is_over_when_the_gpu_is() -> None:
    """Enqueued work that is not waited for would be timed as nothing."""
    network = torch.nn.Sequential(*(torch.nn.Conv2d(3 if n == 0 else 256, 256, 3, padding=1) for n in range(8)))
    held = cuda.OnCuda(network.eval().requires_grad_(requires_grad=False), torch.float32)
    given = held.place(images(8, ImageShape.square(224), 0, 0))
    for _ in range(3):
        held.run(given)
    held.synchronise()
    held.device_seconds()
    began = time.perf_counter()
    held.run(given)
    enqueued = time.perf_counter() - began
    held.synchronise()
    whole = time.perf_counter() - began
    (on_device,) = held.device_seconds()
    assert enqueued < 0.5 * on_device
    assert on_device == pytest.approx(whole, rel=0.2)


def test_a_batch_that_does_not_fit_costs_itself_and_leaves_room_for_others(tmp_path: Path) -> None:
    big = Case(network="levit_128s", resolution=224, device="cuda", batch=4096)
    small = Case(network="levit_128s", resolution=224, device="cuda")
    hog = torch.empty(int(torch.cuda.mem_get_info()[0] - (4 << 30)), dtype=torch.uint8, device="cuda")
    artifacts.prepare(small, (1, 4096), tmp_path, 0)
    worker = Worker()
    failed = worker.answer(Load(case=big, folder=str(tmp_path), seed=0))
    assert isinstance(failed, Failed)
    assert "out of GPU memory at batch 4096" in failed.reason
    assert "Choose a smaller --batch" in failed.reason
    assert isinstance(worker.answer(Load(case=small, folder=str(tmp_path), seed=0)), CaseLoaded)
    del hog
