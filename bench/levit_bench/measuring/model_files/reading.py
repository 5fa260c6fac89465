"""Model files by the names of their networks: their description, and a copy of them that a session runs.

A copy, so that what is timed in every run is what was checked, whatever happens to the file meanwhile.
"""

from __future__ import annotations

import importlib
import shutil
from pathlib import Path
from typing import Protocol

from levit_bench.catalog.twins import original
from levit_bench.measuring.model_files.description import ModelDescription
from levit_bench.paths import model_files
from levit_bench.paths.code_files import CodeFiles
from levit_bench.paths.code_files import digest as digest_of_file

_COPY = "model"
_READERS: dict[model_files.Kind, str] = {
    "onnx": "onnx_models", "openvino": "openvino_models", "torchscript": "torchscript_models",
    "exported": "exported_programs",
}  # fmt: skip
# The folder that the process was started in.
_HERE = Path.cwd()


class _Reader(Protocol):
    """A module that reads one format."""

    def describe(self, path: Path) -> ModelDescription:
        """What a file says of itself.

        Raises:
            ValueError: it is of another format, damaged, or no model of images, with the reason.
        """


def describe(network: str) -> ModelDescription:
    """What the model file of a network says of itself.

    Raises:
        LookupError: it cannot be read, or has changed since it was named.
        ValueError: it is no model of images, or of another format, with the reason.
    """
    path, _ = _found(network)
    return _described(path)


def copied(network: str, folder: Path) -> tuple[Path, ModelDescription]:
    """A copy of a model file and what belongs to it in a prepared folder, and its description.

    Raises:
        LookupError, ValueError: as `describe`.
    """
    path, others = _found(network)
    copy = folder / _COPY / path.name
    for name in (path.name, *others):
        target = copy.parent / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path.parent / name, target)
    _check_digest(network, model_files.digest(copy, others))
    description = _described(copy)
    description.write(folder)
    return copy, description


def files_of(network: str) -> CodeFiles:
    """The files of a network by their content, so that what was prepared of them can be found again."""
    path, others = _found(network)
    paths = [path, *(path.parent / name for name in others)]
    return CodeFiles(files={str(one): digest_of_file(one) for one in paths})


def _found(network: str) -> tuple[Path, tuple[str, ...]]:
    """The file of a network below the folder that this process was started in, and the names of those beside it."""
    file, _ = model_files.file_of(original(network))
    path = _HERE / file
    try:
        others = model_files.companions(path)
        _check_digest(network, model_files.digest(path, others))
    except OSError as error:
        raise LookupError(f"cannot read {file!r}: {error.strerror or error}") from error
    return path, others


def _check_digest(network: str, sha256: str) -> None:
    file, digits = model_files.file_of(original(network))
    if not sha256.startswith(digits):
        raise LookupError(
            f"{file!r} has changed: it was #{digits} when it was named and is #{sha256[: len(digits)]} now. Measure it "
            "in a new session"
        )


def _described(path: Path) -> ModelDescription:
    """The description of a file.

    Raises:
        ValueError: with what the file is instead, where its beginning says so.
    """
    if instead := _instead(path):
        raise ValueError(instead)
    kind = model_files.KINDS[path.suffix.lower()]
    reader: _Reader = importlib.import_module(f"{__package__}.{_READERS[kind]}")
    return reader.describe(path)


def _instead(path: Path) -> str | None:
    """What a file is that was saved under the name of a model by mistake; None where its beginning does not say."""
    with path.open("rb") as file:
        beginning = file.read(200).lstrip().lower()
    if not beginning:
        return "it is empty"
    if beginning.startswith((b"<!doctype html", b"<html")):
        return "it is a page of the web: download the file itself"
    if beginning.startswith(b"version https://git-lfs"):
        return "it is a pointer of Git LFS and not the file: fetch it with 'git lfs pull'"
    return None
