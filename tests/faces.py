"""Run one piece of code on minigrad and on PyTorch, and compare what comes out: values, texts, errors."""

import re
from types import SimpleNamespace

import numpy as np
import pytest

from minigrad import creation, dtypes, nn, optim
from minigrad.grad_mode import no_grad
from minigrad.utils import data

OURS = SimpleNamespace(nn=nn, optim=optim, data=data, no_grad=no_grad, tensor=creation.tensor, zeros=creation.zeros,
                       ones=creation.ones, from_numpy=creation.from_numpy, float64=dtypes.float64,
                       float32=dtypes.float32, int64=dtypes.int64)


def torch_face(torch):
    return SimpleNamespace(nn=torch.nn, optim=torch.optim, data=torch.utils.data, no_grad=torch.no_grad,
                           tensor=torch.tensor, zeros=torch.zeros, ones=torch.ones, from_numpy=torch.from_numpy,
                           float64=torch.float64, float32=torch.float32, int64=torch.int64)


def outcome(code, face):
    """What code(face) returns, or the class and text of its error, with the name of the library taken out."""
    try:
        value = code(face)
    except Exception as error:
        value = [type(error).__name__, error.args[0] if error.args else ""]
    return _plain(value)


def _plain(value):
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, str):
        return re.sub(r"torch\.nn\.(modules\.)?[a-z_]+\.", "torch.nn.", value.replace("minigrad.", "torch."))
    if hasattr(value, "detach"):
        return _plain(np.asarray(value.detach().numpy()).tolist())
    return value


def assert_same(code, torch):
    ours, theirs = outcome(code, OURS), outcome(code, torch_face(torch))
    assert ours == theirs, f"minigrad gave\n{ours}\nPyTorch gave\n{theirs}"


def same_as_pytorch(scenarios):
    """A test that every scenario, name -> function of a face, has the same outcome on both."""

    @pytest.mark.parametrize("code", scenarios.values(), ids=scenarios.keys())
    def test(code):
        assert_same(code, pytest.importorskip("torch"))

    return test


def printed(expression, names):
    """What an expression of a library's names prints, or the class of its exception."""
    try:
        return repr(eval(expression, names)).replace("minigrad", "torch")
    except Exception as error:
        return type(error)


def copy_weights(ours, theirs, torch):
    """Give a PyTorch module the parameters of ours."""
    theirs.load_state_dict({name: torch.from_numpy(t.numpy().copy()) for name, t in ours.state_dict().items()})
