"""What a step is made of is changed between calls, the optimiser, a module, a generator: a compiled step must do what
the plain one does from then on."""

from __future__ import annotations

import pytest

import minigrad
from minigrad import nn, optim
from minigrad.nn import functional as F

from .changes import AT, CALLS, base, changed, option, train
from .twins import assert_twins

# -- optimisers --------------------------------------------------------------------------------------------------------


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
