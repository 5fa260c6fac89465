"""The two pictures and the table of docs/levit.md, from the sizes, `levit.counts` and a table of learned biases.

    python -m tools.pages.levit_pictures                                  draws both, writes the table of sizes
    python -m tools.pages.levit_pictures --checkpoint small.safetensors   first writes docs/pictures/levit_bias.csv anew

The checkpoint is what docs/train-small.md trains. A picture's metadata has the digest of its content, for the tests.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
from collections.abc import Sequence
from itertools import product
from pathlib import Path

import msgspec
import numpy as np
from levit_bench.levit.counts import PartCount, parts, total
from levit_bench.levit.sizes import SIZES, grids
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from tools.pages import ROOT

PAGE = ROOT / "docs" / "levit.md"
DATA = ROOT / "docs" / "pictures" / "levit_bias.csv"
PYRAMID = ROOT / "docs" / "pictures" / "levit_pyramid.png"
BIAS = ROOT / "docs" / "pictures" / "levit_bias.png"
BEGIN, END = "<!-- sizes -->\n", "<!-- end -->"

SHOWN = "levit_128s"
LAYER = "stages.0.blocks.0.attention.bias"
"""Whose table is shown: the first attention, which has the largest grid."""
FIVE = tuple(name for name, size in SIZES.items() if size.classifiers == 2)
ATTENTION, MLP, OTHER, INK = "#0072B2", "#E69F00", "#999999", "#333333"
"""From Okabe and Ito's palette, which colour-blind readers can tell apart."""


def table() -> str:
    """The five sizes as Markdown."""
    rows = [
        "| | widths | heads | blocks | key | shrinks' heads | drop path | parameters | folded | MACs |",
        "|:--|:--|:--|:--|--:|:--|--:|--:|--:|--:|",
    ]
    for name in FIVE:
        size, count = SIZES[name], total(SIZES[name])
        cells = [
            f"`{name}`",
            *(", ".join(str(number) for number in column) for column in zip(*size.stages, strict=True)),
            str(size.key),
            ", ".join(map(str, size.shrink_heads)),
            f"{size.drop_path:g}",
            *(f"{number:,}" for number in (count.parameters, count.folded, count.macs)),
        ]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


def page() -> str:
    """docs/levit.md with its table as it should be."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    return f"{before}{BEGIN}{table()}{END}{rest.partition(END)[2]}"


def biases() -> np.ndarray:
    """The committed table, (heads, rows, columns) by distance."""
    with DATA.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    last = rows[-1]
    table_values = np.full([int(last[name]) + 1 for name in ("head", "rows", "columns")], np.nan)
    for row in rows:
        table_values[int(row["head"]), int(row["rows"]), int(row["columns"])] = float(row["bias"])
    return table_values


def write_biases(checkpoint: Path) -> None:
    """Take the table from a checkpoint of docs/examples/train_small.py."""
    from safetensors import safe_open

    side = 8
    with safe_open(checkpoint, "np") as file:
        values = file.get_tensor(f"average.{LAYER}.table")
    with DATA.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(("head", "rows", "columns", "bias"))
        for head, rows, columns in product(range(len(values)), range(side), range(side)):
            writer.writerow((head, rows, columns, f"{values[head, rows * side + columns]:.6f}"))


def mirrored(quadrant: np.ndarray) -> np.ndarray:
    """By distance (rows, columns) to by offset (2·rows − 1, 2·columns − 1), no offset in the middle."""
    rows, columns = (np.abs(np.arange(1 - side, side)) for side in quadrant.shape)
    offsets: np.ndarray = quadrant[np.ix_(rows, columns)]
    return offsets


def draw_bias() -> Figure:
    """One heat map for each head: the bias of a score by the offset of key and query."""
    values = biases()
    heads, rows, columns = values.shape
    figure = Figure(figsize=(9.2, 2.9), layout="constrained")
    axes: Sequence[Axes] = figure.subplots(1, heads, sharey=True, squeeze=False)[0]
    limit = float(np.abs(values).max())
    for head, ax in enumerate(axes):
        edges = (0.5 - columns, columns - 0.5, rows - 0.5, 0.5 - rows)
        image = ax.imshow(mirrored(values[head]), cmap="PuOr", vmin=-limit, vmax=limit, extent=edges)
        ax.plot(0, 0, "+", color=INK, markersize=7)
        ax.set_title(f"head {head + 1}", fontsize=10)
        ax.set_xlabel("columns to the key", fontsize=9)
        ax.set(xticks=(-7, 0, 7), yticks=(-7, 0, 7))
        ax.tick_params(labelsize=8)
    axes[0].set_ylabel("rows to the key", fontsize=9)
    bar = figure.colorbar(image, ax=axes, shrink=0.74, pad=0.015)
    bar.set_label("bias of the score", fontsize=9)
    bar.ax.tick_params(labelsize=8)
    return figure


def steps() -> list[tuple[str, PartCount, PartCount]]:
    """Steps of a pass in order: name, counts of attention (or of the whole step), counts of the MLP."""
    counts = parts(SIZES[SHOWN])
    return [
        ("stem", counts["stem"], PartCount()),
        *(
            (f"{name[:-1]} {name[-1]}", counts[f"{name}_attention"], counts[f"{name}_mlp"])
            for name in ("stage1", "shrink1", "stage2", "shrink2", "stage3")
        ),
        ("classifiers", PartCount(*map(sum, zip(counts["head"], counts["distilled_head"], strict=True))), PartCount()),
    ]


def draw_pyramid() -> Figure:
    """Grids of tokens above, drawn to one scale; the operations of each step below."""
    figure = Figure(figsize=(9.2, 5.6), layout="constrained")
    upper, lower = figure.subplots(2, 1, height_ratios=(1.25, 1))
    _draw_grids(upper)
    _draw_costs(lower)
    return figure


def _draw_grids(ax: Axes) -> None:
    size, token_grids = SIZES[SHOWN], grids(SIZES[SHOWN], (224, 224))
    cell, floor = 0.105, 0.0
    for number, ((rows, columns), stage) in enumerate(zip(token_grids, size.stages, strict=True)):
        x = 1 + 2 * number
        left_edge = x - columns * cell / 2
        for row, column in product(range(rows), range(columns)):
            place = (left_edge + column * cell, floor + row * cell)
            ax.add_patch(Rectangle(place, cell, cell, facecolor="#D6E6F2", edgecolor=ATTENTION, linewidth=0.7))
        ax.text(
            x, floor - 0.1, f"{rows}×{columns} tokens of {stage.width}\n{stage.heads} heads, {stage.depth} blocks",
            ha="center", va="top", fontsize=9, color=INK,
        )  # fmt: skip
        if number:
            ax.annotate(
                "", (x - 0.62, 0.35), (x - 1.14, 0.35), arrowprops={"arrowstyle": "-|>", "color": INK, "linewidth": 1}
            )
            ax.text(
                x - 0.88, 0.42, f"shrink {number}\n{size.shrink_heads[number - 1]} heads",
                ha="center", va="bottom", fontsize=9, color=INK,
            )  # fmt: skip
    ax.annotate("", (0.16, 0.35), (-0.92, 0.35), arrowprops={"arrowstyle": "-|>", "color": INK, "linewidth": 1})
    widths = ", ".join(str(layer.width) for layer in size.stem)
    ax.text(-0.38, 0.42, f"stem\n{widths}", ha="center", va="bottom", fontsize=9, color=INK)
    ax.text(-1.0, 0.35, "224×224\npixels", ha="right", va="center", fontsize=9, color=INK)
    ax.annotate("", (6.02, 0.35), (5.5, 0.35), arrowprops={"arrowstyle": "-|>", "color": INK, "linewidth": 1})
    ax.text(6.08, 0.35, "mean, two\nclassifiers", ha="left", va="center", fontsize=9, color=INK)
    ax.set(xlim=(-1.6, 6.75), ylim=(-0.48, 1.5), aspect="equal")
    ax.text(-1.6, 1.4, SHOWN, fontsize=11, color=INK)
    ax.axis("off")


def _draw_costs(ax: Axes) -> None:
    names, attention, mlp = zip(*steps(), strict=True)
    attention_macs, mlp_macs = (np.array([count.macs for count in counts]) / 1e6 for counts in (attention, mlp))
    places = range(len(names))
    colours = [ATTENTION if high else OTHER for high in mlp_macs]
    ax.bar(places, attention_macs, color=colours, width=0.62)
    ax.bar(places, mlp_macs, bottom=attention_macs, color=MLP, width=0.62)
    for place, height in zip(places, attention_macs + mlp_macs, strict=True):
        ax.text(place, height + 1, f"{height:.1f}", ha="center", va="bottom", fontsize=9, color=INK)
    marks = [Rectangle((0, 0), 1, 1, color=colour) for colour in (OTHER, ATTENTION, MLP)]
    ax.legend(
        marks,
        ("convolutions, classifiers", "attention", "MLP"),
        frameon=False,
        fontsize=9,
        ncols=3,
        loc="lower right",
        bbox_to_anchor=(1, 0.98),
    )
    ax.set_xticks(list(places), names, fontsize=9)
    ax.set_ylabel("million MACs an image", fontsize=9)
    ax.tick_params(axis="y", labelsize=8)
    ax.set_ylim(0, 1.18 * float((attention_macs + mlp_macs).max()))
    ax.spines[["top", "right"]].set_visible(False)


def digest(*content: object) -> str:
    """Digest of a picture's content: its numbers and names, independent of class names."""
    return hashlib.sha256(msgspec.json.encode(content)).hexdigest()[:16]


def digests() -> dict[Path, str]:
    """By picture, the digest that it should have."""
    return {PYRAMID: digest(SIZES[SHOWN], steps()), BIAS: digest(biases().tolist())}


def main() -> None:
    """Write everything."""
    parser = argparse.ArgumentParser(description="Draw the pictures of docs/levit.md.")
    parser.add_argument("--checkpoint", type=Path, help="take the biases from here first")
    arguments = parser.parse_args()
    if arguments.checkpoint:
        write_biases(arguments.checkpoint)
    for path, figure in ((PYRAMID, draw_pyramid()), (BIAS, draw_bias())):
        figure.savefig(path, dpi=150, metadata={"Description": digests()[path], "Software": None})
    if PAGE.exists():
        PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
