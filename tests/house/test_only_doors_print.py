import ast
from pathlib import Path

from tests.house.plan import FLOORS, ROOT, floor_of, modules

DOORS = FLOORS["levit_bench.cli"]


def _prints(path: Path) -> list[int]:
    """Lines that write to the terminal."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"print", "click.echo", "sys.stdout.write"}
    ]


def test_nothing_prints_outside_the_doors():
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for name, path in modules().items()
        if floor_of(name) != DOORS
        for line in _prints(path)
    ]
    assert found == []


def test_a_print_is_found_wherever_it_stands(tmp_path):
    file = tmp_path / "x.py"
    file.write_text("def f():\n    if 1:\n        print('x')\n\n\nimport sys\nsys.stdout.write('y')\npprint('z')\n")
    assert sorted(_prints(file)) == [3, 7]
