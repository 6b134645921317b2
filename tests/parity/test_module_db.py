"""PyTorch's table of modules, walked: every module of it that minigrad has, with PyTorch's own samples.

Constructors, repr, state_dict, outputs, buffers after the call, gradients of first and second order, in training and in
evaluation, float32 and float64; and the errors of bad input.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from engine.face import HAS_TORCH, find, needs_torch, ours, theirs

from .module_walk import Pair
from .torch_samples import Unsupported, internal, to_ours

pytestmark = needs_torch

SAMPLES = 24  # of one module at most, spread over its list

# What PyTorch's table has and minigrad does not, with the reason.
NOT_OFFERED: dict[str, str] = {
    **dict.fromkeys(("RNN", "GRU", "LSTM", "RNNCell", "GRUCell", "LSTMCell"), "recurrent networks"),
    **dict.fromkeys(("Transformer", "TransformerEncoder", "TransformerEncoderLayer", "TransformerDecoderLayer",
                     "MultiheadAttention"), "attention"),
    **dict.fromkeys(("Conv3d", "ConvTranspose3d", "AvgPool3d", "MaxPool3d",
                     "AdaptiveAvgPool3d", "AdaptiveMaxPool3d", "LPPool3d",
                     "FractionalMaxPool2d", "FractionalMaxPool3d", "ReflectionPad3d", "ReplicationPad3d", "ZeroPad3d",
                     "CircularPad3d", "ConstantPad3d"), "volumes, and convolutions other than 1-D and 2-D"),
    **dict.fromkeys(("LazyConv1d", "LazyConv2d", "LazyConv3d", "LazyConvTranspose1d", "LazyConvTranspose2d",
                     "LazyConvTranspose3d"), "lazy modules"),
    "CTCLoss": "losses of sequences",
    "LinearCrossEntropyLoss": "a prototype in PyTorch 2.13",
}

# What is to come, or is there and differs still.
NOT_YET: set[str] = set()


def _infos() -> dict[str, Any]:
    if not HAS_TORCH:
        return {}
    return {info.name.removeprefix("nn."): info for info in internal("common_modules").module_db
            if info.name.startswith("nn.")}


INFOS = _infos()
NOT_YET |= {name for name in INFOS if name not in NOT_OFFERED and not hasattr(ours.nn, name)}
OFFERED = [pytest.param(name, marks=[pytest.mark.xfail(reason="not yet")] if name in NOT_YET else [])
           for name in INFOS if name not in NOT_OFFERED]


def samples_of(name: str, dtype: Any, training: bool) -> list:
    theirs().manual_seed(5)
    info = INFOS[name]
    samples = info.module_inputs_func(info, device="cpu", dtype=dtype, requires_grad=True, training=training)
    return samples[::max(1, -(-len(samples) // SAMPLES))]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", OFFERED)
def test_module(name, dtype):
    """All samples, in the modes in which the module differs."""
    torch_dtype = getattr(theirs(), dtype)
    failures = []
    for training in (True, False) if INFOS[name].train_and_eval_differ else (True,):
        for sample in samples_of(name, torch_dtype, training):
            made = sample.constructor_input
            try:
                Pair(f"nn.{name}", sample, torch_dtype, training).check(dtype)
            except Exception as error:
                failures.append(f"{made.args} {made.kwargs} {sample.desc}: {type(error).__name__}: {error}")
    assert not failures, f"{len(failures)} samples differ:\n\n" + "\n\n".join(failures[:5])


@pytest.mark.parametrize("name", [param for param in OFFERED if INFOS[param.values[0]].module_error_inputs_func])
def test_errors(name):
    """What PyTorch refuses is refused with the same class and text."""
    info, torch = INFOS[name], theirs()
    for training in (True, False) if info.train_and_eval_differ else (True,):
        for case in info.module_error_inputs_func(info, device="cpu", dtype=torch.float32, requires_grad=False,
                                                  training=training):
            made, call = case.module_error_input.constructor_input, case.module_error_input.forward_input
            if "eps" in made.kwargs and not training:
                continue  # PyTorch's table has the words of training for evaluation, too
            try:
                (args, kwargs), inputs = to_ours((made.args, made.kwargs)), call and to_ours((call.args, call.kwargs))
            except Unsupported:
                continue
            with pytest.raises(case.error_type) as caught:
                module = find(ours, f"nn.{name}")(*args, **kwargs)
                assert case.error_on.name == "FORWARD_ERROR", f"nothing was raised for {args} {kwargs}"
                module.train(training)(*inputs[0], **inputs[1])
            assert re.search(case.error_regex, str(caught.value)), (
                f"{args} {kwargs}: {caught.value}\nshould match {case.error_regex}")


def test_what_is_not_offered(capsys):
    """The list, printed; none of it exists, and asking for it says what to use instead, or that there is nothing."""
    with capsys.disabled():
        print("\nmodules of PyTorch's table that minigrad does not offer:")
        for reason in dict.fromkeys(NOT_OFFERED.values()):
            print(f"  {reason}: {', '.join(name for name, why in NOT_OFFERED.items() if why == reason)}")
    assert set(NOT_OFFERED) <= set(INFOS)
    for name in NOT_OFFERED:
        with pytest.raises((AttributeError, NotImplementedError)):
            getattr(ours.nn, name)
