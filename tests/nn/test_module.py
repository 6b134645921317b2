"""Module: registration, iteration, attributes, texts. The same code runs on PyTorch and must give the same."""

import copy
import pickle

import numpy as np
import pytest
from faces import outcome, same_as_pytorch

from minigrad import nn
from minigrad.creation import randn, tensor, zeros
from minigrad.nn import Parameter
from minigrad.tensor import Tensor


def _net(face):
    class Block(face.nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = face.nn.Linear(2, 2)
            self.register_buffer("seen", face.zeros(2))
            self.register_buffer("scratch", face.zeros(1), persistent=False)

    class Net(face.nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = face.nn.Parameter(face.ones(3))
            self.absent = None
            self.register_parameter("none", None)
            self.blocks = face.nn.ModuleList([Block(), Block()])
            self.act = face.nn.ReLU()
            self.same_act = self.act
            self.tied = self.blocks[0].fc

    return Net()


def _set(name, make):
    def code(face):
        net = _net(face)
        setattr(net, name, make(face))
        return sorted(net.state_dict()), [n for n, _ in net.named_modules()], name in net.__dict__
    return code


def _call(*path):
    """A scenario that calls net.method(*args) on a fresh net."""
    method, args = path[0], path[1:]

    def code(face):
        value = getattr(_net(face), method)(*args)
        return str(value)
    return code


def _register(method, *args):
    return lambda face: getattr(_net(face), method)(*[a(face) if callable(a) else a for a in args])


def _before_init(face):
    class Bad(face.nn.Module):
        def __init__(self):
            self.fc = face.nn.Linear(1, 1)
    return Bad()


def _parameter_before_init(face):
    class Bad(face.nn.Module):
        def __init__(self):
            self.w = face.nn.Parameter(face.ones(1))
    return Bad()


SCENARIOS = {
    "repr": lambda face: repr(_net(face)),
    "state_dict keys": lambda face: list(_net(face).state_dict()),
    "named_parameters": lambda face: [n for n, _ in _net(face).named_parameters()],
    "named_parameters with duplicates": lambda face: [
        n for n, _ in _net(face).named_parameters(remove_duplicate=False)],
    "named_parameters prefix": lambda face: [n for n, _ in _net(face).named_parameters("net", recurse=False)],
    "named_buffers": lambda face: [n for n, _ in _net(face).named_buffers()],
    "named_modules": lambda face: [n for n, _ in _net(face).named_modules()],
    "named_modules with duplicates": lambda face: [n for n, _ in _net(face).named_modules(remove_duplicate=False)],
    "named_children": lambda face: [n for n, _ in _net(face).named_children()],
    "dir": lambda face: [n for n in dir(_net(face)) if n in ("scale", "blocks", "act", "seen", "none")],
    "apply order": lambda face: (lambda seen: (_net(face).apply(lambda m: seen.append(type(m).__name__)), seen)[1])([]),
    "train": lambda face: [m.training for m in _net(face).eval().modules()],
    "train with a word": _call("train", "yes"),
    "missing attribute": lambda face: _net(face).nothing,
    "get_submodule": lambda face: repr(_net(face).get_submodule("blocks.1.fc")),
    "get_submodule none": _call("get_submodule", "blocks.7"),
    "get_submodule no module": _call("get_submodule", "scale"),
    "get_submodule empty": lambda face: type(_net(face).get_submodule("")).__name__,
    "get_parameter": lambda face: _net(face).get_parameter("blocks.0.fc.weight").shape == (2, 2),
    "get_parameter none": _call("get_parameter", "blocks.0.nope"),
    "get_parameter no parameter": _call("get_parameter", "blocks.0.seen"),
    "get_buffer": lambda face: _net(face).get_buffer("blocks.0.seen"),
    "get_buffer no buffer": _call("get_buffer", "scale"),
    "set a parameter to 3": _set("scale", lambda face: 3),
    "set a parameter to None": _set("scale", lambda face: None),
    "set a module to 3": _set("act", lambda face: 3),
    "set a module to None": _set("act", lambda face: None),
    "set a module to a parameter": _set("act", lambda face: face.nn.Parameter(face.ones(1))),
    "set an attribute to a module": _set("absent", lambda face: face.nn.Tanh()),
    "set an attribute to a tensor": _set("absent", lambda face: face.ones(1)),
    "set a new parameter": _set("w", lambda face: face.nn.Parameter(face.ones(1))),
    "set a new Buffer": _set("b", lambda face: face.nn.Buffer(face.ones(1))),
    "set a buffer that does not persist": _set("b", lambda face: face.nn.Buffer(face.ones(1), persistent=False)),
    "set before init": _before_init,
    "set a parameter before init": _parameter_before_init,
    "register a parameter with a dot": _register("register_parameter", "a.b", None),
    "register a parameter without a name": _register("register_parameter", "", None),
    "register a parameter named 3": _register("register_parameter", 3, None),
    "register a parameter twice": _register("register_parameter", "act", None),
    "register a list as a parameter": _register("register_parameter", "p", [1]),
    "register a buffer with a dot": _register("register_buffer", "a.b", None),
    "register a buffer twice": _register("register_buffer", "act", None),
    "register a number as a buffer": _register("register_buffer", "b", 3),
    "add no module": _register("add_module", "m", 3),
    "add a module with a dot": _register("add_module", "a.b", None),
    "add a module twice": _register("add_module", "scale", None),
    "delete a parameter": lambda face: (lambda net: (delattr(net, "scale"), list(net.state_dict()))[1])(_net(face)),
    "delete nothing": lambda face: delattr(_net(face), "nothing"),
    "no forward": lambda face: face.nn.Module()(1),
    "to an integer type": lambda face: _net(face).to(face.int64),
    "double": lambda face: sorted({str(t.dtype) for t in _net(face).double().state_dict().values()}),
    "to float64": lambda face: sorted({str(t.dtype) for t in _net(face).to(face.float64).state_dict().values()}),
    "Parameter of nothing": lambda face: list(face.nn.Parameter().shape),
    "Parameter repr": lambda face: repr(face.nn.Parameter(face.tensor([1.5, 2.0]))),
    "Parameter of integers": lambda face: face.nn.Parameter(face.tensor([1, 2])),
    "Parameter without grad": lambda face: face.nn.Parameter(face.tensor([1, 2]), requires_grad=False).requires_grad,
    "Linear(-1)": lambda face: face.nn.Linear(-1, 2),
    "reprs": lambda face: [repr(m) for m in (
        face.nn.Linear(2, 3, bias=False), face.nn.Dropout(0.2, inplace=True), face.nn.Flatten(), face.nn.Identity(5),
        face.nn.Unflatten(1, (2, 3)), face.nn.Sequential(), face.nn.ModuleDict({"a": face.nn.Tanh()}))],
}


test_same_as_pytorch = same_as_pytorch(SCENARIOS)


def test_parameter_shares_memory_and_version():
    data = zeros(3)
    parameter = Parameter(data)
    data.add_(1.0)
    assert parameter.tolist() == [1.0, 1.0, 1.0] and parameter._version == data._version == 1
    assert isinstance(parameter, Tensor) and parameter.is_leaf and parameter.requires_grad


@pytest.mark.parametrize("data", [[1.0], np.ones(2), 3.0], ids=["list", "array", "number"])
def test_parameter_of_no_tensor(data):
    with pytest.raises(TypeError, match="must be a Tensor"):
        Parameter(data)


def test_parameter_of_a_result_is_a_leaf():
    x = tensor([1.0], requires_grad=True)
    assert Parameter(x * 2).is_leaf


def test_conversion_keeps_the_objects():
    net = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 1))
    before = list(net.parameters())
    net(randn(4, 3)).sum().backward()
    net.double()
    assert all(a is b for a, b in zip(before, net.parameters()))
    assert {str(p.array.dtype) for p in before} == {str(p.grad.array.dtype) for p in before} == {"float64"}
    assert net(randn(4, 3).double()).dtype == before[0].dtype
    with pytest.raises(RuntimeError, match="CPU"):
        net.cuda()
    with pytest.raises(RuntimeError, match="CPU"):
        net.to("cuda:0")
    assert net.to("cpu").cpu() is net
    with pytest.raises(TypeError, match="float16"):
        net.half()


def test_zero_grad():
    net = nn.Linear(2, 1)
    net(randn(3, 2)).sum().backward()
    net.zero_grad(set_to_none=False)
    assert net.weight.grad.tolist() == [[0.0, 0.0]]
    net.zero_grad()
    assert net.weight.grad is None


def test_freeze():
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1)).requires_grad_(False)
    net[1].requires_grad_(True)
    net(randn(3, 2)).sum().backward()
    assert net[0].weight.grad is None and net[1].weight.grad is not None


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))], ids=["copy", "pickle"])
def test_copies(duplicate):
    net = nn.Sequential(nn.Linear(3, 3), nn.ReLU(), nn.Dropout(0.5, seed=5), nn.Linear(3, 3))
    net[3].weight.requires_grad_(False)
    net.tied = net[0]
    x = randn(5, 3)
    net(x)
    other = duplicate(net)
    assert other is not net and other[0].weight is not net[0].weight and other.tied is other[0]
    assert repr(other) == repr(net) and not other[3].weight.requires_grad
    assert isinstance(other[0].weight, Parameter)
    expected, got = net(x), other(x)  # the dropouts go on from the same place
    assert expected.array.tobytes() == got.array.tobytes()
    other[0].weight.data.add_(1.0)
    assert net[0].weight.tolist() != other[0].weight.tolist()


def test_an_unpickled_half_made_module_has_no_attributes():
    empty = nn.Module.__new__(nn.Module)
    with pytest.raises(AttributeError, match="has no attribute 'x'"):
        _ = empty.x


def test_scenarios_do_not_all_fail():
    """The comparison would be empty if both sides raised everywhere."""
    from faces import OURS
    results = [outcome(code, OURS) for code in SCENARIOS.values()]
    errors = [r for r in results if isinstance(r, list) and r and isinstance(r[0], str) and r[0].endswith("Error")]
    assert 10 < len(errors) < len(results) / 2 + 5
