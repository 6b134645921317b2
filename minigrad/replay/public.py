"""minigrad.compile, and what it makes of functions and modules."""

from __future__ import annotations

from collections.abc import Callable
from operator import is_
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar, overload

from minigrad.nn.module import Module
from minigrad.replay.compiled import Compiled
from minigrad.replay.epoch import RowSteps
from minigrad.replay.outputs import leaves_of, rebuilt
from minigrad.replay.program import Program
from minigrad.utils.data import DataLoader

__all__ = ["CompiledFunction", "OptimizedModule", "compile"]

P = ParamSpec("P")
R = TypeVar("R")
M = TypeVar("M", bound=Module)
_PIECE = 256  # steps between returns to Python, which lets Ctrl-C have its turn


class CompiledFunction(Compiled, Generic[P, R]):
    """A compiled function, to call; to look at; and to run over a DataLoader."""

    if TYPE_CHECKING:
        def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R: ...

    def program(self, *args: Any, **kwargs: Any) -> Program:
        """The recording for these arguments, or without any the one used last, as a table to print."""
        if args or kwargs:
            leaves = leaves_of((args, kwargs))
            found = self._recordings.get(self._signature(args, kwargs, leaves), [])
        else:
            found = [self._last] if self._last is not None else next(reversed(self._recordings.values()), [])
        if not found:
            raise RuntimeError(f"{self.__name__} has no recording"
                               + (" for these arguments" if args or kwargs else " yet: call it first"))
        return Program(found[-1], self.__name__)

    def epoch(self, loader: DataLoader) -> list[Any]:
        """[self(*batch) for batch in loader], with the same results.

        Where the loader would gather its batches from tensors in memory, as it does for a TensorDataset, they are
        gathered within the recording, and hundreds of steps are one call of C.
        """
        tensors, order, size = loader.gathering()
        step: Any = self
        if tensors is None:
            return [step(*batch) if isinstance(batch, (list, tuple)) else step(batch) for batch in loader]
        rows = self._rows
        if rows is None or len(rows.tensors) != len(tensors) or not all(map(is_, rows.tensors, tensors)):
            rows = self._rows = RowSteps(self._function, tensors)
        found: list[Any] = []
        for many, stacked in rows.run(order, size, lambda: _PIECE):
            leaves = leaves_of(stacked)
            found += [rebuilt(stacked, iter([leaf[i] if hasattr(leaf, "array") else leaf for leaf in leaves]))
                      for i in range(many)]
        return found

    _rows: RowSteps | None = None  # of the last epoch


class OptimizedModule(Module):
    """A module whose calls are recorded and replayed. It has the attributes, the parameters and the state_dict of the
    module that it was made from, `_orig_mod`."""

    def __init__(self, module: Module, fullgraph: bool) -> None:
        super().__init__()
        self.__dict__["_orig_mod"] = module
        self.__dict__["_compiled"] = CompiledFunction(module, fullgraph)
        self.__dict__["_parameters"], self.__dict__["_buffers"] = module._parameters, module._buffers
        self.__dict__["_modules"] = module._modules

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return self._compiled(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        if "_orig_mod" not in self.__dict__:
            raise AttributeError(name)  # a copy in the making
        return getattr(self._orig_mod, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self.__dict__["_orig_mod"], name, value)

    def train(self, mode: bool = True) -> OptimizedModule:
        self._orig_mod.train(mode)
        return self

    def __repr__(self) -> str:
        inside = repr(self._orig_mod).replace("\n", "\n  ")
        return f"OptimizedModule(\n  (_orig_mod): {inside}\n)"


@overload
def compile(model: M, *, fullgraph: bool = ..., dynamic: Any = ...,  # type: ignore[overload-overlap]
            backend: Any = ..., mode: Any = ..., options: Any = ..., disable: bool = ...) -> M: ...
@overload
def compile(model: Callable[P, R], *, fullgraph: bool = ..., dynamic: Any = ..., backend: Any = ..., mode: Any = ...,
            options: Any = ..., disable: bool = ...) -> CompiledFunction[P, R]: ...
@overload
def compile(model: None = ..., *, fullgraph: bool = ..., dynamic: Any = ..., backend: Any = ..., mode: Any = ...,
            options: Any = ..., disable: bool = ...) -> Callable[[Callable[P, R]], CompiledFunction[P, R]]: ...
def compile(model: Any = None, *, fullgraph: bool = False, dynamic: Any = None, backend: Any = "inductor",
            mode: Any = None, options: Any = None, disable: bool = False) -> Any:
    """The function, or module, recorded at its first call with given shapes and replayed from C after that.

        @minigrad.compile
        def step(x, y):
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
            return loss

    n compiled steps give the same bits as n plain ones: weights, optimiser state, random numbers. A learning rate, a
    scheduler, train() and eval(), another batch size between calls take effect. What cannot be recorded, such as
    item() or a branch on an element inside, lets the function run as it is, with one warning; or with fullgraph=True
    raises NotRecordable, a RuntimeError that names the operation and the line. `step.program()` shows the recording.

    disable: give the function back as it is. dynamic, backend, mode and options are PyTorch's, and change nothing.
    """
    if model is None:
        return lambda function: compile(function, fullgraph=fullgraph, disable=disable)
    if not callable(model):
        raise RuntimeError(f"compile() expects a function or a module, but got {type(model).__name__}")
    if disable:
        return model
    return OptimizedModule(model, fullgraph) if isinstance(model, Module) else CompiledFunction(model, fullgraph)
