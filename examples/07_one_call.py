"""7. What a training step is: a list of kernel calls. minigrad.compile writes it down, and makes the calls from C.

    python examples/07_one_call.py

A step of a small network costs tens of microseconds in Python and a few in arithmetic. Since a kernel call is nothing
but a kernel and its arguments, the calls of one step can be kept and made again. Nothing is left of the Python code.
"""

from __future__ import annotations

import time

import minigrad as torch
from minigrad import nn


def network():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Dropout(0.1), nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)

    def step(x, y):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    return model, optimizer, step


torch.manual_seed(1)
x = torch.rand(100, 2)
y = (x[:, 0] > x[:, 1]).long()

# The same steps, as they are and compiled. The first compiled call runs the function and writes its calls down; the
# next runs it beside a replay, to see that both give the same bits; from then on there is no Python in a step.
times = {}
for way in ("as it is", "compiled"):
    model, optimizer, step = network()
    if way == "compiled":
        step = torch.compile(step)
    losses = [step(x, y).item() for _ in range(100)]
    start = time.perf_counter()
    for _ in range(1000):
        step(x, y)
    times[way] = time.perf_counter() - start, losses, [p.tolist() for p in model.parameters()]
    print(f"{way:10} {times[way][0] * 1e3:6.1f} us a step")
assert times["as it is"][1:] == times["compiled"][1:]
print("every loss and every weight has the same bits\n")

# What was written down. Dropout draws new numbers each time, since its kernel reads the generator's position.
print(step.program().profile())

# What may change between calls does: a learning rate, another number of samples, evaluation mode.
optimizer.param_groups[0]["lr"] = 0.01
step(x[:10], y[:10])
model.eval()
step(x, y)


# What a replay could not know is not recorded. fullgraph=True makes it an error; else the function runs as it is.
@torch.compile(fullgraph=True)
def curious(x):
    return x * 2 if x.sum() > 0 else x


try:
    curious(x)
except torch.compiler.NotRecordable as error:
    print(f"\n{error}")
