"""torch.func's transforms beside PyTorch's, nested and on structures; functional_call."""

from __future__ import annotations

from collections import namedtuple

import pytest
from engine.face import HAS_TORCH, assert_same, ours, outcome, same_as_torch, theirs

Pair = namedtuple("Pair", "a b")


def x_of(t):
    return t.tensor([0.4, -1.3, 2.0], dtype=t.float64)


def w_of(t):
    return t.tensor([[1.0, -0.5, 0.3], [0.2, 0.8, -1.1]], dtype=t.float64)


def loss(w, x):
    return ((w * x).tanh().sum(1) ** 2).sum()


def vector(w, x):
    return (w * x).exp().sum(1)


def structured(p):
    return {"sum": (p["a"] * p["b"][0]).sum(), "all": (p["a"].exp(), 3)}


def tree(t):
    return {"a": x_of(t), "b": [x_of(t) * 2.0]}


def leaf(x):
    return x.clone().requires_grad_()


CASES = {
    "grad": lambda t, f: f.grad(loss)(w_of(t), x_of(t)),
    "grad of the second": lambda t, f: f.grad(loss, argnums=1)(w_of(t), x_of(t)),
    "grad of both": lambda t, f: f.grad(loss, argnums=(1, 0))(w_of(t), x_of(t)),
    "grad by keyword": lambda t, f: f.grad(loss)(w_of(t), x=x_of(t)),
    "grad of a dict": lambda t, f: f.grad(lambda p: structured(p)["sum"])(tree(t)),
    "grad of a named tuple": lambda t, f: tuple(f.grad(lambda p: (p.a * p.b).sum())(Pair(x_of(t), x_of(t)))),
    "grad and aux": lambda t, f: f.grad(lambda w, x: (loss(w, x), vector(w, x)), has_aux=True)(w_of(t), x_of(t)),
    "grad and value": lambda t, f: f.grad_and_value(loss)(w_of(t), x_of(t)),
    "grad, value and aux": lambda t, f: f.grad_and_value(lambda w, x: (loss(w, x), w), has_aux=True)(w_of(t), x_of(t)),
    "second derivative": lambda t, f: f.grad(f.grad(lambda x: x**5))(t.tensor(1.5, dtype=t.float64)),
    "third derivative": lambda t, f: f.grad(f.grad(f.grad(lambda x: x.exp() * x)))(t.tensor(0.5, dtype=t.float64)),
    "mixed": lambda t, f: f.grad(lambda x: f.grad(lambda y: (x * y * y).sum())(x).sum())(x_of(t)),
    "constant": lambda t, f: f.grad(lambda x: t.ones((), dtype=t.float64))(x_of(t)),
    "without recording": lambda t, f: without_recording(t, f),
    "vjp": lambda t, f: (lambda out, back: [out, back(x_of(t)[:2])])(*f.vjp(vector, w_of(t), x_of(t))),
    "vjp of structures": lambda t, f: (lambda out, back: [out, back({"sum": t.ones((), dtype=t.float64),
                                                                    "all": (x_of(t),)})])(
        *f.vjp(lambda p: {"sum": p["a"].sum(), "all": (p["b"][0].exp(),)}, tree(t))),
    "vjp and aux": lambda t, f: f.vjp(lambda x: (x.exp(), x), x_of(t), has_aux=True)[::2],
    "jvp": lambda t, f: f.jvp(vector, (w_of(t), x_of(t)), (w_of(t) * 2.0, x_of(t))),
    "jvp of a linear function": lambda t, f: f.jvp(lambda x: x * 3.0, (x_of(t),), (x_of(t),)),
    "jacrev": lambda t, f: f.jacrev(vector)(w_of(t), x_of(t)),
    "jacrev of both": lambda t, f: f.jacrev(vector, argnums=(0, 1))(w_of(t), x_of(t)),
    "jacrev of structures": lambda t, f: f.jacrev(lambda p: (p["a"] * p["b"][0], p["a"].sum()))(tree(t)),
    "jacrev and aux": lambda t, f: f.jacrev(lambda x: (x.exp(), x * 2.0), has_aux=True)(x_of(t)),
    "jacfwd": lambda t, f: f.jacfwd(vector, 1)(w_of(t), x_of(t)),
    "hessian": lambda t, f: f.hessian(loss, 1)(w_of(t), x_of(t)),
    "hessian by hand": lambda t, f: f.jacrev(f.grad(lambda x: (x**3).sum()))(x_of(t)),
    "gradient of no scalar": lambda t, f: f.grad(vector)(w_of(t), x_of(t)),
    "gradient of no tensor": lambda t, f: f.grad(lambda x: 3.0)(x_of(t)),
    "aux that is not there": lambda t, f: f.grad(lambda x: x.sum(), has_aux=True)(x_of(t)),
    "argnums beyond": lambda t, f: f.grad(loss, argnums=2)(w_of(t), x_of(t)),
    "jvp of another shape": lambda t, f: f.jvp(vector, (w_of(t), x_of(t)), (w_of(t), x_of(t)[:1])),
    "vjp of another shape": lambda t, f: f.vjp(vector, w_of(t), x_of(t))[1](x_of(t)),
}


def without_recording(t, f):
    with t.no_grad():
        return f.grad(loss)(w_of(t).requires_grad_(), x_of(t))


@pytest.mark.skipif(not HAS_TORCH, reason="compares with PyTorch, which is not installed")
@pytest.mark.parametrize("name", CASES)
def test_as_pytorch(name):
    got, want = (outcome(lambda t: CASES[name](t, t.func), t) for t in (ours, theirs()))
    assert_same(got, want, tolerance=1e-10)


@same_as_torch
def test_within_ordinary_autograd(t):
    """The result is on the caller's graph: a step of gradient descent can be differentiated."""
    w, x = leaf(w_of(t)), x_of(t)
    moved = w - 0.1 * t.func.grad(loss)(w, x)
    loss(moved, x).backward()
    caught = t.func.grad(lambda x: loss(w, x))(x)
    assert caught.requires_grad
    return [w.grad, *t.autograd.grad(caught.sum(), w)]


def test_vmap_says_what_to_use():
    for vmap in (ours.vmap, ours.func.vmap):
        with pytest.raises(NotImplementedError, match="leading dimension"):
            vmap(lambda x: x)


# -- functional_call ---------------------------------------------------------------------------------------------------


@same_as_torch
def test_functional_call(t):
    t.manual_seed(0)
    model = t.nn.Sequential(t.nn.Linear(3, 2), t.nn.Tanh(), t.nn.Linear(2, 1)).double()
    for p in model.parameters():
        p.data = t.ones(p.shape, dtype=t.float64) * 0.3
    params = {name: p.detach() * 2.0 for name, p in model.named_parameters()}
    x = w_of(t)

    def of(params):
        return t.func.functional_call(model, params, (x,)).sum()

    grads = t.func.grad(of)(params)
    assert all(p.grad is None for p in model.parameters()) and list(grads) == list(params)
    (part,) = [t.func.functional_call(model, {"0.weight": params["0.weight"]}, x)]
    return [of(params), model(x), part, grads, t.func.functional_call(model, (params, {}), x)]


@same_as_torch
def test_functional_call_ties_weights(t):
    class Tied(t.nn.Module):
        def __init__(self):
            super().__init__()
            self.a = t.nn.Linear(2, 2, bias=False)
            self.b = t.nn.Linear(2, 2, bias=False)
            self.b.weight = self.a.weight
            self.register_buffer("shift", t.ones(1))

        def forward(self, x, scale=1.0):
            return self.b(self.a(x)) * scale + self.shift

    model, x, w = Tied(), t.ones(1, 2), t.ones(2, 2)
    model.a.weight.data = t.zeros(2, 2)
    call = t.func.functional_call
    out = [call(model, {"a.weight": w}, x), call(model, {"a.weight": w}, x, {"scale": 3.0}),
           call(model, {"a.weight": w}, x, tie_weights=False), call(model, {"shift": t.zeros(1)}, (x,)), model(x)]
    assert [o.sum().item() for o in out] == [10.0, 26.0, 2.0, 0.0, 2.0]
    with pytest.raises(RuntimeError, match=r"missing|Missing"):
        call(model, {"a.weight": w}, x, strict=True)
    with pytest.raises(ValueError, match="appeared in multiple dictionaries"):
        call(model, ({"shift": w}, {"shift": w}), x)
    return out


def test_functional_call_leaves_the_module_as_it_was():
    model = ours.nn.Linear(2, 2)
    before = dict(model.named_parameters())
    with pytest.raises(RuntimeError):
        ours.func.functional_call(model, {"weight": ours.ones(7, 7)}, ours.ones(1, 2))
    assert all(before[name] is p for name, p in model.named_parameters())
    with pytest.raises(RuntimeError, match="unexpected key"):
        ours.func.functional_call(model, {"weights": ours.ones(2, 2)}, ours.ones(1, 2))
