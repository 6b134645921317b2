"""3. Dropout without a mask: a linear operator that can be made again from sixteen bytes.

    python examples/03_dropout.py
"""

import minigrad as torch
import minigrad.nn.functional as F
from minigrad.autograd import gradcheck

# In training, each element is dropped with probability p, and the others are scaled up, so that the mean stays x.
x = torch.ones(2, 8, requires_grad=True)
y = F.dropout(x, p=0.5, seed=7)
print("dropout of ones:\n", y)

# The mask is a function of (seed, draw, position). Nothing is stored: backward makes the same mask from the same seed
# and draw, and applies the same operator to the gradient.
y.sum().backward()
print("its gradient, the same operator applied to ones:\n", x.grad)
assert (x.grad == y.detach()).all()

# So it can be checked like any other operation, once the random numbers stand still. gradcheck sets the generator back
# before every evaluation.
points = torch.randn(3, 5, dtype=torch.float64, requires_grad=True)
print("gradcheck through dropout:", gradcheck(lambda x: F.dropout(x.tanh(), 0.3), (points,)))

# The probability is realised in 1/65536ths, and the scale is the exact inverse of what is realised: no bias.
p = 0.1
y = F.dropout(torch.ones(1_000_000, dtype=torch.float64), p, seed=1)
kept = (y != 0).sum().item()
print(f"p = {p}: kept {kept / 1e6:.4f} of a million, each scaled by {y.max().item():.6f}; mean {y.mean().item():.4f}")

# What is dropped is 0 whatever it was: a selection, not a product with 0.
y, mask = F.dropout(torch.tensor([float("inf"), float("nan"), 1.0, 1.0]), 0.5, seed=3, return_mask=True)
print("inf, nan, 1, 1 with the mask", mask.tolist(), "->", y.tolist())

# The same bits for any number of threads, and again after the generator is set back.
torch.manual_seed(0)
state = torch.get_rng_state()
first = F.dropout(torch.ones(100_000), 0.5)
torch.set_rng_state(state)
torch.set_num_threads(1)
assert F.dropout(torch.ones(100_000), 0.5).equal(first)
print("the same mask again after set_rng_state, with one thread")
