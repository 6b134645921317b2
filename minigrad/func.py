"""torch.func's face: derivatives of a function as functions, and a module as a function of its parameters.

Arguments and results may be tensors in nested tuples, lists and dicts. The transforms nest: grad(grad(f)) is f''.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NoReturn

import numpy as np

from minigrad import autograd
from minigrad.creation import zeros_like
from minigrad.engine import Function, make
from minigrad.functions import stack
from minigrad.grad_mode import enable_grad, is_grad_enabled
from minigrad.tensor import Tensor

__all__ = ["functional_call", "grad", "grad_and_value", "hessian", "jacfwd", "jacrev", "jvp", "vjp", "vmap"]


# -- nested structures -------------------------------------------------------------------------------------------------


def _map(function: Callable[[Any], Any], tree: Any) -> Any:
    """The same structure with function(leaf) in the place of each leaf."""
    if isinstance(tree, Mapping):
        return type(tree)((key, _map(function, value)) for key, value in tree.items())  # type: ignore[call-arg]
    if isinstance(tree, (tuple, list)):
        items = [_map(function, item) for item in tree]
        return type(tree)(*items) if hasattr(tree, "_fields") else type(tree)(items)
    return function(tree)


def _tensors(tree: Any) -> list[Tensor]:
    """The tensors of a structure, in order."""
    found: list[Tensor] = []
    _map(lambda leaf: found.append(leaf) if isinstance(leaf, Tensor) else None, tree)
    return found


def _with(tree: Any, tensors: Sequence[Any]) -> Any:
    """The structure with other tensors."""
    rest = iter(tensors)
    return _map(lambda leaf: next(rest) if isinstance(leaf, Tensor) else leaf, tree)


# -- one call of a function --------------------------------------------------------------------------------------------


class _Call:
    """func(*args, **kwargs) recorded, with tensors of its own for the arguments to differentiate by."""

    def __init__(self, name: str, func: Callable, args: tuple, kwargs: dict, argnums: int | tuple[int, ...],
                 has_aux: bool) -> None:
        self.connected = is_grad_enabled()
        numbers = (argnums,) if isinstance(argnums, int) else tuple(argnums)
        if not all(isinstance(n, int) and -len(args) <= n < len(args) for n in numbers):
            raise RuntimeError(f"{name}(f, argnums={argnums})(*args): f has {len(args)} positional arguments")
        self.inputs = tuple(_map(_own, args[n]) for n in numbers)
        self.xs = _tensors(self.inputs)
        args = tuple(dict(zip([n % len(args) for n in numbers], self.inputs)).get(i, a) for i, a in enumerate(args))
        _active.calls.append(self)
        try:
            with enable_grad():
                self.output = func(*args, **kwargs)
        finally:
            _active.calls.pop()
        self.aux = None
        if has_aux:
            if not isinstance(self.output, tuple) or len(self.output) != 2:
                raise RuntimeError(f"{name}(f)(*args): output of function f should be a tuple: (output, aux) if "
                                   "has_aux is True")
            self.output, aux = self.output
            self.aux = _map(lambda leaf: self.result(leaf) if isinstance(leaf, Tensor) else leaf, aux)
        self.ys = _tensors(self.output)
        self.keep = self.connected and any(_reaches_out(y) for y in self.ys)

    def gradient(self, ys: Sequence[Tensor], dys: Sequence[Tensor] | None = None, create: bool | None = None) -> list:
        """d(sum of ys dys) / d xs, zeros where there is none."""
        pairs = [(y, dy) for y, dy in zip(ys, dys or (None,) * len(ys)) if y.requires_grad]
        found: Any = [None] * len(self.xs)
        if pairs and self.xs:
            found = autograd.grad([y for y, _ in pairs], self.xs, [dy for _, dy in pairs], True,
                                  self.keep if create is None else create, allow_unused=True)
        return [zeros_like(x) if dx is None else dx for x, dx in zip(self.xs, found)]

    def result(self, y: Tensor) -> Tensor:
        """y for the caller: without history, unless it leads to something that is the caller's."""
        return y if self.connected and _reaches_out(y) else y.detach()


def _own(x: Any) -> Any:
    """A tensor of the call's own, on the caller's graph if x is."""
    if not isinstance(x, Tensor):
        return x
    if x.requires_grad and is_grad_enabled():
        return x.view_as(x)
    own = x.detach().requires_grad_()
    own.__dict__["_of_a_call"] = True
    return own


class _Active(threading.local):
    def __init__(self) -> None:
        self.calls: list[_Call] = []  # those whose function is running, the innermost last


_active = _Active()


def _reaches_out(y: Tensor) -> bool:
    """Whether the history of y leads to a leaf of the caller's: any but those that calls have made for themselves and
    are done with."""
    running = {id(x) for call in _active.calls for x in call.xs}
    to_see: list[Any] = [y.grad_fn or y] if y.requires_grad else []
    seen: set[int] = set()
    while to_see:
        node = to_see.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, Function):
            to_see += [edge[0] for edge in node._edges if edge is not None]
        elif id(node) in running or not hasattr(node, "_of_a_call"):
            return True
    return False


# -- transforms --------------------------------------------------------------------------------------------------------


def grad(func: Callable, argnums: int | tuple[int, ...] = 0, has_aux: bool = False) -> Callable:
    """The function that gives the gradient of func, which gives one number: (*args) -> d func / d args[argnums].

    has_aux: func gives (number, anything), and the result is (gradient, anything).
    """
    both = _value_and_gradient("grad", func, argnums, has_aux)

    def gradient(*args: Any, **kwargs: Any) -> Any:
        found, (_, aux) = both(args, kwargs)
        return (found, aux) if has_aux else found

    return gradient


def grad_and_value(func: Callable, argnums: int | tuple[int, ...] = 0, has_aux: bool = False) -> Callable:
    """Like grad; the function gives (gradient, value), or (gradient, (value, anything)) with has_aux."""
    both = _value_and_gradient("grad_and_value", func, argnums, has_aux)

    def gradient_and_value(*args: Any, **kwargs: Any) -> Any:
        found, (value, aux) = both(args, kwargs)
        return found, (value, aux) if has_aux else value

    return gradient_and_value


def _value_and_gradient(name: str, func: Callable, argnums: Any, has_aux: bool) -> Callable:
    def both(args: tuple, kwargs: dict) -> tuple:
        call = _Call(name, func, args, kwargs, argnums, has_aux)
        y = call.output
        if not isinstance(y, Tensor):
            raise RuntimeError(f"grad_and_value(f)(*args): Expected f(*args) to return a tensor, got {type(y)}")
        if y.dim():
            raise RuntimeError("grad_and_value(f)(*args): Expected f(*args) to return a scalar tensor, got tensor with "
                               f"{y.dim()} dims. Maybe you wanted to use the vjp or jacrev APIs instead?")
        found = _with(call.inputs, call.gradient([y]))
        return found[0] if isinstance(argnums, int) else found, (call.result(y), call.aux)

    return both


def vjp(func: Callable, *primals: Any, has_aux: bool = False) -> tuple:
    """(func(*primals), f) with f(v) = v^T J as a tuple, one per primal; v has the structure of the output."""
    call = _Call("vjp", func, primals, {}, tuple(range(len(primals))), has_aux)

    def vjp_fn(cotangents: Any, retain_graph: bool = True, create_graph: bool | None = None) -> tuple:
        vs = _tensors(cotangents)
        if [v.shape for v in vs] != [y.shape for y in call.ys]:
            raise RuntimeError("vjp: the cotangents must have the structure and shapes of the output, "
                               f"{[list(y.shape) for y in call.ys]}, but got {[list(v.shape) for v in vs]}")
        keep = is_grad_enabled() and any(v.requires_grad for v in vs)
        return _with(call.inputs, call.gradient(call.ys, vs, create_graph or call.keep or keep))

    output = _with(call.output, [call.result(y) for y in call.ys])
    return (output, vjp_fn, call.aux) if has_aux else (output, vjp_fn)


def jvp(func: Callable, primals: tuple, tangents: tuple, *, strict: bool = False, has_aux: bool = False) -> tuple:
    """(func(*primals), J v) with v the tangents: two backward passes, since there is no forward mode."""
    call = _Call("jvp", func, primals, {}, tuple(range(len(primals))), has_aux)
    vs = _tensors(tangents)
    if [v.shape for v in vs] != [x.shape for x in call.xs]:
        raise RuntimeError("jvp(f, primals, tangents): Expected primals and tangents to have the same structure, with "
                           f"shapes {[list(x.shape) for x in call.xs]}, but got {[list(v.shape) for v in vs]}")
    keep = call.keep or (call.connected and any(v.requires_grad for v in vs))
    us = [zeros_like(y, requires_grad=True) for y in call.ys]
    with enable_grad():
        products = call.gradient(call.ys, us, True)
        pairs = [(p, v) for p, v in zip(products, vs) if p.requires_grad]
        found = autograd.grad([p for p, _ in pairs], us, [v for _, v in pairs], create_graph=keep,
                              allow_unused=True) if pairs else [None] * len(us)
    pushed = _with(call.output, [zeros_like(y) if t is None else t for y, t in zip(call.ys, found)])
    output = _with(call.output, [call.result(y) for y in call.ys])
    return (output, pushed, call.aux) if has_aux else (output, pushed)


def jacrev(func: Callable, argnums: int | tuple[int, ...] = 0, *, has_aux: bool = False,
           chunk_size: int | None = None) -> Callable:
    """The function that gives the Jacobian, of the output's shape followed by the argument's: a backward pass per
    element of the output. For structures, one such structure of the arguments per tensor of the output."""

    def jacobian(*args: Any, **kwargs: Any) -> Any:
        call = _Call("jacrev", func, args, kwargs, argnums, has_aux)
        inputs = call.inputs[0] if isinstance(argnums, int) else call.inputs
        found = _with(call.output, [_with(inputs, list(_rows(call, y))) for y in call.ys])
        return (found, call.aux) if has_aux else found

    return jacobian


def _rows(call: _Call, y: Tensor) -> Iterator[Tensor]:
    """dy / dx for each x."""
    rows = []
    for j in range(y.numel()):
        unit = np.zeros(y.shape, y.array.dtype)
        unit.flat[j] = 1
        rows.append(call.gradient([y], [make(unit)]))
    for i, x in enumerate(call.xs):
        yield stack([row[i] for row in rows]).view(*y.shape, *x.shape) if rows else make(
            np.zeros((*y.shape, *x.shape), x.array.dtype))


def jacfwd(func: Callable, argnums: int | tuple[int, ...] = 0, has_aux: bool = False, *,
           randomness: str = "error") -> Callable:
    """jacrev: the same numbers; there is no forward mode."""
    return jacrev(func, argnums, has_aux=has_aux)


def hessian(func: Callable, argnums: int | tuple[int, ...] = 0) -> Callable:
    """The function that gives the Hessian: the Jacobian of the Jacobian."""
    return jacrev(jacrev(func, argnums), argnums)


def vmap(func: Callable, *args: Any, **kwargs: Any) -> NoReturn:
    """Not offered."""
    raise NotImplementedError("vmap is not offered: write the function for a batch, with a leading dimension and "
                              "broadcasting, or use stack([func(x) for x in xs])")


# -- a module as a function --------------------------------------------------------------------------------------------


def functional_call(module: Any, parameter_and_buffer_dicts: Any, args: Any = None, kwargs: dict | None = None, *,
                    tie_weights: bool = True, strict: bool = False) -> Any:
    """module(*args, **kwargs) with the named tensors in the place of its parameters and buffers.

    tie_weights: a tensor that the module has under several names is replaced under all. strict: every name is needed.
    """
    given: dict[str, Tensor] = {}
    dicts = parameter_and_buffer_dicts
    for one in dicts if isinstance(dicts, Sequence) else (dicts,):
        if given.keys() & one.keys():
            raise ValueError(f"{sorted(given.keys() & one.keys())} appeared in multiple dictionaries; behavior of "
                             "functional call is ambiguous")
        given.update(one)
    places = {f"{path}.{name}" if path else name: (table, name) for path, part in module.named_modules(
        remove_duplicate=False) for table in (part._parameters, part._buffers) for name in table}
    missing, unexpected = [name for name in places if name not in given], [name for name in given if name not in places]
    if unexpected or (strict and missing):
        raise RuntimeError(f"Error(s) in loading: unexpected key(s): {unexpected}; missing key(s): "
                           f"{missing if strict else []}")
    before = {name: table[key] for name, (table, key) in places.items()}
    now = dict(given)
    if tie_weights:
        by_tensor = {id(before[name]): tensor for name, tensor in given.items() if before[name] is not None}
        now.update({name: by_tensor[id(old)] for name, old in before.items() if name not in given
                    and id(old) in by_tensor})
    try:
        for name, tensor in now.items():
            places[name][0][places[name][1]] = tensor
        return module(*(args if isinstance(args, tuple) else () if args is None else (args,)), **(kwargs or {}))
    finally:
        for name in now:
            places[name][0][places[name][1]] = before[name]
