"""What a step is passed and returns: nested results, views, results that are kept."""

from __future__ import annotations

import contextlib
from collections import OrderedDict, namedtuple

import pytest

import minigrad
from minigrad import optim
from minigrad.nn import functional as F

from .twins import assert_twins, batches, loss_of, mlp, small, weights_in_the_loss

Pair = namedtuple("Pair", "loss logits")


RESULTS = {
    "nothing": lambda loss, logits: None,
    "a tuple": lambda loss, logits: (loss, logits),
    "a list": lambda loss, logits: [loss, [logits, 3, "text", None]],
    "a dict": lambda loss, logits: {"loss": loss, "more": {"logits": logits, "n": (logits * 2, 7)}},
    "an OrderedDict": lambda loss, logits: OrderedDict(loss=loss, logits=logits),
    "a namedtuple": lambda loss, logits: Pair(loss, Pair(logits.argmax(1), None)),
    "one twice": lambda loss, logits: (loss, loss, logits, logits.T),
    "views": lambda loss, logits: (logits[1:, 0], logits.reshape(-1), logits.T, logits[None, ::2]),
    "a number": lambda loss, logits: 5,
    "detached": lambda loss, logits: (loss.detach(), logits.detach()),
    "empty": lambda loss, logits: (logits[:0], ()),
}


@pytest.mark.parametrize("name", RESULTS)
def test_results(name):
    def step(w, x, y):
        w.optimizer.zero_grad()
        logits = w.model(x)
        loss = F.cross_entropy(logits, y)
        loss.backward()
        w.optimizer.step()
        return RESULTS[name](loss, logits.detach())

    assert_twins(small(step), 20, fullgraph=True)


def test_results_that_are_arguments_parameters_and_gradients():
    def step(w, x, y):
        w.optimizer.zero_grad()
        loss_of(w, x, y).backward()
        w.optimizer.step()
        return x, w.model[0].weight, w.model[0].weight.grad, y

    minigrad.manual_seed(0)
    w = small(step)()
    compiled = minigrad.compile(w.step, fullgraph=True)
    for k in range(6):
        x, y = w.batch(k)
        results = compiled(x, y)
        assert [a is b for a, b in zip(results, (x, w.model[0].weight, w.model[0].weight.grad, y))] == [True] * 4
    assert_twins(small(step), 20, fullgraph=True)


@pytest.mark.parametrize("grad_mode", (minigrad.no_grad, minigrad.inference_mode), ids=["no_grad", "inference_mode"])
@pytest.mark.parametrize("training", (True, False))
def test_inference(grad_mode, training):
    def step(w, x, y):
        with grad_mode():
            logits = w.model.train(training)(x)
        return logits, logits.argmax(1), logits.softmax(1)

    assert_twins(small(step, once=lambda w: w.model.train(training)), 20, fullgraph=True)


def test_inference_around():
    def make():
        world = small(lambda w, x, y: w.model(x))()
        batch = world.batch
        world.around = contextlib.ExitStack()
        world.batch = lambda k: batch(k)
        return world

    with minigrad.no_grad():
        assert_twins(make, 20, runs=2, fullgraph=True)


def test_compiled_module():
    minigrad.manual_seed(0)
    model = mlp(4, 8, 3).eval()
    compiled = minigrad.compile(model, fullgraph=True)
    assert list(compiled.state_dict()) == list(model.state_dict())
    batch = batches((6, 4), 3)
    with minigrad.no_grad():
        for k in range(6):
            x = batch(k)[0]
            assert compiled(x).tolist() == model(x).tolist()
            model[0].weight.mul_(0.9)
        with pytest.raises(RuntimeError, match="4"):
            compiled(minigrad.zeros(3, 5))
    compiled.train()
    assert model.training and compiled.training
    with pytest.raises(minigrad.compiler.NotRecordable, match="requires grad"):
        compiled(batch(0)[0])


def test_a_module_that_trains_through_compile():
    """Its results require grad: it runs as it is, says so once, and is right."""
    def make():
        world = small(weights_in_the_loss)()
        world.plain = world.model
        return world

    w = make()
    with pytest.warns(UserWarning, match="requires grad"):
        module = minigrad.compile(w.model)
        module(w.batch(0)[0])
    loss = F.cross_entropy(module(w.batch(0)[0]), w.batch(0)[1])
    loss.backward()
    assert all(p.grad is not None for p in w.model.parameters())


class Trainer:
    def __init__(self, seed):
        minigrad.manual_seed(seed)
        self.model = mlp(4, 8, 3)
        self.optimizer = optim.SGD(self.model.parameters(), lr=0.1)

    def plain(self, x, y, scale=1.0):
        self.optimizer.zero_grad()
        loss = F.cross_entropy(self.model(x), y) * scale
        loss.backward()
        self.optimizer.step()
        return loss

    step = minigrad.compile(plain, fullgraph=True)


def test_methods():
    """Each instance has its own recordings; a bound method can be compiled, too."""
    batch = batches((6, 4), 3)
    plain, first, second, bound = Trainer(0), Trainer(0), Trainer(0), Trainer(0)
    compiled = minigrad.compile(bound.plain, fullgraph=True)
    for k in range(8):
        want = plain.plain(*batch(k)).item()
        assert first.step(*batch(k)).item() == want == second.step(*batch(k)).item() == compiled(*batch(k)).item()
    assert isinstance(Trainer.step.__name__, str) and Trainer.step.__doc__ == Trainer.plain.__doc__


def test_keywords_and_defaults():
    batch = batches((6, 4), 3)
    plain, compiled = Trainer(0), Trainer(0)
    for k in range(20):
        x, y = batch(k)
        options = [{}, {"scale": 2.0}, {"scale": 0.5}][k % 3]
        assert compiled.step(x, y=y, **options).item() == plain.plain(x, y=y, **options).item()
        assert compiled.step(x, y, 1.5).item() == plain.plain(x, y, 1.5).item()


def test_what_a_step_makes_of_numbers():
    """Tensors of numbers are made anew at each call, also those that the step goes on to change, and returns."""
    @minigrad.compile(fullgraph=True)
    def step(x):
        total, fixed = minigrad.zeros(3), minigrad.arange(3.0) + minigrad.full((3,), 2.0)
        total += x
        total[1:] *= 2
        return total, minigrad.ones_like(x), fixed * x, minigrad.eye(3) @ x, x.new_ones(3) + x

    seen = []
    for k in (0, 0, 1, 5, 5):
        x = minigrad.tensor([1.0, 2.0, k])
        seen.append([result.clone() for result in step(x)])
        assert [t.tolist() for t in seen[-1]] == [
            [1, 4, 2 * k], [1, 1, 1], [2, 6, 4 * k], [1, 2, k], [2, 3, k + 1]]


def test_decorator():
    @minigrad.compile
    def double(x):
        """Twice."""
        return x * 2

    @minigrad.compile(fullgraph=True)
    def triple(x):
        return x * 3

    assert double.__name__ == "double" and double.__doc__ == "Twice."
    for k in range(5):
        x = minigrad.tensor([1.0, k])
        assert double(x).tolist() == [2, 2 * k] and triple(x).tolist() == [3, 3 * k]


def test_nested_arguments():
    @minigrad.compile(fullgraph=True)
    def total(batch, *, weights):
        return batch["x"] * weights[0] + batch["more"][0] * weights[1]

    for k in range(6):
        x, more = minigrad.tensor([1.0, k]), minigrad.tensor([k, 2.0])
        got = total({"x": x, "more": (more,)}, weights=[2.0, k % 2])
        assert got.tolist() == (x * 2.0 + more * (k % 2)).tolist()
