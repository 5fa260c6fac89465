"""What the passes of one case are given, and whether what they return is the answer to that.

The images of each pass are others, written into the same memory between passes; each output is copied when its pass is
over and compared with its references when the turn is. So an answer that was kept from an earlier pass, for the place
or for the numbers of its images, is that to other images, and one that is not there yet is none. Refuses to know how
passes are timed.
"""

from __future__ import annotations

import random

import torch

from levit_bench.measuring.loaded_network import Loaded
from levit_bench.measuring.pass_data.image_pool import ImagePool
from levit_bench.measuring.pass_data.output_check import as_logits, check_plain, distances, problem_with
from levit_bench.measuring.pass_data.reference_outputs import References

_KEPT_BYTES = 4 << 20  # Outputs that are kept before they are compared.
_TELLING = 4  # A tolerance of less than a fourth of the distance between answers tells them apart by itself.


class Feed:
    """The images of one case in a worker process, in an order of its own."""

    def __init__(
        self, loaded: Loaded, pool: ImagePool, references: References, *, batch: int, precision: str, draw: str
    ) -> None:
        """Place the images of the first pass.

        Args:
            loaded: the case; its passes read what `placed` holds.
            pool: the images.
            references: their answers.
            batch: images of one pass.
            precision: of the case.
            draw: draws the order.
        """
        self._loaded = loaded
        self._references = references
        self._batch = batch
        self._tolerance = references.tolerance(precision)
        chosen = random.Random(draw)
        self._order = chosen.sample(range(pool.size), pool.size)
        self._change = chosen.randrange(references.changes + 1)
        self._shown = 0
        self.placed = loaded.place(pool.batch([row % pool.size for row in range(batch)]))
        """What passes read: (batch, channels, height, width) where and how the runtime reads it."""
        self._pool = pool.on(self.placed.device)
        # Where the numbers of a pass are coarser than those of its images, these are added up finely and then rounded.
        fine = self.placed.dtype == self._pool.left.dtype
        self._aside = None if fine else torch.empty_like(self._pool.left[0])
        outputs = max(1, _KEPT_BYTES // (4 * batch * references.logits.shape[1]))
        self._outputs = torch.empty(outputs, batch, references.logits.shape[1])
        self._kept: list[list[int]] = []
        self._rows: list[int] = []
        self._problem: str | None = None
        self.write()
        loaded.synchronise()

    def write(self) -> None:
        """Write the next images to where passes read them; the device may still be at it."""
        rows = self._next()
        for place, (index, change) in zip(self.placed, rows, strict=True):
            if self._aside is None:
                self._pool.write(index, place, change)
            else:
                self._pool.write(index, self._aside, change)
                place.copy_(self._aside)
        self._rows = [index for index, _ in rows]

    def keep(self, output: object) -> None:
        """Copy what a pass over the images written last returned.

        Raises:
            TypeError, ValueError: it is no tensor of logits (batch, classes).
        """
        check_plain(output)
        logits = self._loaded.fetch(as_logits(output, self._batch))
        if logits.shape[1] != self._outputs.shape[2]:
            expected = (self._batch, self._outputs.shape[2])
            raise ValueError(f"output has shape {tuple(logits.shape)}, expected {expected}")
        if len(self._kept) == len(self._outputs):
            self._compare()
        self._outputs[len(self._kept)].copy_(logits)
        self._kept.append(self._rows)

    def problem(self) -> str | None:
        """What was wrong with any output since asked last, or None."""
        self._compare()
        found, self._problem = self._problem, None
        return found

    def _next(self) -> list[tuple[int, float]]:
        """Numbers of the next images, each with its change: all of the pool, then all of it slightly changed."""
        rows = []
        for _ in range(self._batch):
            again, at = divmod(self._shown, len(self._order))
            change = (self._change + again) % (self._references.changes + 1)
            rows.append((self._order[at], change * self._references.change))
            self._shown += 1
        return rows

    def _compare(self) -> None:
        """Compare what was kept; the first problem stands for all."""
        kept, self._kept = self._kept, []
        if self._problem is None:
            self._problem = self._wrong(self._outputs[: len(kept)], kept)

    def _wrong(self, outputs: torch.Tensor, kept: list[list[int]]) -> str | None:
        logits = self._references.logits
        previous: tuple[torch.Tensor, list[int]] | None = None
        for got, rows in zip(outputs, kept, strict=True):
            if previous is not None and rows != previous[1] and torch.equal(got, previous[0]):
                return "output is constant: two different inputs give the same bits, as if one were remembered"
            found = problem_with(got, logits[rows], self._tolerance)
            if found:
                return found
            previous = got, rows
        if _TELLING * self._tolerance < self._references.distance:
            return None
        return self._mistaken(outputs.flatten(0, 1), [index for rows in kept for index in rows])

    def _mistaken(self, got: torch.Tensor, rows: list[int]) -> str | None:
        """Whether answers are nearer to those of other images: what a wide tolerance alone would not tell."""
        nearest = distances(got, self._references.logits).argmin(1)
        wrong = int((nearest != torch.tensor(rows, dtype=torch.int64)).sum())
        if 2 * wrong <= len(rows):
            return None
        return (
            f"output differs from fp32 eager: {wrong} of {len(rows)} answers are nearer to that for another image. Its "
            "numbers are too coarse to tell images apart, or it answers what it was asked before"
        )
