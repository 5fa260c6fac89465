"""Parses names of networks that hold a call, `nets.py:build(width=2)`, or choose an output, `nets.py:build["aux"]`.

A call is read, never executed: its arguments are literals. Equal calls are written alike, so that they are one network.
Whether the function exists and takes these arguments is not checked here.
"""

from __future__ import annotations

import ast
import json
import math
import re
import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

from levit_bench.errors import UsageError

_LONGEST = 200  # Of a call, in characters: names of networks end there, too.
_CALLED = re.compile(r"(?P<target>.+?:\w+)(?P<call>[(\[].*)", re.S)
_OPENS, _CLOSES = "([{", ")]}"
_RESERVED = "@#"
"""Separate a name from its pixels and from the digest of its file."""


_DIGEST = re.compile(r"#[0-9a-f]+(?=(?:@\d+(?:x\d+)?)?$)")


def without_digest(name: str) -> str:
    """A name without the digest of its file, also where pixels stand behind that: the same for all versions of it."""
    return _DIGEST.sub("", name)


def is_of_file(name: str) -> bool:
    """Whether a stored name has the digest of a file."""
    return _DIGEST.search(name) is not None


class Call(NamedTuple):
    """Arguments and output, as written behind the name of a function."""

    args: tuple[Any, ...] = ()
    """Arguments by place."""
    kwargs: tuple[tuple[str, Any], ...] = ()
    """Arguments by name, sorted."""
    output: tuple[int | str, ...] = ()
    """Indices or keys that select one of its network's outputs, the outermost first."""

    def __str__(self) -> str:
        """As it is stored; empty where a function is called without arguments and its whole output is used."""
        arguments = [*map(_literal_text, self.args), *(f"{name}={_literal_text(value)}" for name, value in self.kwargs)]
        return (f"({', '.join(arguments)})" if arguments else "") + output_words(self.output)


def output_words(output: Sequence[int | str]) -> str:
    """The choice of an output, as it is written behind a function."""
    return "".join(f"[{_literal_text(step)}]" for step in output)


def split_names(text: str) -> list[str]:
    """The names of a list such as `nets.py:build(2, "a"), levit_128s`; commas within a call do not separate.

    Empty ones are dropped.

    Raises:
        UsageError: a call is not closed.
    """
    out, start, at = [], 0, 0
    while at < len(text):
        if text[at] == ",":
            out.append(text[start:at])
            start = at + 1
        elif text[at] in "([" and re.search(r":\w+$", text[start:at]):
            at = _end_of_call(text, at) - 1
        at += 1
    out.append(text[start:])
    return [name for part in out if (name := part.strip())]


def words(text: str) -> tuple[str, ...]:
    """The words of such a list, each once, in their order.

    Raises:
        UsageError: as `split_names`.
    """
    return tuple(dict.fromkeys(split_names(text)))


def taken_apart(name: str) -> tuple[str, Call]:
    """Split a name into `module:function` or `file.py:function`, with a digest behind it, and the call.

    A name without a call comes back whole, with an empty call.

    Raises:
        UsageError: what follows the function is neither a call with literals nor an output.
    """
    match = _CALLED.fullmatch(name)
    if match is None:
        return name, Call()
    text = match["call"]
    end = _end_of_call(text, 0)
    digest = text[end:]
    if digest and not re.fullmatch(r"#[0-9a-f]+", digest):
        raise _no_call(name, f"{_quoted(digest)} follows it")
    return match["target"] + digest, _read(text[:end], name)


def written(target: str, call: Call) -> str:
    """The name of a function and its call; a digest that ends the target stays at the end."""
    name, hash_, digest = target.partition("#") if str(call) else (target, "", "")
    return f"{name}{call}{hash_}{digest}"


def canonical(name: str) -> str:
    """The name with its call as it is stored; a name without a readable call is returned unchanged."""
    try:
        return written(*taken_apart(name))
    except UsageError:
        return name


def _end_of_call(text: str, start: int) -> int:
    """Index behind the brackets that begin at `start`, including brackets that follow immediately.

    Raises:
        UsageError: they are not closed.
    """
    depth, at, quote = 0, start, ""
    while at < len(text):
        character = text[at]
        if quote:
            if character == "\\":
                at += 1
            elif character == quote:
                quote = ""
        elif character in "\"'":
            quote = character
        elif character in _OPENS:
            depth += 1
        elif character in _CLOSES:
            depth -= 1
            if depth <= 0 and text[at + 1 : at + 2] not in ("(", "["):
                return at + 1
        at += 1
    raise UsageError(
        f"{_quoted(text)} has a bracket or a quote that is not closed. Write "
        "nets.py:build(width=2), and quote it for the shell."
    )


def _read(text: str, name: str) -> Call:
    """A call, or outputs, from its text.

    Raises:
        UsageError: it is neither.
    """
    if len(text) > _LONGEST or not text.isprintable():
        raise _no_call(name, f"it has more than {_LONGEST} characters, or some that cannot be printed")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Of escapes in strings.
            node = ast.parse(f"_{text}", mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        reason = error.msg if isinstance(error, SyntaxError) else str(error)
        raise _no_call(name, reason) from error
    output: list[int | str] = []
    while isinstance(node, ast.Subscript):
        step = _literal(node.slice, name)
        if type(step) not in (int, str):
            raise _no_call(name, f"an output is named by its place or key, not by {_quoted(ast.unparse(node.slice))}")
        output.insert(0, step)
        node = node.value
    if isinstance(node, ast.Name):
        return Call(output=tuple(output))
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        raise _no_call(name, "one call can stand there, and outputs behind it")
    args = tuple(_literal(argument, name) for argument in node.args)
    kwargs: dict[str, Any] = {}
    for word in node.keywords:
        if word.arg is None:
            raise _no_call(name, "'**' is not a literal")
        if word.arg in kwargs:
            raise _no_call(name, f"{word.arg} is given twice")
        kwargs[word.arg] = _literal(word.value, name)
    return Call(args, tuple(sorted(kwargs.items())), tuple(output))


def _literal(node: ast.expr, name: str) -> Any:  # noqa: ANN401 (a literal of any kind)
    """The value of an expression.

    Raises:
        UsageError: it is not a literal, or one that cannot be stored in a name.
    """
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, MemoryError, RecursionError) as error:
        raise _no_call(name, f"{_quoted(ast.unparse(node))} is not a literal") from error
    problem = _problem_of(value)
    if problem:
        raise _no_call(name, f"{_quoted(ast.unparse(node))} {problem}")
    return value


def _problem_of(value: object) -> str | None:
    """Why a value cannot stand in a name, or None."""
    if isinstance(value, str):
        reserved = [sign for sign in _RESERVED if sign in value]
        if reserved:
            return f"holds {reserved[0]!r}, which separates names from pixels and digests"
        return None if value.isprintable() else "holds characters that cannot be printed"
    if isinstance(value, float):
        return None if math.isfinite(value) else "is not finite"
    if isinstance(value, tuple | list):
        return next(filter(None, map(_problem_of, value)), None)
    if isinstance(value, dict):
        return next(filter(None, map(_problem_of, (*value, *value.values()))), None)
    return None if value is None or isinstance(value, int) else f"is a {type(value).__name__}"


def _literal_text(value: object) -> str:
    """A literal as Python reads it, strings in double quotes: a shell's single ones go around."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, tuple):
        return f"({', '.join(map(_literal_text, value))}{',' if len(value) == 1 else ''})"
    if isinstance(value, list):
        return f"[{', '.join(map(_literal_text, value))}]"
    if isinstance(value, dict):
        pairs = sorted((_literal_text(key), _literal_text(item)) for key, item in value.items())
        return f"{{{', '.join(f'{key}: {text}' for key, text in pairs)}}}"
    return repr(value)


def _no_call(name: str, why: str) -> UsageError:
    return UsageError(
        f"invalid call {_quoted(name)}: {why}. Write literals, such as nets.py:build(width=2, "
        'kind="small"), and an output as nets.py:build[1] or nets.py:build["aux"].'
    )


def _quoted(text: str) -> str:
    """Text fit for a message: quoted, escapes made visible, cut when long."""
    return repr(text if len(text) <= 80 else f"{text[:77]}...")
