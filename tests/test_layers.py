"""The arrows of the house: an import points down, never up, never in a circle, and each tool stays on its floor.

Lazy imports inside functions count as well. Names imported for the type checker alone (``if TYPE_CHECKING``) may come
from above: they are no arrow of the running program, and an instance says in its signatures whose records it serves.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# Top to bottom. Modules of one layer may import each other (without circles).
LAYERS = [
    ("optimizer", "optimizer.cli"),
    ("optimizer.report",),
    ("optimizer.studies", "optimizer.sweep", "optimizer.interop"),
    ("optimizer.results",),
    ("optimizer.solve",),
    ("optimizer.model",),
    ("optimizer.instance",),
    ("optimizer.scenario", "kernels"),
]

# Who may import what from outside. Everything not listed is free for all but the kernels.
FLOORS = {
    "highspy": ("optimizer.solve",),
    "pyomo": ("optimizer.model", "optimizer.solve"),
    "tsam": ("optimizer.instance",),
    "numba": ("kernels",),
    "ruamel": ("optimizer.scenario",),
    "pydantic": ("optimizer.scenario",),
    "rich": ("optimizer.report",),
    "typer": ("optimizer.cli",),
}

FOR_KERNELS = {"numpy", "numba", "kernels"}


def source_files() -> dict[str, Path]:
    """Module name -> file, for all modules of both packages."""
    found = {}
    for package in ("optimizer", "kernels"):
        for file in (ROOT / package).rglob("*.py"):
            parts = file.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return found


FILES = source_files()


def imports_of(module: str, text: str, modules: set[str], is_package: bool) -> tuple[set[str], set[str]]:
    """Modules that ``text`` imports: (all, those for type checkers only). Names inside a package count as modules."""
    found: set[str] = set()
    typing_only: set[str] = set()

    def walk(node: ast.AST, typing: bool) -> None:
        if isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
            for child in node.body:
                walk(child, True)
            for child in node.orelse:
                walk(child, typing)
            return
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                home = module.split(".")
                home = home[: len(home) - node.level + (1 if is_package else 0)]
                base = ".".join([*home, base] if base else home)
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                names.append(inner if inner in modules else base)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            names = [arg.value for arg in node.args[:1] if isinstance(arg, ast.Constant)]
        (typing_only if typing else found).update(names)
        for child in ast.iter_child_nodes(node):
            walk(child, typing)

    walk(ast.parse(text), False)
    return found | typing_only, typing_only - found


def graph() -> dict[str, tuple[set[str], set[str]]]:
    modules = set(FILES)
    return {
        name: imports_of(name, file.read_text(encoding="utf-8"), modules, file.name == "__init__.py")
        for name, file in FILES.items()
    }


IMPORTS = graph()


def layer(module: str) -> int:
    """Position of a module's layer, 0 at the top; the longest matching prefix decides."""
    best, at = "", None
    for i, names in enumerate(LAYERS):
        for name in names:
            # the facade "optimizer" is a module of its own, not the home of whatever is not listed
            hit = module == name or (name != "optimizer" and module.startswith(name + "."))
            if hit and len(name) > len(best):
                best, at = name, i
    assert at is not None, f"{module} lies in no layer: add it to LAYERS at its place"
    return at


def is_ours(name: str) -> bool:
    return name.split(".")[0] in ("optimizer", "kernels")


def test_every_module_lies_in_a_layer() -> None:
    assert {"optimizer.cli", "optimizer.results.store", "kernels"} <= set(FILES)
    for module in FILES:
        layer(module)


@pytest.mark.parametrize("module", sorted(FILES))
def test_imports_point_down(module: str) -> None:
    everything, typing_only = IMPORTS[module]
    up = sorted(name for name in everything - typing_only if is_ours(name) and layer(name) < layer(module))
    assert not up, f"{module} imports from a layer above its own: {up}"


def test_there_is_no_circle() -> None:
    arrows = {
        module: {name for name in everything - typing_only if name in FILES and name != module}
        for module, (everything, typing_only) in IMPORTS.items()
    }
    try:
        TopologicalSorter(arrows).prepare()
    except CycleError as error:
        pytest.fail(f"imports run in a circle: {' <- '.join(error.args[1])}")


@pytest.mark.parametrize("module", sorted(FILES))
def test_each_tool_stays_on_its_floor(module: str) -> None:
    everything, _ = IMPORTS[module]
    outside = {name.split(".")[0] for name in everything if not is_ours(name)}
    for tool, floors in FLOORS.items():
        if tool in outside:
            assert any(module == floor or module.startswith(floor + ".") for floor in floors), (
                f"{module} imports {tool}, which belongs to {floors}"
            )
    if module.split(".")[0] == "kernels":
        strangers = {name.split(".")[0] for name in everything} - FOR_KERNELS - set(sys.stdlib_module_names)
        assert not strangers, f"{module} imports {strangers}; kernels know arrays only"


def test_the_walk_sees_all_forms_of_import() -> None:
    """A check of the checker: each form of an import is found, and a type-only one is told apart."""
    modules = {"optimizer.results.store", "optimizer.model.power", "optimizer.model.room", "kernels.csr"}
    text = """
from __future__ import annotations
import kernels.csr
from optimizer.results import store
from .room import Room
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    from optimizer.cli import app
def late():
    from importlib import import_module
    return import_module("optimizer.report.terminal")
"""
    everything, typing_only = imports_of("optimizer.model.power", text, modules, is_package=False)
    assert {"kernels.csr", "optimizer.results.store", "optimizer.model.room", "optimizer.report.terminal"} <= everything
    assert typing_only == {"optimizer.cli"}
    inside, _ = imports_of("optimizer.model", "from .room import Room\n", modules, is_package=True)
    assert inside == {"optimizer.model.room"}


def run_python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )


HEAVY = ("numpy", "pandas", "numba", "pyomo", "highspy", "scipy", "pyarrow", "tsam", "rich.table", "pydantic_core")


def test_importing_optimizer_is_light() -> None:
    done = run_python(f"import sys, optimizer; print([m for m in {HEAVY} if m in sys.modules])")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


def test_kernels_need_nothing_but_numpy_and_numba() -> None:
    """Import every kernel where pandas and Pyomo cannot be imported."""
    kernels = sorted(name for name in FILES if name.split(".")[0] == "kernels")
    code = "\n".join(
        [
            "import sys, importlib",
            "for name in ('pandas', 'pyomo', 'scipy.sparse', 'highspy'): sys.modules[name] = None",
            f"for name in {kernels}: importlib.import_module(name)",
            "print('fine')",
        ]
    )
    done = run_python(code)
    assert done.stdout.strip() == "fine", done.stderr
