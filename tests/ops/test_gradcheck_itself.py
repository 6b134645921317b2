"""gradcheck and gradgradcheck: they see what is wrong, say where, and forgive what is right."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from minigrad import nn
from minigrad.autograd import Function, GradcheckError, gradcheck, gradgradcheck
from minigrad.creation import from_numpy, tensor
from minigrad.nn import functional as F
from minigrad.random import default_generator, get_rng_state, manual_seed

from .test_gradcheck import TIGHT

MODES = pytest.mark.parametrize("fast", [False, True], ids=["slow", "fast"])


def leaf(*shape: int, seed: int = 0) -> Any:
    return from_numpy(np.random.default_rng(seed).uniform(0.5, 2.0, shape)).requires_grad_()


def cube(first: float = 1.0, second: float = 1.0) -> Any:
    """x -> x^3, its first and second derivatives off by a factor each."""
    class Slope(Function):
        @staticmethod
        def forward(ctx, dy, x):
            ctx.save_for_backward(dy, x)
            return dy * x * x * (3.0 * first)

        @staticmethod
        def backward(ctx, ddx):
            dy, x = ctx.saved_tensors
            return ddx * x * x * (3.0 * first), ddx * dy * x * (6.0 * first * second)

    class Cube(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x * x

        @staticmethod
        def backward(ctx, dy):
            return Slope.apply(dy, *ctx.saved_tensors)

    return Cube.apply


@MODES
def test_right_gradients_pass(fast):
    assert gradcheck(cube(), leaf(2, 3), fast_mode=fast, **TIGHT)
    assert gradgradcheck(cube(), leaf(2, 3), fast_mode=fast, **TIGHT)


@MODES
@pytest.mark.parametrize("factor", [1.0005, 0.9995, -1.0, 0.0])
def test_a_gradient_off_by_half_a_thousandth_is_caught(factor, fast):
    with pytest.raises(GradcheckError, match="Jacobian mismatch for output 0 with respect to input 0"):
        gradcheck(cube(factor), leaf(2, 3), fast_mode=fast, **TIGHT)
    assert gradcheck(cube(factor), leaf(2, 3), fast_mode=fast, raise_exception=False, **TIGHT) is False


@MODES
@pytest.mark.parametrize("factor", [1.0005, 0.0])
def test_a_wrong_second_derivative_is_caught(factor, fast):
    assert gradcheck(cube(1.0, factor), leaf(2, 3), fast_mode=fast, **TIGHT)  # the first is right
    with pytest.raises(GradcheckError, match="Jacobian mismatch"):
        gradgradcheck(cube(1.0, factor), leaf(2, 3), fast_mode=fast, **TIGHT)


def test_default_tolerances_are_pytorchs():
    """They forgive half a thousandth, and catch one in a hundred."""
    assert gradcheck(cube(1.0005), leaf(3))
    assert gradcheck(cube(1.01), leaf(3), raise_exception=False) is False


def test_one_wrong_element_is_found_and_named():
    class OneWrong(Function):
        @staticmethod
        def forward(ctx, x, y):
            return x + y

        @staticmethod
        def backward(ctx, dz):
            dy = dz.clone()
            dy[1, 2] = dy[1, 2] * 3.0
            return dz, dy

    with pytest.raises(GradcheckError) as caught:
        gradcheck(OneWrong.apply, (leaf(2, 3), leaf(2, 3, seed=1)))
    text = str(caught.value)
    assert "input 1" in text and "d output[1, 2] / d input[1, 2]" in text and "worst of 1 wrong" in text
    assert "analytic: 3.0\n" in text and "numeric:  1.0" in text.replace("0.99999", "1.0")
    assert "kink" not in text


def test_a_kink_is_recognised():
    x = tensor([1.0, 0.0, -2.0], dtype=float).requires_grad_()
    with pytest.raises(GradcheckError, match=r"(?s)d output\[1\] / d input\[1\].*a kink, such as ReLU's at 0"):
        gradcheck(F.relu, x)
    assert gradcheck(F.relu, tensor([1.0, 0.3, -2.0], dtype=float).requires_grad_())


@MODES
def test_dropout_is_replayed(fast):
    """Every evaluation draws the same mask, and a check leaves the generator where a single call would."""
    manual_seed(3)
    x = leaf(5, 7)
    assert gradcheck(lambda x: F.dropout(x, 0.5) * x, x, fast_mode=fast, **TIGHT)
    assert gradgradcheck(lambda x: F.dropout(x, 0.5) * x, x, fast_mode=fast, **TIGHT)
    manual_seed(3)
    gradcheck(lambda x: F.dropout(x, 0.5), x, fast_mode=fast)
    after = get_rng_state().tolist()
    manual_seed(3)
    F.dropout(x, 0.5)
    assert get_rng_state().tolist() == after


def test_a_module_with_a_stream_of_its_own_is_replayed():
    assert gradcheck(nn.Dropout(0.5, seed=4), leaf(5, 7), **TIGHT)
    assert gradgradcheck(nn.Sequential(nn.Dropout(0.5, seed=4), nn.Tanh()), leaf(5, 7), **TIGHT)


def test_scattered_grad_outputs():
    seen = []

    class Look(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1.0

        @staticmethod
        def backward(ctx, dy):
            seen.append(dy.is_contiguous())
            return dy * 1.0

    for scattered in (False, True):
        seen.clear()
        assert gradgradcheck(Look.apply, leaf(3, 2), gen_non_contig_grad_outputs=scattered, **TIGHT)
        assert scattered == (not seen[0])


def test_no_check_at_all_is_refused():
    with pytest.raises(AssertionError, match="at least one"):
        gradcheck(lambda x: x.exp(), leaf(2), check_backward_ad=False)
    with pytest.raises(AssertionError, match="at least one"):
        gradgradcheck(lambda x: x.exp(), leaf(2), check_rev_over_rev=False)


def test_a_function_that_is_not_repeatable_is_refused():
    count = iter(range(1000))
    with pytest.raises(GradcheckError, match=r"two evaluations .* differ"):
        gradcheck(lambda x: x * float(next(count)), leaf(2))


def test_a_backward_that_is_not_repeatable_is_refused():
    class Fickle(Function):
        calls = 0

        @staticmethod
        def forward(ctx, x):
            return x * 1.0

        @staticmethod
        def backward(ctx, dy):
            Fickle.calls += 1
            return dy * (1.0 + Fickle.calls * 1e-9)

    with pytest.raises(GradcheckError, match="backward is not reproducible"):
        gradcheck(Fickle.apply, leaf(2))


def test_a_missing_gradient_is_caught():
    """An output cut off from its input, and one of several gradients left out."""
    with pytest.raises(GradcheckError):
        gradcheck(lambda x: x.detach() * 2.0, leaf(2))

    class Half(Function):
        @staticmethod
        def forward(ctx, x, y):
            return x * y

        @staticmethod
        def backward(ctx, dz):
            return None, None

    with pytest.raises(GradcheckError, match="with respect to input 0"):
        gradcheck(Half.apply, (leaf(2), leaf(2)))


def test_nan_is_not_forgiven():
    class Broken(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1.0

        @staticmethod
        def backward(ctx, dy):
            return dy * float("nan")

    for fast in (False, True):
        with pytest.raises(GradcheckError):
            gradcheck(Broken.apply, leaf(2), fast_mode=fast, nondet_tol=float("inf"))


def test_inputs_are_left_as_they_were():
    x = leaf(3)
    before, state = x.tolist(), default_generator.state.copy()
    gradcheck(cube(), x)
    gradgradcheck(cube(), x)
    with pytest.raises(ZeroDivisionError):
        gradcheck(lambda x: x * (1 / (x.tolist()[1] == before[1])), x)  # fails while x[1] is shifted
    assert x.tolist() == before and x.grad is None and (default_generator.state == state).all()


def test_several_outputs_and_untracked_inputs():
    assert gradcheck(lambda x, n, y: (x * n, x * y, y.detach()), (leaf(2), 3.0, leaf(1)), **TIGHT)


def test_float32_has_tolerances_of_its_own():
    x = from_numpy(np.random.default_rng(0).uniform(0.5, 2.0, 4).astype(np.float32)).requires_grad_()
    assert gradcheck(F.silu, x)
    assert gradcheck(cube(1.2), x, raise_exception=False) is False


@pytest.mark.parametrize(("inputs", "error", "text"), [
    (lambda: tensor([1.0]), ValueError, "at least one input tensor to require gradient"),
    (lambda: leaf(1).detach().expand(3).requires_grad_(), RuntimeError, "elements share memory"),
])
def test_what_cannot_be_checked_is_refused(inputs, error, text):
    with pytest.raises(error, match=text):
        gradcheck(lambda x: x * 2.0, inputs())


def test_the_first_wrong_operation_is_named():
    wrong = cube(0.9)
    with pytest.raises(GradcheckError, match="The first operation whose own gradient disagrees is Cube\\."):
        gradcheck(lambda x: (wrong(x.exp()) * x).sum(), leaf(2, 3), **TIGHT)
    with pytest.raises(GradcheckError) as caught:  # no operation is wrong: the function has a kink there
        gradcheck(lambda x: x.relu(), tensor([0.0], dtype=float, requires_grad=True))
    assert "kink" in str(caught.value)


@pytest.mark.parametrize("name", ["check_forward_ad", "check_batched_grad", "check_batched_forward_grad"])
def test_a_check_that_is_not_made_is_refused(name):
    with pytest.raises(NotImplementedError, match=name):
        gradcheck(lambda x: x.exp(), leaf(2), **{name: True})
