"""Classes whose constructor only takes options, often to hand them on to a function: declared in one statement.

    class Hinge(FunctionLoss, function=hinge, reduction="sum_over_batch_size", name="hinge", dtype=None):
        pass
"""

from __future__ import annotations

import inspect
from typing import Any

__all__ = ["REQUIRED", "Declared"]

REQUIRED = inspect.Parameter.empty  # in place of the default of an argument that must be given


class Declared:
    """The base: the keywords of the class statement, in their order, are the arguments of the constructor."""

    __signature__ = inspect.Signature()
    _function: Any = None

    def __init_subclass__(cls, function: Any = None, **arguments: Any) -> None:
        super().__init_subclass__()
        if function is not None:
            cls._function = staticmethod(function)
            cls.__doc__ = function.__doc__
        if arguments:
            cls.__signature__ = inspect.Signature([
                inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=default)
                for name, default in arguments.items()])

    @classmethod
    def _bound(cls, args: tuple, kwargs: dict[str, Any]) -> dict[str, Any]:
        """The arguments by name, with the defaults of those not given. TypeError for one that is not declared."""
        try:
            bound = cls.__signature__.bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{cls.__name__}.__init__() {error}; its arguments are {cls.__signature__}") from None
        bound.apply_defaults()
        return dict(bound.arguments)
