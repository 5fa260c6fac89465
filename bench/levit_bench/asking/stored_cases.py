"""The stored case that answers a request for one case: what was measured before is read instead of timed again."""

from __future__ import annotations

from collections.abc import Sequence

from levit_bench.asking.request import Request
from levit_bench.axes import SEVERAL, AxisKind
from levit_bench.catalog import entries, user_networks
from levit_bench.errors import NothingToShowError, UsageError
from levit_bench.judge.comparability import enumerate_values, natural
from levit_bench.measuring import devices
from levit_bench.measuring.workers.process_environment import default_allocator
from levit_bench.numbers.units import MAX
from levit_bench.records import Case, ImageShape, Record, parse_size


def stored_case(request: Request, records: Sequence[Record]) -> Record:
    """The record of the case that a request for one network and one value of each axis asks for.

    Nothing is built and no library is asked: where neither the request nor the catalog states the size of the input,
    the case may have any.

    Args:
        request: with one name in `networks` and one value of each axis.
        records: of one session.

    Raises:
        NothingToShowError: there is no such case; the message names what is stored of the network.
        UsageError: several sizes or batches answer.
    """
    (text,), _ = user_networks.expand(request.networks)
    network, named_size = entries.parse(text)
    known = entries.select((text,)).entries
    shape = known[0].shape if known else None
    size = named_size or parse_size(request.resolution) or ((shape.height, shape.width) if shape else None)
    wanted = _wanted(request)
    pixels = ImageShape(3, *size).size if size else None
    subjects = [record for record in records if record.info.role == "subject"]
    of_network = [record for record in subjects if record.case.network == network]
    matches = [
        record
        for record in of_network
        if all(record.case.value(axis) == value for axis, value in wanted.items())
        if pixels in (None, record.case.size)
    ]
    if len(matches) > 1:
        labels = enumerate_values([record.case.label for record in matches])
        raise UsageError(f"{len(matches)} stored cases answer: {labels}. Name the size, such as {network[:80]}@224.")
    if matches:
        return matches[0]
    raise NothingToShowError(_missing(network, pixels, wanted, of_network, subjects))


def _wanted(request: Request) -> dict[str, object]:
    """The axes that a request for one case fixes, each with its value; `max` fixes no batch."""
    values: dict[str, object] = {"device": devices.resolve(request.device)}
    for axis in SEVERAL.values():
        (value,) = getattr(request, axis.plural) or (default_allocator(),)
        if axis.kind is not AxisKind.BATCHES or value != MAX:
            values[axis.name] = value
    return values


def _missing(
    network: str,
    pixels: str | None,
    wanted: dict[str, object],
    of_network: Sequence[Record],
    subjects: Sequence[Record],
) -> str:
    """What is missing, and what is stored instead."""
    axes = " ".join([f"{pixels}px"] * (pixels is not None) + [f"{name}={value}" for name, value in wanted.items()])
    file, _, digest = network.partition("#")
    versions = [record.case for record in subjects if digest and record.case.network.partition("#")[0] == file]
    if of_network:
        stored = f"of this network: {_labels([record.case for record in of_network])}"
    elif versions:
        stored = f"of another version of the file: {_labels(versions)}"
    else:
        stored = enumerate_values(sorted({record.case.network for record in subjects}, key=natural)) or "none"
    return f"no stored case is {network[:120]} {axes}. Stored are {stored}."


def _labels(cases: Sequence[Case]) -> str:
    return enumerate_values([case.label for case in cases])
