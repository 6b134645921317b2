"""Two runs of one training loop, plain and compiled, which must give the same bits at every step.

A test says how to make a world: a namespace with `step`, a function, `batch(k)`, the arguments of call k, and whatever
belongs to the state: modules, optimisers, generators, tensors.
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np

import minigrad
from minigrad import nn, optim
from minigrad.nn import functional as F

World = SimpleNamespace


def counted(function: Callable) -> tuple[Callable, Callable[[], int]]:
    """The function, and how often it ran: what C replays does not count."""
    ticks = itertools.count()
    tick = ticks.__next__

    def step(*args: Any, **kwargs: Any) -> Any:
        tick()
        return function(*args, **kwargs)

    return step, lambda: ticks.__reduce__()[1][0]


def tensors_of(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Everything in the state that has bits, by a name."""
    if isinstance(value, minigrad.Tensor):
        yield path, value.detach()
        if value.requires_grad and value.is_leaf:
            yield f"{path}.grad", value.grad
    elif isinstance(value, nn.Module):
        for name, tensor in [*value.named_parameters(), *value.named_buffers()]:
            yield from tensors_of(f"{path}.{name}", tensor)
        for name, module in value.named_modules():
            yield from tensors_of(f"{path}.{name}", [v for v in vars(module).values()
                                                     if isinstance(v, minigrad.Generator)])
    elif isinstance(value, optim.Optimizer):
        yield from tensors_of(f"{path}.state_dict", value.state_dict())
    elif isinstance(value, minigrad.Generator):
        yield path, value.get_state()
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from tensors_of(f"{path}[{name!r}]", item)
    elif isinstance(value, (list, tuple)):
        for i, item in enumerate(value):
            yield from tensors_of(f"{path}[{i}]", item)
    else:
        yield path, value if isinstance(value, (bool, int, float, str, type(None))) else None


def bits(value: Any) -> Any:
    if not isinstance(value, minigrad.Tensor):
        return repr(value)
    array = value.array
    return array.shape, str(array.dtype), np.ascontiguousarray(array).tobytes()


def state_of(world: World) -> dict[str, Any]:
    """Names and bits of everything in the world, and of the generator that everything uses."""
    found = {name: bits(tensor) for key, value in vars(world).items() if not callable(value) or isinstance(
        value, nn.Module) for name, tensor in tensors_of(key, value)}
    return {**found, "generator": bits(minigrad.get_rng_state())}


def run(make: Callable[[], World], calls: int, wrap: Callable, change: Callable | None, every: int) -> Iterator[Any]:
    """The state after each call, and how often the function ran at the end."""
    minigrad.manual_seed(0)
    world = make()
    world.step, runs = counted(world.step)
    world.step = wrap(world.step)
    for k in range(calls):
        if change is not None:
            change(world, k)
        out = world.step(*world.batch(k))
        yield {**{"out" + name: bits(t) for name, t in tensors_of("", out)},
               **(state_of(world) if k % every == 0 or k == calls - 1 else {})}
    yield runs()


def assert_twins(make: Callable[[], World], calls: int = 12, change: Callable | None = None, runs: int | None = 3,
                 every: int = 1, warns: bool = False, may_warn: bool = False, fullgraph: bool = False) -> None:
    """n calls, compiled, have the same bits as n plain ones. runs: how often the function itself may run, at most; None
    if it cannot be recorded. change(world, k) comes before call k. warns: whether one warning is expected."""
    plain = run(make, calls, lambda step: step, change, every)
    plainly = list(plain)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        compiled = list(run(make, calls, lambda step: minigrad.compile(step, fullgraph=fullgraph), change, every))
    said = [str(warning.message) for warning in caught if str(warning.message).startswith("minigrad.compile")]
    for k, (want, got) in enumerate(zip(plainly[:-1], compiled[:-1])):
        wrong = sorted(name for name in want.keys() | got.keys() if want.get(name) != got.get(name))
        assert not wrong, f"call {k}: {', '.join(wrong)} differ from a plain run's; said {said}"
    assert len(said) == warns or (may_warn and len(said) == 1), said or "there should have been a warning"
    ran = compiled[-1]
    assert ran == calls if runs is None else ran <= runs, f"the function ran {ran} times of {calls}; said {said}"


# -- worlds ------------------------------------------------------------------------------------------------------------


def batches(sizes: tuple[int, ...], classes: int, seed: int = 1, dtype: Any = None, many: int = 7) -> Callable:
    """A function of k that gives inputs of that shape and classes, of `many` batches in turn."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(many, *sizes)).astype(np.float64 if dtype is minigrad.float64 else np.float32)
    y = rng.integers(0, classes, (many, sizes[0]))
    return lambda k: (minigrad.tensor(x[k % many]), minigrad.tensor(y[k % many]))


def classifier(model: nn.Module, optimizer: Callable, sizes: tuple[int, ...], classes: int = 3, after: Callable = lambda
               world: None, dtype: Any = None, **more: Any) -> World:
    """A model that learns classes. after(world) comes between backward and the optimiser's step."""
    if dtype is not None:
        model = model.to(dtype)
    world = World(model=model, optimizer=optimizer(model.parameters()), batch=batches(sizes, classes, dtype=dtype),
                  **more)

    def step(x: Any, y: Any) -> Any:
        world.optimizer.zero_grad()
        loss = F.cross_entropy(world.model(x), y)
        loss.backward()
        after(world)
        world.optimizer.step()
        return loss

    world.step = step
    return world


def mlp(*widths: int, between: Callable[[], list] = lambda: []) -> nn.Sequential:
    layers: list[nn.Module] = []
    for fan_in, fan_out in itertools.pairwise(widths):
        layers += [nn.Linear(fan_in, fan_out), nn.ReLU(), *between()]
    return nn.Sequential(*layers[:len(layers) - 1 - len(between())])


def sink(*args: Any) -> None:
    """What takes everything and does nothing."""


def world_of(inside: Callable) -> Callable:
    """A world whose step calls inside(world, loss, logits) between backward and the optimiser."""
    def make():
        model = mlp(4, 8, 3)
        world = World(model=model, optimizer=optim.SGD(model.parameters(), lr=0.1), batch=batches((6, 4), 3), count=0,
                      kept=[])

        def step(x, y):
            world.optimizer.zero_grad()
            logits = world.model(x)
            loss = F.cross_entropy(logits, y)
            loss.backward()
            result = inside(world, loss, logits)
            world.optimizer.step()
            return result

        world.step = step
        return world
    return make


def small(step: Callable, **more: Callable) -> Callable:
    """A world of a small network whose step is step(world, x, y)."""
    def make():
        model = mlp(4, 8, 3, between=lambda: [nn.Dropout(0.3)])
        world = World(model=model, optimizer=optim.Adam(model.parameters(), lr=0.01), batch=batches((6, 4), 3))
        for name, value in more.items():
            setattr(world, name, value(world))
        world.step = lambda x, y: step(world, x, y)
        return world
    return make


def loss_of(w: Any, x: Any, y: Any) -> Any:
    return F.cross_entropy(w.model(x), y)


def weights_in_the_loss(w: Any, x: Any, y: Any) -> Any:
    """A step with a penalty on the weights."""
    w.optimizer.zero_grad()
    loss = loss_of(w, x, y) + 1e-2 * sum(p.square().sum() for p in w.model.parameters())
    loss.backward()
    w.optimizer.step()
    return loss.detach().clone()
