"""Images that are not square, of other channel counts and of bytes: every runtime feeds them and checks what comes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch
from levit_bench.measuring import devices, forms, networks, runtimes
from levit_bench.measuring.pass_data import reference_outputs
from levit_bench.measuring.pass_data.images import DISTINCT, ImageShape, images
from levit_bench.measuring.preparing import artifacts
from levit_bench.measuring.worker import Worker
from levit_bench.measuring.workers.messages import CaseLoaded, Failed, Load, Profiled, Turn, Turned, Watch
from levit_bench.records import Case
from torch import nn

from tests.measuring.runtimes.asking import ON_PROCESSORS, taken

pytestmark = pytest.mark.slow  # builds and times networks

OWN = "tests.shaped_networks"
SLOW = ("compile", "onnxruntime", "openvino")


def _case(name: str, **fields: object) -> Case:
    """The case of a network as a door makes it: with the images that its builder says."""
    shape = networks.takes(name)
    images_of = {"resolution": shape.height, "width": shape.width, "channels": shape.channels, "dtype": shape.dtype}
    return Case(**{"network": name, "batch": 2, **images_of, **fields})  # type: ignore[arg-type]


def _turned(worker: Worker, case: Case) -> Turned:
    answer = worker.answer(Turn(case=case.id, settle=1, passes=3))
    assert isinstance(answer, Turned), answer
    assert answer.problem is None
    return answer


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 7, 64])
def test_channels_are_drawn_by_threes_and_fewer_are_the_first_of_more(channels: int) -> None:
    shape = ImageShape(channels, 24, 40)
    found = images(3, shape, 5, 1)
    assert found.shape == (3, channels, 24, 40)
    assert torch.equal(found, images(3, ImageShape(64, 24, 40), 5, 1)[:, :channels])
    assert torch.equal(found[:, :3], images(3, ImageShape(3, 24, 40), 5, 1)[:, :channels])
    flat = found.transpose(0, 1).flatten(1)
    assert all(not torch.equal(flat[0], other) for other in flat[1:])
    assert bool((flat.std(1) > 0.3).all())


def test_square_images_of_three_channels_are_those_that_stored_references_were_made_with() -> None:
    generator = torch.Generator().manual_seed(5 * 1_000_003 + 10_007 + 2)  # Seed 5, stream 1, image 2.
    blobs = torch.randn(1, 3, 7, 7, generator=generator)
    smooth = nn.functional.interpolate(blobs, size=(40, 40), mode="bilinear", align_corners=False)[0]
    contrast = 0.8 + 0.4 * torch.rand(1, generator=generator)
    tint = 0.25 * torch.randn(3, 1, 1, generator=generator)
    wanted = contrast * smooth + tint + 0.25 * torch.randn(3, 40, 40, generator=generator)
    assert torch.equal(images(3, ImageShape.square(40), 5, 1)[2], wanted)
    assert torch.equal(images(3, ImageShape(1, 40, 40), 5, 1)[2], wanted[:1])


def test_bytes_are_those_of_photographs_and_differ_from_image_to_image() -> None:
    shape = ImageShape(3, 64, 96, "uint8")
    found = images(DISTINCT + 2, shape, 0, 0)
    assert found.dtype == torch.uint8
    assert torch.equal(found[DISTINCT:], found[:2])
    assert 90 < float(found.float().mean()) < 140
    assert 40 < float(found.float().std()) < 80
    assert not torch.equal(found[0], found[1])
    assert not torch.equal(found, images(DISTINCT + 2, shape, 0, 1))
    # The same photograph as the normalised one.
    plain = images(1, ImageShape(3, 64, 96), 0, 0)
    assert float(torch.corrcoef(torch.stack([plain.flatten(), found[:1].float().flatten()]))[0, 1]) > 0.99


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("wide", ImageShape(3, 48, 80)),
        ("worded", ImageShape(3, 48, 80)),
        ("grey", ImageShape(1, 48, 80)),
        ("four", ImageShape(4, 48, 80)),
        ("seven", ImageShape(7, 48, 48)),
        ("raw", ImageShape(3, 48, 80, "uint8")),
        ("raw_of_torch", ImageShape(4, 48, 80, "uint8")),
    ],
)
def test_a_builder_says_what_images_its_network_takes(name: str, shape: ImageShape) -> None:
    assert networks.resolve([f"{OWN}:{name}"]).shapes == {f"{OWN}:{name}": shape}


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("no_channels", "its channels are 0. The suite feeds images of 1 to 64"),
        ("many_channels", "its channels are 65"),
        ("half", "its dtype is torch.float16. The suite feeds 'float32', normalised, or 'uint8' from 0 to 255"),
        ("flat", "its resolution is (48, 0). Give whole numbers of pixels from 1 to 4096"),
        ("misspelt", "its resolution is '48X80'"),
    ],
)
def test_a_builder_that_says_what_nobody_feeds_is_refused(name: str, reason: str) -> None:
    assert reason in networks.resolve([f"{OWN}:{name}"]).missing[f"{OWN}:{name}"]


@pytest.mark.parametrize(
    ("name", "shape", "reason"),
    [
        (
            "four",
            ImageShape(3, 48, 80),
            "takes 4 channels: set four.channels = 4 on the function; it raised RuntimeError",
        ),
        ("raw", ImageShape(3, 48, 80), "takes uint8 images: set raw.dtype = 'uint8' on the function"),
        ("wide", ImageShape(3, 48, 80, "uint8"), "when fed uint8 images (2, 3, 48, 80)"),
        ("wide", ImageShape(3, 48, 80, "uint8"), "takes float images: leave wide.dtype out"),
        ("square", ImageShape(3, 48, 80), "takes square images: ask for one number of pixels"),
    ],
)
def test_a_network_that_is_fed_the_wrong_images_says_which_are_right(name: str, shape: ImageShape, reason: str) -> None:
    with pytest.raises(ValueError, match="raised") as refused:
        networks.build(f"{OWN}:{name}", shape)
    assert reason in str(refused.value)


def _own() -> list[object]:
    """Networks of images of all kinds in every runtime; of those that export or compile, two networks stand for all."""
    return [
        pytest.param(name, runtime, id=f"{name}-{runtime}", marks=_marks(name, runtime))
        for name in ("wide", "grey", "four", "seven", "raw", "raw_of_torch")
        for runtime in ON_PROCESSORS
    ]


def _marks(name: str, runtime: str) -> list[pytest.MarkDecorator]:
    if runtime not in SLOW:
        return []
    stands_for_all = name == "four" or (name == "raw" and runtime != "compile")
    return [pytest.mark.slow] if stands_for_all else [pytest.mark.slow, pytest.mark.exhaustive]


@pytest.mark.parametrize(("name", "runtime"), _own())
def test_every_runtime_feeds_a_network_of_the_users_own(name: str, runtime: str, tmp_path: Path) -> None:
    if runtime == "compile" and name not in ("four", "raw"):
        pytest.skip("compiling takes long, and two stand for all")
    case = _case(f"{OWN}:{name}", runtime=runtime)
    worker = taken(case, tmp_path)
    assert isinstance(worker, Worker), worker
    _turned(worker, case)


def _of_the_catalog() -> list[object]:
    """Three kinds in every runtime; exported, the first stands for all, and what is compiled is so for `_own`, too."""
    return [
        pytest.param(
            name, runtime, id=f"{name}-{runtime}",
            marks=[pytest.mark.exhaustive] if runtime == "compile" or (runtime in SLOW and at) else [],
        )
        for at, name in enumerate(("levit_128s", "resnet10t", "vit_tiny_patch16_224"))
        for runtime in ON_PROCESSORS
    ]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("name", "runtime"), _of_the_catalog())
def test_every_runtime_takes_images_that_are_not_square(name: str, runtime: str, tmp_path: Path) -> None:
    if runtime == "compile" and name != "levit_128s":
        pytest.skip("compiling takes long, and one stands for all")
    case = Case(network=name, resolution=64, width=96, runtime=runtime, batch=2)
    worker = taken(case, tmp_path)
    assert isinstance(worker, Worker), worker
    _turned(worker, case)


@pytest.mark.slow
def test_our_levit_takes_images_that_are_not_square_in_both_forms(tmp_path: Path) -> None:
    counted = {}
    for form in ("shipped", "inference"):
        for size in ((64, 96), (96, 64), (64, 64)):
            case = Case(network="levit_128s", resolution=size[0], width=size[1], form=form)
            folder = tmp_path / case.id
            folder.mkdir()
            prepared = artifacts.prepare(case, (1, 3), folder, 0)
            assert isinstance(Worker().answer(Load(case=case, folder=str(folder), seed=0)), CaseLoaded)
            counted[form, size] = prepared.macs
    assert counted["shipped", (64, 96)] == counted["inference", (64, 96)] == counted["shipped", (96, 64)]
    assert counted["shipped", (64, 96)] > counted["shipped", (64, 64)]


@pytest.mark.parametrize(
    ("name", "shape", "reason"),
    [
        ("levit_128s", ImageShape(3, 32, 224), "an image of 32×224 pixels is too small for 3 stages"),
        ("yardstick-1a", ImageShape(3, 224, 256), "is built for square images alone, and 224x256 are asked for"),
        ("null-1", ImageShape(3, 32, 64), "is built for square images alone"),
    ],
)
def test_a_network_that_cannot_take_such_images_says_why(name: str, shape: ImageShape, reason: str) -> None:
    with pytest.raises(ValueError, match=re.escape(reason)):
        networks.build(name, shape)


def test_a_timm_network_of_one_input_size_is_built_for_height_and_width() -> None:
    network = networks.build("vit_tiny_patch16_224", ImageShape(3, 64, 96))
    with torch.inference_mode():
        assert network(torch.zeros(1, 3, 64, 96)).shape == (1, 1000)
        with pytest.raises(AssertionError):
            network(torch.zeros(1, 3, 96, 64))


def test_height_and_width_are_not_taken_for_each_other(tmp_path: Path) -> None:
    case = Case(network="levit_128s", resolution=64, width=96)
    assert artifacts.prepare(case, (1,), tmp_path, 0).params > 0
    network = forms.build(case)
    with torch.inference_mode():
        assert network(torch.zeros(1, 3, 64, 96)).shape == (1, 1000)
        with pytest.raises(ValueError, match=r"made for images of \(64, 96\)"):
            network(torch.zeros(1, 3, 96, 64))


@pytest.mark.parametrize("precision", ["fp16", "bf16"])
def test_bytes_stay_bytes_in_every_precision(precision: str, tmp_path: Path) -> None:
    given = images(2, ImageShape(3, 8, 8, "uint8"), 0, 0)
    placed = devices.get("cpu").hold(nn.Identity(), precision).place(given)
    assert torch.equal(placed, given)
    assert placed.dtype == torch.uint8
    case = _case(f"{OWN}:raw", precision=precision)
    artifacts.prepare(case, (2,), tmp_path, 0)
    worker = Worker()
    assert isinstance(worker.answer(Load(case=case, folder=str(tmp_path), seed=0)), CaseLoaded)
    _turned(worker, case)
    watched = worker.answer(Watch(case=case.id, passes=2))
    assert isinstance(watched, Profiled)
    assert watched.profile.matrix_format == {"fp16": "float16", "bf16": "bfloat16"}[precision]


def test_bytes_with_the_channels_last_keep_their_values() -> None:
    case = _case(f"{OWN}:raw", runtime="channels-last")
    assert runtimes.of_an_artifact(case).shape == case.shape
    given = images(2, case.shape, 0, 0)
    placed = given.contiguous(memory_format=torch.channels_last)
    assert torch.equal(placed, given)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("raw_in_place", "changes the images it is given"),
        ("raw_deaf", "output is constant"),
        ("raw_hardly", "outputs hardly depend on the image"),
        ("raw_chaotic", "too sensitive to check"),
    ],
)
def test_what_is_checked_of_networks_is_checked_where_images_are_bytes(name: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=re.escape(reason)):
        artifacts.prepare(_case(f"{OWN}:{name}"), (2,), tmp_path, 0)


def test_a_network_of_bytes_is_as_sensitive_as_the_same_network_of_floats() -> None:
    shape = ImageShape(3, 64, 64, "uint8")
    given = images(1, shape, 0, 0)
    moved, part = reference_outputs._jittered(given, torch.Generator().manual_seed(0))
    steps = moved.int() - given.int()
    assert int(steps.abs().max()) == 1, "no byte runs over"
    assert int((steps != 0).sum()) == reference_outputs._STEPS
    assert part == pytest.approx(float(steps.double().norm() / given.double().norm()))
    floats, of_floats = reference_outputs._jittered(given.float(), torch.Generator().manual_seed(0))
    # A linear network: what moves its output moves its input by as much, whichever way it was moved.
    assert float((floats - given.float()).norm() / given.float().norm()) == pytest.approx(
        of_floats, rel=0.1
    )  # Rounding of fp32.


def test_a_wrong_answer_to_bytes_is_found(tmp_path: Path) -> None:
    case = _case(f"{OWN}:raw")
    artifacts.prepare(case, (2,), tmp_path, 0)
    other = _case(f"{OWN}:raw", resolution=80, width=48)
    answer = Worker().answer(Load(case=other, folder=str(tmp_path), seed=0))
    assert isinstance(answer, Failed)
    assert "differs from fp32 eager" in answer.reason
