"""Model files of the user's, such as `model.onnx`: which names mean one, the files that belong to it, and its digest.

A file is looked through for the names of others alone. Nothing of it is executed, and no library is needed.
"""

from __future__ import annotations

import errno
import hashlib
import mmap
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from levit_bench.paths.file_kinds import instead_of_file

Kind = Literal["onnx", "openvino", "torchscript", "exported"]
"""Formats of model files: ONNX, OpenVINO's IR, TorchScript and programs of `torch.export`."""

KINDS: dict[str, Kind] = {
    ".onnx": "onnx", ".xml": "openvino", ".pt": "torchscript", ".ts": "torchscript", ".pth": "torchscript",
    ".torchscript": "torchscript", ".pt2": "exported",
}  # fmt: skip
"""The format that the end of a name stands for."""
FOREIGN = (
    ".tflite", ".h5", ".hdf5", ".keras", ".pb", ".engine", ".trt", ".plan", ".mlmodel", ".mlpackage", ".safetensors",
    ".ckpt", ".bin", ".gguf", ".pkl", ".pickle", ".pdmodel", ".ort", ".npz", ".param", ".mnn", ".zip",
)  # fmt: skip
"""Ends of names of model files and checkpoints that nothing here runs."""
DIGITS = 6  # Of a digest in a name: enough to tell apart the versions of one file.
# With the end of a twin's name, which is `levit_bench.catalog.twins.SUFFIX`.
_DIGEST = re.compile(rf"#[0-9a-f]{{{DIGITS}}}(?=@|~|$)")
_NAMED = re.compile(rf"(?P<file>[^:]+?)(?:#(?P<digest>[0-9a-f]{{{DIGITS}}}))?(?:~twin)?", re.S)


def kind_of(network: str) -> Kind | None:
    """The format of the model file that a network's name means, with or without a digest; None for other names."""
    return KINDS.get(_ending(file_of(network)[0]))


def is_foreign(network: str) -> bool:
    """Whether a name ends as that of a model file or checkpoint that nothing here runs."""
    return _ending(file_of(network)[0]) in FOREIGN


def file_of(network: str) -> tuple[str, str]:
    """The file of a network's name, and the digits of its digest; empty texts where it has none."""
    match = _NAMED.fullmatch(network)
    return ("", "") if match is None else (match["file"], match["digest"] or "")


def without_digest(network: str) -> str:
    """The name of a network as a user writes it: without the beginning of its file's digest."""
    return _DIGEST.sub("", network)


def _ending(file: str) -> str:
    return Path(file).suffix.lower()


def companions(path: Path) -> tuple[str, ...]:
    """Names of the other files that a model file needs, relative to its folder, whether or not they are there.

    Raises:
        OSError: the file cannot be read, or is a pipe or another thing that is not opened.
    """
    if KINDS.get(path.suffix.lower()) == "openvino":
        return (path.with_suffix(".bin").name,)
    _check_regular(path)
    if KINDS.get(path.suffix.lower()) == "onnx" and path.stat().st_size:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            view = memoryview(content)
            try:
                return tuple(dict.fromkeys(_external(view, "model")))
            finally:
                view.release()
    return ()


def digest(path: Path, others: tuple[str, ...]) -> str:
    """SHA-256 of a model file; where others belong to it, of the digests and names of all of them.

    Raises:
        OSError: one of them cannot be read, or is a pipe or another thing that is not opened.
    """
    own = _file_digest(path)
    if not others:
        return own
    whole = hashlib.sha256(own.encode())
    for name in sorted(others):
        whole.update(f"\n{name} {_file_digest(path.parent / name)}".encode())
    return whole.hexdigest()


def _check_regular(path: Path) -> None:
    """Refuse what is not a regular file before it is opened: opening a pipe would wait for its writer.

    Raises:
        OSError: with what it is.
    """
    if instead := instead_of_file(path):
        raise OSError(errno.EINVAL, f"it is {instead}, and not a file")


def _file_digest(path: Path) -> str:
    _check_regular(path)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# The messages of onnx.proto3 that may hold a tensor, by field number; a tensor's external data are pairs of texts.
_MESSAGES = {
    ("model", 7): "graph", ("model", 25): "function", ("function", 7): "node", ("graph", 1): "node",
    ("graph", 5): "tensor", ("graph", 15): "sparse", ("sparse", 1): "tensor", ("sparse", 2): "tensor",
    ("node", 5): "attribute", ("attribute", 5): "tensor", ("attribute", 6): "graph", ("attribute", 10): "tensor",
    ("attribute", 11): "graph", ("attribute", 22): "sparse", ("attribute", 23): "sparse", ("tensor", 13): "entry",
}  # fmt: skip
_BYTES_OF_FIXED = {1: 8, 5: 4}
_DEEPEST = 50


def _external(content: memoryview, message: str, depth: int = 0) -> Iterator[str]:
    """Locations of external data in a message; what is malformed ends the search, and is reported when it is read."""
    if message == "entry":
        pair = dict(_fields(content))
        if bytes(pair.get(1, b"")) == b"location":
            yield bytes(pair.get(2, b"")).decode("utf-8", "replace")
        return
    if depth > _DEEPEST:
        return
    for number, value in _fields(content):
        inner = _MESSAGES.get((message, number))
        if inner is not None:
            yield from _external(value, inner, depth + 1)


def _fields(content: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Numbers and contents of the fields of a message that are messages, texts or bytes."""
    at = 0
    while at < len(content):
        key, at = _varint(content, at)
        kind = key & 7
        if kind == 0:
            _, at = _varint(content, at)
        elif kind == 2:
            length, at = _varint(content, at)
            if at + length > len(content):
                return
            yield key >> 3, content[at : at + length]
            at += length
        elif kind in _BYTES_OF_FIXED:
            at += _BYTES_OF_FIXED[kind]
        else:
            return


def _varint(content: memoryview, at: int) -> tuple[int, int]:
    """A number of variable length, and the place behind it; behind the end, where it has no end."""
    value, shift = 0, 0
    while at < len(content) and shift < 70:
        byte = content[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if not byte & 0x80:
            return value, at
    return 0, len(content)
