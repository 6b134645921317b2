"""Layers, activations and losses: numbers against PyTorch and against NumPy in float64."""

import inspect

import numpy as np
import pytest
from faces import OURS, assert_same, copy_weights, torch_face

from minigrad import nn
from minigrad.creation import from_numpy, ones, randn, tensor
from minigrad.nn import error_path

RNG = np.random.default_rng(7)
X = RNG.standard_normal((6, 5)) * 2
CLASSES = RNG.integers(0, 5, 6)
POSITIVE = RNG.uniform(0.1, 0.9, (6, 5))


def _softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


# name, arguments, formula in NumPy
ACTIVATIONS = [
    ("ReLU", {}, lambda x: np.maximum(x, 0)),
    ("ReLU6", {}, lambda x: np.clip(x, 0, 6)),
    ("Hardtanh", {"min_val": -0.5, "max_val": 2.0}, lambda x: np.clip(x, -0.5, 2)),
    ("LeakyReLU", {"negative_slope": 0.2}, lambda x: np.where(x > 0, x, 0.2 * x)),
    ("ELU", {"alpha": 1.5}, lambda x: np.where(x > 0, x, 1.5 * np.expm1(x))),
    ("SELU", {}, lambda x: 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(x))),
    ("GELU", {"approximate": "tanh"}, lambda x: x / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x ** 3)))),
    ("SiLU", {}, lambda x: x / (1 + np.exp(-x))),
    ("Sigmoid", {}, lambda x: 1 / (1 + np.exp(-x))),
    ("LogSigmoid", {}, lambda x: -np.log1p(np.exp(-x))),
    ("Tanh", {}, np.tanh),
    ("Tanhshrink", {}, lambda x: x - np.tanh(x)),
    ("Softsign", {}, lambda x: x / (1 + np.abs(x))),
    ("Softplus", {"beta": 2.0}, lambda x: np.log1p(np.exp(2 * x)) / 2),
    ("Softmax", {"dim": 1}, _softmax),
    ("LogSoftmax", {"dim": 1}, lambda x: np.log(_softmax(x))),
]
_D = X - POSITIVE
LOSSES = [  # name, arguments, input, target, each element's loss
    ("MSELoss", {}, X, POSITIVE, _D ** 2),
    ("L1Loss", {}, X, POSITIVE, np.abs(_D)),
    ("SmoothL1Loss", {"beta": 0.5}, X, POSITIVE, np.where(np.abs(_D) < 0.5, _D ** 2, np.abs(_D) - 0.25)),
    ("HuberLoss", {"delta": 0.5}, X, POSITIVE, np.where(np.abs(_D) < 0.5, _D ** 2 / 2, 0.5 * (np.abs(_D) - 0.25))),
    ("BCELoss", {}, POSITIVE, POSITIVE.round(), -np.log(np.where(POSITIVE > 0.5, POSITIVE, 1 - POSITIVE))),
    ("BCEWithLogitsLoss", {}, X, POSITIVE, np.log1p(np.exp(X)) - POSITIVE * X),
    ("KLDivLoss", {}, X, POSITIVE, POSITIVE * (np.log(POSITIVE) - X)),
    ("CrossEntropyLoss", {}, X, CLASSES, -np.log(_softmax(X))[np.arange(6), CLASSES]),
    ("NLLLoss", {}, X, CLASSES, -X[np.arange(6), CLASSES]),
]


@pytest.mark.parametrize("name, arguments, formula", ACTIVATIONS, ids=[row[0] for row in ACTIVATIONS])
def test_activation(name, arguments, formula):
    module = getattr(nn, name)(**arguments)
    np.testing.assert_allclose(module(from_numpy(X)).numpy(), formula(X), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name, arguments, x, target, each", LOSSES, ids=[row[0] for row in LOSSES])
@pytest.mark.filterwarnings("ignore:reduction")
def test_loss(name, arguments, x, target, each):
    make = getattr(nn, name)
    got = {how: make(**arguments, reduction=how)(from_numpy(x), from_numpy(target)).numpy()
           for how in ("none", "sum", "mean")}
    np.testing.assert_allclose(got["none"], each, rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(got["sum"], each.sum(), rtol=1e-12)
    np.testing.assert_allclose(got["mean"], each.mean(), rtol=1e-12)


@pytest.mark.parametrize("name", [row[0] for row in ACTIVATIONS + LOSSES])
def test_signature_and_repr_as_in_pytorch(name):
    theirs = getattr(pytest.importorskip("torch").nn, name)
    ours = getattr(nn, name)
    want = [(p.name, p.default) for p in inspect.signature(theirs.__init__).parameters.values()
            if p.kind is p.POSITIONAL_OR_KEYWORD]
    got = [(p.name, p.default) for p in inspect.signature(ours.__init__).parameters.values()]
    if theirs.__init__ is not pytest.importorskip("torch").nn.Module.__init__:
        assert got[1:1 + len(want) - 1] == [w for w in want[1:] if w[0] not in ("min_value", "max_value")]
    assert repr(ours()) == repr(theirs())


INPLACE = ("ReLU", "ReLU6", "Hardtanh", "LeakyReLU", "ELU", "SELU", "SiLU")


@pytest.mark.parametrize("name", INPLACE)
def test_inplace(name):
    def code(face):
        x = face.from_numpy(X.astype(np.float32)) * 1
        y = getattr(face.nn, name)(inplace=True)(x)
        return [y is x, x._version, repr(getattr(face.nn, name)(inplace=True))]

    assert_same(code, pytest.importorskip("torch"))


def test_settings_may_change_later():
    module = nn.LeakyReLU(0.5)
    module.negative_slope = 0.25
    assert module(tensor([-4.0])).tolist() == [-1.0] and "0.25" in repr(module)


def test_subclass_of_a_table_row():
    class Steep(nn.LeakyReLU):
        def __init__(self):
            super().__init__(negative_slope=3.0)

    assert Steep()(tensor([-1.0])).tolist() == [-3.0]
    with pytest.raises(TypeError, match=r"LeakyReLU.*unexpected keyword argument 'slope'"):
        nn.LeakyReLU(slope=1)
    with pytest.raises(TypeError, match="ReLU"):
        nn.ReLU(1, 2)


MODELS = {
    "linear": lambda f: f.nn.Linear(5, 3),
    "no bias": lambda f: f.nn.Linear(5, 3, bias=False),
    "float64": lambda f: f.nn.Linear(5, 3, dtype=f.float64),
    "mlp": lambda f: f.nn.Sequential(f.nn.Linear(5, 8), f.nn.ReLU(), f.nn.Linear(8, 4), f.nn.Tanh(), f.nn.Linear(4, 3)),
    "flatten": lambda f: f.nn.Sequential(f.nn.Unflatten(1, (5, -1)), f.nn.Flatten(), f.nn.Identity(1, a=2)),
    "evaluated dropout": lambda f: f.nn.Sequential(f.nn.Linear(5, 3), f.nn.Dropout(0.9)).eval(),
}


@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS.keys())
def test_model_as_in_pytorch(make):
    torch = pytest.importorskip("torch")
    ours, theirs = make(OURS), make(torch_face(torch))
    copy_weights(ours, theirs, torch)
    dtype = np.float64 if any(p.array.dtype == np.float64 for p in ours.parameters()) else np.float32
    x = X.astype(dtype)
    a, b = from_numpy(x.copy()).requires_grad_(), torch.from_numpy(x.copy()).requires_grad_()
    y, z = ours(a), theirs(b)
    tolerance = {"rtol": 1e-5, "atol": 1e-6}
    np.testing.assert_allclose(y.detach().numpy(), z.detach().numpy(), **tolerance)
    (y * y).sum().backward()
    (z * z).sum().backward()
    np.testing.assert_allclose(a.grad.numpy(), b.grad.numpy(), **tolerance)
    for p, q in zip(ours.parameters(), theirs.parameters()):
        np.testing.assert_allclose(p.grad.numpy(), q.grad.numpy(), **tolerance)


def test_linear_starts_within_its_bounds():
    layer = nn.Linear(100, 400)
    for values in (layer.weight.detach().numpy(), layer.bias.detach().numpy()):
        assert 0.095 < np.abs(values).max() <= 0.1  # 1 / sqrt(100)
        np.testing.assert_allclose(values.std(), 0.1 / np.sqrt(3), rtol=0.1)


def test_linear_whose_weight_became_a_plain_tensor():
    layer = nn.Linear(2, 1)
    del layer.weight
    layer.weight = ones(1, 2)  # as weight normalisation does
    layer.bias = None
    assert layer(ones(1, 2)).tolist() == [[2.0]]


def test_linear_without_inputs():
    with pytest.warns(UserWarning, match="zero-element"):
        layer = nn.Linear(0, 3)
    assert layer(ones(2, 0)).tolist() == [[0.0] * 3] * 2


@pytest.mark.parametrize("size, dim, error", [((2, 2), 1, RuntimeError), ((5,), 3, IndexError),
                                              ((-1, -1), 1, RuntimeError)])
def test_unflatten_refuses(size, dim, error):
    with pytest.raises(error):
        nn.Unflatten(dim, size)(ones(2, 5))
    with pytest.raises(TypeError, match="at pos 1"):
        nn.Unflatten(1, (2, 2.5))


def test_weighted_cross_entropy_moves_with_the_module():
    loss = nn.CrossEntropyLoss(weight=tensor([1.0, 2.0, 3.0]), label_smoothing=0.1).double()
    assert loss.weight.dtype == from_numpy(X).dtype
    torch = pytest.importorskip("torch")
    x, t = X[:, :3], CLASSES % 3
    theirs = torch.nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0, 3.0]).double(), label_smoothing=0.1)
    np.testing.assert_allclose(loss(from_numpy(x), from_numpy(t)).item(),
                               theirs(torch.from_numpy(x), torch.from_numpy(t)).item(), rtol=1e-12)


@pytest.mark.parametrize("options, how", [({"size_average": False}, "sum"), ({"reduce": False}, "none"),
                                          ({"size_average": True}, "mean")])
def test_the_two_old_flags(options, how):
    with pytest.warns(UserWarning, match=f"reduction='{how}'") as caught:
        loss = nn.MSELoss(**options)
    assert loss.reduction == how and caught[0].filename == __file__


def test_errors_name_the_layer():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = nn.ModuleList([nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(3, 2))])

        def forward(self, x):
            return self.layers[0](x)

    with pytest.raises(RuntimeError, match="cannot be multiplied") as caught:
        Net()(ones(1, 4))
    text = "\n".join([str(caught.value), *getattr(caught.value, "__notes__", ())])
    assert "in Net.layers.0.2 (Linear(in_features=3, out_features=2, bias=True))" in text
    assert text.count("in Net") == 1 and "in Sequential" not in text


def test_errors_name_the_layer_before_python_3_11(monkeypatch):
    monkeypatch.setattr(error_path, "_HAS_NOTES", False)
    with pytest.raises(RuntimeError) as caught:
        nn.Sequential(nn.ReLU(), nn.Sequential(nn.Linear(4, 4)))(ones(1, 3))
    text = str(caught.value)
    assert text.endswith("\nin Sequential.1.0 (Linear(in_features=4, out_features=4, bias=True))")
    assert text.count("\nin ") == 1 and text.startswith("linear: ")


def test_errors_with_other_notes():
    class Annotates(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(2, 2)

        def forward(self, x):
            try:
                return self.fc(x)
            except RuntimeError as error:
                error.__notes__ = [*getattr(error, "__notes__", []), "mine"]
                raise

    with pytest.raises(RuntimeError) as caught:
        nn.Sequential(Annotates())(ones(1, 3))
    if hasattr(caught.value, "add_note"):
        assert caught.value.__notes__ == [
            "in Sequential.0.fc (Linear(in_features=2, out_features=2, bias=True))", "mine"]


def test_errors_keep_their_class():
    class Odd(Exception):
        __slots__ = ()

    class Raises(nn.Module):
        def forward(self, x):
            raise x

    for error in (KeyError("k"), StopIteration(), Odd(), ValueError()):
        with pytest.raises(type(error)) as caught:
            nn.Sequential(Raises())(error)
        assert caught.value is error
    with pytest.raises(RuntimeError):
        nn.Sequential(nn.Linear(2, 2))(randn(1, 3))
