"""The layers of the package: imports go downward only, and files stay short."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "minigrad"
MAX_LINES = 350

LAYERS = (
    {"_native", "accelerator", "backends", "cuda", "dtypes", "grad_mode", "memory", "names", "native", "node", "parts",
     "return_types", "switches", "tape", "version"},
    {"engine"},
    {"backward", "random"},
    {"ops"},
    {"methods", "printing", "protocols"},
    {"tensor"},
    {"creation"},
    {"autograd", "functions", "linalg", "packing", "serialization", "typed_tensors"},
    {"distributions", "func", "nn", "optim", "utils"},
    {"replay"},
    {"compiler"},
    {"keras"},
    {""},  # minigrad/__init__.py: the public names
)
LAYER = {name: number for number, names in enumerate(LAYERS) for name in names}

FILES = sorted(path for path in PACKAGE.rglob("*.py"))


def module_of(path: Path) -> str:
    """The module's name without the leading "minigrad.": "" for the package itself."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def unit_of(module: str) -> str:
    """The package or module at the top level, which has a layer."""
    return module.split(".")[0]


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imports_in(node: ast.AST, module: str, is_package: bool) -> Iterator[str]:
    """The modules of the package that an import statement reads, without the leading "minigrad."."""
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom):
        base = node.module or ""
        if node.level:
            here = ["minigrad", *filter(None, module.split("."))]
            keep = len(here) - node.level + is_package
            base = ".".join([*here[:keep], *filter(None, [base])])
        names = [f"{base}.{alias.name}" if (PACKAGE.parent / base.replace(".", "/") / f"{alias.name}.py").exists()
                 or (PACKAGE.parent / base.replace(".", "/") / alias.name).is_dir() or (base, alias.name) == (
                     "minigrad", "_native") else base for alias in node.names]
    else:
        return
    for name in names:
        if name.split(".")[0] == "minigrad":
            yield name.removeprefix("minigrad").removeprefix(".")


def imports_of(path: Path) -> set[str]:
    module, is_package = module_of(path), path.name == "__init__.py"
    return {name for node in ast.walk(tree_of(path)) for name in imports_in(node, module, is_package)}


def each_file(test):
    return pytest.mark.parametrize("path", FILES, ids=lambda path: module_of(path) or "minigrad")(test)


def may_import(module: str, other: str) -> bool:
    """Lower layers; and the same one within the same package, or among the modules of the top level."""
    own, its = unit_of(module), unit_of(other)
    both_plain = not (PACKAGE / own).is_dir() and not (PACKAGE / its).is_dir()
    return LAYER[its] < LAYER[own] or (LAYER[its] == LAYER[own] and (own == its or both_plain))


def test_every_module_has_a_layer():
    missing = {unit_of(module_of(path)) for path in FILES} - set(LAYER)
    assert not missing, f"give {', '.join(sorted(missing))} a layer in this file"
    assert len(FILES) > 40


@each_file
def test_imports_go_down(path):
    module = module_of(path)
    wrong = sorted(other for other in imports_of(path) if not may_import(module, other))
    assert not wrong, f"minigrad.{module} (layer {LAYER[unit_of(module)]}) imports {wrong} from above or beside it"


@each_file
def test_one_door_to_c(path):
    if module_of(path) != "native":
        assert "_native" not in imports_of(path)


def test_the_engine_knows_no_operation():
    for name in ("engine", "backward"):
        known = {unit_of(other) for other in imports_of(PACKAGE / f"{name}.py")}
        assert not known & {"ops", "tensor", "methods", "functions"}


@each_file
def test_imports_are_at_the_top(path):
    """Every import statement is the module's own, in an `if` or `try` at most: no function or class hides one."""
    late = {(module_of(path), ast.unparse(node)) for scope in ast.walk(tree_of(path))
            if isinstance(scope, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda))
            for node in ast.walk(scope) if isinstance(node, (ast.Import, ast.ImportFrom))}
    assert not late


@each_file
def test_files_are_short(path):
    lines = path.read_text(encoding="utf-8").count("\n")
    assert lines <= MAX_LINES, f"{lines} lines: split it"


@each_file
def test_star_imports_only_where_a_package_gathers_its_names(path):
    if path.name != "__init__.py":
        assert not [node for node in ast.walk(tree_of(path)) if isinstance(node, ast.ImportFrom)
                    and any(alias.name == "*" for alias in node.names)]


@pytest.mark.parametrize(("module", "is_package", "statement", "found"), [
    ("ops.shape", False, "from minigrad.ops import kernel", {"ops.kernel"}),
    ("ops.shape", False, "from minigrad.ops.kernel import ptr", {"ops.kernel"}),
    ("ops.shape", False, "from . import kernel", {"ops.kernel"}),
    ("ops.shape", False, "from ..engine import make", {"engine"}),
    ("ops", True, "from .kernel import ptr", {"ops.kernel"}),
    ("native", False, "from minigrad._native import ffi, lib", {"_native"}),
    ("native", False, "from minigrad import _native", {"_native"}),
    ("native", False, "import numpy as np, minigrad.engine", {"engine"}),
    ("engine", False, "import minigrad", {""}),
])
def test_the_parser(module, is_package, statement, found):
    assert set(imports_in(ast.parse(statement).body[0], module, is_package)) == found


@pytest.mark.parametrize(("module", "other", "allowed"), [
    ("engine", "ops.shape", False), ("ops.shape", "engine", True), ("ops.shape", "ops.kernel", True),
    ("tensor", "creation", False), ("packing", "serialization", True),
    ("functions", "serialization", False), ("functions", "autograd", False),
    ("optim.sgd", "nn.module", False), ("nn.linear", "tensor", True), ("keras.layers", "nn.module", True),
    ("nn.module", "keras", False), ("nn.module", "", False), ("", "keras.layers", True),
])
def test_the_rule(module, other, allowed):
    assert may_import(module, other) is allowed
