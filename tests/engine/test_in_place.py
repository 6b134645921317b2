"""In-place changes: version counters, the errors that they make, what they do to history; with PyTorch, too."""

from __future__ import annotations

import math

import pytest

from .face import leaf, ours, same_as_torch

MODIFIED = "one of the variables needed for gradient computation has been modified by an inplace operation"


@same_as_torch
def test_versions_count_changes(t):
    x = t.ones(3)
    versions = [x._version]
    for change in (lambda: x.add_(1.0), lambda: x.mul_(x), lambda: x.__setitem__(0, 5.0), lambda: x.zero_(),
                   lambda: x.fill_(2.0), lambda: x.copy_(t.ones(3)), lambda: x.clamp_(0, 1), lambda: x.normal_(),
                   lambda: x.uniform_(), lambda: x.bernoulli_(), lambda: x.__iadd__(1.0)):
        change()
        versions.append(x._version)
    assert versions == list(range(12))
    return versions


@same_as_torch
def test_versions_are_shared_with_views(t):
    x = t.arange(6.0)
    y, z, w = x.view(2, 3), x[1:3], x.detach()
    y.add_(1.0)
    z[0] = 9.0
    w.mul_(2.0)
    assert x._version == y._version == z._version == w._version == 3
    copy = x.clone()
    copy.zero_()
    assert x._version == 3 and copy._version == 1
    x.data.zero_()  # .data does not count
    assert x._version == 3 and x.sum().item() == 0.0
    return [x, y, z, w]


@same_as_torch
@pytest.mark.filterwarnings("ignore")
def test_a_saved_tensor_that_changed(t):
    """Whatever was saved: an input, a constant, the output; changed itself, or through a view or a detached twin."""
    def attempts(w):
        x = leaf(t, 1.0, 2.0)
        y = x * 2.0
        yield (y * leaf(t)).sum(), lambda: y.add_(1.0)
        yield (y * w).sum(), lambda: w.mul_(2.0)
        yield (y * w).sum(), lambda: w[:1].zero_()
        yield (y * w).sum(), lambda: w.detach().zero_()
        z = y.exp()
        yield z.sum(), lambda: z.add_(1.0)
        s = y.sigmoid()
        yield s.sum(), lambda: s.detach().mul_(2.0)
        yield (y / w).sum(), lambda: w.copy_(w)

    for loss, change in attempts(t.tensor([3.0, 4.0], dtype=t.float64)):
        with t.no_grad():
            change()
        with pytest.raises(RuntimeError, match=MODIFIED):
            loss.backward()


@same_as_torch
def test_changes_that_do_no_harm(t):
    x = leaf(t)
    y = x * 2.0
    z = y + 1.0       # saves nothing
    y.add_(1.0)
    w = y.exp()       # saves its output
    y.zero_()
    (z.sum() + w.sum()).backward()
    assert x.grad.tolist() == pytest.approx([2.0 + 2.0 * math.exp(3.0), 2.0 + 2.0 * math.exp(5.0)])
    return x.grad


@same_as_torch
def test_a_constant_factor_does_not_save_the_other(t):
    x, w = leaf(t), t.tensor([3.0, 4.0], dtype=t.float64)
    y = x * 1.0
    z = y * w
    y.add_(1.0)
    z.sum().backward()
    return x.grad


@same_as_torch
def test_history_goes_on(t):
    """y after the change depends on what y was before."""
    x, w = leaf(t), leaf(t, 3.0, 4.0)
    y = x * 1.0
    y.mul_(w).add_(x).clamp_(max=7.0)
    y -= w * 2.0
    y /= 2.0
    y **= 2
    y[0] = w[1]
    y.relu_()
    y.sum().backward()
    return [y, x.grad, w.grad, y._version]


@same_as_torch
def test_a_plain_tensor_joins_the_graph(t):
    x, y = leaf(t), t.zeros(3, dtype=t.float64)
    assert not y.requires_grad
    y[1:] = x * 2.0
    y.add_(1.0)
    assert y.requires_grad and not y.is_leaf
    (y * y).sum().backward()
    return [y, x.grad]


@same_as_torch
def test_leaves_are_refused(t):
    x = leaf(t)
    for change in (lambda: x.add_(1.0), lambda: x.__setitem__(0, 1.0), lambda: x.zero_(), lambda: x.__imul__(2.0),
                   lambda: x.copy_(t.ones(2)), lambda: x.normal_(), lambda: t.nn.functional.relu(x, inplace=True)):
        with pytest.raises(RuntimeError, match="leaf Variable that requires grad"):
            change()
    assert x.tolist() == [1.0, 2.0] and x._version == 0
    with t.no_grad():
        x.add_(1.0)
        x[0] = 7.0
    x.data.mul_(2.0)
    x.detach().add_(0.5)
    assert x.is_leaf and x.requires_grad
    return [x, x._version]


@same_as_torch
def test_no_grad_keeps_history(t):
    """Under no_grad a change of values is not recorded: the gradient is that of the old expression."""
    x = leaf(t)
    y = x * 3.0
    with t.no_grad():
        y.zero_()
    y.sum().backward()
    assert x.grad.tolist() == [3.0, 3.0]


@same_as_torch
def test_shapes_and_types_must_fit(t):
    x = t.ones(2)
    with pytest.raises(RuntimeError, match=r"output with shape .* doesn't match the broadcast shape"):
        x.add_(t.ones(3, 2))
    with pytest.raises(RuntimeError, match="must match"):
        x.add_(t.ones(3))
    with pytest.raises(RuntimeError, match="can't be cast to the desired output type"):
        t.tensor([1]).add_(1.5)
    with pytest.raises(RuntimeError, match="can't be cast"):
        t.tensor([True]).add_(1)
    with pytest.raises(RuntimeError):
        t.ones(1).expand(3).add_(1.0)  # three elements in one place
    return [x.add_(t.ones(1, dtype=t.float64)), t.tensor([1, 2]).mul_(True), t.ones(2, 1).add_(t.ones(1))]


@same_as_torch
def test_failed_changes_change_nothing(t):
    x = leaf(t) * 1.0
    before = (x.tolist(), x._version, x.grad_fn)
    for change in (lambda: x.add_(t.ones(3)), lambda: x.__setitem__(5, 1.0), lambda: x.__setitem__(0, t.ones(7))):
        with pytest.raises((RuntimeError, IndexError)):
            change()
    assert (x.tolist(), x._version, x.grad_fn) == before


@same_as_torch
def test_an_operation_with_itself(t):
    x = t.arange(4.0)
    x.add_(x)
    x.mul_(x)
    y = t.arange(6.0).reshape(2, 3)
    y.sub_(y[0].clone())
    z = t.arange(4.0)
    z[1:] = z[:-1].clone()
    return [x, y, z]


@same_as_torch
def test_overlapping_assignment(t):
    """The right side is read before the left is written."""
    x = t.arange(5.0)
    x[1:] = x[:-1] * 1.0
    y = t.arange(4.0).reshape(2, 2)
    y.copy_(y.T.clone())
    y.add_(y.T.clone())
    return [x, y]


@same_as_torch
def test_fill_from_tensors_and_generators(t):
    x = leaf(t) * 1.0
    x.fill_(t.tensor(3.0))
    x.sum().backward()
    y = t.zeros(3)
    y.copy_(t.tensor([1, 2, 3]))
    y[:2] = t.tensor([7.9, 8.9], dtype=t.float64)
    z = t.zeros(3, dtype=t.int64)
    z[0] = 3.9
    z[1] = True
    return [x, y, z]


@same_as_torch
def test_in_place_activations(t):
    F = t.nn.functional
    results = []
    for f in (F.relu, F.leaky_relu, F.elu, F.silu, F.selu, lambda x, inplace: F.dropout(x, 0.0, inplace=inplace),
              lambda x, inplace: F.dropout(x, 0.5, training=False, inplace=inplace)):
        x = leaf(t, -1.0, 2.0)
        y = x * 1.0
        z = f(y, inplace=True)
        assert z is y
        z.sum().backward()
        results += [z, x.grad]
    return results


@same_as_torch
def test_a_change_through_a_view_is_recorded(t):
    x = leaf(t)
    y = x * 1.0
    y[0].mul_(5.0)
    y.view(2, 1).add_(1.0)
    y.sum().backward()
    return [y, x.grad]


@same_as_torch
def test_a_view_follows_its_base(t):
    """Or refuses: but a wrong gradient, silently, it must not give."""
    x = leaf(t)
    y = x * 1.0
    v = y[:1]
    y.mul_(2.0)
    try:
        v.sum().backward()
    except RuntimeError:
        return None
    assert x.grad.tolist() == [2.0, 0.0]
    return None


@same_as_torch
def test_a_change_of_a_view_whose_base_has_changed(t):
    x, w = leaf(t), leaf(t, 0.5)
    y = x * 1.0
    v = y[:1]
    y.sub_(w)
    v.mul_(2.0)
    y.sum().backward()
    assert x.grad.tolist() == [2.0, 1.0] and w.grad.tolist() == [-3.0]
    return [y, x.grad, w.grad]




@same_as_torch
def test_backward_from_a_view_whose_base_has_changed(t):
    results = []
    for start in (lambda v, x: v.backward(t.ones(1, dtype=t.float64)),
                  lambda v, x: results.append(t.autograd.grad(v, x, t.ones(1, dtype=t.float64))[0])):
        x = leaf(t)
        y = x * 1.0
        v = y[:1]
        y.mul_(2.0)
        start(v, x)
        results.append(x.grad)
    assert results[0].tolist() == [2.0, 0.0]
    return results


@same_as_torch
def test_attributes_of_a_view_whose_base_has_changed(t):
    y, w = t.zeros(2, dtype=t.float64), leaf(t)
    v = y[:1]
    y.add_(w)
    assert v.requires_grad and not v.is_leaf and v.grad_fn is not None
    v.retain_grad()
    (v * 3.0).sum().backward()
    return [v.grad, w.grad]


def test_a_hook_on_a_view_whose_base_has_changed():
    """Of minigrad alone: PyTorch 2.13 crashes."""
    x, seen = leaf(ours), []
    y = x * 1.0
    v = y[:1]
    y.mul_(2.0)
    v.register_hook(lambda dv: seen.append(dv.tolist()))
    (v * 3.0).sum().backward()
    assert seen == [[3.0]] and x.grad.tolist() == [6.0, 0.0]
