"""Hooks of an optimiser: called as PyTorch calls them, and out of the way when there are none."""

import copy
import gc
import pickle
import weakref

import pytest
from faces import OURS, assert_same

from minigrad import optim
from minigrad.creation import ones
from minigrad.nn import Parameter


def _start(f, **options):
    p = f.nn.Parameter(f.ones(2))
    p.grad = f.ones(2)
    return f.optim.SGD([p], **{"lr": 0.5, **options})


def _order(f):
    """Hooks around the step, in their order; what they see, and what they change."""
    seen, o = [], _start(f)
    (p,) = o.param_groups[0]["params"]
    o.register_step_pre_hook(lambda *a: seen.append(["pre", a[0] is o, len(a[1]), a[2], p.tolist()]))
    o.register_step_post_hook(lambda *a: seen.append(["post", len(a[1]), p.tolist()]))
    second = o.register_step_post_hook(lambda *a: seen.append("second"))
    o.step()
    second.remove()
    o.step()
    return [seen[1:], len(seen)]


def _closure(f):
    seen, o = [], _start(f)
    o.register_step_pre_hook(lambda opt, args, kwargs: ((opt, lambda: 7.0), {}))
    o.register_step_post_hook(lambda opt, args, kwargs: seen.append([len(args), list(kwargs)]))
    return [o.step(), o.step(closure=lambda: 3.0), seen]


def _wrong_result(f):
    o = _start(f)
    o.register_step_pre_hook(lambda *a: 3)
    try:
        o.step()
    except RuntimeError as error:
        return str(error).split("must")[1]


def _states(f):
    seen, o = [], _start(f, momentum=0.5)
    o.register_state_dict_pre_hook(lambda opt: seen.append("pre"))
    o.register_state_dict_pre_hook(lambda opt: seen.append("first"), prepend=True)
    o.register_state_dict_post_hook(lambda opt, state: seen.append(sorted(state)))
    o.register_state_dict_post_hook(lambda opt, state: {**state, "more": 1})
    state = o.state_dict()
    return [seen, sorted(state)]


def _loading(f):
    seen, o = [], _start(f)
    state = o.state_dict()

    def double(opt, state):
        return {**state, "param_groups": [{**g, "lr": 2 * g["lr"]} for g in state["param_groups"]]}

    o.register_load_state_dict_pre_hook(lambda opt, state: state.update(extra=1))
    o.register_load_state_dict_pre_hook(double, prepend=True)
    o.register_load_state_dict_post_hook(lambda opt: seen.append(opt.param_groups[0]["lr"]))
    handle = o.register_load_state_dict_post_hook(lambda opt: seen.append("first"), prepend=True)
    o.load_state_dict(state)
    handle.remove()
    o.load_state_dict(state)
    return [seen, sorted(state), o.param_groups[0]["lr"]]


def _with_scheduler(f):
    seen, o = [], _start(f)
    o.register_step_post_hook(lambda *a: seen.append(o.param_groups[0]["lr"]))
    s = f.optim.lr_scheduler.ExponentialLR(o, 0.5)
    for _ in range(3):
        o.step()
        s.step()
    return seen


@pytest.mark.parametrize("code", [_order, _closure, _wrong_result, _states, _loading, _with_scheduler])
def test_as_in_pytorch(code):
    assert_same(code, pytest.importorskip("torch"))


def test_hooks_go_when_removed():
    o = _start(OURS)
    handle = o.register_step_pre_hook(lambda *a: None)
    assert "step" in o.__dict__
    handle.remove()
    o.step()
    assert "step" not in o.__dict__, "the next step is the class's own again"


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda o: pickle.loads(pickle.dumps(o))], ids=["copy", "pickle"])
def test_copies_have_no_hooks(duplicate):
    seen, o = [], _start(OURS)
    o.register_step_pre_hook(lambda *a: seen.append(1))
    other = duplicate(o)
    (p,) = other.param_groups[0]["params"]
    p.grad = ones(2)
    other.step()
    assert not seen and other.defaults == o.defaults and p.tolist() == [0.5, 0.5]


def test_an_own_optimiser_has_hooks():
    class Plain(optim.Optimizer):
        def step(self, closure=None):
            for group in self.param_groups:
                for p in group["params"]:
                    p.data.add_(p.grad, alpha=-group["lr"])

    p, seen = Parameter(ones(2)), []
    p.grad = ones(2)
    o = Plain([p], {"lr": 0.25})
    o.register_step_post_hook(lambda *a: seen.append(p.tolist()))
    optim.lr_scheduler.StepLR(o, 1)
    o.step()
    assert seen == [[0.75, 0.75]]


def test_hooks_do_not_keep_the_optimiser():
    o = _start(OURS)
    o.register_step_pre_hook(print)
    watch = weakref.ref(o)
    gc.disable()
    try:
        del o
        assert watch() is None
    finally:
        gc.enable()
