"""ParameterList and ParameterDict, hooks of the state_dict, and the rest of Module, each against PyTorch."""

from __future__ import annotations

import copy
import pickle
import re
from collections import OrderedDict

import pytest
from engine.face import assert_same, needs_torch, ours, outcome, theirs

import minigrad as mg
from minigrad import nn


def text(module):
    return re.sub(r"(minigrad|torch)\.", "", repr(module))


def as_list(t):
    holder = t.nn.ParameterList([t.nn.Parameter(t.ones(2)), t.zeros(3)])
    holder.append(t.nn.Parameter(t.ones(1, 2)))
    holder += [t.ones(4), "text"]
    holder[1] = t.full((2, 2), 3.0)
    holder.extend(holder[:2])
    return [list(holder.state_dict()), len(holder), [type(v).__name__ for v in holder], holder[-2], text(holder[1:3]),
            text(holder), len(list(holder.parameters())), "0" in dir(holder), len(holder[::2])]


def as_dict(t):
    d = t.nn.ParameterDict({"b": t.ones(2), "a": t.nn.Parameter(t.zeros(3))})
    order = [list(d), list(t.nn.ParameterDict(OrderedDict(b=t.ones(2), a=t.ones(1))))]
    d["c"] = "text"
    d.update([("e", t.ones(1)), ("f", None)])
    other = d | t.nn.ParameterDict({"g": t.ones(1)})
    popped = [d.pop("e"), d.popitem()]
    seen = [d.get("nothing"), d.setdefault("h", t.ones(5)), "a" in d, "e" in d, len(d), list(reversed(d))]
    made = d.fromkeys(["x", "y"], 1)
    second = d.copy()
    del second["a"]
    d |= second
    keys = [list(other), list(made.items()), list(second.keys()), next(iter(d.values())), list(d.state_dict())]
    shown = text(t.nn.ParameterDict({"q": "text"}))
    d.clear()
    return [*order, *popped, *seen, *keys, shown, len(d), list(d.parameters())]


BAD = {
    "list out of range": lambda t: t.nn.ParameterList([t.ones(1)])[1],
    "list assigned out of range": lambda t: t.nn.ParameterList([t.ones(1)]).__setitem__(-2, t.ones(1)),
    "list of a tensor": lambda t: t.nn.ParameterList().extend(t.ones(2)),
    "list called": lambda t: t.nn.ParameterList()(),
    "dict key": lambda t: t.nn.ParameterDict().__setitem__(3, t.ones(1)),
    "dict called": lambda t: t.nn.ParameterDict()(t.ones(1)),
    "dict update": lambda t: t.nn.ParameterDict().update(3),
    "dict pair": lambda t: t.nn.ParameterDict().update([("a", 1, 2)]),
    "set_submodule without name": lambda t: t.nn.Sequential().set_submodule("", t.nn.ReLU()),
    "set_submodule strict": lambda t: t.nn.Sequential().set_submodule("a", t.nn.ReLU(), strict=True),
    "set_submodule of no module": lambda t: t.nn.Sequential().set_submodule("a", 3),
    "set_submodule below nothing": lambda t: t.nn.Sequential().set_submodule("a.b", t.nn.ReLU()),
    "post hook that returns": lambda t: hooked(t, "register_state_dict_post_hook", lambda *a: 3).state_dict(),
    "bad total norm": lambda t: t.nn.utils.get_total_norm([t.tensor([float("nan")])], error_if_nonfinite=True),
}


def hooked(t, register, hook):
    module = t.nn.Linear(2, 2)
    getattr(module, register)(hook)
    return module


def state_hooks(t):
    seen = []
    model = t.nn.Sequential(t.nn.Linear(2, 2), t.nn.Sequential(t.nn.Linear(2, 1)))
    inner = model[1][0]
    inner.register_state_dict_pre_hook(lambda m, prefix, keep: seen.append(("pre", m is inner, prefix, keep)))
    inner.register_state_dict_post_hook(lambda m, state, prefix, meta: state.__setitem__(prefix + "more", t.ones(1)))
    model._register_state_dict_hook(lambda m, state, prefix, meta: {"only": t.ones(1)} if meta else None)
    handle = model[0].register_state_dict_pre_hook(lambda *args: seen.append("removed"))
    handle.remove()
    seen.append(sorted(model[1].state_dict()))
    seen.append(sorted(model.state_dict()))

    def before(module, state, prefix, meta, strict, missing, unexpected, errors):
        seen.append(("before", module is inner, prefix, strict, sorted(state)))
        state.pop(prefix + "more", None)

    def after(module, keys):
        seen.append(("after", sorted(keys.missing_keys), sorted(keys.unexpected_keys)))
        keys.missing_keys.clear()

    inner.register_load_state_dict_pre_hook(before)
    inner._register_load_state_dict_pre_hook(lambda state, prefix, *rest: seen.append(("private", prefix, len(rest))))
    inner.register_load_state_dict_post_hook(after)
    state = {"0.weight": t.ones(1, 2), "0.bias": t.zeros(1), "0.more": t.ones(1)}
    seen.append(str(model[1].load_state_dict(state)))
    del state["0.bias"]
    seen.append(str(model[1].load_state_dict(state)))
    seen.append(inner.weight)
    return seen


def module_extras(t):
    model = t.nn.Sequential(OrderedDict(a=t.nn.Sequential(t.nn.Linear(2, 2)), b=t.nn.ReLU()))
    model.set_submodule("a.0", t.nn.Tanh())
    model.set_submodule("c", t.nn.Flatten())
    empty = t.nn.Linear(2, 3).to_empty(device="cpu")
    return [repr(model), [tuple(p.shape) for p in empty.parameters()], hasattr(model, "nothing")]


def norms(t):
    grads = [t.arange(4.0), t.full((2, 2), -3.0)]
    parameters = [t.nn.Parameter(g.clone()) for g in grads]
    for p, g in zip(parameters, grads):
        p.grad = g.clone()
    found = [t.nn.utils.get_total_norm(grads, n) for n in (1, 2.0, float("inf"), 3)] + [t.nn.utils.get_total_norm([])]
    t.nn.utils.clip_grads_with_norm_(parameters, 2.0, found[1])
    return [*found, [p.grad for p in parameters], t.nn.utils.clip_grad_norm_(parameters, 0.5, "inf"),
            [p.grad for p in parameters]]


def test_a_load_hook_returns_nothing():
    module = hooked(ours, "register_load_state_dict_post_hook", lambda *args: 3)
    with pytest.raises(AssertionError, match="not expected to return new values"):
        module.load_state_dict(nn.Linear(2, 2).state_dict())


SCENARIOS = {f.__name__: f for f in (as_list, as_dict, state_hooks, module_extras, norms)}


@needs_torch
@pytest.mark.parametrize("scenario", [*SCENARIOS.values(), *BAD.values()], ids=[*SCENARIOS, *BAD])
def test_as_pytorch(scenario):
    assert_same(outcome(scenario, ours), outcome(scenario, theirs()))


def test_copies_and_pickles():
    for holder in (nn.ParameterList([mg.ones(2), "a"]), nn.ParameterDict({"x": mg.ones(2), "y": 3})):
        for twin in (copy.deepcopy(holder), pickle.loads(pickle.dumps(holder))):
            assert len(twin) == 2 and list(twin.state_dict()) == list(holder.state_dict())
            assert next(iter(twin.parameters())) is not next(iter(holder.parameters()))


ABSENT = ["LSTM", "Transformer", "MultiheadAttention", "Conv3d", "LazyLinear", "Upsample", "DataParallel"]


@pytest.mark.parametrize("name", ABSENT)
def test_what_is_absent_says_what_to_use(name):
    with pytest.raises(AttributeError, match=f"module 'minigrad.nn' has no attribute '{name}': ."):
        getattr(nn, name)


@pytest.mark.parametrize("name", ["compile", "register_backward_hook", "share_memory"])
def test_methods_that_are_absent(name):
    with pytest.raises(AttributeError, match=f"'ReLU' object has no attribute '{name}': ."):
        getattr(nn.ReLU(), name)
    for convert in (nn.ReLU().half, nn.ReLU().bfloat16):
        with pytest.raises(TypeError):
            convert()
