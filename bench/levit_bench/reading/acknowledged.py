"""Acknowledged alerts of a trend, in `trend.toml`: a known change does not come back every night.

    [[alert]]
    id = "3f2a91c0"
    verdict = "expected"
    who = "mk"
    why = "torch 2.13 folds the BatchNorm"

One entry may hold the ids of several alerts, as a list. A person writes the file and keeps it in the repository; this
suite reads it.
"""

from __future__ import annotations

import re
from pathlib import Path

from levit_bench.errors import UsageError
from levit_bench.judge.trend.trend_report import VERDICTS, Acknowledgement
from levit_bench.paths.toml_files import NoTomlError, read_toml

FILE = "trend.toml"
_ID = re.compile(r"[0-9a-f]{8}")
_FIELDS = ("id", "verdict", "who", "why")


def read(path: Path) -> dict[str, Acknowledgement]:
    """The acknowledgements of a file by the id of the alert; none where there is no such file.

    Raises:
        UsageError: the file cannot be read or is malformed; the message says where and what to write.
    """
    try:
        document = read_toml(path)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror or error}.") from error
    except NoTomlError as error:
        raise _broken(path, f"it is {error}") from error
    if unknown := sorted(document.keys() - {"alert"}):
        raise _broken(path, f"{unknown[0][:80]!r} is no table of it")
    entries = document.get("alert", [])
    if not isinstance(entries, list):
        raise _broken(path, "alert is no list of tables: write [[alert]]")
    out: dict[str, Acknowledgement] = {}
    for number, entry in enumerate(entries, 1):
        for one in _acknowledgements(path, number, entry):
            if one.id in out:
                raise _broken(path, f"alert {one.id} is there twice")
            out[one.id] = one
    return out


def _acknowledgements(path: Path, number: int, entry: object) -> list[Acknowledgement]:
    """Of one entry, which names one alert or a list of them."""
    if not isinstance(entry, dict):
        raise _broken(path, f"entry {number} is no table")
    for name in entry:
        if name not in _FIELDS:
            raise _broken(path, f"entry {number} has {str(name)[:80]!r}, and an alert has {', '.join(_FIELDS)}")
    if lacking := [name for name in _FIELDS if name not in entry]:
        raise _broken(path, f"entry {number} lacks {', '.join(lacking)}")
    ids = entry["id"] if isinstance(entry["id"], list) else [entry["id"]]
    if not ids:
        raise _broken(path, f"entry {number}: id is an empty list")
    for name, value in (*(("id", one) for one in ids), *((name, entry[name]) for name in _FIELDS[1:])):
        if not isinstance(value, str):
            raise _broken(path, f"entry {number}: {name} is {str(value)[:80]}, and no text: write it in quotes")
        if not value.strip():
            raise _broken(path, f"entry {number}: {name} is empty")
    for one in ids:
        if not _ID.fullmatch(one):
            raise _broken(
                path, f"entry {number}: {one[:80]!r} is no id of an alert, which has eight hexadecimal digits"
            )
    verdict, who, why = (str(entry[name]) for name in _FIELDS[1:])
    if verdict not in VERDICTS:
        raise _broken(path, f"entry {number}: verdict {verdict[:80]!r}: write {', '.join(VERDICTS)}")
    return [Acknowledgement(one, verdict, who, why) for one in ids]


def _broken(path: Path, why: str) -> UsageError:
    return UsageError(
        f"{path} does not hold acknowledged alerts: {why}. Each is a table [[alert]] with id, verdict, who and why."
    )
