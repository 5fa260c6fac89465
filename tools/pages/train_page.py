"""docs/train-small.md, which shows docs/examples/train_small.py, written so that the two agree.

python -m tools.pages.train_page        writes the page; the tests compare it
"""

from __future__ import annotations

import csv

from tools.pages import ROOT, WAY_BACK

PAGE = ROOT / "docs" / "train-small.md"
CODE = ROOT / "docs" / "examples" / "train_small.py"
MEASURED = ROOT / "docs" / "examples" / "train_small.csv"
"""What the documented training printed, a row a seed."""
AT_LEAST = 97.0
"""Percent of the test images that the documented training is held to."""

_PAGE = """# Train a small LeViT

An example to read and to change, not a trainer: levit-bench times networks and trains none. On one processor thread it
trains a LeViT of 215,460 parameters to read scikit-learn's digits, taught by a network of timm's. The whole
code stands [below](#the-code) and in [examples/train_small.py](examples/train_small.py); beside levit-bench it needs
scikit-learn, which the extra `test` brings.

```sh
python train_small.py --seed 0 --checkpoint small.safetensors
```

```
{printed}
```

| seed | teacher | last weights | moving average |
|--:|--:|--:|--:|
{seeds}

Top-1 in percent of 450 test images, so that 0.22 is one image: measured once a seed with the defaults, on x86-64 with
one thread, PyTorch 2.13.0+cpu. A test runs the command above and wants at least {at_least:.0f} % of each. Widths,
epochs and learning rate were settled while looking at these same test images: the figures show that training works,
and compare with nothing. Whether distillation helps on digits was not measured.

## What it does

- **Data**: 1797 scanned digits of 8×8, enlarged to 32×32, of which a stratified quarter is kept for the test, the same
  for every seed. In training each image moves by up to two pixels along both axes.
- **The network**: two stem convolutions instead of four, so that 32 pixels make grids of 8×8, 4×4 and 2×2 tokens, and
  three narrow stages. `--size levit_128s` trains one of [the five](levit.md), at 64×64 pixels; `--image-size` and
  `--drop-path` change what they say.
- **The teacher**: `--teacher NAME` takes any classifier of timm's that works at that image size. It starts from random
  weights, as nothing is downloaded, and learns from the labels for `--teacher-epochs` first. `test_resnet` is
  timm's smallest ResNet (0.37 M parameters), and enough for digits.
- **Hard distillation**: half of the loss is cross-entropy of the first head with the labels, smoothed by 0.1; the other
  half is that of the second head with the class that the teacher names for the same pixels. In evaluation the heads'
  mean decides.
- **AdamW**, weight decay 0.025 for the weights of convolutions and linear layers. Tables of attention biases
  (`no_weight_decay()`), gains and shifts of norms, and biases are spared: each is an offset or a scale, and pulling it
  to zero makes nothing simpler. The rate rises over a tenth of the steps, then falls as half a cosine.
- **A moving average** of weights and BatchNorm statistics, settling at 0.99 a step. It needs no word to the network:
  [attention biases](levit.md#attention-bias) are never older than their table.

## Same seed, same bits

`torch.use_deterministic_algorithms(True)`, and every epoch seeds its own order, shifts and dropped paths. On a CPU with
one thread, the same seed gives the same bits with the same PyTorch on the same kind of processor; tests compare them.
Other thread counts, processors, versions or a GPU round differently, and nothing is promised there.

After each epoch of the student the checkpoint is replaced as a whole: weights, moving average, optimizer and teacher as
safetensors, with the recipe and the number of epochs beside them. `--resume` continues it, and ends in the same bits as
if it had never stopped; a checkpoint of another recipe is refused. `train_small.trained(path)` gives back the moving
average as a LeViT.

## The code

```python title=train_small.py
{code}```

{back}
"""


def page() -> str:
    """The whole page."""
    with MEASURED.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return _PAGE.format(
        code=CODE.read_text(encoding="utf-8"),
        printed="\n".join(f"{name}: {top1} % of 450 test images" for name, top1 in rows[0].items() if name != "seed"),
        seeds="\n".join(f"| {' | '.join(row.values())} |" for row in rows),
        at_least=AT_LEAST,
        back=WAY_BACK,
    )


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
