"""Module: a layer or a model, which knows its parameters, buffers and submodules by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from minigrad.nn.conversion import Conversion
from minigrad.nn.error_path import add_path
from minigrad.nn.hooks import Hooks, call_with_hooks
from minigrad.nn.members import Members
from minigrad.nn.parameter import Buffer, Parameter
from minigrad.nn.state import StateDict
from minigrad.tape import Watched, bump
from minigrad.tensor import Tensor

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Module"]


_ABSENT = {  # methods of PyTorch's that are not offered
    "compile": "use minigrad.compile(module), or better compile the function that makes a whole training step",
    "register_backward_hook": "use register_full_backward_hook",
    "share_memory": "send the state_dict to the other process",
    "xpu": "there is one device, the CPU", "ipu": "there is one device, the CPU",
}


class Module(Hooks, Conversion, Members, StateDict):
    """The base of every layer and model. Subclass it, make the parts in __init__ and compute in forward:

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.fc = nn.Linear(4, 2)

            def forward(self, x):
                return self.fc(x).relu()

    Parameters, buffers and modules that are assigned to attributes are found by parameters(), state_dict() and so on.
    """

    training: bool

    def __init__(self) -> None:
        self.__dict__.update(training=True, _parameters=Watched(), _buffers=Watched(),
                             _non_persistent_buffers_set=set(), _modules=Watched())

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError(f'Module [{type(self).__name__}] is missing the required "forward" function')

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """forward(*args, **kwargs), with the hooks around it. An error says which layer it came from."""
        try:
            if self._hooks is None:
                return self.forward(*args, **kwargs)
            return call_with_hooks(self, args, kwargs)
        except Exception as error:
            add_path(error, self)
            raise

    # -- registration --------------------------------------------------------------------------------------------------

    def _check_name(self, kind: str, name: Any, table: str) -> None:
        if table not in self.__dict__:
            raise AttributeError(f"cannot assign {kind} before Module.__init__() call")
        if not isinstance(name, str):
            raise TypeError(f"{kind} name should be a string. Got {type(name).__name__}")
        if "." in name:
            got = f", got: {name}" if kind == "module" else ""
            raise KeyError(f'{kind} name can\'t contain "."{got}')
        if name == "":
            raise KeyError(f'{kind} name can\'t be empty string ""')
        if hasattr(self, name) and name not in self.__dict__[table]:
            raise KeyError(f"attribute '{name}' already exists")

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Add a parameter under this name; None for one that is not there."""
        self._check_name("parameter", name, "_parameters")
        if param is not None and not isinstance(param, Parameter):
            raise TypeError(f"cannot assign '{type(param).__name__}' object to parameter '{name}' "
                            "(torch.nn.Parameter or None required)")
        if param is not None and param.grad_fn is not None:
            raise ValueError(f"Cannot assign non-leaf Tensor to parameter '{name}'. Model parameters must be created "
                             f"explicitly. To express '{name}' as a function of another Tensor, compute the value in "
                             "the forward() method.")
        self._parameters[name] = param

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Add a tensor that is kept but not trained. A persistent one is in the state_dict."""
        self._check_name("buffer", name, "_buffers")
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(f"cannot assign '{type(tensor).__name__}' object to buffer '{name}' (torch Tensor or None "
                            "required)")
        self._buffers[name] = tensor
        (self._non_persistent_buffers_set.discard if persistent else self._non_persistent_buffers_set.add)(name)

    def add_module(self, name: str, module: Module | None) -> None:
        """Add a submodule under this name."""
        if module is not None and not isinstance(module, Module):
            raise TypeError(f"{type(module).__name__} is not a Module subclass")
        self._check_name("module", name, "_modules")
        self._modules[name] = module

    register_module = add_module

    # -- attributes ----------------------------------------------------------------------------------------------------

    def __getattr__(self, name: str) -> Any:
        for table in ("_parameters", "_buffers", "_modules"):
            found = self.__dict__.get(table)
            if found is not None and name in found:
                return found[name]
        reason = f": {_ABSENT[name]}" if name in _ABSENT else ""
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'{reason}")

    def __setattr__(self, name: str, value: Any) -> None:
        attributes = self.__dict__
        bump()
        if isinstance(value, Parameter):
            self._forget(name, "parameters", "_parameters")
            self.register_parameter(name, value)
        elif name in attributes.get("_parameters", ()):
            self._require_none(value, "parameter", name, "torch.nn.Parameter or None expected")
            self.register_parameter(name, value)
        elif isinstance(value, Module):
            self._forget(name, "module", "_modules")
            self._modules[name] = value
        elif name in attributes.get("_modules", ()):
            self._require_none(value, "child module", name, "torch.nn.Module or None expected")
            self._modules[name] = value
        elif isinstance(value, Buffer):
            self.register_buffer(name, value, value.persistent)
        elif name in attributes.get("_buffers", ()):
            if not isinstance(value, Tensor):
                self._require_none(value, "buffer", name, "torch.nn.Buffer, torch.Tensor or None expected")
            self.register_buffer(name, value, name not in self._non_persistent_buffers_set)
        else:
            super().__setattr__(name, value)

    @staticmethod
    def _require_none(value: Any, kind: str, name: str, expected: str) -> None:
        if value is not None:
            raise TypeError(f"cannot assign '{type(value).__name__}' as {kind} '{name}' ({expected})")

    def _forget(self, name: str, kind: str, table: str) -> None:
        """Take the name out of wherever it is, except that table."""
        attributes = self.__dict__
        if table not in attributes:
            raise AttributeError(f"cannot assign {kind} before Module.__init__() call")
        for holder in (attributes, *(attributes[t] for t in ("_parameters", "_buffers", "_modules") if t != table)):
            holder.pop(name, None)
        self._non_persistent_buffers_set.discard(name)

    def __delattr__(self, name: str) -> None:
        bump()
        for table in ("_parameters", "_buffers", "_modules"):
            if name in self.__dict__.get(table, ()):
                del self.__dict__[table][name]
                self._non_persistent_buffers_set.discard(name)
                return
        super().__delattr__(name)

    def __dir__(self) -> list[str]:
        names = {*super().__dir__(), *self._parameters, *self._buffers, *self._modules}
        return sorted(name for name in names if not name[0].isdigit())

    # -- all at once ---------------------------------------------------------------------------------------------------

    def train(self, mode: bool = True) -> Self:
        """Training mode, here and in all submodules: dropout drops."""
        if not isinstance(mode, bool):
            raise ValueError("training mode is expected to be boolean")
        self.training = mode
        for module in self.children():
            module.train(mode)
        return self

    def eval(self) -> Self:
        """Evaluation mode, here and in all submodules: dropout does nothing."""
        return self.train(False)

    def apply(self, fn: Callable[[Module], Any]) -> Self:
        """Call fn on every submodule, then on the module itself."""
        for module in self.children():
            module.apply(fn)
        fn(self)
        return self

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Set requires_grad of all parameters: False freezes them."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters, or set them to 0."""
        for parameter in self.parameters():
            if parameter.grad is not None and set_to_none:
                parameter.grad = None
            elif parameter.grad is not None:
                parameter.grad.detach_().zero_()

    # -- representation ------------------------------------------------------------------------------------------------

    def _get_name(self) -> str:
        return type(self).__name__

    def extra_repr(self) -> str:
        """What stands between the parentheses of repr, but for the submodules."""
        return ""

    def __repr__(self) -> str:
        extra = self.extra_repr()
        lines = extra.split("\n") if extra else []
        if len(lines) == 1 and not self._modules:
            return f"{self._get_name()}({extra})"
        return format_children(self._get_name(), [(f"({name})", repr(m)) for name, m in self._modules.items()], lines)


def format_children(name: str, children: list[tuple[str, str]], extra_lines: list[str] | None = None) -> str:
    """Name(...) with a line, indented, for each extra line and each child."""
    lines = [*(extra_lines or []), *(f"{label}: {text}".replace("\n", "\n  ") for label, text in children)]
    return f"{name}(\n  " + "\n  ".join(lines) + "\n)" if lines else f"{name}()"
