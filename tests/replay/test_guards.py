"""One thing is changed between calls: a compiled step must do what the plain one does from then on."""

from __future__ import annotations

import argparse
import contextlib
import itertools
from types import SimpleNamespace

import numpy as np
import pytest

import minigrad
from minigrad import native, nn, optim
from minigrad.nn import functional as F

from .twins import World, assert_twins, batches, mlp

CALLS, AT = 14, 6  # calls in all, and before which something changes
SCALE = 1.0


def base(step=None, optimizer=None, **more):
    def make():
        model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Dropout(0.3), nn.BatchNorm1d(8), nn.Linear(8, 3))
        world = World(model=model, batch=batches((6, 4), 3), **{name: value() for name, value in more.items()})
        world.optimizer = (optimizer or (lambda params: optim.SGD(params, lr=0.1)))(model.parameters())
        world.step = (lambda x, y: train(world, x, y)) if step is None else step(world)
        return world
    return make


def train(w, x, y, scale=1.0):
    w.optimizer.zero_grad()
    loss = F.cross_entropy(w.model(x), y) * scale
    loss.backward()
    w.optimizer.step()
    return loss


def changed(change, *args, runs=9, may_warn=False, **kwargs):
    """change(world) comes before call AT; the step must not be recorded again at every call."""
    assert_twins(base(*args, **kwargs), CALLS, lambda w, k: change(w) if k == AT else None, runs=runs,
                 may_warn=may_warn)


# -- optimisers --------------------------------------------------------------------------------------------------------


def option(name, value):
    return lambda w: w.optimizer.param_groups[0].update({name: value})


OPTIONS = {
    "lr": (option("lr", 0.01), None, 3), "momentum": (option("momentum", 0.9), None, 9),
    "weight_decay": (option("weight_decay", 0.3), None, 9), "maximize": (option("maximize", True), None, 9),
    "no momentum": (option("momentum", 0.0), lambda p: optim.SGD(p, lr=0.1, momentum=0.9), 9),
    "nesterov": (option("nesterov", True), lambda p: optim.SGD(p, lr=0.1, momentum=0.9), 9),
    "betas": (option("betas", (0.5, 0.6)), optim.Adam, 3), "eps": (option("eps", 0.5), optim.Adam, 3),
    "amsgrad": (option("amsgrad", True), optim.Adam, 9), "lr tensor": (
        lambda w: w.optimizer.param_groups[0]["lr"].fill_(0.01), lambda p: optim.Adam(p, lr=minigrad.tensor(0.1)), 9),
}


@pytest.mark.parametrize("name", OPTIONS)
def test_options(name):
    change, optimizer, runs = OPTIONS[name]
    changed(change, optimizer=optimizer, runs=CALLS if "tensor" in name else runs, may_warn="tensor" in name)


def add_group(w):
    w.more = nn.Linear(3, 3)
    w.optimizer.add_param_group({"params": w.more.parameters(), "lr": 0.5})


def regrouped(w):
    w.optimizer.state.pop(w.optimizer.param_groups[0]["params"].pop())


def reloaded(w):
    w.optimizer.load_state_dict(w.optimizer.state_dict())
    w.optimizer.param_groups[0]["lr"] = 0.03


def forgotten(w):
    w.optimizer.state.clear()


def another_optimizer(w):
    w.optimizer = optim.Adam(w.model.parameters())


def state_by_hand(w):
    w.optimizer.state[w.model[0].weight]["momentum_buffer"] = minigrad.ones(8, 4)


def state_in_place(w):
    w.optimizer.state[w.model[0].weight]["momentum_buffer"].fill_(3.0)


MOMENTUM = {"optimizer": lambda p: optim.SGD(p, lr=0.1, momentum=0.9)}


@pytest.mark.parametrize("change", [add_group, regrouped, reloaded, forgotten, another_optimizer, state_by_hand,
                                    state_in_place], ids=lambda f: f.__name__)
def test_optimizers(change):
    changed(change, **MOMENTUM)


# -- modules and parameters --------------------------------------------------------------------------------------------


def add_module(w):
    w.model.append(nn.Tanh())


def replace_module(w):
    w.model[0] = nn.Linear(4, 8)


def replace_unused_optimizer_parameter(w):
    w.model[0].weight = nn.Parameter(minigrad.ones(8, 4))


def double_weight(w):
    w.model[0].weight.data = w.model[0].weight.data * 2


def assign_elements(w):
    with minigrad.no_grad():
        w.model[0].weight[0] = 1.0


def assign_data_elements(w):
    w.model[0].weight.data[1] = 2.0


def load(w):
    w.model.load_state_dict({name: t * 0 + 1 for name, t in w.model.state_dict().items()})


def load_assign(w):
    state = {name: t.clone() + 1 for name, t in w.model.state_dict().items()}
    w.model.load_state_dict(state, assign=True)


def hooked(register):
    return lambda w: setattr(w, "handle", register(w.model))


def doubled(p):
    p.grad.mul_(2)


MODULES = {
    "eval": lambda w: w.model.eval(), "eval of one": lambda w: w.model[2].eval(),
    "training flag": lambda w: setattr(w.model[3], "training", False),
    "frozen": lambda w: w.model[0].weight.requires_grad_(False),
    "frozen attribute": lambda w: setattr(w.model[4].bias, "requires_grad", False),
    "frozen model": lambda w: w.model[:3].requires_grad_(False),
    "p.data =": double_weight, "elements": assign_elements, "elements of data": assign_data_elements,
    "replaced": replace_module, "appended": add_module, "parameter": replace_unused_optimizer_parameter,
    "deleted": lambda w: w.model.__delitem__(2), "dropout.p": lambda w: setattr(w.model[2], "p", 0.7),
    "p = 0": lambda w: setattr(w.model[2], "p", 0.0), "momentum": lambda w: setattr(w.model[3], "momentum", 0.5),
    "eps": lambda w: setattr(w.model[3], "eps", 0.5), "no bias": lambda w: setattr(w.model[4], "bias", None),
    "buffer": lambda w: setattr(w.model[3], "running_mean", minigrad.ones(8)),
    "buffer in place": lambda w: w.model[3].running_mean.fill_(2.0),
    "reset": lambda w: w.model[3].reset_running_stats(),
    "load_state_dict": load, "load_state_dict assign": load_assign,
    "double": lambda w: w.model.double().float(),
    "forward": lambda w: setattr(w.model[1], "forward", lambda x: x * 2),
    "forward hook": hooked(lambda m: m[0].register_forward_hook(lambda module, args, y: y * 2)),
    "pre hook": hooked(lambda m: m[0].register_forward_pre_hook(lambda module, args: (args[0] * 2,))),
    "backward hook": hooked(lambda m: m[1].register_full_backward_hook(lambda module, dx, dy: (dx[0] * 2,))),
    "tensor hook": hooked(lambda m: m[0].weight.register_hook(lambda g: g * 2)),
    "after accumulation": hooked(lambda m: m[0].weight.register_post_accumulate_grad_hook(doubled)),
    "weight_norm": lambda w: nn.utils.parametrizations.weight_norm(w.model[0]),
    "own module": lambda w: setattr(w, "model", nn.Sequential(nn.Linear(4, 3))),
}


@pytest.mark.parametrize("name", MODULES)
def test_modules(name):
    changed(MODULES[name], runs=CALLS, may_warn=True)


@pytest.mark.filterwarnings("ignore:minigrad.compile")
@pytest.mark.parametrize("name", [name for name in MODULES if "hook" in name or name == "after accumulation"])
def test_hooks_removed(name):
    def between(w, k):
        if k == 2:
            MODULES[name](w)
        elif k == AT:
            w.handle.remove()

    assert_twins(base(), CALLS, between, runs=CALLS, may_warn=True)


@pytest.mark.filterwarnings("ignore:minigrad.compile")
@pytest.mark.parametrize("register", ("register_step_pre_hook", "register_step_post_hook"))
def test_optimizer_hooks(register):
    def between(w, k):
        if k == AT:
            w.handle = getattr(w.optimizer, register)(lambda *args: [w.model[0].weight.data.mul_(0.5)][1:] or None)
        elif k == AT + 3:
            w.handle.remove()

    assert_twins(base(), CALLS, between, runs=CALLS, may_warn=True)


# -- random numbers ----------------------------------------------------------------------------------------------------


def test_seeds():
    changed(lambda w: minigrad.manual_seed(99), runs=3)
    changed(lambda w: minigrad.rand(5), runs=3)
    changed(lambda w: minigrad.set_rng_state(minigrad.Generator().manual_seed(5).get_state()), runs=3)


def test_generators():
    def own(w):
        return lambda x, y: train(w, F.dropout(x, 0.5, generator=w.generator), y)

    def another(w):
        w.generator = minigrad.Generator().manual_seed(8)

    changed(another, own, generator=minigrad.Generator, runs=6)
    changed(lambda w: w.generator.manual_seed(8), own, generator=minigrad.Generator, runs=3)


# -- what Python's code sees -------------------------------------------------------------------------------------------


class Settings:
    shared = 1.0

    def __init__(self):
        self.scale, self.nested, self.items = 1.0, SimpleNamespace(scale=1.0), [1.0, {"scale": 1.0}]

    @property
    def double(self):
        return 2 * self.scale


class Slotted:
    __slots__ = ("scale",)

    def __init__(self):
        self.scale = 1.0


def scaled(read):
    return lambda w: lambda x, y: train(w, x, y, read(w.settings))


VALUES = {
    "attribute": (Settings, lambda s: s.scale, lambda s: setattr(s, "scale", 3.0)),
    "property": (Settings, lambda s: s.double, lambda s: setattr(s, "scale", 3.0)),
    "class attribute": (Settings, lambda s: s.shared, lambda s: setattr(s, "shared", 3.0)),
    "namespace in it": (Settings, lambda s: s.nested.scale, lambda s: setattr(s.nested, "scale", 3.0)),
    "list in it": (Settings, lambda s: s.items[0], lambda s: s.items.__setitem__(0, 3.0)),
    "dict in it": (Settings, lambda s: s.items[1]["scale"], lambda s: s.items[1].update(scale=3.0)),
    "length": (Settings, lambda s: float(len(s.items)), lambda s: s.items.append(3.0)),
    "slots": (Slotted, lambda s: s.scale, lambda s: setattr(s, "scale", 3.0)),
    "SimpleNamespace": (lambda: SimpleNamespace(scale=1.0), lambda s: s.scale, lambda s: setattr(s, "scale", 3.0)),
    "argparse": (lambda: argparse.Namespace(scale=1.0), lambda s: s.scale, lambda s: setattr(s, "scale", 3.0)),
    "set": (lambda: {1, 2}, lambda s: float(sum(s)), lambda s: s.add(7)),
    "keys": (lambda: {1.0: 0}, lambda s: next(iter(s)), lambda s: (s.clear(), s.update({3.0: 0}))),
    "array": (lambda: np.ones(3), lambda s: float(s[0]), lambda s: s.__setitem__(0, 3.0)),
    "tensor": (lambda: minigrad.ones(1), lambda s: s, lambda s: s.fill_(3.0)),
    "partial": (lambda: [lambda: 1.0], lambda s: s[0](), lambda s: s.__setitem__(0, lambda: 3.0)),
}


@pytest.mark.parametrize("name", VALUES)
def test_values(name):
    make, read, change = VALUES[name]
    changed(lambda w: change(w.settings), scaled(read), settings=make, runs=CALLS, may_warn=True)


def test_closure_variable():
    def make():
        scale = 1.0

        def change(w, k):
            nonlocal scale
            scale = 1.0 if k < AT else 3.0

        world = base(lambda w: lambda x, y: train(w, x, y, scale))()
        world.change = change
        return world

    assert_twins(make, CALLS, lambda w, k: w.change(w, k), runs=6)


def test_global_variable(monkeypatch):
    def between(w, k):
        monkeypatch.setitem(globals(), "SCALE", 1.0 if k < AT else 3.0)

    assert_twins(base(lambda w: lambda x, y: train(w, x, y, SCALE)), CALLS, between, runs=6)


def test_global_function(monkeypatch):
    def between(w, k):
        monkeypatch.setitem(globals(), "scale_of", (lambda: 1.0) if k < AT else (lambda: 3.0))

    assert_twins(base(lambda w: lambda x, y: train(w, x, y, scale_of())), CALLS, between, runs=CALLS, may_warn=True)


def scale_of():
    return 1.0


def test_learning_rate_that_the_step_reads():
    def step(w):
        def inner(x, y):
            loss = train(w, x, y)
            return loss.detach() * w.optimizer.param_groups[0]["lr"], w.optimizer.param_groups[0]["lr"]
        return inner

    changed(option("lr", 0.01), step)


# -- settings ----------------------------------------------------------------------------------------------------------


def test_default_dtype():
    def step(w):
        return lambda x, y: (train(w, x, y), minigrad.ones(2) * 2, (y * 0.5).sum())
    def between(w, k):
        minigrad.set_default_dtype(minigrad.float32 if k < AT else minigrad.float64)

    minigrad.set_default_dtype(minigrad.float32)
    try:
        assert_twins(lambda: (minigrad.set_default_dtype(minigrad.float32), base(step)())[1], CALLS, between, runs=6)
    finally:
        minigrad.set_default_dtype(minigrad.float32)


@pytest.mark.parametrize("first", (True, False))
def test_grad_mode_around(first):
    """The step only evaluates."""
    def make():
        world = base(lambda w: lambda x, y: (w.model(x).detach(), minigrad.is_grad_enabled()))()
        world.stack = contextlib.ExitStack()
        return world

    def between(w, k):
        minigrad.set_grad_enabled(first if k < AT else not first)

    try:
        assert_twins(make, CALLS, between, runs=6)
    finally:
        minigrad.set_grad_enabled(True)


def test_threads_and_instruction_sets():
    before = native.get_num_threads(), native.get_isa()

    def between(w, k):
        minigrad.set_num_threads(1 + k % 2)
        native.set_isa("scalar" if k > AT else before[1])

    try:
        assert_twins(base(), CALLS, between)
    finally:
        minigrad.set_num_threads(before[0])
        native.set_isa(before[1])


def test_anomaly_mode():
    def between(w, k):
        minigrad.autograd.set_detect_anomaly(k >= AT)
        if k == AT + 2:
            with minigrad.no_grad():
                w.model[4].weight.fill_(float("nan"))

    def failing(w):
        def step(x, y):
            try:
                return train(w, x, y)
            except RuntimeError as error:
                return str(error).splitlines()[0]
        return step

    try:
        assert_twins(base(failing), CALLS, between, runs=CALLS, may_warn=True)
    finally:
        minigrad.autograd.set_detect_anomaly(False)


# -- arguments ---------------------------------------------------------------------------------------------------------


def given(batch, step=None, **more):
    """A world whose call k gets batch(x, y, k)."""
    def make():
        world = base(step, **more)()
        own = world.batch
        world.batch = lambda k: batch(*own(k), k)
        return world
    return make


ARGUMENTS = {
    "other sizes": lambda x, y, k: (x[:6 - k % 3], y[:6 - k % 3]),
    "last batch": lambda x, y, k: (x[:2], y[:2]) if k % 5 == 4 else (x, y),
    "transposed": lambda x, y, k: (x.T.contiguous().T, y) if k % 2 else (x, y),
    "strided": lambda x, y, k: (minigrad.cat([x, x], 1)[:, ::2], y) if k > AT else (x, y),
    "reversed": lambda x, y, k: (minigrad.from_numpy(x.numpy()[::-1]), y) if k > AT else (x, y),
    "expanded": lambda x, y, k: (x[:1].expand(6, 4), y) if k > AT else (x, y),
    "read-only": lambda x, y, k: (minigrad.from_numpy(np.frombuffer(x.numpy().tobytes(), np.float32).reshape(6, 4)), y),
    "int32 targets": lambda x, y, k: (x, y.to(minigrad.uint8)) if k > AT else (x, y),
    "view of one memory": lambda x, y, k: (minigrad.cat([x, x])[k % 3:k % 3 + 6], y),
}


@pytest.mark.filterwarnings("ignore:The given NumPy array")
@pytest.mark.parametrize("name", ARGUMENTS)
def test_arguments(name):
    assert_twins(given(ARGUMENTS[name]), CALLS, runs=CALLS if "targets" in name else 9, may_warn="targets" in name)


def test_other_types():
    def step(w):
        return lambda x: (x * 2 + 1, x.sum())

    types = (minigrad.float32, minigrad.float64, minigrad.int64, minigrad.bool)
    for dtype in types:
        assert_twins(given(lambda x, y, k, dtype=dtype: ((x > 0).to(dtype) if k > AT else x,), step), CALLS,
                     runs=CALLS, may_warn=True)


def test_one_tensor_twice():
    """The same memory in two arguments, then two memories, and the other way round; one of them is written to."""
    def step(w):
        def inner(a, b):
            a.mul_(0.5)
            return a + b, b.sum()
        return inner

    for same in (lambda k: k < AT, lambda k: k >= AT):
        assert_twins(given(lambda x, y, k, same=same: (x, x if same(k) else x.clone()), step), CALLS, runs=CALLS,
                     may_warn=True)
    for overlapping in (lambda k: k < AT, lambda k: k >= AT):
        assert_twins(given(lambda x, y, k, o=overlapping: (x[:4], x[1:5] if o(k) else x[1:5].clone()), step), CALLS,
                     runs=CALLS, may_warn=True)


def test_a_parameter_as_an_argument():
    def step(w):
        def inner(weight, y):
            return (weight.detach() * 2, train(w, minigrad.ones(6, 4), y), weight.detach() * 3)
        return inner

    def make(use):
        def batch():
            world = base(step)()
            own = world.batch
            world.batch = lambda k: (world.model[0].weight.detach() if use(k) else minigrad.full((8, 4), k), own(k)[1])
            return world
        return batch

    for use in (lambda k: k < AT, lambda k: k >= AT, lambda k: True):
        assert_twins(make(use), CALLS, runs=CALLS, may_warn=True)
    needy = minigrad.compile(lambda p: p * 2)
    weight = nn.Parameter(minigrad.ones(3))
    with pytest.warns(UserWarning, match="requires grad"):
        for _ in range(4):
            y = needy(weight)
            y.sum().backward()
    assert weight.grad.tolist() == [8, 8, 8]


@pytest.mark.filterwarnings("ignore:The given NumPy array")
def test_an_argument_written_to():
    def step(w):
        def inner(x, y):
            loss = train(w, x, y)
            x.mul_(2).add_(1)
            return x.sum(), loss
        return inner

    @minigrad.compile(fullgraph=True)
    def double_(x):
        x.mul_(2)

    assert_twins(given(lambda x, y, k: (x, y), step), CALLS)
    strided = given(lambda x, y, k: (x.T.contiguous().T if k > AT else x, y), step)
    assert_twins(strided, CALLS, runs=CALLS, may_warn=True)
    x = minigrad.ones(3)
    for k in range(5):
        double_(x)
        assert x.tolist() == [2.0**(k + 1)] * 3 and x._version == k + 1
    fixed = minigrad.from_numpy(np.frombuffer(np.ones(3, np.float32).tobytes(), np.float32))
    with pytest.raises(RuntimeError, match="read-only"):
        double_(fixed)
    assert fixed.tolist() == [1, 1, 1]


# -- what the user keeps -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("detach", (False, True))
def test_results_are_kept(detach):
    step, world = None, base(lambda w: lambda x, y: (train(w, x, y), w.model[0].weight.grad.clone() * 1))()
    step = minigrad.compile(world.step, fullgraph=True)
    kept = []
    for k in range(CALLS):
        results = step(*world.batch(k))
        results = [result.detach() for result in results] if detach else results
        kept.append((results, [result.tolist() for result in results]))
    assert all([result.tolist() for result in results] == values for results, values in kept)
    losses = [results[0] for results, _ in kept]
    assert not any(np.shares_memory(a.array, b.array) for a, b in itertools.combinations(losses, 2))


@pytest.mark.parametrize("keep", [lambda p: p.grad, lambda p: p.grad.array, lambda p: p.grad.numpy(),
                                  lambda p: p.grad[0], lambda p: p.grad.detach(), lambda p: p.grad.data,
                                  lambda p: memoryview(p.grad.numpy()), lambda p: p.grad.numpy().ctypes],
                         ids=["tensor", "array", "numpy", "view", "detached", "data", "memoryview", "ctypes"])
@pytest.mark.parametrize("every", (1, 2, 3))
def test_gradients_are_kept(keep, every):
    """A gradient that somebody holds on to does not change under their hands, nor do plain and compiled differ."""
    world = base()()
    step = minigrad.compile(world.step, fullgraph=True)
    weight, kept = world.model[0].weight, []
    for k in range(CALLS):
        step(*world.batch(k))
        if k % every == 0:
            kept.append((keep(weight), weight.grad.tolist(), weight.grad[0].tolist()))
    for held, whole, row in kept:
        if hasattr(held, "data_as"):
            continue  # only keeps memory alive
        assert held.tolist() in (whole, row)


def test_weights_that_were_copied():
    world = base()()
    step = minigrad.compile(world.step, fullgraph=True)
    for k in range(CALLS):
        before = world.model[0].weight.detach().clone()
        view = world.model[0].weight.detach()
        step(*world.batch(k))
        assert before.tolist() != world.model[0].weight.tolist() == view.tolist()


def test_a_loss_cannot_be_differentiated_again():
    world = base()()
    step = minigrad.compile(world.step, fullgraph=True)
    for k in range(5):
        loss = step(*world.batch(k))
        assert loss.requires_grad and loss.grad_fn is not None
        with pytest.raises(RuntimeError, match="a second time"):
            loss.backward()


def test_versions_are_counted():
    """A tensor saved before a replay that changes it cannot be differentiated after it."""
    world = base()()
    step = minigrad.compile(world.step, fullgraph=True)
    for k in range(5):
        x, y = world.batch(k)
        outside = (world.model[0](x) ** 2).sum() + (world.model[0].weight ** 2).sum()
        step(x, y)
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            outside.backward()


def test_many_signatures():
    """A bounded number of recordings is kept, and all are right."""
    step = minigrad.compile(lambda x: (x * 2).sum(), fullgraph=True)
    for k in itertools.chain(range(1, 30), range(1, 30)):
        assert [step(minigrad.ones(k)).item() for _ in range(3)] == [2 * k] * 3
    assert len(step._recordings) <= 9


def test_deep_mlp_of_other_world():
    """Two worlds that share a compiled function through an argument."""
    @minigrad.compile
    def step(model, optimizer, x, y):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    batch = batches((6, 4), 3)
    minigrad.manual_seed(0)
    models = [mlp(4, 8, 3), mlp(4, 8, 3)]
    minigrad.manual_seed(0)
    twins = [mlp(4, 8, 3), mlp(4, 8, 3)]
    optimizers = [[optim.Adam(m.parameters(), lr=0.05) for m in ms] for ms in (models, twins)]
    for k in range(12):
        want = step._function(twins[k % 2], optimizers[1][k % 2], *batch(k))
        assert step(models[k % 2], optimizers[0][k % 2], *batch(k)).item() == want.item()
