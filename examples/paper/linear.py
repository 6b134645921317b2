"""Section 9 of the paper: linear regression with dropout is ridge regression, and its penalty is known exactly."""

from __future__ import annotations

import numpy as np

import minigrad as torch
from minigrad import nn

KEEP, EXAMPLES, INPUTS, STEPS = .5, 200, 10, 6000


def relative_difference(seed: int) -> float:
    """|w - w*| / |w*|: w from SGD with masks on the inputs, w* in closed form.

    E |y - D w|^2, D = (R * X) / p, is |y - X w|^2 + (1 - p) / p |G w|^2 with G^2 = diag(X'X); so w* solves
    (X'X + (1 - p) / p diag(X'X)) w = X'y. SGD's iterates of the second half are averaged.
    """
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((EXAMPLES, INPUTS)) * np.linspace(.5, 1.5, INPUTS)
    y = x @ rng.standard_normal(INPUTS) + .1 * rng.standard_normal(EXAMPLES)
    gram = x.T @ x
    exact = np.linalg.solve(gram + (1 - KEEP) / KEEP * np.diag(np.diag(gram)), x.T @ y)

    torch.manual_seed(seed)
    model = nn.Sequential(nn.Dropout(1 - KEEP), nn.Linear(INPUTS, 1, bias=False))
    inputs, targets = torch.tensor(x, dtype=torch.float32), torch.tensor(y[:, None], dtype=torch.float32)
    optimizer = torch.optim.SGD(model.parameters(), lr=.02)
    mean = np.zeros(INPUTS)
    for step in range(STEPS):
        loss = ((model(inputs) - targets)**2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step >= STEPS // 2:
            mean += model[1].weight.detach().numpy()[0] / (STEPS - STEPS // 2)
    return float(np.linalg.norm(mean - exact) / np.linalg.norm(exact))
