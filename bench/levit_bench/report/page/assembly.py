"""Puts the page together: one HTML file with its style, its modules as one script, and the document as text.

The modules in `web/` are ES modules. Their `import` and `export` lines are all that a bundler would resolve: each
becomes a function that returns what it exports, in the order in which they need each other. Lines that are comments are
left out.

The policy in the page allows the one script and the one style by their digests, pictures of its own, and nothing else:
no request can leave it.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from functools import cache
from importlib.resources import files
from typing import NamedTuple

_IMPORT = re.compile(r'^import \{([^}]*)\} from "\./([\w-]+)\.js";\n', re.M)
_EXPORT = re.compile(r"^export ((?:async )?function|const) (\w+)", re.M)
_COMMENT = re.compile(r"^[ \t]*(?://[^\n]*|/\*(?:[^*]|\*(?!/))*\*/[ \t]*)\n", re.M)
_NO_TYPES = "export {};\n"
_MAIN = "main"


class _Module(NamedTuple):
    name: str
    imports: tuple[tuple[str, str], ...]
    """Names between the braces, and the module that they come from."""
    exports: tuple[str, ...]
    text: str
    """Without its import and export lines."""


def page(data: dict[str, object], question: str = "") -> str:
    """The HTML file.

    Args:
        data: the document; see `levit_bench.report.page.document`.
        question: shown until the script has run.
    """
    title, style, script = str(data["title"]), text_of("page.css"), script_text()
    policy = (
        f"default-src 'none'; script-src '{_digest(script)}'; style-src '{_digest(style)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    parts = {
        "policy": policy,
        "title": html.escape(title),
        "style": style,
        "question": html.escape(question),
        "loading": "Reading the figures… If this stays, JavaScript is off, which draws what this file holds.",
        "body": text_of("body.html"),
        "footer": html.escape(
            f"Made by levit-bench {data['bench']} from stored sessions. This file holds all its data and loads nothing."
        ),
        "data": embedded(data),
        "script": script,
    }
    return re.sub(r"\{(\w+)\}", lambda match: parts[match[1]], text_of("page.html"))


def embedded(data: dict[str, object]) -> str:
    """The document as JSON that nothing in HTML takes for markup, whatever names it holds."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    escapes = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
    return re.sub("[<>&\u2028\u2029]", lambda match: escapes[match[0]], text).encode("utf-8", "replace").decode()


@cache
def script_text() -> str:
    """All modules as one script."""
    return f'"use strict";\n(() => {{\n{modules_text(_MAIN)}}})();\n'


def modules_text(name: str) -> str:
    """A module and all that it needs, each as a constant `$name` that holds what it exports."""
    modules: dict[str, _Module] = {}
    _collect(name, modules, ())
    return "".join(
        f"const ${module.name} = (() => {{\n{module.text}return {{ {', '.join(module.exports)} }};\n}})();\n"
        for module in modules.values()
    )


def _collect(name: str, modules: dict[str, _Module], above: tuple[str, ...]) -> None:
    """Add a module behind those that it needs.

    Raises:
        ValueError: modules need each other in a circle.
    """
    if name in above:
        raise ValueError(f"modules of the page need each other: {' '.join((*above, name))}")
    if name in modules:
        return
    module = _read(name)
    for _, other in module.imports:
        _collect(other, modules, (*above, name))
    modules[name] = module


def _read(name: str) -> _Module:
    source = text_of(f"{name}.js")
    imports = tuple((names, other) for names, other in _IMPORT.findall(source))
    exports = tuple(word for _, word in _EXPORT.findall(source))
    text = _IMPORT.sub(lambda match: f"const {{{match[1]}}} = ${match[2]};\n", source)
    text = _EXPORT.sub(lambda match: f"{match[1]} {match[2]}", text).replace(_NO_TYPES, "")
    return _Module(name, imports, exports, _COMMENT.sub("", text))


@cache
def text_of(name: str) -> str:
    """A file of the page as it stands in `web/`."""
    return (files(__package__) / "web" / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    """How a policy names a script or style."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
