import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from levit_bench.judge.front.panels import panels
from levit_bench.report.page import assembly
from levit_bench.report.page.contents import PageContents
from levit_bench.report.page.document import document

from tests.making import record

WEB = Path(assembly.__file__).parent / "web"
HOSTILE = [
    "</script><script>alert(1)</script>", "<img src=x onerror=alert(1)>", "'\"`&amp;", "\u202egnp.exe", "a" * 300,
    "=1+1", "\\input{/etc/passwd}", "\u2028next", "\x00nul",
]  # fmt: skip


def made(*records):
    found = panels(records)
    return PageContents(
        panels=found, by_rate=panels(records, "throughput"), among={}, records=tuple(records), files={}, store=()
    )


class Elements(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def test_the_policy_allows_the_one_script_and_style_by_their_digests_and_nothing_else():
    text = assembly.page(document(made(record("a"), record("b", (0.02, 0.021, 0.022), top1=82.0))))
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    assert policy.startswith("default-src 'none'; ")
    for kind, tag in (("script-src", r"<script>(.*?)</script>"), ("style-src", r"<style>(.*?)</style>")):
        (content,) = re.findall(tag, text, re.S)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{kind} 'sha256-{digest}'" in policy
    assert "unsafe" not in policy
    assert "http:" not in policy
    assert "https:" not in policy


def test_nothing_in_the_page_names_another_place():
    text = assembly.page(document(made(record("a"))))
    addresses = set(re.findall(r"\w+://[^\s\"'<>)`]*", text)) - {"http://www.w3.org/2000/svg"}
    assert addresses == set()
    for tag, attributes in Elements(text).found:
        assert not {"src", "onclick", "onload", "style"} & attributes.keys(), tag
        assert attributes.get("href", "#").startswith("#")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_text_alone(name):
    contents = made(record(name), record("b", (0.02, 0.021, 0.022), top1=82.0))
    text = assembly.page(document(contents))
    plain = assembly.page(document(made(record("plain"), record("b", (0.02, 0.021, 0.022), top1=82.0))))
    assert [tag for tag, _ in Elements(text).found] == [tag for tag, _ in Elements(plain).found]
    (data,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', text, re.S)
    assert name in [network["name"] for network in json.loads(data)["networks"]]


def test_equal_contents_give_equal_bytes():
    contents = made(record("a"), record("b", (0.02, 0.021, 0.022), top1=82.0))
    assert assembly.page(document(contents)) == assembly.page(document(contents))


def test_every_module_is_in_the_script_once_and_behind_those_that_it_needs():
    script = assembly.script_text()
    modules = sorted(path.stem for path in WEB.glob("*.js"))
    order = re.findall(r"^const \$(\w+) = \(\(\) => \{", script, re.M)
    assert sorted(order) == [name for name in modules if name != "types"]
    for name in order:
        for _, other in re.findall(
            r'^import \{([^}]*)\} from "\./([\w-]+)\.js";', (WEB / f"{name}.js").read_text(), re.M
        ):
            assert order.index(other) < order.index(name)
    assert not re.search(r"^\s*(import|export)\b", script, re.M)


def test_modules_that_need_each_other_are_refused(monkeypatch):
    texts = {"main.js": 'import { a } from "./other.js";\n', "other.js": 'import { b } from "./main.js";\n'}
    monkeypatch.setattr(assembly, "text_of", texts.__getitem__)
    assembly.script_text.cache_clear()
    try:
        with pytest.raises(ValueError, match="need each other: main other main"):
            assembly.script_text()
    finally:
        assembly.script_text.cache_clear()


def test_every_file_of_the_page_is_part_of_the_package():
    names = {path.name for path in WEB.iterdir()}
    assert {"page.html", "page.css", "body.html", "main.js"} <= names
    pyproject = (Path(__file__).parents[3] / "pyproject.toml").read_text("utf-8")
    assert '"report/page/web/*"' in pyproject


def test_no_module_writes_markup():
    for path in WEB.glob("*.js"):
        text = path.read_text("utf-8")
        for word in (
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "fetch(",
            "XMLHttpRequest",
        ):
            assert word not in text, f"{path.name}: {word}"
