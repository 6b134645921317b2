"""What optimisers refuse: the same code runs on PyTorch, and where C would read, nothing may get past the checks."""

import numpy as np
import pytest
from faces import same_as_pytorch

from minigrad import optim
from minigrad.creation import from_numpy, ones, tensor, zeros
from minigrad.nn import Parameter

from .cases import bits


def _p(face, *shape):
    return face.nn.Parameter(face.ones(*(shape or (2,))))


SCENARIOS = {
    "no parameters": lambda f: f.optim.SGD([], lr=0.1),
    "one tensor": lambda f: _error_class(f),
    "a number": lambda f: f.optim.SGD([3], lr=0.1),
    "a non-leaf": lambda f: f.optim.SGD([_p(f) * 2], lr=0.1),
    "a set": lambda f: f.optim.SGD([{"params": {_p(f)}}], lr=0.1),
    "two groups share": lambda f: (lambda p: f.optim.SGD([{"params": [p]}, {"params": [p]}], lr=0.1))(_p(f)),
    "no dict": lambda f: f.optim.SGD([_p(f)], lr=0.1).add_param_group(_p(f).shape[0]),
    "some names": lambda f: f.optim.SGD([("a", _p(f)), _p(f)], lr=0.1),
    "names in one group only": lambda f: f.optim.SGD([("a", _p(f))], lr=0.1).add_param_group({"params": [_p(f)]}),
    "names": lambda f: f.optim.SGD([("a", _p(f)), ("b", _p(f))], lr=0.1).state_dict(),
    "lr": lambda f: f.optim.SGD([_p(f)], lr=-0.1),
    "momentum": lambda f: f.optim.SGD([_p(f)], momentum=-0.1),
    "weight decay": lambda f: f.optim.SGD([_p(f)], weight_decay=-0.1),
    "nesterov alone": lambda f: f.optim.SGD([_p(f)], nesterov=True),
    "nesterov and dampening": lambda f: f.optim.SGD([_p(f)], nesterov=True, momentum=0.1, dampening=0.1),
    "long lr": lambda f: f.optim.SGD([_p(f)], lr=f.ones(2)),
    "Adam lr": lambda f: f.optim.Adam([_p(f)], lr=-1),
    "Adam nan": lambda f: f.optim.Adam([_p(f)], lr=float("nan")),
    "Adam eps": lambda f: f.optim.Adam([_p(f)], eps=-1e-3),
    "Adam beta 0": lambda f: f.optim.Adam([_p(f)], betas=(1.0, 0.9)),
    "Adam beta 1": lambda f: f.optim.Adam([_p(f)], betas=(0.5, -0.1)),
    "fused and foreach": lambda f: f.optim.Adam([_p(f)], fused=True, foreach=True),
    "RMSprop alpha": lambda f: f.optim.RMSprop([_p(f)], alpha=-1),
    "RMSprop momentum": lambda f: f.optim.RMSprop([_p(f)], momentum=-1),
    "Adagrad decay": lambda f: f.optim.Adagrad([_p(f)], lr_decay=-1),
    "Adagrad start": lambda f: f.optim.Adagrad([_p(f)], initial_accumulator_value=-1),
    "Adadelta rho": lambda f: f.optim.Adadelta([_p(f)], rho=1.1),
    "Adamax beta": lambda f: f.optim.Adamax([_p(f)], betas=(0.1, 1.0)),
    "NAdam momentum": lambda f: f.optim.NAdam([_p(f)], momentum_decay=-1),
    "RAdam eps": lambda f: f.optim.RAdam([_p(f)], eps=-1),
    "Rprop etas": lambda f: f.optim.Rprop([_p(f)], etas=(1.5, 2.0)),
    "ASGD lr": lambda f: f.optim.ASGD([_p(f)], lr=-0.5),
    "Adam decay": lambda f: f.optim.AdamW([_p(f)], weight_decay=-1.0),
    "groups": lambda f: f.optim.SGD([{"params": _p(f)}, {"params": [_p(f)], "lr": 5.0}], lr=0.1).state_dict(),
    "generator": lambda f: len(f.optim.Adam(p for p in [_p(f), _p(f)]).param_groups[0]["params"]),
    "no step": lambda f: f.optim.Optimizer([_p(f)], {}).step(),
    "fewer groups": lambda f: f.optim.SGD([_p(f)]).load_state_dict({"state": {}, "param_groups": []}),
    "more parameters": lambda f: f.optim.SGD([_p(f)]).load_state_dict(f.optim.SGD([_p(f), _p(f)]).state_dict()),
}


def _error_class(face):
    try:
        face.optim.SGD(face.ones(2), lr=0.1)
    except TypeError as error:
        return str(error).split(", but got")[0]


test_same_as_pytorch = same_as_pytorch(SCENARIOS)


def test_a_required_option():
    from minigrad.optim.optimizer import Optimizer, required
    with pytest.raises(ValueError, match="required optimization parameter lr"):
        Optimizer([Parameter(ones(1))], {"lr": required})


@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "Adadelta", "Adamax", "NAdam", "RAdam",
                                  "Rprop", "ASGD"])
def test_differentiable_is_refused(name):
    with pytest.raises(NotImplementedError, match="differentiable"):
        getattr(optim, name)([Parameter(ones(1))], differentiable=True)


BAD_GRADIENTS = {
    "too short": zeros(1), "too long": zeros(1000), "another shape": zeros(2, 1), "empty": zeros(0),
    "another dtype": zeros(2).double(), "integers": zeros(2, dtype="int64"), "a scalar": zeros(()),
}


@pytest.mark.parametrize("grad", BAD_GRADIENTS.values(), ids=BAD_GRADIENTS.keys())
@pytest.mark.parametrize("name", ["SGD", "Adam"])
@pytest.mark.parametrize("warm", [False, True], ids=["first step", "later step"])
@pytest.mark.parametrize("how", ["_grad", "grad.data"])
def test_a_gradient_that_does_not_fit(grad, name, warm, how):
    """Set behind the setter's back, before the first step or after: refused, with nothing in the group changed."""
    good, bad = Parameter(ones(2)), Parameter(ones(2))
    optimiser = getattr(optim, name)([good, bad], lr=0.1)
    good.grad, bad.grad = ones(2), ones(2)
    if warm:
        optimiser.step()
    before = bits([good, bad])
    if how == "_grad":
        bad._grad = grad
    else:
        bad.grad.data = grad
    with pytest.raises(RuntimeError, match=r"gradient must have its shape and dtype: expected \[2\] float32, but got"):
        optimiser.step()
    assert bits([good, bad]) == before
    bad.grad = ones(2)
    optimiser.step()
    assert bits([good, bad]) != before


def test_a_read_only_parameter():
    array = np.ones(2, np.float32)
    array.flags.writeable = False
    p = Parameter(from_numpy(array))
    p.grad = ones(2)
    with pytest.raises(RuntimeError, match="read-only"):
        optim.SGD([p], lr=0.1).step()
    q = Parameter(ones(1).expand(3))
    q.grad = ones(3)
    with pytest.raises(RuntimeError, match="read-only"):
        optim.SGD([q], lr=0.1).step()
    assert array.tolist() == [1.0, 1.0]


def test_an_integer_parameter():
    p = Parameter(tensor([1, 2]), requires_grad=False)
    p._grad = tensor([1, 1])
    with pytest.raises(RuntimeError, match="float32 or float64"):
        optim.SGD([p], lr=1).step()


BAD_STATES = {
    "another shape": {"step": tensor(1.0), "exp_avg": zeros(3), "exp_avg_sq": zeros(2)},
    "another size": {"step": tensor(1.0), "exp_avg": zeros(2), "exp_avg_sq": zeros(1)},
    "a vector of steps": {"step": zeros(2), "exp_avg": zeros(2), "exp_avg_sq": zeros(2)},
}


@pytest.mark.parametrize("state", BAD_STATES.values(), ids=BAD_STATES.keys())
def test_a_state_that_does_not_fit(state):
    p = Parameter(ones(2))
    optimiser = optim.Adam([p])
    saved = optimiser.state_dict()
    optimiser.load_state_dict({**saved, "state": {0: state}})
    p.grad = ones(2)
    with pytest.raises(RuntimeError, match="in the state must have its parameter's shape"):
        optimiser.step()
    assert p.tolist() == [1.0, 1.0]


def test_the_state_of_another_optimiser():
    p = Parameter(ones(2))
    p.grad = ones(2)
    sgd = optim.SGD([p], lr=0.1, momentum=0.9)
    sgd.step()
    adam = optim.Adam([p])
    adam.load_state_dict({**sgd.state_dict(), "param_groups": adam.state_dict()["param_groups"]})
    with pytest.raises(KeyError, match="another optimiser"):
        adam.step()


def test_read_only_and_strided_states_are_copied():
    p = Parameter(ones(3, dtype="float64"))
    optimiser = optim.SGD([p], lr=1.0, momentum=0.5)
    held = np.arange(6.0)
    held.flags.writeable = False
    optimiser.state[p]["momentum_buffer"] = from_numpy(held[::2])
    p.grad = zeros(3, dtype="float64")
    optimiser.step()
    assert p.tolist() == [1.0, 0.0, -1.0] and held.tolist() == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]


def test_non_finite_values_go_through():
    p = Parameter(ones(3))
    p.grad = tensor([float("nan"), float("inf"), 1.0])
    optim.SGD([p], lr=0.5).step()
    assert np.isnan(p.array[0]) and p.array[1] == -np.inf and p.array[2] == 0.5


@pytest.mark.parametrize("name, hint", [("SparseAdam", "use Adam"), ("swa_utils", "by hand"), ("Nope", "no attribute")])
def test_what_is_not_offered(name, hint):
    with pytest.raises(AttributeError, match=hint):
        getattr(optim, name)
