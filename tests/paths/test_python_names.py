import pytest
from levit_bench.paths.python_names import names_of


def test_every_statement_that_binds_a_name_is_seen():
    source = b"""
import os.path, torch as t
from timm import create_model
from functools import partial as part
def build(width=2): inner = 1
async def later(): ...
class Net: layer = 3
if True:
    a, (b, *c) = 1, (2, 3)
for d in []: pass
with open("x") as e: pass
try: pass
except ValueError as f: pass
match a:
    case {"k": g, **h}: pass
    case [i, *j]: pass
    case k: pass
(m := 3)
n: int = 4
"""
    names = names_of(source)
    assert names is not None
    assert {"os", "t", "create_model", "part", "build", "later", "Net", *"abcdefghijkmn"} <= set(names)
    assert {"partial", "torch", "path"}.isdisjoint(names)


@pytest.mark.parametrize(
    "source",
    [
        "from nets import *",
        "globals()['build'] = 1",
        "exec('build = 1')",
        "import sys\nsetattr(sys.modules[__name__], 'build', 1)",
        "def __getattr__(name): ...",
        "def build(:",
        "build = '\0'",
    ],
)
def test_a_source_that_may_have_other_names_is_not_judged(source):
    assert names_of(source.encode()) is None


def test_methods_of_networks_that_share_a_name_with_such_code_hide_nothing():
    source = b"""
class Net:
    def __getattr__(self, name): ...
def build():
    net = Net().eval()
    for module in net.modules(): setattr(module, 'a', 1)
    return net
"""
    assert names_of(source) is not None
    assert "build" in (names_of(source) or ())
