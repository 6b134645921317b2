"""One training step of the four networks: forward, loss, backward, update. Eager in minigrad and PyTorch (also with its
fused optimiser), the whole step compiled in JAX."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np


class Network(NamedTuple):
    sizes: tuple[int, ...]
    dropout: tuple[float, ...]  # on the input of each layer
    batch: int
    optimizer: str


NETWORKS = {
    "tiny": Network((2, 16, 16, 2), (0, 0, 0), 100, "sgd"),
    "seed": Network((784, 128, 64, 10), (0, 0.5, 0.5), 32, "adam"),
    "paper": Network((784, 1024, 1024, 1024, 10), (0.2, 0.5, 0.5, 0.5), 128, "momentum"),
    "wide": Network((784, 4096, 4096, 10), (0, 0.5, 0.5), 128, "adam"),
}


def data(net: Network) -> tuple[np.ndarray, np.ndarray]:
    source = np.random.default_rng(0)
    return (source.standard_normal((net.batch, net.sizes[0])).astype(np.float32),
            source.integers(0, net.sizes[-1], net.batch))


def eager(torch: Any, net: Network, **options: Any) -> Any:
    """A step in PyTorch's names: of minigrad or of PyTorch, whichever is given."""
    torch.manual_seed(0)
    layers: list[Any] = []
    for i, p in enumerate(net.dropout):
        layers += [torch.nn.Dropout(p)] * (p > 0) + [torch.nn.Linear(net.sizes[i], net.sizes[i + 1])]
        layers += [torch.nn.ReLU()] * (i < len(net.dropout) - 1)
    model = torch.nn.Sequential(*layers)
    if net.optimizer == "adam":
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, **options)
    else:
        optimizer = torch.optim.SGD(model.parameters(), lr=1e-2, momentum=0.9 if net.optimizer == "momentum" else 0,
                                    **options)
    x, y = (torch.from_numpy(a) for a in data(net))
    cross_entropy = torch.nn.functional.cross_entropy

    def step() -> None:
        loss = cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step


def compiled(jax: Any, net: Network) -> Any:
    """The same step in JAX, jit of the whole."""
    import jax.numpy as jnp

    x, y = (jnp.asarray(a) for a in data(net))
    source = np.random.default_rng(0)
    params = [(jnp.asarray(source.standard_normal((i, o), np.float32) * np.float32(np.sqrt(2 / i))), jnp.zeros(o))
              for i, o in zip(net.sizes, net.sizes[1:])]

    def loss(params: Any, key: Any) -> Any:
        h = x
        for i, ((w, b), p) in enumerate(zip(params, net.dropout)):
            if p:
                key, part = jax.random.split(key)
                h = jnp.where(jax.random.bernoulli(part, 1 - p, h.shape), h / (1 - p), 0)
            h = h @ w + b
            h = jax.nn.relu(h) if i < len(params) - 1 else h
        return -jnp.take_along_axis(jax.nn.log_softmax(h), y[:, None], 1).mean()

    def update(p: Any, g: Any, m: Any, v: Any, t: Any) -> Any:
        if net.optimizer == "sgd":
            return p - 1e-2 * g, m, v
        if net.optimizer == "momentum":
            m = 0.9 * m + g
            return p - 1e-2 * m, m, v
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        return p - 1e-3 * (m / (1 - 0.9**t)) / (jnp.sqrt(v / (1 - 0.999**t)) + 1e-8), m, v

    def step(state: Any) -> Any:
        params, m, v, t, key = state
        key, part = jax.random.split(key)
        grads = jax.grad(loss)(params, part)
        flat, tree = jax.tree.flatten(params)
        new = [update(*leaf, t) for leaf in zip(flat, *(jax.tree.leaves(s) for s in (grads, m, v)))]
        return (*(jax.tree.unflatten(tree, part) for part in zip(*new)), t + 1, key)

    zeros = jax.tree.map(jnp.zeros_like, params)
    state = [(params, zeros, jax.tree.map(jnp.zeros_like, params), jnp.float32(1), jax.random.key(0))]
    fast = jax.jit(step, donate_argnums=0)

    def run() -> None:
        state[0] = fast(state[0])
        jax.block_until_ready(state[0])

    return run


def cases(libraries: dict[str, Any], quick: bool) -> Any:
    """(name, {contestant: step}, unit) for the benchmark's table."""
    for name, net in NETWORKS.items():
        if quick and name in ("paper", "wide"):
            continue
        steps = {"minigrad": eager(libraries["minigrad"], net)}
        if torch := libraries["torch"]:
            steps["torch"] = eager(torch, net)
            steps["torch fused"] = eager(torch, net, fused=True)
        if jax := libraries["jax"]:
            steps["jax jit"] = compiled(jax, net)
        yield f"step {name}", steps, ("us", 1e6)
