"""Which functions' networks the outputs of a request's model files are compared with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from levit_bench.catalog import entries, user_networks
from levit_bench.catalog.network_calls import split_names
from levit_bench.catalog.user_networks import check_reference
from levit_bench.errors import UsageError
from levit_bench.measuring.preparing.workshop import Workshop
from levit_bench.measuring.session.session import Subject
from levit_bench.measuring.workers.seat import SeatLostError
from levit_bench.paths.model_files import file_of, kind_of, without_digest
from levit_bench.records import ImageShape


def references_of(reference: str, names: Iterable[str], stated: Mapping[str, user_networks.Stated]) -> dict[str, str]:
    """The stored name of the function by the name of each model file that is compared with one.

    Args:
        reference: that of `--reference`, for all model files; empty: none.
        names: networks outside the catalog, as they were named.
        stated: what TOML files state of them.

    Raises:
        UsageError: there is no model file, it has a reference in a TOML file as well, or the reference is no function.
    """
    files = [name for name in names if kind_of(entries.parse(name)[0]) is not None]
    found = {name: stated[name].reference or "" for name in files if name in stated and stated[name].reference}
    if not reference:
        return found
    if not files:
        raise UsageError(
            f"--reference {reference[:80]!r} is what the outputs of a model file are compared with, and no model file "
            "is named. Name one, such as --networks model.onnx, or leave it out: other networks are compared with "
            "themselves in eager fp32."
        )
    if found:
        raise UsageError(
            f"--reference {reference[:80]!r}: {file_of(next(iter(found)))[0][:80]!r} has its reference in a TOML file. "
            "State it once."
        )
    if len(split_names(reference)) != 1:
        raise UsageError(f"--reference {reference[:80]!r}: name one function, such as nets.py:build.")
    check_reference(reference, "--reference")
    (stored,), _ = user_networks.expand((reference,))
    return dict.fromkeys(files, stored)


def each_once(subjects: Iterable[Subject]) -> dict[str, Subject]:
    """Subjects of several requests by the ids of their cases; one that has a reference in any of them has it.

    Raises:
        UsageError: two requests name different references of one model file.
    """
    distinct: dict[str, Subject] = {}
    for subject in subjects:
        before = distinct.get(subject.case.id, subject)
        if before.reference and subject.reference and before.reference != subject.reference:
            raise UsageError(
                f"{file_of(subject.case.network)[0]!r} has two references, {without_digest(before.reference)!r} and "
                f"{without_digest(subject.reference)!r}. Name one of them."
            )
        distinct[subject.case.id] = subject._replace(reference=subject.reference or before.reference)
    return distinct


def check_images(references: Mapping[str, str], shapes: Mapping[str, ImageShape], workshop: Workshop) -> None:
    """Refuse references that cannot be found, or that take other images than the model file.

    Args:
        references: the functions, by model file.
        shapes: images that each model file is fed.
        workshop: looks the functions up.

    Raises:
        UsageError: with both kinds of images, or why there is no such function.
    """
    if not references:
        return
    try:
        found = workshop.resolve(dict.fromkeys(references.values()))
    except SeatLostError as error:
        raise UsageError(f"cannot look up {', '.join(references.values())}: {error}.") from error
    for file, name in references.items():
        if name in found.missing:
            raise UsageError(f"--reference: {found.missing[name]}")
        fed, taken = shapes[file], found.shapes[name]
        called = without_digest(name)
        if fed.channels != taken.channels:
            raise UsageError(
                f"--reference {called!r} takes images of {taken.channels} channels, and {file_of(file)[0]!r} of "
                f"{fed.channels}. Name the function of the network that was exported; its attribute channels says how "
                "many it takes, such as build.channels = 1."
            )
        if (fed.dtype == "uint8") != (taken.dtype == "uint8"):
            raise UsageError(
                f"--reference {called!r} takes images of {taken.dtype}, and {file_of(file)[0]!r} of {fed.dtype}. Both "
                "must take the same; the function's attribute dtype says what it takes, such as build.dtype = 'uint8'."
            )
