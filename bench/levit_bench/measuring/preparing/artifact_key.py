"""What decides the content of an artifact, and the key by which it is found again."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from pathlib import Path

import msgspec

from levit_bench.measuring import devices, forms, precisions, runtimes
from levit_bench.measuring.machine.description import machine
from levit_bench.measuring.machine.installed_packages import OF_RUNTIMES, identities, suite_identity
from levit_bench.measuring.workers.process_environment import default_allocator, shell
from levit_bench.records import Case


def artifact_key(case: Case, seed: int) -> str | None:
    """The key of everything that decides what is prepared for a case, as hexadecimal digits.

    The batches that are checked are not part of it, nor are the files of a user's network, which are compared when the
    artifact is found. None where a package provides an axis of the case: its code is not known; and for a user's
    network in a runtime whose artifact holds what the code made of it. That may depend on anything that Python code can
    ask for, and nothing would check it again: other runtimes build the network anew in every worker, and hold its
    weights and outputs against what was prepared. A model file is all that its artifact is made of.

    Args:
        case: the one that stands for all with the same artifact.
        seed: of weights and images.
    """
    is_made_by_code = case.is_of_user and not case.is_model_file
    if not all(_are_of_the_suite(case)) or (is_made_by_code and not runtimes.facts(case.runtime).builds_network):
        return None
    own_packages = OF_RUNTIMES if runtimes.facts(case.runtime).distribution else ()
    decisive = {
        "case": msgspec.to_builtins(case),
        "seed": seed,
        "suite": _suite(),
        "python": sys.version,
        "packages": identities(own_packages),
        "machine": _machine(case.device == "cuda"),
        "shell": shell([(case.threads, default_allocator())]).text,
        "where": _where() if case.is_of_user else [],
    }
    return sha256(msgspec.json.encode(decisive, order="sorted")).hexdigest()


def _are_of_the_suite(case: Case) -> Iterable[bool]:
    for point, value in (
        (runtimes.POINT, case.runtime),
        (devices.POINT, case.device),
        (forms.POINT, case.form),
        (precisions.POINT, case.precision),
    ):
        yield point.is_own(value)


def _where() -> list[str]:
    """Where a user's module is looked for: the same name may mean another file elsewhere."""
    return [str(Path.cwd()), os.environ.get("PYTHONPATH", ""), sys.prefix]


@cache
def _suite() -> str:
    return suite_identity()


@cache
def _machine(with_gpus: bool) -> list[object]:
    here = machine(gpus=with_gpus)
    return [here.cpu_model, here.isa, here.features, here.logical_cores, here.gpus]
