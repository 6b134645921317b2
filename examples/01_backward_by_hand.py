"""1. Backward by hand: the chain rule on four numbers, then the same by minigrad.

A network is a chain of functions, and the chain rule multiplies their derivatives. Walk it from the end: carry the
derivative of the loss with respect to where you are, and at each step multiply by that step's own derivative.

    python examples/01_backward_by_hand.py
"""

import minigrad as torch

# Forward: one neuron with a weight and a bias, squared error against a target.
x, w, b, target = 2.0, -0.5, 1.5, 3.0
z = w * x + b            # 0.5
h = max(z, 0.0)          # ReLU: 0.5
loss = (h - target) ** 2  # 6.25

# Backward: the same four lines in the opposite order, each from the one before.
dh = 2 * (h - target)    # d loss / d h = -5
dz = dh if z > 0 else 0.0  # ReLU passes the derivative where it was on
dw, db, dx = dz * x, dz * 1.0, dz * w
print(f"by hand    loss {loss}   dw {dw}   db {db}   dx {dx}")

# The same by minigrad: it remembers the operations of the forward pass, and walks them back for you.
x, w, b = (torch.tensor(value, requires_grad=True) for value in (x, w, b))
loss = ((w * x + b).relu() - target) ** 2
loss.backward()
print(f"minigrad   loss {loss.item()}   dw {w.grad.item()}   db {b.grad.item()}   dx {x.grad.item()}")

# What it remembered: each result knows the operation that made it, and that one knows where its inputs came from.
print("\nthe graph, from the loss to the leaves:")
node, depth = loss.grad_fn, 0
while isinstance(node, torch.autograd.Function):
    print("   " + "  " * depth + type(node).__name__ + ": " + type(node).__doc__.splitlines()[0])
    node, depth = node.next_functions[0][0], depth + 1
