"""Sequential, ModuleList and ModuleDict. The same code runs on PyTorch."""

from collections import OrderedDict

import pytest
from faces import assert_same

from minigrad import nn
from minigrad.creation import ones


def _letters(face, kind="Sequential", n=4):
    modules = [face.nn.Tanh(), face.nn.ReLU(), face.nn.Sigmoid(), face.nn.Identity()][:n]
    return face.nn.Sequential(*modules) if kind == "Sequential" else face.nn.ModuleList(modules)


def _shown(module):
    return [f"{name} {child}" for name, child in module.named_children()]


def _on(kind, change):
    def code(face):
        module = _letters(face, kind)
        result = change(module, face)
        return [_shown(module), _shown(result) if isinstance(result, face.nn.Module) else result]
    return code


def _named(face):
    return face.nn.Sequential(OrderedDict([("a", face.nn.Tanh()), ("b", face.nn.ReLU()), ("c", face.nn.Sigmoid())]))


CHANGES = {
    "item": lambda m, f: str(m[1]),
    "negative item": lambda m, f: str(m[-1]),
    "item out of range": lambda m, f: m[4],
    "item of a word": lambda m, f: m["a"],
    "slice": lambda m, f: m[1:3],
    "slice back": lambda m, f: m[::-1],
    "set": lambda m, f: m.__setitem__(1, f.nn.Tanh()),
    "set out of range": lambda m, f: m.__setitem__(9, f.nn.Tanh()),
    "delete": lambda m, f: m.__delitem__(1),
    "delete last": lambda m, f: m.__delitem__(-1),
    "delete slice": lambda m, f: m.__delitem__(slice(1, 3)),
    "append": lambda m, f: m.append(f.nn.Softplus()),
    "append a number": lambda m, f: m.append(3),
    "insert": lambda m, f: m.insert(1, f.nn.Softplus()),
    "insert first": lambda m, f: m.insert(0, f.nn.Softplus()),
    "extend": lambda m, f: m.extend([f.nn.Softplus(), f.nn.Tanh()]),
    "pop": lambda m, f: str(m.pop(1)),
    "pop last": lambda m, f: str(m.pop(-1)),
    "len": lambda m, f: len(m),
    "iter": lambda m, f: [str(x) for x in m],
    "repr": lambda m, f: repr(m),
    "dir": lambda m, f: [n for n in dir(m) if n.isdigit()],
}
SEQUENTIAL = {
    "add": lambda m, f: m + _letters(f, n=2),
    "add a list": lambda m, f: m.__add__([f.nn.Tanh()]),
    "iadd": lambda m, f: m.__iadd__(_letters(f, n=1)),
    "iadd a list": lambda m, f: m.__iadd__([f.nn.Tanh()]),
    "times 2": lambda m, f: m * 2,
    "2 times": lambda m, f: 2 * m,
    "times 0": lambda m, f: m * 0,
    "times itself 3": lambda m, f: m.__imul__(3),
    "insert at the end": lambda m, f: m.insert(4, f.nn.Softplus()),
    "insert before the last": lambda m, f: m.insert(-1, f.nn.Softplus()),
    "insert out of range": lambda m, f: m.insert(9, f.nn.Softplus()),
}
LIST = {
    "add a list": lambda m, f: m.__add__([f.nn.Tanh()]),
    "iadd a list": lambda m, f: m.__iadd__([f.nn.Tanh()]),
    "extend by a number": lambda m, f: m.extend(3),
    "repeated": lambda m, f: repr(f.nn.ModuleList([f.nn.Tanh(), f.nn.Tanh(), f.nn.ReLU(), f.nn.Tanh()])),
    "nested": lambda m, f: repr(f.nn.ModuleList([_letters(f, n=2), _letters(f, n=2)])),
    "empty": lambda m, f: repr(f.nn.ModuleList()),
    "call": lambda m, f: m(1),
}
OTHERS = {
    "named slice": lambda f: _shown(_named(f)[1:]),
    "named item": lambda f: [str(_named(f)[1]), str(_named(f).b)],
    "named forward": lambda f: _named(f)(f.ones(2)),
    "named delete": lambda f: (lambda m: (m.__delitem__(0), _shown(m))[1])(_named(f)),
    "sequential of a number": lambda f: f.nn.Sequential(3),
    "dict": lambda f: repr(f.nn.ModuleDict({"a": f.nn.Tanh(), "b": f.nn.ReLU()})),
    "dict of pairs": lambda f: list(f.nn.ModuleDict([["a", f.nn.Tanh()], ["b", f.nn.ReLU()]]).keys()),
    "dict of a number": lambda f: f.nn.ModuleDict(3),
    "dict of a bad pair": lambda f: f.nn.ModuleDict([["a", f.nn.Tanh(), 1]]),
    "dict of no module": lambda f: f.nn.ModuleDict({"a": 3}),
    "dict with a dot": lambda f: f.nn.ModuleDict({"a.b": f.nn.Tanh()}),
    "dict item": lambda f: f.nn.ModuleDict({"a": f.nn.Tanh()})["b"],
    "dict pop": lambda f: (lambda m: [str(m.pop("a")), len(m), "a" in m, list(m)])(f.nn.ModuleDict({"a": f.nn.Tanh()})),
    "dict update": lambda f: (lambda m: (m.update(f.nn.ModuleDict({"b": f.nn.ReLU()})), [*m.items()].__len__())[1])(
        f.nn.ModuleDict({"a": f.nn.Tanh()})),
}


@pytest.mark.parametrize("change", {**CHANGES, **SEQUENTIAL}.values(), ids={**CHANGES, **SEQUENTIAL}.keys())
def test_sequential_as_in_pytorch(change):
    assert_same(_on("Sequential", change), pytest.importorskip("torch"))


@pytest.mark.parametrize("change", {**CHANGES, **LIST}.values(), ids={**CHANGES, **LIST}.keys())
def test_module_list_as_in_pytorch(change):
    assert_same(_on("ModuleList", change), pytest.importorskip("torch"))


@pytest.mark.parametrize("code", OTHERS.values(), ids=OTHERS.keys())
def test_others_as_in_pytorch(code):
    assert_same(code, pytest.importorskip("torch"))


def test_a_slice_shares_its_modules():
    model = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    assert model[:1][0] is model[0]


def test_sequential_may_pass_anything_on():
    class Pair(nn.Module):
        def forward(self, x):
            return x, x

    class First(nn.Module):
        def forward(self, pair):
            return pair[0]

    assert nn.Sequential(Pair(), First())(ones(2)).tolist() == [1.0, 1.0]
    assert nn.Sequential()(ones(1)).tolist() == [1.0]
