"""Reads a file of weights into named tensors, without executing anything in the file.

Names are not interpreted here; `checkpoint_layouts.py` does.

    .safetensors        through safetensors, with the metadata of its header
    .pth  .pt  .bin     through torch.load with weights_only=True; the names may stand below `model`, as in the authors'
                        files, or `state_dict`, as timm's training leaves them

Any file gives tensors or a `WeightsError`.
"""

from __future__ import annotations

import argparse
import os
import re
import stat
import zipfile
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import safetensors
import torch

from levit_bench.errors import UsageError, one_line

FilePath = str | os.PathLike[str]

SAFETENSORS = (".safetensors",)
TORCH = (".pth", ".pt", ".bin")

_CONTAINERS = ("model", "state_dict")
"""Keys under which training programs store the network's state, beside the optimizer's and others."""
_MOST = 10_000
"""Most tensors that are read: LeViT has fewer than a tenth of them."""
_NAMED = 3
"""Most keys that a message names; the others are counted."""
_ARCHIVE = b"PK\x03\x04"
_AGAIN = "Fetch the file again, and compare its size with its source's."


class WeightsError(UsageError, ValueError):
    """A file of weights cannot be loaded; the network is unchanged."""


class Checkpoint(NamedTuple):
    """The content of a file of weights."""

    path: str
    """The path as it was given, quoted for messages."""
    tensors: dict[str, torch.Tensor]
    """On the CPU, by the file's own names."""
    metadata: dict[str, str]
    """Metadata of a safetensors file; otherwise empty."""


def read(path: FilePath) -> Checkpoint:
    """The tensors of a file.

    Raises:
        WeightsError: it is missing, of another kind, damaged, or refers to anything but tensors.
    """
    name = shown(os.fsdecode(path), 200)
    file = Path(os.fsdecode(path))
    start = _start(file, name)
    kind = file.suffix.lower()
    if kind in SAFETENSORS:
        content, metadata = _safetensors(file, name, start)
    elif kind in TORCH:
        content, metadata = _torch(file, name, start), {}
    else:
        raise WeightsError(
            f"{name}: the ending says how a file of weights is read, and {shown(kind)} says nothing. "
            f"Known are {', '.join(SAFETENSORS + TORCH)}: rename the file if it is of such a kind."
        )
    return Checkpoint(name, _tensors(content, name), metadata)


def shown(text: str, limit: int = 80) -> str:
    """Text of a file fit for a message: quoted, escapes made visible, cut when long."""
    return repr(text if len(text) <= limit else f"{text[: limit - 3]}...")


def listed(keys: Iterable[str]) -> str:
    """The first keys in order, and how many more there are, for a message."""
    names = sorted(keys)
    more = len(names) - _NAMED
    return ", ".join(map(shown, names[:_NAMED])) + (f" and {more} more" if more > 0 else "")


def _start(file: Path, name: str) -> bytes:
    """The first bytes of a regular file that is not empty."""
    try:
        mode = file.stat().st_mode
        start = _first_bytes(file) if stat.S_ISREG(mode) else b""  # opening a pipe would wait for a writer
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise WeightsError(f"{name}: cannot be read ({reason}). Check the path.") from error
    if stat.S_ISDIR(mode):
        raise WeightsError(f"{name}: is a folder. Name the file in it.")
    if not stat.S_ISREG(mode):
        raise WeightsError(f"{name}: is neither a file nor a link to one, and is not read. Name a file.")
    if not start:
        raise WeightsError(f"{name}: is empty. {_AGAIN}")
    return start


def _first_bytes(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(64)


def _safetensors(file: Path, name: str, start: bytes) -> tuple[object, dict[str, str]]:
    if start.startswith(_ARCHIVE):
        raise WeightsError(f"{name}: is what torch.save writes, not safetensors. Rename the file: it ends in .pth.")
    try:
        with safetensors.safe_open(file, framework="pt", device="cpu") as opened:
            names = opened.keys()
            _check_count(names, name)
            return {key: opened.get_tensor(key) for key in names}, dict(opened.metadata() or {})
    except WeightsError:
        raise
    except Exception as error:  # any: which errors a bad header raises is not documented
        raise WeightsError(
            f"{name}: is damaged, or no safetensors file{_hint(start)} ({one_line(str(error))}). {_AGAIN}"
        ) from error


def _torch(file: Path, name: str, start: bytes) -> object:
    if start[8:9] == b"{":
        raise WeightsError(f"{name}: is what safetensors writes. Rename the file: it ends in .safetensors.")
    if start.startswith(_ARCHIVE):
        _check_archive(file, name)
    try:
        # Both trainers store their command line beside the weights, as a Namespace, which executes nothing.
        with torch.serialization.safe_globals([argparse.Namespace]):
            return torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # any: a damaged pickle may fail in any way
        if reference := re.search(r"GLOBAL (\S+)", str(error)):
            raise WeightsError(
                f"{name}: asks for {shown(reference[1])}, which is more than tensors: it could run code of the file's "
                "author. Nothing of it was run. Where you trust its source, let the program that wrote it save the "
                "state_dict() alone, best as .safetensors."
            ) from error
        raise WeightsError(
            f"{name}: is damaged, or no file of torch.save{_hint(start)} "
            f"({one_line(f'{type(error).__name__}: {error}'[:160])}). {_AGAIN}"
        ) from error


def _check_archive(file: Path, name: str) -> None:
    """Refuse an archive that would unpack to more than its size, and a TorchScript program."""
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            spoilt = archive.testzip()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise WeightsError(f"{name}: is cut short or damaged ({one_line(str(error))}). {_AGAIN}") from error
    if spoilt is not None:
        raise WeightsError(f"{name}: is damaged: a part of it has not the check sum it was written with. {_AGAIN}")
    unpacked = sum(entry.file_size for entry in entries)
    if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries) or unpacked > file.stat().st_size:
        raise WeightsError(
            f"{name}: would unpack to {unpacked} bytes; torch.save compresses nothing, so it wrote no such file. "
            "Load what is in it with the program that wrote it, and save the state_dict() alone."
        )
    if any(entry.filename.endswith("/constants.pkl") for entry in entries):
        raise WeightsError(
            f"{name}: is a TorchScript program, not weights alone. Save the state_dict() of what it was made from."
        )


def _hint(start: bytes) -> str:
    if start.startswith(b"version https://git-lfs"):
        return ", but a pointer of Git LFS (`git lfs pull` fetches the file itself)"
    if start.lstrip()[:1] == b"<":
        return ", but a web page"
    return ""


def _text(key: object) -> str:
    """A key as text; for other types the name of the type, as converting them may be costly."""
    return key if isinstance(key, str) else f"({type(key).__name__})"


def _tensors(content: object, name: str) -> dict[str, torch.Tensor]:
    """The network's state in the loaded content: the content itself, or the value of a key that trainers use."""
    state = content
    if isinstance(content, Mapping) and not any(isinstance(value, torch.Tensor) for value in content.values()):
        state = next((content[key] for key in _CONTAINERS if isinstance(content.get(key), Mapping)), None)
        if not state:
            raise WeightsError(
                f"{name}: holds no tensors by name, neither at its top nor below {' or '.join(map(repr, _CONTAINERS))}"
                f" (at its top: {listed(map(_text, content)) or 'nothing'}). Save the network's state_dict()."
            )
    if not isinstance(state, Mapping):
        raise WeightsError(f"{name}: holds a {type(state).__name__}, not tensors by name. Save a state_dict().")
    _check_count(state, name)
    out = {}
    for key, value in state.items():
        if not isinstance(key, str):
            raise WeightsError(f"{name}: a key is a {type(key).__name__}, not text. Save a state_dict().")
        if not isinstance(value, torch.Tensor):
            raise WeightsError(f"{name}: {shown(key)} is a {type(value).__name__}, no tensor. Save a state_dict().")
        if not _is_plain(value):
            raise WeightsError(
                f"{name}: {shown(key)} is sparse, quantised, or has more places than numbers; plain dense tensors are "
                "read. Save the network as it was trained."
            )
        out[key] = value.detach()
    return out


def _check_count(keys: Collection[object], name: str) -> None:
    if len(keys) > _MOST:
        raise WeightsError(
            f"{name}: holds {len(keys)} tensors, such as {listed(map(_text, keys))}; a LeViT has a few hundred. "
            "Take the file of the network alone."
        )


def _is_plain(tensor: torch.Tensor) -> bool:
    """Whether memory holds every element: a view may claim billions of elements on four bytes."""
    if tensor.layout != torch.strided or tensor.device.type != "cpu" or tensor.is_quantized:
        return False
    return tensor.numel() * tensor.element_size() <= tensor.untyped_storage().nbytes()
