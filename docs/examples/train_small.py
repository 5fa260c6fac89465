"""Trains a small LeViT on scikit-learn's digits, with hard distillation from a network of timm's.

An example to read and to change. It refuses to be a trainer for ImageNet: one process, one processor, no loader.

    python train_small.py --seed 0 --checkpoint small.safetensors
"""

from __future__ import annotations

import argparse
import copy
import json
import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from levit_bench.levit import SIZES, LeViT, Size, levit
from levit_bench.levit.sizes import Convolution, StageSize
from levit_bench.measuring.networks.timm_import import import_timm
from rich.console import Console
from rich.progress import Progress
from safetensors import safe_open
from safetensors.torch import save_file
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn

SMALL = Size(
    stem=(Convolution(16), Convolution(32)),
    stages=(StageSize(32, 4, 1), StageSize(48, 6, 2), StageSize(64, 8, 2)),
    key=8,
    shrink_heads=(4, 6),
)
"""Two convolutions instead of four, so that 32×32 pixels make grids of 8×8, 4×4 and 2×2 tokens."""
SPLIT_SEED = 0
"""Draws the quarter of the digits that is kept for the test, stratified; the same whatever `--seed` says."""
SMOOTHING = 0.1
WEIGHT_DECAY = 0.025

LossOf = Callable[[nn.Module, torch.Tensor, torch.Tensor], torch.Tensor]


class Plan(NamedTuple):
    """What decides the bits of a training, beside the network it starts from and its loss."""

    epochs: int
    seed: int
    batch: int = 64
    peak: float = 5e-3
    """Largest learning rate."""
    warmup: float = 0.1
    """Share of all steps in which the rate rises to its peak."""
    decay: float = 0.99
    """Of the moving average, per step, once it has settled."""


class Images(NamedTuple):
    """Grey images (n, 1, side, side) from -1 to 1, and their classes (n,)."""

    pixels: torch.Tensor
    labels: torch.Tensor


class State:
    """A training between two epochs: the network, the moving average of its weights, the optimizer."""

    def __init__(self, network: nn.Module) -> None:
        self.network = network
        self.average = copy.deepcopy(network).eval()
        self.optimizer = torch.optim.AdamW(parameter_groups(network))
        self.epoch = 0

    def tensors(self) -> dict[str, torch.Tensor]:
        """Everything that the next epoch depends on, by name."""
        found = {f"network.{name}": tensor for name, tensor in self.network.state_dict().items()}
        found |= {f"average.{name}": tensor for name, tensor in self.average.state_dict().items()}
        for number, moments in self.optimizer.state_dict()["state"].items():
            found |= {f"optimizer.{number}.{name}": tensor for name, tensor in moments.items()}
        return found

    def restore(self, tensors: dict[str, torch.Tensor], epoch: int) -> None:
        """Continue where `tensors()` was taken, behind that many epochs."""
        self.network.load_state_dict(below("network.", tensors))
        self.average.load_state_dict(below("average.", tensors))
        moments: dict[int, dict[str, torch.Tensor]] = {}
        for name, tensor in below("optimizer.", tensors).items():
            number, _, moment = name.partition(".")
            moments.setdefault(int(number), {})[moment] = tensor
        self.optimizer.load_state_dict(self.optimizer.state_dict() | {"state": moments})
        self.epoch = epoch


def below(prefix: str, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Those whose name starts so, without it."""
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def digits(side: int) -> tuple[Images, Images]:
    """The 1797 digits of scikit-learn, enlarged from 8×8: 1347 to learn from, 450 for the test."""
    data = load_digits()
    pixels = torch.tensor(data.images, dtype=torch.float32)[:, None] / 8 - 1
    pixels = nn.functional.interpolate(pixels, size=(side, side), mode="bilinear")
    labels = torch.tensor(data.target)
    parts = train_test_split(range(len(labels)), test_size=0.25, random_state=SPLIT_SEED, stratify=data.target)
    learn, test = (Images(pixels[part], labels[part]) for part in parts)
    return learn, test


def parameter_groups(network: nn.Module) -> list[dict[str, object]]:
    """Weight decay for the weights of convolutions and linear layers alone.

    Norms' gains and all biases are vectors; decaying a gain changes a layer's scale, not its complexity. Tables of
    attention biases are matrices, but a number in them is an offset to a score, and the network names them itself.
    """
    spared = network.no_weight_decay() if isinstance(network, LeViT) else set()
    groups: dict[float, list[nn.Parameter]] = {WEIGHT_DECAY: [], 0.0: []}
    for name, parameter in network.named_parameters():
        groups[0.0 if parameter.ndim < 2 or name in spared else WEIGHT_DECAY].append(parameter)
    return [{"params": parameters, "weight_decay": decay} for decay, parameters in groups.items()]


def label_loss(network: nn.Module, pixels: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Cross-entropy with smoothed labels."""
    return nn.functional.cross_entropy(network(pixels), labels, label_smoothing=SMOOTHING)


def distillation_loss(taught_by: nn.Module) -> LossOf:
    """Half smoothed labels on the first head, half the teacher's decisions on the second, on the same pixels."""
    taught_by.eval()

    def loss_of(network: nn.Module, pixels: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            decisions = taught_by(pixels).argmax(1)
        by_labels, by_teacher = network(pixels)
        cross_entropy = nn.functional.cross_entropy
        return (cross_entropy(by_labels, labels, label_smoothing=SMOOTHING) + cross_entropy(by_teacher, decisions)) / 2

    return loss_of


def epoch(state: State, images: Images, plan: Plan, loss_of: LossOf) -> Iterator[float]:
    """Train for one more epoch; yields the loss of each step.

    Every epoch seeds itself, order of the images, shifts and dropped paths alike: a resumed training needs to remember
    no generator.
    """
    torch.manual_seed(1_000_003 * plan.seed + state.epoch)
    # BatchNorm needs more than one image, so what does not fill a batch waits for another epoch.
    batches = [part for part in torch.randperm(len(images.labels)).split(plan.batch) if len(part) == plan.batch]
    for number, chosen in enumerate(batches, start=state.epoch * len(batches)):
        for group in state.optimizer.param_groups:
            group["lr"] = rate(number, plan.epochs * len(batches), plan)
        state.network.train()
        state.optimizer.zero_grad()
        loss = loss_of(state.network, shifted(images.pixels[chosen]), images.labels[chosen])
        loss.backward()
        state.optimizer.step()
        move(state.average, state.network, min(plan.decay, (1 + number) / (10 + number)))
        yield loss.item()
    state.epoch += 1


def rate(step: int, steps: int, plan: Plan) -> float:
    """Learning rate of a step: a line up to the peak, then half a cosine down to zero."""
    warmup = plan.warmup * steps
    if step < warmup:
        return plan.peak * (step + 1) / math.ceil(warmup)
    return plan.peak * (1 + math.cos(math.pi * (step - warmup) / (steps - warmup))) / 2


def shifted(pixels: torch.Tensor) -> torch.Tensor:
    """Each image moved by up to a sixteenth of its side along both axes, background behind it."""
    count, side = len(pixels), pixels.shape[-1]
    most = side // 16
    padded = nn.functional.pad(pixels, [most] * 4, value=-1)
    rows, columns = torch.randint(2 * most + 1, (2, count, 1)) + torch.arange(side)
    return padded[torch.arange(count)[:, None, None], :, rows[:, :, None], columns[:, None, :]].movedim(3, 1)


@torch.no_grad()
def move(average: nn.Module, network: nn.Module, decay: float) -> None:
    """One step of the moving average, over weights and BatchNorm's statistics; whole numbers are copied.

    `torch.optim.swa_utils.AveragedModel(use_buffers=True)` would average LeViT's integer indices as well, and at some
    decays (0.9 is one) round them down.
    """
    new = network.state_dict()
    for name, tensor in average.state_dict().items():
        if tensor.is_floating_point():
            tensor.lerp_(new[name], 1 - decay)
        else:
            tensor.copy_(new[name])


@torch.no_grad()
def accuracy(network: nn.Module, images: Images) -> float:
    """Top-1, percent; a LeViT's heads are averaged."""
    network.eval()
    right = torch.cat([network(pixels).argmax(1) for pixels in images.pixels.split(256)]) == images.labels
    return 100 * right.float().mean().item()


def student(recipe: Mapping[str, Any]) -> LeViT:
    """The LeViT of a recipe, untrained."""
    return levit(
        SMALL if recipe["size"] == "small" else recipe["size"],
        image_size=recipe["image_size"],
        classes=10,
        in_channels=1,
        drop_path=recipe["drop_path"],
    )


def teacher(recipe: Mapping[str, Any]) -> nn.Module:
    """The teacher of a recipe, untrained: networks of one image size are told which, others refuse to be."""
    create = import_timm().create_model
    try:
        return create(recipe["teacher"], in_chans=1, num_classes=10, img_size=recipe["image_size"])
    except TypeError:
        return create(recipe["teacher"], in_chans=1, num_classes=10)


def save(path: Path, recipe: Mapping[str, Any], state: State, taught_by: nn.Module) -> None:
    """Write a checkpoint, whole or not at all."""
    tensors = state.tensors() | {f"teacher.{name}": tensor for name, tensor in taught_by.state_dict().items()}
    part = path.with_name(path.name + ".part")
    save_file(tensors, part, {"epoch": str(state.epoch), "recipe": json.dumps(dict(recipe))})
    part.replace(path)


def load(path: Path) -> tuple[dict[str, Any], int, dict[str, torch.Tensor]]:
    """A checkpoint's recipe, the epochs done, and its tensors."""
    with safe_open(path, "pt") as file:
        about = file.metadata()
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # a file is no mapping
    return json.loads(about["recipe"]), int(about["epoch"]), tensors


def trained(path: Path) -> LeViT:
    """The moving average that a checkpoint holds, ready to classify."""
    recipe, _, tensors = load(path)
    network = student(recipe).eval()
    network.load_state_dict(below("average.", tensors))
    return network


def arguments(words: list[str] | None) -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description="Train a small LeViT on digits, distilled from a network of timm's.")
    parser.add_argument(
        "--size", default="small", choices=["small", *(n for n, s in SIZES.items() if s.classifiers == 2)]
    )
    parser.add_argument("--image-size", type=int, help="pixels of a side; 32 for small, 64 for the others")
    parser.add_argument("--teacher", default="test_resnet", metavar="NAME", help="any classifier of timm's")
    parser.add_argument("--teacher-epochs", type=int, default=6)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--drop-path", type=float, help="probability below 1; the size's own when absent")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--checkpoint", type=Path, default=Path("small.safetensors"), metavar="FILE")
    parser.add_argument("--resume", action="store_true", help="continue the checkpoint behind its last epoch")
    asked = parser.parse_args(words)
    if asked.image_size is None:
        asked.image_size = 32 if asked.size == "small" else 64
    if asked.checkpoint.exists() and not asked.resume:
        parser.error(f"{asked.checkpoint} exists: --resume continues it, another --checkpoint leaves it alone")
    return asked


def main(words: list[str] | None = None) -> None:
    """Train a teacher, then its student, saving the student after every epoch."""
    asked = arguments(words)
    recipe = {name: value for name, value in vars(asked).items() if name not in ("checkpoint", "resume")}
    torch.set_num_threads(asked.threads)
    torch.use_deterministic_algorithms(True)
    torch.utils.deterministic.fill_uninitialized_memory = False  # It guards code that reads what it never wrote.
    if asked.resume:
        found, done, tensors = load(asked.checkpoint)
        if different := sorted(name for name in recipe if found.get(name) != recipe[name]):
            raise SystemExit(
                f"{asked.checkpoint} was made with other {', '.join(different)}: {found}. Ask for the same."
            )

    learn, test = digits(asked.image_size)
    torch.manual_seed(asked.seed)
    first, second = State(teacher(recipe)), State(student(recipe))
    if asked.resume:
        first.average.load_state_dict(below("teacher.", tensors))
        second.restore(tensors, done)
    with Progress(console=Console(stderr=True)) as progress:
        if not asked.resume:
            plan = Plan(asked.teacher_epochs, asked.seed)
            for _ in progress.track(range(plan.epochs), description=f"teacher {asked.teacher}"):
                list(epoch(first, learn, plan, label_loss))
        taught_by, plan = first.average, Plan(asked.epochs, asked.seed)
        bar = progress.add_task(f"LeViT {asked.size}", total=plan.epochs, completed=second.epoch)
        while second.epoch < plan.epochs:
            losses = list(epoch(second, learn, plan, distillation_loss(taught_by)))
            save(asked.checkpoint, recipe, second, taught_by)
            loss = sum(losses) / len(losses)
            progress.update(bar, completed=second.epoch, description=f"LeViT {asked.size}, loss {loss:.3f}")
    for name, network in (("teacher", taught_by), ("last weights", second.network), ("moving average", second.average)):
        print(f"{name}: {accuracy(network, test):.2f} % of {len(test.labels)} test images")


if __name__ == "__main__":
    main()
