"""Time of a pass by kind of operator and by module, from torch's profiler.

Each event's self time is counted for the operator that does the work, and for the nearest watched module around it; the
rest is Python's. So kinds add up to the pass, and so do layers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple

from torch import nn
from torch.profiler import ProfilerActivity, profile, record_function

from levit_bench.measuring.counting.operator_kinds import kind_of, own_kind
from levit_bench.profiles import OUTSIDE, VIEWS, LayerShare

DEPTH = 2
"""Levels of modules that are watched."""
_PASS, _LAYER = "levit-bench pass", "levit-bench layer "


class Times(NamedTuple):
    """Seconds of one pass under the profiler."""

    kinds: dict[str, float]
    layers: tuple[LayerShare, ...]

    @property
    def seconds(self) -> float:
        """Seconds of the whole pass."""
        return sum(self.kinds.values())


class _Place(NamedTuple):
    """Pass, kind and layer that an event is counted for."""

    number: int
    """Pass it happened in; -1 outside of passes."""
    kind: str
    layer: str
    settled: bool
    """Whether an operator around it does the work itself, so that the event is a part of that operator."""


def times(module: nn.Module, run: Callable[[], object], passes: int) -> Times:
    """Mean of the middle half of so many passes, by their length: a slow stretch of the machine stays out.

    Args:
        module: what `run` calls; modules in it are named.
        run: one pass.
        passes: at least one.
    """
    with _watched(module):
        _events(run, 1)  # The profiler's own first time is slow.
        every = _passes(_events(run, passes), passes)
    ordered = sorted(every, key=lambda shares: sum(shares[0].values()))
    middle = ordered[len(ordered) // 4 : len(ordered) - len(ordered) // 4]
    kinds, layers = ({name: 0.0 for shares in middle for name in shares[side]} for side in (0, 1))
    for shares in middle:
        for totals, seconds in zip((kinds, layers), shares, strict=True):
            for name, value in seconds.items():
                totals[name] += value / len(middle)
    return Times(kinds, tuple(LayerShare(path=path, seconds=value) for path, value in layers.items()))


def layers_of(module: nn.Module) -> dict[str, nn.Module]:
    """Modules whose time is reported, by name: two levels, below modules that only wrap the whole."""
    prefix = ""
    while len(children := list(module.named_children())) == 1 and any(True for _ in children[0][1].children()):
        name, module = children[0]
        prefix += f"{name}."
    modules = ((name, child) for name, child in module.named_modules() if name and name.count(".") < DEPTH)
    return {prefix + name: child for name, child in modules}


@contextmanager
def _watched(module: nn.Module) -> Iterator[None]:
    """Mark the begin and end of every module of `layers_of` for the profiler."""
    with ExitStack() as stack:
        for path, layer in layers_of(module).items():
            open_records: list[record_function] = []

            def begin(*_: object, path: str = path, open_records: list[record_function] = open_records) -> None:
                open_records.append(record_function(_LAYER + path))
                open_records[-1].__enter__()

            def end(*_: object, open_records: list[record_function] = open_records) -> None:
                open_records.pop().__exit__(None, None, None)

            stack.callback(layer.register_forward_pre_hook(begin).remove)
            stack.callback(layer.register_forward_hook(end).remove)
        yield


def _events(run: Callable[[], object], passes: int) -> list[Any]:
    with profile(activities=[ProfilerActivity.CPU], record_shapes=True) as profiler:
        for _ in range(passes):
            with record_function(_PASS):
                run()
    return list(profiler.events() or ())


def _passes(events: list[Any], passes: int) -> list[tuple[dict[str, float], dict[str, float]]]:
    """Seconds by kind and by layer of each pass."""
    out: list[tuple[dict[str, float], dict[str, float]]] = [({}, {}) for _ in range(passes)]
    pass_events = [event for event in events if event.name == _PASS]
    numbers = {id(event): number for number, event in enumerate(sorted(pass_events, key=lambda e: e.time_range.start))}
    places: dict[int, _Place] = {}
    for event in sorted(events, key=lambda e: e.time_range.start):
        place = _place(event, places, numbers)
        if place.number >= 0:
            kinds, layers = out[place.number]
            seconds = event.self_cpu_time_total / 1e6
            kinds[place.kind] = kinds.get(place.kind, 0.0) + seconds
            layers[place.layer] = layers.get(place.layer, 0.0) + seconds
    return out


def _place(event: Any, places: dict[int, _Place], numbers: dict[int, int]) -> _Place:  # noqa: ANN401 (torch's type)
    """Pass, kind and layer of an event, found by way of the events around it."""
    if id(event) in places:
        return places[id(event)]
    parent = event.cpu_parent
    around = _place(parent, places, numbers) if parent is not None else _Place(-1, OUTSIDE, "", settled=False)
    if event.name == _PASS:
        place = around._replace(number=numbers[id(event)])
    elif event.name.startswith(_LAYER):
        place = _Place(around.number, OUTSIDE, event.name.removeprefix(_LAYER), settled=False)
    elif around.settled or "::" not in event.name:
        place = around
    else:
        place = _of_an_operator(event, around)
    places[id(event)] = place
    return place


def _of_an_operator(event: Any, around: _Place) -> _Place:  # noqa: ANN401
    """The place of an operator; bookkeeping within a composite operator is counted for that one."""
    shapes = [tuple(shape) for shape in event.input_shapes if isinstance(shape, list | tuple) and _is_shape(shape)]
    kind = kind_of(event.name, shapes)
    if kind is not None:
        return around._replace(kind=kind, settled=True)
    own = own_kind(event.name, shapes)
    return around if own == VIEWS and around.kind != OUTSIDE else around._replace(kind=own)


def _is_shape(shape: Any) -> bool:  # noqa: ANN401
    """Whether it is the shape of a tensor, not a list of shapes. Numbers have the empty shape and are left out."""
    return bool(shape) and all(isinstance(size, int) for size in shape)
