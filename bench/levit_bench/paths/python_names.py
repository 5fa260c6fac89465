"""The names that a Python file gives something, read from its source without executing it."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator

_DYNAMIC = frozenset({"globals", "vars", "locals", "exec", "eval"})
"""Functions through which code gives names to its module that its source does not show."""


def names_of(source: bytes) -> tuple[str, ...] | None:
    """The names of a module's functions, classes and values, in their order; None where its source does not show all.

    That is so with `from m import *`, with code that writes into its module (`globals()`, `exec`, `sys.modules`,
    `__getattr__`), and with what this Python cannot parse: there only executing it tells.
    """
    try:
        with warnings.catch_warnings(action="ignore"):  # Of the user's own literals; executing the file repeats them.
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if any(isinstance(node, ast.FunctionDef) and node.name == "__getattr__" for node in tree.body):
        return None
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    if any(_hides_names(node, is_called=id(node) in called) for node in ast.walk(tree)):
        return None
    return tuple(dict.fromkeys(name for node in ast.walk(tree) for name in _bound_by(node)))


def _hides_names(node: ast.AST, *, is_called: bool) -> bool:
    """Whether a module may have names that its source does not show because of this."""
    match node:
        case ast.alias(name="*"):
            return True
        case ast.Name(id=name):
            return name in _DYNAMIC
        case ast.Attribute(attr="modules"):
            return not is_called  # `sys.modules`, and not `network.modules()`
    return False


def _bound_by(node: ast.AST) -> Iterator[str]:
    """The names that a statement or expression gives something, also within a function: a `global` may make it the
    module's.
    """
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield node.name
        case ast.Name(ctx=ast.Store()):
            yield node.id
        case ast.Import() | ast.ImportFrom():
            for alias in node.names:
                yield alias.asname or alias.name.partition(".")[0]
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            yield name
        case ast.MatchMapping(rest=str(name)):
            yield name
        case _:
            type_alias = getattr(ast, "TypeAlias", None)  # a statement since Python 3.12
            if type_alias is not None and isinstance(node, type_alias):
                yield node.name.id
