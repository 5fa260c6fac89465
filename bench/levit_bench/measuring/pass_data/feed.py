"""Images for the passes of one case, and the check of their outputs.

Every pass reads different images, written into the same memory between passes; each output is copied when its pass is
over and compared with the references at the end of the turn. So a network that caches answers, by the address or the
values of its images, returns those to other images and is caught, and so is one that has not finished computing.
"""

from __future__ import annotations

import random

import torch

from levit_bench.measuring.loaded_network import Loaded
from levit_bench.measuring.pass_data.image_pool import ImagePool
from levit_bench.measuring.pass_data.output_check import as_logits, check_plain, distances, problem_with
from levit_bench.measuring.pass_data.reference_outputs import References

_KEPT_BYTES = 4 << 20  # Outputs that are collected before they are compared.
_TELLING = 4  # A tolerance below a fourth of the distance between answers tells them apart by itself.


class Feed:
    """The images of one case in a worker process, in an order of its own."""

    def __init__(
        self, loaded: Loaded, pool: ImagePool, references: References, *, batch: int, precision: str, draw: str
    ) -> None:
        """Place the images of the first pass.

        Args:
            loaded: the case; its passes read the images in `placed`.
            pool: the images.
            references: their reference outputs.
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
        """Images that passes read: (batch, channels, height, width), in the runtime's own place and layout."""
        self._pool = pool.on(self.placed.device)
        # Where the numbers of a pass are coarser than those of its images, these are added up finely and then rounded.
        fine = self.placed.dtype == self._pool.left.dtype
        self._aside = None if fine else torch.empty_like(self._pool.left[0])
        outputs = max(1, _KEPT_BYTES // (4 * batch * references.logits.shape[1]))
        self._outputs = torch.empty(outputs, batch, references.logits.shape[1])
        self._rows_of_outputs: list[list[int]] = []
        self._rows: list[int] = []
        self._problem: str | None = None
        self.write()
        loaded.synchronise()

    def write(self) -> None:
        """Write the next images to where passes read them; the device may not have finished on return."""
        rows = self._next()
        for place, (index, change) in zip(self.placed, rows, strict=True):
            if self._aside is None:
                self._pool.write(index, place, change)
            else:
                self._pool.write(index, self._aside, change)
                place.copy_(self._aside)
        self._rows = [index for index, _ in rows]

    def keep(self, output: object) -> None:
        """Copy the output of a pass over the images written last.

        Raises:
            TypeError, ValueError: it is not a tensor of logits (batch, classes).
        """
        check_plain(output)
        logits = self._loaded.fetch(as_logits(output, self._batch))
        if logits.shape[1] != self._outputs.shape[2]:
            expected = (self._batch, self._outputs.shape[2])
            raise ValueError(f"output has shape {tuple(logits.shape)}, expected {expected}")
        if len(self._rows_of_outputs) == len(self._outputs):
            self._compare()
        self._outputs[len(self._rows_of_outputs)].copy_(logits)
        self._rows_of_outputs.append(self._rows)

    def problem(self) -> str | None:
        """The first problem with an output since the last call, or None."""
        self._compare()
        reason, self._problem = self._problem, None
        return reason

    def _next(self) -> list[tuple[int, float]]:
        """Indices of the next images, each with its relative change: the whole pool, then again slightly changed."""
        rows = []
        for _ in range(self._batch):
            again, at = divmod(self._shown, len(self._order))
            change = (self._change + again) % (self._references.changes + 1)
            rows.append((self._order[at], change * self._references.change))
            self._shown += 1
        return rows

    def _compare(self) -> None:
        """Compare the collected outputs; only the first problem is kept."""
        rows_of_outputs, self._rows_of_outputs = self._rows_of_outputs, []
        if self._problem is None:
            self._problem = self._problem_with(self._outputs[: len(rows_of_outputs)], rows_of_outputs)

    def _problem_with(self, outputs: torch.Tensor, rows_of_outputs: list[list[int]]) -> str | None:
        logits = self._references.logits
        previous: tuple[torch.Tensor, list[int]] | None = None
        for output, rows in zip(outputs, rows_of_outputs, strict=True):
            if previous is not None and rows != previous[1] and torch.equal(output, previous[0]):
                return "output is constant: two different inputs give the same bits, as if one were remembered"
            reason = problem_with(output, logits[rows], self._tolerance, self._references.source)
            if reason:
                return reason
            previous = output, rows
        if _TELLING * self._tolerance < self._references.distance:
            return None
        return self._problem_of_order(outputs.flatten(0, 1), [index for rows in rows_of_outputs for index in rows])

    def _problem_of_order(self, outputs: torch.Tensor, rows: list[int]) -> str | None:
        """A problem where most outputs are nearer to other images' references: a wide tolerance would not show it."""
        nearest = distances(outputs, self._references.logits).argmin(1)
        wrong = int((nearest != torch.tensor(rows, dtype=torch.int64)).sum())
        if 2 * wrong <= len(rows):
            return None
        return (
            f"output differs from {self._references.source}: {wrong} of {len(rows)} answers are nearer to that for "
            "another image. Its numbers are too coarse to tell images apart, or it answers what it was asked before"
        )
