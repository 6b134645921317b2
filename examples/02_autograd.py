"""2. Autograd with tensors: gradients of matrices, an operation of your own, second derivatives, and how to check.

    python examples/02_autograd.py
"""

import minigrad as torch
from minigrad.autograd import Function, grad, gradcheck, gradgradcheck

# Gradients have the shape of what they are gradients of. Broadcasting is undone: b was stretched over four rows, so
# its gradient is the sum over them.
x = torch.randn(4, 3)
w = torch.randn(2, 3, requires_grad=True)
b = torch.zeros(2, requires_grad=True)
loss = ((x @ w.t() + b) ** 2).mean()
loss.backward()
print("w.grad", tuple(w.grad.shape), " b.grad", tuple(b.grad.shape))


# An operation of your own: forward keeps what backward needs; backward multiplies by the derivative, with operations
# that can be differentiated in turn.
class Cube(Function):
    """y = x^3;  dx = 3 x^2 dy."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x * x

    @staticmethod
    def backward(ctx, dy):
        (x,) = ctx.saved_tensors
        return dy * 3.0 * x * x


x = torch.tensor(2.0, requires_grad=True)
y = Cube.apply(x)
(first,) = grad(y, x, create_graph=True)   # 3 x^2 = 12
(second,) = grad(first, x, create_graph=True)  # 6 x = 12
(third,) = grad(second, x)                 # 6
print(f"x^3 at 2: {y.item()}, derivatives {first.item()}, {second.item()}, {third.item()}")

# Is a gradient right? Move each input a little and see what the output does: central differences, in double precision.
points = torch.randn(5, dtype=torch.float64, requires_grad=True)
print("gradcheck", gradcheck(Cube.apply, (points,)), " gradgradcheck", gradgradcheck(Cube.apply, (points,)))


class WrongCube(Cube):
    """A mistake that is easy to make: 2 x^2 instead of 3 x^2."""

    @staticmethod
    def backward(ctx, dy):
        (x,) = ctx.saved_tensors
        return dy * 2.0 * x * x


try:
    gradcheck(WrongCube.apply, (points,))
except RuntimeError as error:
    print("\na wrong gradient is found:", error)
