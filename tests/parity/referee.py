"""PyTorch's own sample inputs (those that its op_db makes), frozen so that both libraries can be given the same."""

from __future__ import annotations

import functools
import itertools
import types
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from engine.face import find, theirs

import minigrad as ours

from .torch_samples import internal

DTYPES = ("float64", "float32", "int64", "int32", "uint8", "bool")
LARGEST = 20_000  # elements of an input that is still worth the time


class Unsupported(Exception):
    """A sample with something in it that minigrad does not offer, such as a complex tensor; says what."""


@functools.cache
def op_db() -> tuple:
    """PyTorch's table of operations."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return tuple(internal("common_methods_invocations").op_db)


def full_name(op: Any) -> str:
    return f"{op.name}:{op.variant_test_name}" if op.variant_test_name else op.name


# -- samples -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Leaf:
    """A tensor of a sample."""

    array: np.ndarray
    requires_grad: bool

    def thaw(self, library: Any) -> Any:
        """A tensor of the library with memory of its own and the same strides."""
        return library.from_numpy(_copy(self.array)).requires_grad_(self.requires_grad)


@dataclass(frozen=True)
class Name:
    """What both libraries have under one name, such as a dtype."""

    name: str

    def thaw(self, library: Any) -> Any:
        return getattr(library, self.name)


@dataclass(frozen=True)
class Sample:
    """Arguments of one call."""

    args: tuple
    kwargs: dict[str, Any]
    broadcasts: bool = False         # the first argument is broadcast, so that there is no in-place form
    process: Callable | None = None  # what to differentiate of the outcome, where not all

    def leaves(self) -> list[Leaf]:
        return list(dict.fromkeys(walk((self.args, self.kwargs), Leaf)))

    def thaw(self, library: Any) -> tuple[tuple, dict, list]:
        """args, kwargs, and the tensors in them in the order of leaves()."""
        made = {leaf: leaf.thaw(library) for leaf in self.leaves()}
        args, kwargs = build((self.args, self.kwargs), library, made)
        return args, kwargs, list(made.values())

    def __str__(self) -> str:
        kwargs = "".join(f", {key}={_short(value)}" for key, value in self.kwargs.items())
        return f"({', '.join(map(_short, self.args))}{kwargs})"


def _short(value: Any) -> str:
    if isinstance(value, Leaf):
        return f"{value.array.dtype}{list(value.array.shape)}" + (
            f"={value.array.tolist()}" if value.array.size <= 4 else "")
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_short, value))}]"
    return value.name if isinstance(value, Name) else repr(value)


def _copy(array: np.ndarray) -> np.ndarray:
    """A copy with the same strides, even where they overlap or leave gaps."""
    if array.flags.c_contiguous:
        return array.copy()
    span = 1 + sum((n - 1) * s for n, s in zip(array.shape, array.strides)) // array.itemsize if array.size else 0
    memory = np.zeros(max(span, 1), array.dtype)
    copy = np.lib.stride_tricks.as_strided(memory, array.shape, array.strides)
    copy[...] = array
    return copy


def walk(tree: Any, kind: type) -> Iterator[Any]:
    """What is of a type in nested tuples, lists and dicts."""
    if isinstance(tree, kind):
        yield tree
    elif isinstance(tree, (tuple, list)):
        yield from itertools.chain.from_iterable(walk(item, kind) for item in tree)
    elif isinstance(tree, dict):
        yield from walk(list(tree.values()), kind)
    elif isinstance(tree, slice):
        yield from walk([tree.start, tree.stop, tree.step], kind)


def build(tree: Any, library: Any, made: dict) -> Any:
    if isinstance(tree, Leaf):
        return made[tree]
    if isinstance(tree, Name):
        return tree.thaw(library)
    if isinstance(tree, (tuple, list)):
        return type(tree)([build(item, library, made) for item in tree])
    if isinstance(tree, dict):
        return {key: build(value, library, made) for key, value in tree.items()}
    if isinstance(tree, slice):
        return slice(*(build(item, library, made) for item in (tree.start, tree.stop, tree.step)))
    return tree


def freeze(value: Any, seen: dict) -> Any:
    """PyTorch's arguments as data of neither library. Unsupported if minigrad has no such thing."""
    torch = theirs()
    if isinstance(value, torch.Tensor):
        if id(value) not in seen:
            seen[id(value)] = _leaf(value), value  # the value too, so that its id stays its own
        return seen[id(value)][0]
    if isinstance(value, torch.dtype):
        name = str(value).removeprefix("torch.")
        if name not in DTYPES:
            raise Unsupported(f"dtype {name}")
        return Name(name)
    if isinstance(value, torch.device):
        return str(value)
    if isinstance(value, (torch.layout, torch.memory_format, torch.Generator, complex)):
        raise Unsupported(type(value).__name__)
    if isinstance(value, (tuple, list)):
        return (tuple if isinstance(value, tuple) else list)(freeze(item, seen) for item in value)
    if isinstance(value, dict):
        return {key: freeze(item, seen) for key, item in value.items()}
    if isinstance(value, slice):
        return slice(*(freeze(item, seen) for item in (value.start, value.stop, value.step)))
    return value


class _Leaf(Leaf):
    __hash__, __eq__ = object.__hash__, object.__eq__


def _leaf(tensor: Any) -> Leaf:
    name = str(tensor.dtype).removeprefix("torch.")
    if name not in DTYPES:
        raise Unsupported(f"{name} tensors")
    if tensor.layout is not theirs().strided or tensor.is_conj() or tensor.is_neg():
        raise Unsupported(f"{tensor.layout} tensors")
    if tensor.dim() > 64:
        raise Unsupported("tensors of more dimensions than NumPy has")
    if tensor.numel() > LARGEST:
        raise Unsupported(f"inputs of more than {LARGEST} elements")
    return _Leaf(_copy(tensor.detach().numpy()), tensor.requires_grad)


def frozen(sample: Any) -> Sample:
    if "out" in sample.kwargs:
        raise Unsupported("out=")
    seen: dict = {}
    args = freeze((sample.input, *sample.args), seen)
    process = sample.output_process_fn_grad
    return Sample(args, freeze(sample.kwargs, seen), bool(sample.broadcasts_input),
                  None if process.__name__ == "<lambda>" and process.__code__.co_code == _SAME else process)


_SAME = (lambda x: x).__code__.co_code


def spread(found: list, most: int) -> list:
    """At most so many of them, evenly spaced, the first and the last included."""
    if len(found) <= most:
        return found
    return [found[round(i * (len(found) - 1) / (most - 1))] for i in range(most)]


def samples(generate: Callable, most: int) -> tuple[list[Sample], dict[str, int]]:
    """The samples that a generator of PyTorch's makes, and how many were left out, by reason."""
    torch, left_out, found = theirs(), {}, []
    torch.manual_seed(20140615)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        raw = list(itertools.islice(generate(), 400))
    for sample in spread(raw, most):
        try:
            found.append(frozen(sample))
        except Unsupported as reason:
            left_out[str(reason)] = left_out.get(str(reason), 0) + 1
    return found, left_out


# -- callables ---------------------------------------------------------------------------------------------------------


def our_function(op: Any) -> Callable | None:
    """minigrad's function of an operation's name; where PyTorch's table has a lambda, that with `torch` = minigrad."""
    function = op.op
    if getattr(function, "__module__", "").startswith("torch.testing") and isinstance(function, types.FunctionType):
        return types.FunctionType(function.__code__, {**function.__globals__, "torch": ours}, function.__name__,
                                  function.__defaults__, function.__closure__)
    return getattr_or_none(ours, op.name) or getattr_or_none(ours.Tensor, op.name)


def getattr_or_none(owner: Any, path: str) -> Any:
    try:
        return find(owner, path)
    except AttributeError:
        return None


def method_names(op: Any) -> tuple[str, str]:
    """The names of an operation's method and in-place method in PyTorch; "" where it has none."""
    names = []
    for variant, suffix in ((op.method_variant, ""), (op.inplace_variant, "_")):
        name = op.name + suffix
        names.append(name if variant is not None and hasattr(theirs().Tensor, name) else "")
    return tuple(names)
