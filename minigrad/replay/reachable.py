"""What a function can reach: its closure, the globals that its code names, and everything in them.

A recording holds for as long as none of that is exchanged. Tensors, arrays and generators found here are where kernels
may read and write beyond results. Of everything else a copy is kept, and compared before each replay.
"""

from __future__ import annotations

import dis
import functools
import sys
import types
from collections import deque
from collections.abc import Iterator
from typing import Any

import numpy as np

from minigrad.engine import TensorBase
from minigrad.nn.module import Module
from minigrad.optim.optimizer import Optimizer
from minigrad.random import Generator, default_generator

__all__ = ["ATOMS", "Reachable", "content"]

ATOMS = (type(None), bool, int, float, complex, str, bytes, np.generic, np.dtype, range, slice)
_OURS = {"minigrad", "numpy", "builtins", "_cffi_backend", "cffi", *sys.stdlib_module_names}
_OF_MODULES = {"_non_persistent_buffers_set", "_grouped"}  # which change with what tape.changes counts
_GLOBALS = {"LOAD_GLOBAL", "LOAD_NAME"}
_OF_THE_USER = {"types", "argparse", "collections"}  # modules whose objects hold what the user put there
_TOO_MANY = 20_000  # entries of one container that are still compared


def _is_library(module: Any) -> bool:
    return str(module or "").split(".")[0] in _OURS and module != "__main__"


def _names_in(code: Any) -> set[str]:
    """The names in a function's code, and in that of functions within."""
    inner = (_names_in(constant) for constant in code.co_consts if isinstance(constant, types.CodeType))
    return set(code.co_names).union(code.co_freevars, *inner)


class Reachable:
    """What a function and its arguments reach, as it is now.

    tensors, arrays, generators, optimizers  by the path to them, each once
    containers, of_optimizers, of_modules, of_others     (path, dict or list, a copy of it)
    cells, names                             closure cells, and (globals, name), with what is in them
    """

    def __init__(self, function: Any, *others: Any) -> None:
        self.tensors: dict[int, tuple[str, TensorBase]] = {}
        self.arrays: dict[int, tuple[str, np.ndarray]] = {}
        self.generators: dict[int, tuple[str, Generator]] = {id(default_generator): ("generator", default_generator)}
        self.containers: list[tuple[str, Any, Any]] = []
        self.of_optimizers: list[tuple[str, Any, Any]] = []
        self.of_others: list[tuple[str, Any, Any]] = []   # of schedulers, loaders and their like
        self._groups: list[tuple[str, Any, Any]] = []     # the options of optimisers' groups
        self._codes: list[tuple[str, set[str]]] = []      # (what a function is called, the names in it)
        self.of_modules: list[tuple[str, Any, Any]] = []  # as much of them as tape.changes counts changes of
        self.cells: list[tuple[str, Any, Any]] = []
        self.names: list[tuple[str, dict, str, Any]] = []
        self._seen: set[int] = set()
        self._ours: set[int] = set()
        self._keep: list[Any] = []  # so that no id is used twice
        stack: deque[tuple[str, Any]] = deque([("", function), *(("", other) for other in others)])
        late: deque[tuple[str, Any]] = deque()  # optimisers: what they hold has better names elsewhere
        while stack or late:
            path, value = (stack or late).popleft()
            if isinstance(value, ATOMS) or id(value) in self._seen:
                continue
            if stack and isinstance(value, Optimizer):
                late.append((path, value))
                continue
            self._seen.add(id(value))
            self._keep.append(value)
            stack.extend(self._parts(path, value))
        if "param_groups" in self._named(function):  # a kernel's options are kept up to date, but not what Python reads
            self.containers += self._groups

    def _parts(self, path: str, value: Any) -> Iterator[tuple[str, Any]]:
        """What a value holds, with the paths."""
        if isinstance(value, TensorBase):
            self.tensors[id(value)] = path, value
            if value._base is not None:
                yield path, value._base
        elif isinstance(value, np.ndarray):
            self.arrays[id(value)] = path, value
        elif isinstance(value, Generator):
            self.generators[id(value)] = path, value
        elif isinstance(value, (types.FunctionType, types.MethodType, functools.partial)):
            yield from self._of_function(path, value)
        elif isinstance(value, (dict, list, tuple, set, frozenset, deque)):
            yield from self._of_container(path, value)
        elif isinstance(value, types.ModuleType):
            pass  # the names that code takes from it are followed where the code is
        elif isinstance(value, type):
            yield from self._of_class(path, value)
        else:
            yield from self._of_object(path, value)

    def _of_function(self, path: str, value: Any) -> Iterator[tuple[str, Any]]:
        if isinstance(value, functools.partial):
            yield from ((path, part) for part in (value.func, value.args, value.keywords))
        elif isinstance(value, types.MethodType):
            yield path, value.__self__
            yield path, value.__func__
        elif not _is_library(value.__module__):
            for name, cell in zip(value.__code__.co_freevars, value.__closure__ or ()):
                self.cells.append((name, cell, content(cell)))
                yield name, content(cell)
            called = path.rsplit(".")[-1]  # "" for what has no name of its own
            self._codes.append(("" if "]" in called else called, _names_in(value.__code__)))
            yield path, value.__defaults__
            yield path, value.__kwdefaults__
            yield from self._of_code(value.__code__, value.__globals__)
        elif value.__closure__:  # made by the library from something of the user's: a decorated function
            for cell in value.__closure__:
                self.cells.append((path, cell, content(cell)))
                yield path, content(cell)

    def _named(self, function: Any) -> set[str]:
        """The names in the code that the function may run: its own, and that of what it names."""
        while isinstance(function, (types.MethodType, functools.partial)):
            function = function.__func__ if isinstance(function, types.MethodType) else function.func
        code = getattr(function, "__code__", None)
        found: set[str] = _names_in(code) if code is not None else {"forward", "__call__"}
        rest = self._codes
        while True:
            reached = [one for one in rest if one[0] in found or one[0] in ("", "forward") or one[0][0] == "_"]
            if not reached:
                return found
            rest = [one for one in rest if one not in reached]
            found = found.union(*(names for _, names in reached))

    def _of_code(self, code: Any, names: dict) -> Iterator[tuple[str, Any]]:
        """The globals that code names; of modules that are the user's, the attributes that it names."""
        used = {instruction.argval for instruction in dis.get_instructions(code) if instruction.opname in _GLOBALS}
        for name in code.co_names:
            if name in used and name in names:
                found = names[name]
                self.names.append((name, names, name, found))
                yield name, found
                if isinstance(found, types.ModuleType) and not _is_library(found.__name__):
                    for attribute in code.co_names:
                        if attribute in vars(found):
                            self.names.append((f"{name}.{attribute}", vars(found), attribute, vars(found)[attribute]))
                            yield f"{name}.{attribute}", vars(found)[attribute]
        for constant in code.co_consts:
            if isinstance(constant, types.CodeType):
                yield from self._of_code(constant, names)

    def _of_container(self, path: str, value: Any) -> Iterator[tuple[str, Any]]:
        if len(value) > _TOO_MANY:
            return
        if not isinstance(value, (tuple, frozenset)) and id(value) not in self._ours:
            self.containers.append((path, value, value.copy()))
        if isinstance(value, dict):
            yield from ((f"{path}[{key!r}]" if path else str(key), item) for key, item in value.items())
        else:
            yield from ((f"{path}[{i}]", item) for i, item in enumerate(value))
        if id(value) in self._ours:
            self._own(value.values() if isinstance(value, dict) else value)

    def _own(self, items: Any) -> None:
        """Containers that belong to objects of the library: what they hold may change as the objects see fit."""
        self._ours.update(id(item) for item in items if isinstance(item, (dict, list, set, deque, tuple, frozenset)))

    def _of_class(self, path: str, cls: type) -> Iterator[tuple[str, Any]]:
        """A class of the user's: its attributes, and what its methods name."""
        for base in cls.__mro__:
            if not _is_library(base.__module__):
                self.containers.append((base.__qualname__, _Attributes(base), dict(vars(base))))
                for name, item in vars(base).items():
                    item = getattr(item, "__func__", item) if isinstance(item, (staticmethod, classmethod)) else item
                    for one in (item.fget, item.fset) if isinstance(item, property) else (item,):
                        yield f"{base.__qualname__}.{name}", one

    def _of_object(self, path: str, value: Any) -> Iterator[tuple[str, Any]]:
        attributes = getattr(value, "__dict__", None)
        dot = f"{path}." if path else ""
        if type(value).__module__.startswith("minigrad.replay"):
            yield path, getattr(value, "__wrapped__", None)
            return
        yield path, type(value)
        if isinstance(value, Module):
            yield from self._of_module(path, dot, value)
        elif isinstance(value, Optimizer):
            yield from self._of_optimizer(path, value)
        elif isinstance(attributes, dict) and (type(value).__module__ in _OF_THE_USER
                                               or not _is_library(type(value).__module__)):
            self.containers.append((path, attributes, attributes.copy()))
            yield from ((f"{dot}{name}", item) for name, item in attributes.items())
        elif isinstance(attributes, dict) and str(type(value).__module__).startswith("minigrad."):
            self._own(attributes.values())
            if type(value).__module__.startswith(("minigrad.optim", "minigrad.utils")):
                self.of_others.append((path, attributes, attributes.copy()))
            yield from ((f"{dot}{name}", item) for name, item in attributes.items())
        slots = _Slots(value)
        if len(slots):
            self.containers.append((path, slots, dict(zip(slots, slots.values()))))
            yield from ((f"{dot}{name}", item) for name, item in zip(slots, slots.values()))

    def _of_module(self, path: str, dot: str, module: Module) -> Iterator[tuple[str, Any]]:
        tables = [vars(module).get(name, {}) for name in ("_parameters", "_buffers", "_modules")]
        hooks = [] if module._hooks is None else list(vars(module._hooks).values())
        self.of_modules += [(path, held, dict(held)) for held in (vars(module), *tables, *hooks)]
        for table in tables:
            yield from ((f"{dot}{name}", item) for name, item in table.items())
        own = [(name, item) for name, item in vars(module).items() if not any(item is table for table in tables)]
        self._own(item for name, item in own if name in _OF_MODULES or _is_library(type(module).__module__))
        yield from ((f"{dot}{name}", item) for name, item in own)
        yield from ((f"{path} hooks", hook.function) for table in hooks for hook in table.values())

    def _of_optimizer(self, path: str, optimizer: Optimizer) -> Iterator[tuple[str, Any]]:
        """Its parameters and their state. It may start a state in its first step: so these are no side effects."""
        lists = [optimizer.param_groups, *(group["params"] for group in optimizer.param_groups)]
        held: tuple[Any, ...] = (*lists, optimizer.state, *optimizer.state.values())
        dicts: tuple[dict, ...] = (vars(optimizer), *optimizer._hooks.values())
        self.of_modules += [(path, one, dict(one)) for one in dicts]
        self.of_optimizers += [(path, one, one.copy()) for one in held]
        self._groups += [(f"{path}.param_groups", group, group.copy()) for group in optimizer.param_groups]
        for i, group in enumerate(optimizer.param_groups):
            yield from ((f"{path}.param_groups[{i}]", param) for param in group["params"])
        for state in optimizer.state.values():
            yield from ((f"{path}.{name}", item) for name, item in state.items())


class _Slots:
    """The attributes that an object of the user's has in slots, as far as guards.py looks at a dict."""

    def __init__(self, value: Any) -> None:
        self.value = value
        names = [cls.__dict__.get("__slots__", ()) for cls in type(value).__mro__ if not _is_library(cls.__module__)]
        self.names = [name for some in names for name in ([some] if isinstance(some, str) else some)
                      if name not in ("__dict__", "__weakref__")]

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __iter__(self) -> Iterator[str]:
        return (name for name in self.names if hasattr(self.value, name))

    def values(self) -> Any:
        return [getattr(self.value, name) for name in self]


class _Attributes:
    """The attributes of a class, as far as guards.py looks at a dict."""

    def __init__(self, cls: type) -> None:
        self.cls = cls

    def __len__(self) -> int:
        return len(vars(self.cls))

    def __iter__(self) -> Iterator[str]:
        return iter(vars(self.cls))

    def values(self) -> Any:
        return vars(self.cls).values()


def content(cell: Any) -> Any:
    """What is in a closure's cell; None for one that is not filled yet."""
    try:
        return cell.cell_contents
    except ValueError:
        return None
