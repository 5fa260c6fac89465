"""The example that trains: what it promises beside its accuracy holds on a few steps; the accuracy takes a minute."""

from __future__ import annotations

import importlib.util
import re
import sys

import pytest
import torch
from levit_bench.levit import levit
from levit_bench.levit.counts import total
from levit_bench.levit.sizes import Convolution
from msgspec.structs import replace

from tests.docs.blocks import SHELL, blocks, commands
from tests.docs.test_pages import execute
from tools.pages import train_page

RECIPE = {"size": "small", "image_size": 32, "drop_path": 0.1, "teacher": "test_resnet"}


@pytest.fixture(scope="module")
def example():
    spec = importlib.util.spec_from_file_location("train_small", train_page.CODE)
    module = importlib.util.module_from_spec(spec)
    sys.modules["train_small"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["train_small"]


@pytest.fixture(scope="module")
def few(example):
    """Four batches of 32 digits."""
    learn, _ = example.digits(32)
    return example.Images(learn.pixels[:128], learn.labels[:128])


@pytest.fixture(autouse=True)
def deterministic_on_one_thread():
    threads, before = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    fill = torch.utils.deterministic.fill_uninitialized_memory
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    torch.utils.deterministic.fill_uninitialized_memory = False
    yield
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(before)
    torch.utils.deterministic.fill_uninitialized_memory = fill


def _started(example, seed=0):
    torch.manual_seed(seed)
    return example.State(levit(_tiny(example), image_size=32, classes=10, in_channels=1, drop_path=0.1))


def _tiny(example, **how):
    stages = tuple(
        stage._replace(width=width, heads=2, depth=1)
        for width, stage in zip((16, 24, 32), example.SMALL.stages, strict=True)
    )
    return replace(example.SMALL, stem=(Convolution(8), Convolution(16)), stages=stages, shrink_heads=(2, 3), **how)


def _constant(decision):
    """A teacher that says the same of every image."""
    teacher = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(32 * 32, 10))
    torch.nn.init.zeros_(teacher[1].weight)
    teacher[1].bias.data = torch.nn.functional.one_hot(torch.tensor(decision), 10).float()
    return teacher


def _same(one, other):
    assert one.keys() == other.keys()
    return [name for name in one if not torch.equal(one[name], other[name])]


def test_the_page_shows_the_example_as_it_is():
    assert train_page.PAGE.read_text(encoding="utf-8") == train_page.page(), "run: python -m tools.pages.train_page"


def test_the_page_states_the_size_of_the_network(example):
    size = total(example.SMALL, (32, 32), classes=10, in_channels=1)
    assert f"a LeViT of {size.parameters:,} parameters" in train_page.page()


def test_every_accuracy_on_the_page_clears_what_the_test_wants():
    rows = train_page.MEASURED.read_text(encoding="utf-8").splitlines()[1:]
    found = [float(top1) for row in rows for top1 in row.split(",")[1:]]
    assert len(found) == 9
    assert min(found) >= train_page.AT_LEAST + 1


def test_the_test_images_are_a_stratified_quarter_and_none_is_learned_from(example):
    learn, test = example.digits(32)
    assert (len(learn.labels), len(test.labels)) == (1347, 450)
    here, there = (images.labels.bincount(minlength=10) for images in (test, learn))
    assert (here / (here + there) - 0.25).abs().max() < 0.01
    assert (learn.pixels.min(), learn.pixels.max()) == (-1, 1)
    distances = torch.cdist(
        test.pixels.flatten(1), learn.pixels.flatten(1), compute_mode="donot_use_mm_for_euclid_dist"
    )
    assert distances.min() > 0


def test_the_loss_falls(example, few):
    torch.manual_seed(0)
    one_head = levit(_tiny(example, classifiers=1), image_size=32, classes=10, in_channels=1)
    state, plan = example.State(one_head), example.Plan(epochs=8, seed=0, batch=32)
    losses = [loss for _ in range(plan.epochs) for loss in example.epoch(state, few, plan, example.label_loss)]
    assert len(losses) == 32
    assert sum(losses[-4:]) < 0.8 * sum(losses[:4])


def test_the_same_seed_gives_the_same_bits_and_another_seed_gives_others(example, few):
    found = []
    for seed in (0, 0, 1):
        state = _started(example)
        list(example.epoch(state, few, example.Plan(2, seed, batch=32), example.distillation_loss(_constant(3))))
        found.append(state.tensors())
    assert _same(found[0], found[1]) == []
    assert "network.head.linear.weight" in _same(found[0], found[2])


def test_a_training_continued_from_its_checkpoint_ends_in_the_same_bits(example, few, tmp_path):
    plan, teacher = example.Plan(2, 0, batch=32), _constant(3)
    loss_of = example.distillation_loss(teacher)
    whole, broken_off = _started(example), _started(example)
    list(example.epoch(whole, few, plan, loss_of))
    list(example.epoch(whole, few, plan, loss_of))
    list(example.epoch(broken_off, few, plan, loss_of))
    example.save(tmp_path / "a.safetensors", RECIPE, broken_off, teacher)

    continued = _started(example, seed=5)
    recipe, done, tensors = example.load(tmp_path / "a.safetensors")
    assert (recipe, done) == (RECIPE, 1)
    assert _same(broken_off.tensors(), {n: t for n, t in tensors.items() if not n.startswith("teacher.")}) == []
    assert _same(teacher.state_dict(), example.below("teacher.", tensors)) == []
    continued.restore(tensors, done)
    list(example.epoch(continued, few, plan, loss_of))
    assert _same(whole.tensors(), continued.tensors()) == []
    assert whole.epoch == continued.epoch == 2


def test_what_a_checkpoint_gives_back_classifies_as_the_average_it_came_from(example, few, tmp_path):
    state = example.State(example.student(RECIPE))
    list(example.epoch(state, few, example.Plan(1, 0, batch=64), example.distillation_loss(_constant(3))))
    example.save(tmp_path / "a.safetensors", RECIPE, state, _constant(3))
    with torch.no_grad():
        wanted, last = state.average(few.pixels), state.network.eval()(few.pixels)
        assert torch.equal(example.trained(tmp_path / "a.safetensors")(few.pixels), wanted)
    assert not torch.equal(last, wanted)


def test_the_second_head_learns_from_the_teacher_and_the_first_from_labels(example, few):
    state, plan = _started(example), example.Plan(epochs=8, seed=0, batch=32)
    for _ in range(plan.epochs):
        list(example.epoch(state, few, plan, example.distillation_loss(_constant(3))))
    state.network.train()
    with torch.no_grad():
        by_labels, by_teacher = (logits.argmax(1) for logits in state.network(few.pixels))
    assert (by_teacher == 3).float().mean() > 0.95
    assert (by_labels == 3).float().mean() < 0.5
    assert (by_labels == few.labels).float().mean() > 0.5


def test_weight_decay_spares_tables_gains_and_biases(example):
    network = levit("levit_128s", image_size=64)
    decayed, spared = ({id(one) for one in group["params"]} for group in example.parameter_groups(network))
    names = {id(one): name for name, one in network.named_parameters()}
    assert decayed | spared == names.keys()
    assert {names[one].rpartition(".")[2] for one in decayed} == {"weight"}
    assert {names[one].rpartition(".")[2] for one in spared} == {"weight", "bias", "table"}
    assert all("norm" in names[one] for one in spared if names[one].endswith("weight"))
    assert not any("norm" in names[one] for one in decayed)


def test_the_rate_rises_to_its_peak_and_falls_to_almost_nothing(example):
    plan = example.Plan(epochs=10, seed=0)
    rates = [example.rate(step, 100, plan) for step in range(100)]
    assert rates[:10] == pytest.approx([plan.peak * (step + 1) / 10 for step in range(10)])
    assert max(rates) == rates[9] == rates[10] == plan.peak
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert 0 < rates[-1] < plan.peak / 1000


def test_shifting_moves_an_image_and_fills_with_background(example):
    pixels = torch.full((50, 1, 32, 32), -1.0)
    pixels[:, :, 10, 20] = 1
    places = example.shifted(pixels).flatten(1)
    assert places.shape == (50, 32 * 32)
    assert (places.sum(1) == pixels[0].sum()).all()
    rows, columns = places.argmax(1) // 32, places.argmax(1) % 32
    assert {(rows - 10).abs().max().item(), (columns - 20).abs().max().item()} == {2}


def test_the_average_approaches_the_weights_and_keeps_whole_numbers(example):
    network, average = (torch.nn.Sequential(torch.nn.Linear(1, 1), torch.nn.BatchNorm1d(1)) for _ in range(2))
    for one, value in ((network, 1.0), (average, 0.0)):
        for tensor in one.state_dict().values():
            tensor.fill_(value)
    network[1].num_batches_tracked.fill_(7)
    example.move(average, network, 0.9)
    found = average.state_dict()
    assert found.pop("1.num_batches_tracked") == 7
    assert torch.stack([tensor.squeeze() for tensor in found.values()]) == pytest.approx(0.1)


@pytest.mark.parametrize("name", ["test_resnet", "vit_tiny_patch16_224"])
def test_any_classifier_of_timm_may_teach(example, few, name):
    teacher = example.teacher(RECIPE | {"teacher": name})
    loss = example.distillation_loss(teacher)(example.student(RECIPE), few.pixels[:4], few.labels[:4])
    assert torch.isfinite(loss)


def test_a_checkpoint_is_neither_overwritten_nor_continued_with_another_recipe(example, few, tmp_path, capsys):
    path = tmp_path / "a.safetensors"
    example.save(path, RECIPE | {"seed": 3}, _started(example), _constant(3))
    with pytest.raises(SystemExit) as refused:
        example.main(["--checkpoint", str(path)])
    assert refused.value.code == 2
    assert "--resume continues it" in capsys.readouterr().err
    asked = [
        f"--{name.replace('_', '-')}={value}" for name, value in (RECIPE | {"seed": 4, "size": "levit_192"}).items()
    ]
    with pytest.raises(SystemExit, match=r"made with other epochs, seed, size, teacher_epochs, threads: .*'seed': 3"):
        example.main(["--checkpoint", str(path), "--resume", *asked])


@pytest.mark.slow
def test_the_documented_training_reaches_its_accuracy(tmp_path):
    (words,) = (
        words
        for block in blocks(*SHELL)
        for words in commands(block)
        if block.page == "docs/train-small.md" and words[1:2] == ["train_small.py"]
    )
    done = execute(words, tmp_path, "docs/train-small.md")
    assert done.returncode == 0, done.stderr
    found = {name: float(top1) for name, top1 in re.findall(r"^([a-z ]+): (\d+\.\d+) %", done.stdout, re.M)}
    assert found["moving average"] >= train_page.AT_LEAST
    assert found["last weights"] >= train_page.AT_LEAST
    assert found["teacher"] >= train_page.AT_LEAST
