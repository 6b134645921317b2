"""state_dict and load_state_dict: keys, texts, sharing; checkpoints to and from PyTorch; optimisers keep working."""

from collections import OrderedDict

import numpy as np
import pytest
from faces import same_as_pytorch

from minigrad import nn, optim
from minigrad.creation import from_numpy, ones, randn, tensor, zeros


def _net(face):
    torch = face
    return torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.ReLU(), torch.nn.Linear(2, 1, bias=False))


def _load(change, **options):
    def code(face):
        net = _net(face)
        state = OrderedDict((k, v * 0 + 1) for k, v in net.state_dict().items())
        change(state, face)
        report = net.load_state_dict(state, **options)
        return [str(report), net.state_dict()]
    return code


def _rename(state, old, new):
    state[new] = state.pop(old)


SCENARIOS = {
    "all": _load(lambda s, f: None),
    "missing": _load(lambda s, f: s.pop("0.bias")),
    "missing, not strict": lambda f: str(_net(f).load_state_dict({"0.weight": f.ones(2, 3)}, strict=False)),
    "unexpected": _load(lambda s, f: s.update({"9.weight": f.ones(1), "0.gain": f.ones(1), "q": f.ones(1)})),
    "unexpected, not strict": _load(lambda s, f: s.update({"9.weight": f.ones(1)}), strict=False),
    "renamed": _load(lambda s, f: _rename(s, "0.weight", "0.wieght")),
    "wrong shape": _load(lambda s, f: s.update({"0.weight": f.ones(2, 2)})),
    "wrong shape, not strict": _load(lambda s, f: s.update({"0.weight": f.ones(2, 2)}), strict=False),
    "all wrong": _load(lambda s, f: (s.pop("0.bias"), s.update({"0.weight": f.ones(1), "x": f.ones(1)}))),
    "no tensor": _load(lambda s, f: s.update({"0.bias": [1.0, 2.0]})),
    "another dtype": _load(lambda s, f: s.update({"0.bias": f.ones(2, dtype=f.float64) * 3})),
    "assign": _load(lambda s, f: None, assign=True),
    "no mapping": lambda face: _net(face).load_state_dict(3),
    "prefix": lambda face: list(_net(face).state_dict(prefix="net.")),
    "metadata": lambda face: {k: v["version"] for k, v in _net(face).state_dict()._metadata.items()},
    "keep_vars": lambda face: [v.requires_grad for v in _net(face).state_dict(keep_vars=True).values()],
    "detached": lambda face: [v.requires_grad for v in _net(face).state_dict().values()],
    "weighted loss": lambda face: list(face.nn.CrossEntropyLoss(weight=face.ones(3)).state_dict()),
}


test_same_as_pytorch = same_as_pytorch(SCENARIOS)


def test_values_share_memory_with_the_module():
    net = nn.Linear(2, 2)
    net.state_dict()["weight"].fill_(7.0)
    assert net.weight.tolist() == [[7.0, 7.0], [7.0, 7.0]]


def test_loading_is_in_place():
    net = nn.Linear(2, 1)
    weight, array = net.weight, net.weight.array
    optimiser = optim.SGD(net.parameters(), lr=1.0)
    net(ones(1, 2)).sum().backward()
    optimiser.step()
    net.load_state_dict({"weight": zeros(1, 2), "bias": zeros(1)})
    assert net.weight is weight and net.weight.array is array
    optimiser.step()
    assert weight.tolist() == [[-1.0, -1.0]]


def test_loading_counts_as_a_change():
    net = nn.Linear(2, 1)
    y = net(randn(3, 2).requires_grad_())
    net.load_state_dict(net.state_dict())
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


def test_assign_takes_the_tensors_and_keeps_requires_grad():
    net = nn.Linear(2, 1)
    net.bias.requires_grad_(False)
    state = {"weight": ones(1, 2).double(), "bias": zeros(1).double()}
    net.load_state_dict(state, assign=True)
    assert net.weight.array is state["weight"].array and net.weight.requires_grad
    assert isinstance(net.bias, nn.Parameter) and not net.bias.requires_grad


def test_pytorch_checkpoint():
    torch = pytest.importorskip("torch")
    theirs = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 2))
    ours = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    ours.load_state_dict({k: from_numpy(v.numpy()) for k, v in theirs.state_dict().items()})
    x = np.random.default_rng(0).standard_normal((5, 3)).astype(np.float32)
    np.testing.assert_allclose(ours(from_numpy(x)).detach().numpy(), theirs(torch.from_numpy(x)).detach().numpy(),
                               rtol=1e-5, atol=1e-6)


def test_extra_state_of_ones_own():
    class Counter(nn.Module):
        calls = 0

        def get_extra_state(self):
            return {"calls": self.calls}

        def set_extra_state(self, state):
            self.calls = state["calls"]

    counter = Counter()
    counter.calls = 3
    state = nn.Sequential(counter).state_dict()
    assert state == {"0._extra_state": {"calls": 3}}
    fresh = nn.Sequential(Counter())
    fresh.load_state_dict(state)
    assert fresh[0].calls == 3
    with pytest.raises(RuntimeError, match=r'Missing key\(s\) in state_dict: "0._extra_state"'):
        fresh.load_state_dict({})
    with pytest.raises(RuntimeError, match=r'Unexpected key\(s\) in state_dict: "0._extra_state"'):
        nn.Sequential(nn.ReLU()).load_state_dict(state)


def test_a_module_may_override_how_it_loads():
    class Old(nn.Linear):
        def _load_from_state_dict(self, state_dict, prefix, *rest):
            state_dict[prefix + "weight"] = state_dict.pop(prefix + "w")
            super()._load_from_state_dict(state_dict, prefix, *rest)

    net = nn.Sequential(Old(2, 1))
    given = {"0.w": ones(1, 2), "0.bias": zeros(1)}
    net.load_state_dict(given)
    assert net[0].weight.tolist() == [[1.0, 1.0]]
    assert set(given) == {"0.w", "0.bias"}, "the caller's dict is not changed"


def test_positional_arguments_still_work():
    with pytest.warns(FutureWarning):
        state = nn.Linear(1, 1).state_dict({}, "fc.")
    assert set(state) == {"fc.weight", "fc.bias"}


def test_a_scalar_buffer_takes_a_vector_of_one():
    module = nn.Module()
    module.register_buffer("n", tensor(1))
    module.load_state_dict({"n": tensor([5])})
    assert module.n.item() == 5
