"""A pass that did not do the work has no time: networks that cheat, loaded and run as a seat does."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from levit_bench.measuring.loaded_network import InProcess
from levit_bench.measuring.pass_data.feed import Feed
from levit_bench.measuring.pass_data.image_pool import image_pool
from levit_bench.measuring.pass_data.output_check import check_plain
from levit_bench.measuring.pass_data.reference_outputs import References
from levit_bench.measuring.preparing import artifacts
from levit_bench.measuring.worker import Worker
from levit_bench.measuring.workers.messages import Answer, CaseLoaded, Failed, Load, Turn, Turned
from levit_bench.records import Case, Dtype, ImageShape

from tests.cheating_networks import STOPPED

pytestmark = pytest.mark.slow  # builds and times networks


def _case(network: str, batch: int = 1) -> Case:
    return Case(network=f"tests.cheating_networks:{network}", resolution=32, batch=batch)


def _answers(case: Case, folder: Path, passes: int = 40) -> tuple[Worker, list[Answer]]:
    """What a seat says of the case: when it is loaded, and after a turn if it could be."""
    artifacts.prepare(case, (case.batch,), folder, 0)
    worker = Worker()
    answers = [worker.answer(Load(case=case, folder=str(folder), seed=0, draw="d"))]
    if isinstance(answers[0], CaseLoaded):
        answers.append(worker.answer(Turn(case=case.id, settle=1, passes=passes)))
    return worker, answers


@pytest.mark.parametrize(
    ("network", "batch", "why"),
    [
        ("by_place", 1, "output is constant: two different inputs give the same bits, as if one were remembered"),
        ("by_object", 1, "output is constant"),
        ("by_rough_pixels", 1, "output"),
        ("later", 1, "a pass returned a _Lazy: what is timed must return a plain torch.Tensor"),
        ("in_a_thread", 1, "output differs from fp32 eager"),
        ("first_alone", 4, "output differs from fp32 eager"),
        ("nothing", 1, "output"),
        ("after_a_while", 1, "output is constant"),
        ("every_second", 1, "output is constant"),
    ],
)
def test_a_network_that_skips_the_work_has_no_time(tmp_path: Path, network: str, batch: int, why: str) -> None:
    _, answers = _answers(_case(network, batch), tmp_path)
    last = answers[-1]
    said = last.reason if isinstance(last, Failed) else last.problem if isinstance(last, Turned) else None
    assert said is not None, answers
    assert said.startswith(why)


@pytest.mark.parametrize("network", ["by_content", "by_few_pixels"])
def test_what_is_remembered_by_its_content_is_of_no_use(tmp_path: Path, network: str) -> None:
    case = _case(network)
    worker, answers = _answers(case, tmp_path, passes=1)
    run = worker._loaded_cases[case.id].loaded.run
    before = run.computed  # type: ignore[attr-defined]
    answers.append(worker.answer(Turn(case=case.id, settle=0, passes=400)))  # There are fewer images: they come again.
    assert [answer.problem for answer in answers if isinstance(answer, Turned)] == [None, None]
    assert run.computed - before == 400  # type: ignore[attr-defined]


@pytest.mark.parametrize("network", ["mixes_the_batch", "first_image_anywhere", "norm_in_training"])
def test_a_row_is_the_answer_for_its_image_alone_and_a_batch_that_mixes_costs_its_own_case(
    tmp_path: Path, network: str
) -> None:
    prepared = artifacts.prepare(_case(network), (1, 4), tmp_path, 0)
    assert list(prepared.failed) == [4]
    assert "the answer for an image depends on what else is in its batch: " in prepared.failed[4]
    with pytest.raises(ValueError, match="depends on what else is in its batch"):
        artifacts.prepare(_case(network), (4, 8), tmp_path, 0)


def test_a_thread_of_its_own_is_among_those_at_work(tmp_path: Path) -> None:
    _, (_, alone) = _answers(_case("by_content"), tmp_path, passes=20)
    assert isinstance(alone, Turned)
    assert alone.threads_at_work in (None, 1)
    STOPPED.clear()
    try:
        _, (_, beside) = _answers(_case("beside_a_thread"), tmp_path, passes=20)
    finally:
        STOPPED.set()
    assert isinstance(beside, Turned)
    assert beside.problem is None
    assert beside.threads_at_work in (None, 2)


@pytest.mark.parametrize(
    "output",
    [
        torch.nn.Parameter(torch.zeros(1, 10)),
        torch.zeros(1, 10, device="meta"),
        torch.zeros(1, 10).to_sparse(),
        [0.0] * 10,
    ],
    ids=["parameter", "meta", "sparse", "list"],
)
def test_what_is_no_plain_tensor_is_no_output(output: object) -> None:
    with pytest.raises(TypeError, match="a pass returned"):
        check_plain(output)


def test_images_are_written_into_one_place_and_none_comes_twice() -> None:
    shape = ImageShape.square(16)
    pool = image_pool(4, shape, 0)
    references = References(torch.randn(pool.size, 10), 4, pool.sums, 1e-7, 1.0, 4, 2.0**-22)
    feed = Feed(InProcess(lambda images: images), pool, references, batch=2, precision="fp32", draw="d")
    seen: set[bytes] = set()
    place = feed.placed.data_ptr()
    for _ in range(pool.size // 2 * 5):
        seen |= {row.numpy().tobytes() for row in feed.placed}
        feed.write()
    assert len(seen) == pool.size * 5
    assert feed.placed.data_ptr() == place


def test_a_changed_image_is_nearly_the_same_one() -> None:
    pool = image_pool(4, ImageShape.square(16), 0)
    one, other = pool.batch([5]), pool.batch([5], 2.0**-20)
    assert not torch.equal(one, other)
    assert torch.allclose(one, other, atol=1e-5)
    assert not torch.allclose(one, pool.batch([6]), atol=1e-2)


def test_bytes_are_summed_without_overflow_and_look_like_a_photograph() -> None:
    pool = image_pool(4, ImageShape(3, 16, 16, "uint8"), 0)
    images = pool.batch(range(pool.size))
    assert images.dtype == torch.uint8
    assert 80 < float(images.float().mean()) < 150
    assert len({row.numpy().tobytes() for row in images}) == pool.size
    assert int(pool.left.max()) <= 127
    assert int(pool.right.max()) <= 127


@pytest.mark.parametrize("dtype", ["float32", "uint8"])
@pytest.mark.parametrize(("side", "pixels"), [(4, 32), (8, 32), (16, 32), (16, 224)])
def test_no_image_is_a_combination_of_others(side: int, pixels: int, dtype: Dtype) -> None:
    pool = image_pool(side, ImageShape(3, pixels, pixels, dtype), 0)
    flat = pool.batch(range(pool.size)).flatten(1).double()
    assert int(torch.linalg.matrix_rank(flat - flat.mean())) >= pool.size - 1
