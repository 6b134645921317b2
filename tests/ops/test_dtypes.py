"""Types: what two operands promote to, what integers and bools give, what converts; PyTorch is the judge."""

from __future__ import annotations

import itertools
import operator
from typing import Any

import numpy as np
import pytest
from engine.face import assert_same, needs_torch, ours, outcome, same_as_torch, theirs

DTYPES = ("bool", "uint8", "int32", "int64", "float32", "float64")
SCALARS = (True, 2, 2.5)
VALUES = {"bool": [True, False, True], "uint8": [1, 3, 200], "int32": [-7, 2, 5], "int64": [3, -4, 9],
          "float32": [1.5, -2.0, 0.25], "float64": [0.5, 3.0, -1.25]}

ARITHMETIC = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "//": operator.floordiv,
              "%": operator.mod, "**": operator.pow}
COMPARISONS = {"<": operator.lt, "<=": operator.le, "==": operator.eq, "!=": operator.ne, ">": operator.gt,
               ">=": operator.ge}
LOGICAL = {"&": operator.and_, "|": operator.or_, "^": operator.xor}


def operand(library: Any, kind: Any, dims: int) -> Any:
    """A vector, or its first element as a 0-d tensor, of a type; a Python number stands for itself."""
    if not isinstance(kind, str):
        return kind
    values = VALUES[kind]
    return library.tensor(values if dims else values[0], dtype=getattr(library, kind))


def pairs() -> list[tuple]:
    """Every type with every other, as vectors and 0-d tensors, and with Python's numbers on either side."""
    shaped = [(kind, dims) for kind in DTYPES for dims in (1, 0)]
    numbers = [(value, 0) for value in SCALARS]
    return [*itertools.product(shaped, shaped + numbers), *itertools.product(numbers, shaped)]


def compare(what: str, function: Any, *operands: tuple) -> None:
    """function(library, operands...): values and types, or the class of the error, are PyTorch's."""
    def scenario(t: Any) -> Any:
        return function(t, *[operand(t, kind, dims) for kind, dims in operands])

    assert_same(outcome(scenario, ours), outcome(scenario, theirs()), f"{what} of {operands}")


def refused(sign: str, a: Any, b: Any) -> bool:
    """What PyTorch does not compute: differences of bools; quotients, remainders and powers of two bools."""
    bools = [kind == "bool" or kind is True for kind in (a, b)]
    return any(bools) if sign == "-" else all(bools) if sign in ("//", "%", "**") else False


@needs_torch
@pytest.mark.parametrize("sign", [*ARITHMETIC, *COMPARISONS])
def test_promotion(sign):
    function = {**ARITHMETIC, **COMPARISONS}[sign]
    for a, b in pairs():
        if refused(sign, a[0], b[0]) or (sign == "**" and str(b[0]).startswith("int")):
            continue  # see test_integer_powers; minigrad refuses negative exponents in tensors, too
        compare(sign, lambda t, x, y: function(x, y), a, b)


@needs_torch
@pytest.mark.parametrize("sign", ["-", "//", "%", "**"])
def test_bools_refuse(sign):
    compare(sign, lambda t, x, y: ARITHMETIC[sign](x, y), ("bool", 1), ("bool", 1))


@same_as_torch
def test_integer_powers(t):
    base = t.tensor([-3, 0, 2])
    return [base ** t.tensor([2, 0, 5]), base.int() ** t.tensor([1, 2, 3], dtype=t.uint8), base ** t.tensor(3),
            2 ** t.tensor([3, 4]), t.tensor([True, False]) ** t.tensor([2, 0])]


@needs_torch
@pytest.mark.parametrize("sign", LOGICAL)
def test_logical_promotion(sign):
    for a, b in itertools.product(DTYPES[:4], (*DTYPES[:4], True)):
        compare(sign, lambda t, x, y: LOGICAL[sign](x, y), (a, 1), (b, 1))


@needs_torch
@pytest.mark.parametrize("name", ["maximum", "minimum", "where", "cat", "stack"])
def test_promotion_of_functions(name):
    joins = name in ("cat", "stack")

    def function(t: Any, x: Any, y: Any) -> Any:
        if name == "where":
            return t.where(t.tensor([True, False, True]), x, y)
        return getattr(t, name)([x, y]) if joins else getattr(t, name)(x, y)

    for a, b in itertools.product([(kind, dims) for kind in DTYPES for dims in ((1,) if joins else (1, 0))], repeat=2):
        compare(name, function, a, b)


@needs_torch
def test_where_of_numbers():
    for a, b in itertools.product((*DTYPES, *SCALARS), SCALARS):
        compare("where", lambda t, x, y: t.where(t.tensor([True, False, True]), x, y), (a, 1), (b, 1))
        compare("where", lambda t, x, y: t.where(t.tensor([True, False, True]), y, x), (a, 1), (b, 1))


@needs_torch
@pytest.mark.parametrize("name", ["add_", "sub_", "mul_", "div_", "copy_"])
def test_in_place_keeps_the_type(name):
    """or refuses, where the result's category is higher."""
    for a, b in itertools.product(DTYPES, (*DTYPES, *SCALARS)):
        if (name == "sub_" and refused("-", a, b)) or (name == "copy_" and not isinstance(b, str)):
            continue
        compare(name, lambda t, x, y: getattr(x, name)(y), (a, 1), (b, 1))


@needs_torch
def test_result_type():
    for a, b in pairs():
        if isinstance(a[0], str) and isinstance(b[0], str):
            compare("result_type", lambda t, x, y: str(t.result_type(x, y)).split(".")[-1], a, b)


INTEGER_FUNCTIONS = {
    "sum": lambda x: x.sum(), "sum over an axis": lambda x: x.sum(0, keepdim=True),
    "sum in a type": lambda x: x.sum(dtype=x.dtype), "amin": lambda x: x.amin(0),
    "max": lambda x: x.max(), "min": lambda x: x.min(), "max over an axis": lambda x: tuple(x.max(0)),
    "argmax": lambda x: x.argmax(), "all": lambda x: x.all(), "any": lambda x: x.any(), "exp": lambda x: x.exp(),
    "sqrt": lambda x: x.sqrt(), "sigmoid": lambda x: x.sigmoid(), "tanh": lambda x: x.tanh(),
    "log1p": lambda x: x.log1p(),
    "reciprocal": lambda x: x.reciprocal(), "clone": lambda x: x.clone(), "isnan": lambda x: x.isnan(),
    "isfinite": lambda x: x.isfinite(), "tolist": lambda x: x.tolist(), "item": lambda x: x[1].item(),
    "mean": lambda x: x.mean(), "std": lambda x: x.std(), "to float": lambda x: x.float(),
    "to double": lambda x: x.double(),
    "to long": lambda x: x.long(), "to int": lambda x: x.int(), "to bool": lambda x: x.bool(), "not": lambda x: ~x,
    "requires_grad_": lambda x: x.requires_grad_(), "reshape": lambda x: x.reshape(3, 1), "fill_": lambda x: x.fill_(1),
    "zero_": lambda x: x.zero_(), "index": lambda x: x[x != x[0]], "bool of one": lambda x: bool(x[0]),
}
NOT_BOOL = {"relu": lambda x: x.relu(), "abs": lambda x: x.abs(), "neg": lambda x: -x, "sign": lambda x: x.sign(),
            "square": lambda x: x.square(), "clamp": lambda x: x.clamp(0, 4), "pow": lambda x: x**2,
            "floor by number": lambda x: x // 2, "remainder": lambda x: x % 3,
            "add with alpha": lambda x: x.add(x, alpha=2), "trunc": lambda x: x.div(2, rounding_mode="trunc"),
            "matmul": lambda x: x @ x, "clamp by float": lambda x: x.clamp(max=2.5)}


@needs_torch
@pytest.mark.parametrize("kind", DTYPES)
def test_functions_of_every_type(kind):
    functions = INTEGER_FUNCTIONS if kind == "bool" else {**INTEGER_FUNCTIONS, **NOT_BOOL}
    for name, function in functions.items():
        if name == "argmax" and kind == "bool":
            continue  # PyTorch refuses
        if name in ("all", "any") and kind == "uint8":
            continue  # PyTorch gives uint8, for old times' sake; minigrad gives bool
        if name == "not" and kind.startswith("float"):
            continue  # TypeError in both, but of another text
        compare(name, lambda t, x, function=function: function(x), (kind, 1))


@pytest.mark.parametrize("name", ["abs", "sign", "sum", "amax", "neg", "square", "exp", "relu", "clone", "argmax",
                                  "long", "float"])
@pytest.mark.parametrize("kind", DTYPES[1:])
def test_zero_dimensions_stay_arrays(name, kind):
    """NumPy turns 0-d arrays into scalars, which have no memory to write to."""
    y = getattr(operand(ours, kind, 0), name)()
    assert isinstance(y.array, np.ndarray) and y.array.shape == ()
    assert isinstance(ours.div(operand(ours, kind, 0), 2, rounding_mode="trunc").array, np.ndarray)
    y.zero_()
    assert y.item() == 0


@same_as_torch
def test_integers_wrap(t):
    small, large = t.tensor([250, 3], dtype=t.uint8), t.tensor([2**63 - 1, -(2**63)])
    return [small + small, small - t.tensor([251, 4], dtype=t.uint8), -small, large + 1, large * 2,
            small * 3, small.sum()]


@same_as_torch
def test_conversion_truncates(t):
    x = t.tensor([1.9, -1.9, 0.0, 255.0])
    return [x.long(), x.int(), x.bool(), x.double(), x[[0, 3]].to(t.uint8), t.tensor([0, 2]).bool().float()]


@same_as_torch
def test_floor_and_remainder_of_either_sign(t):
    a, b = t.tensor([7, 7, -7, -7]), t.tensor([2, -2, 2, -2])
    x, y = a.double(), b.double()
    return [a // b, a % b, x // y, x % y, t.div(a, b, rounding_mode="trunc"), t.div(x, y, rounding_mode="trunc"),
            7 // b, 7.5 % y]


@same_as_torch
def test_default_type_of_data(t):
    return [t.tensor(value) for value in (1, 1.0, True, [1, 2.5], [True, 2], [[]], [True, 2.5], np.float64(2),
                                          np.arange(3), [np.float32(1)], np.ones(2, np.float32),
                                          [t.tensor(1), t.tensor(2)])]
