"""no_grad, enable_grad, set_grad_enabled, inference_mode: contexts, decorators, generators, threads."""

from __future__ import annotations

import asyncio
import threading

import pytest

from .face import ours, same_as_torch


def recorded(t):
    return (t.ones(1, requires_grad=True) * 2.0).requires_grad


@same_as_torch
def test_contexts(t):
    seen = [recorded(t)]
    with t.no_grad():
        seen += [recorded(t), t.is_grad_enabled()]
        with t.enable_grad():
            seen += [recorded(t), t.is_grad_enabled()]
        with t.set_grad_enabled(True):
            seen.append(recorded(t))
        with t.inference_mode():
            seen.append(recorded(t))
        seen.append(t.is_grad_enabled())
    with t.inference_mode(False):
        seen.append(recorded(t))
    seen.append(t.is_grad_enabled())
    assert seen == [True, False, False, True, True, True, False, False, True, True]
    return seen


@same_as_torch
def test_leaves_made_without_recording(t):
    with t.no_grad():
        x = t.ones(1, requires_grad=True)
        y = x * 2.0
        z = y.requires_grad_()
    assert x.requires_grad and x.is_leaf and z.is_leaf
    (z * 3.0).backward()
    return [x.requires_grad, z.grad]


@same_as_torch
def test_the_mode_survives_exceptions(t):
    for context, inside in ((t.no_grad, False), (t.enable_grad, True), (t.inference_mode, False)):
        with pytest.raises(KeyError), context():
            assert t.is_grad_enabled() is inside
            raise KeyError
        assert t.is_grad_enabled()


@same_as_torch
def test_one_object_used_again_and_nested(t):
    off = t.no_grad()
    for _ in range(2):
        with off:
            assert not t.is_grad_enabled()
        assert t.is_grad_enabled()


@same_as_torch
def test_set_grad_enabled_acts_at_once(t):
    t.set_grad_enabled(False)
    try:
        assert not t.is_grad_enabled()
        with t.set_grad_enabled(True):
            assert recorded(t)
        assert not recorded(t)
    finally:
        t.set_grad_enabled(True)
    with t.set_grad_enabled(False):
        assert not recorded(t)
    assert recorded(t)


@same_as_torch
def test_decorators(t):
    @t.no_grad()
    def called(a, b=2):
        """Says what it does."""
        assert not t.is_grad_enabled()
        return a, b

    @t.no_grad
    def bare():
        return t.is_grad_enabled()

    @t.enable_grad()
    def inner():
        return t.is_grad_enabled()

    @t.no_grad()
    def outer():
        return inner(), t.is_grad_enabled()

    @t.inference_mode()
    def inference():
        return t.is_grad_enabled()

    @t.set_grad_enabled(False)
    def disabled():
        return t.is_grad_enabled()

    assert called(1, b=3) == (1, 3) and called.__name__ == "called" and called.__doc__ == "Says what it does."
    assert t.is_grad_enabled()  # decorating changed nothing
    results = [bare(), inner(), outer(), inference(), disabled(), t.is_grad_enabled()]
    assert results == [False, True, (True, False), False, False, True]
    return results


@same_as_torch
def test_decorated_methods_and_recursion(t):
    class Model:
        @t.no_grad()
        def depth(self, n):
            assert not t.is_grad_enabled()
            return n if n == 0 else self.depth(n - 1)

        @t.no_grad()
        def fail(self):
            raise ValueError

    model = Model()
    assert model.depth(5) == 0 and t.is_grad_enabled()
    with pytest.raises(ValueError):
        model.fail()
    assert t.is_grad_enabled()


def test_coroutines():
    """The mode holds inside the coroutine only, whatever runs while it waits. (PyTorch's holds nowhere.)"""
    seen = []

    @ours.no_grad()
    async def off(n):
        for _ in range(n):
            seen.append(("off", ours.is_grad_enabled()))
            await asyncio.sleep(0)
        return n

    async def on():
        for _ in range(2):
            seen.append(("on", ours.is_grad_enabled()))
            await asyncio.sleep(0)

    async def both():
        return await asyncio.gather(off(2), on(), off(3))

    assert asyncio.run(both()) == [2, None, 3]
    assert set(seen) == {("off", False), ("on", True)} and len(seen) == 7 and ours.is_grad_enabled()


def test_asynchronous_generators_are_refused():
    with pytest.raises(TypeError, match="asynchronous generator"):
        @ours.no_grad()
        async def numbers():
            yield 1


@same_as_torch
def test_inference_mode_tells(t):
    seen = [t.is_inference_mode_enabled()]
    with t.inference_mode():
        seen.append(t.is_inference_mode_enabled())
        with t.inference_mode(False):
            seen += [t.is_inference_mode_enabled(), t.is_grad_enabled()]
        seen += [t.is_inference_mode_enabled(), t.is_grad_enabled()]
    with t.inference_mode(mode=False), t.set_grad_enabled(mode=False):
        seen += [t.is_inference_mode_enabled(), t.is_grad_enabled()]

    @t.inference_mode
    def bare():
        return t.is_inference_mode_enabled(), t.is_grad_enabled()

    @t.inference_mode()
    def called():
        return t.is_inference_mode_enabled(), t.is_grad_enabled()

    seen += [*bare(), *called(), t.is_inference_mode_enabled(), t.is_grad_enabled()]
    assert seen == [False, True, False, True, True, False, False, False, True, False, True, False, False, True]
    return seen


@same_as_torch
def test_generators(t):
    """The mode holds inside the generator only, whoever runs in between."""
    @t.no_grad()
    def numbers(n):
        received = []
        for i in range(n):
            assert not t.is_grad_enabled()
            received.append((yield i))
            assert not t.is_grad_enabled()
        return received

    it = numbers(3)
    assert next(it) == 0 and t.is_grad_enabled()
    assert it.send("a") == 1 and t.is_grad_enabled()
    with t.no_grad():
        assert it.send("b") == 2
    with pytest.raises(StopIteration) as stop:
        it.send("c")
    assert stop.value.value == ["a", "b", "c"] and t.is_grad_enabled()
    assert list(numbers(2)) == [0, 1]


@same_as_torch
def test_generators_are_closed(t):
    log = []

    @t.no_grad()
    def resource():
        try:
            yield 1
        finally:
            log.append("closed")

    it = resource()
    next(it)
    it.close()
    assert log == ["closed"] and t.is_grad_enabled()


@same_as_torch
def test_generators_are_closed_in_their_mode(t):
    log = []

    @t.no_grad()
    def resource():
        try:
            yield 1
        finally:
            log.append(t.is_grad_enabled())

    it = resource()
    next(it)
    it.close()
    assert log == [False] and t.is_grad_enabled()


@same_as_torch
def test_exceptions_reach_generators(t):
    @t.no_grad()
    def patient():
        while True:
            try:
                yield "waiting"
            except KeyError:
                yield t.is_grad_enabled()

    it = patient()
    assert next(it) == "waiting"
    assert it.throw(KeyError()) is False
    assert t.is_grad_enabled()


@same_as_torch
def test_inference_mode_as_a_flag(t):
    for flag in (True, False):
        with t.inference_mode(mode=flag):
            assert t.is_grad_enabled() is not flag


@same_as_torch
def test_each_thread_has_its_own_mode(t):
    seen = {}

    def work(name):
        seen[name] = [t.is_grad_enabled()]
        with t.no_grad():
            barrier.wait()
            seen[name].append(recorded(t))
            barrier.wait()
        seen[name].append(recorded(t))

    barrier = threading.Barrier(3, timeout=30)
    threads = [threading.Thread(daemon=True, target=work, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    barrier.wait()
    assert t.is_grad_enabled() and recorded(t)  # while both others are in no_grad
    barrier.wait()
    for thread in threads:
        thread.join()
    assert seen == {"a": [True, False, True], "b": [True, False, True]}
    with t.no_grad():
        thread = threading.Thread(daemon=True, target=lambda: seen.update(new=t.is_grad_enabled()))
        thread.start()
        thread.join()
    assert seen["new"] is True  # a new thread records, wherever it was started


@same_as_torch
def test_a_decorated_function_in_many_threads(t):
    """Its calls overlap, and each restores the mode of its own thread."""
    both = threading.Barrier(2, timeout=30)

    @t.no_grad()
    def wait():
        both.wait()
        return t.is_grad_enabled()

    seen = []

    def work():
        seen.append((wait(), t.is_grad_enabled()))

    threads = [threading.Thread(daemon=True, target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [(False, True)] * 2


def test_nothing_is_kept_without_recording():
    with ours.no_grad():
        y = ours.ones(2, requires_grad=True).exp()
    assert y.grad_fn is None and y.is_leaf and not y.requires_grad


@pytest.mark.parametrize("count", [200, 255, 256, 1000])
@pytest.mark.parametrize("context", [ours.no_grad, ours.enable_grad])
def test_many_arguments(count, context):
    with context():
        assert ours.stack([ours.ones(1)] * count).shape == (count, 1)
