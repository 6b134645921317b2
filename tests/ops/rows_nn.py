"""Rows of the reductions, the products, softmax, the losses and dropout."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.autograd.graph import saved_tensors_hooks
from minigrad.nn.hooks import ModuleBoundary
from minigrad.ops.extremes import TakeAlong
from minigrad.ops.linear import Dense

from .row import Row, Sample, away, below, call, coin, distinct, normal, positive, split, unit, whole

F = "nn.functional."


def packed(t: Any, x: Any, y: Any) -> Any:
    """x e^y, of which nothing is saved but copies."""
    with saved_tensors_hooks(lambda s: s.clone(), lambda s: s):
        return x * y.exp()


def axes(dim: Any) -> Any:
    return None if dim is None or dim == () else dim


def reduction(name: str, reference: Callable, covers: str, draw: Callable = normal, ulps: float = 64,
              empty: bool = True, how: Callable | None = None, torch: bool = True, **kwargs: Any) -> Row:
    """f(x, dim, keepdim): all of it, one axis, several, adjacent or not, of one element, of none."""
    samples = [call(draw(2, 3)), call(draw(2, 3), dim=0), call(draw(2, 3), dim=1, keepdim=True),
               call(draw(2, 1, 3), dim=(0, 2)), call(draw(2, 3), dim=-1), call(draw(3), dim=0), call(draw()),
               call(draw(4, 5, 3, 2), dim=(1, 2)), call(draw(4, 5, 3), dim=(0, 2), keepdim=True),
               *(call(draw(3, n), dim=1) for n in (1, 7, 8, 17, 33, 130)), call(draw(130, 3), dim=0),
               call(draw(9, 17, 5), dim=1), call(draw(1000)), *([call(draw(3, 0), dim=0)] if empty else [])]
    return Row(name, lambda x, dim=None, keepdim=False, **kw: reference(x, axes(dim), keepdim, **kw),
               tuple(Sample(s.args, {**s.kwargs, **kwargs}) for s in samples), split(covers), how, torch, ulps, torch)


def along(name: str, reference: Callable, covers: str, draw: Callable = normal) -> Row:
    """f(x, dim) where one dim is needed."""
    shapes = [((2, 3), 1), ((2, 3), 0), ((3,), -1), ((), 0), ((2, 1, 3), 1), ((2, 2, 2), 2), ((5, 17), 1), ((17, 5), 0),
              ((3, 65), -1), ((0, 3), 1), ((9, 7, 4), 1)]
    return Row(name, reference, tuple(call(draw(*shape), dim) for shape, dim in shapes), split(covers), ulps=64)


def norm(p: float) -> Callable:
    def reference(x: np.ndarray, dim: Any, keepdim: bool) -> np.ndarray:
        a = np.abs(x)
        if np.isinf(p):
            return (np.max if p > 0 else np.min)(a, axis=dim, keepdims=keepdim)
        if not p:
            return np.sum(a != 0, axis=dim, keepdims=keepdim) * 1.0
        return np.sum(a**p, axis=dim, keepdims=keepdim) ** (1 / p)

    return reference


def extreme(f: Callable, at: Callable) -> Callable:
    def reference(x: np.ndarray, dim: int, keepdim: bool = False) -> tuple:
        return (f(x, axis=dim if x.ndim else None, keepdims=keepdim),
                np.asarray(at(x, axis=dim if x.ndim else None, keepdims=keepdim), np.int64))

    return reference


def softmax(x: np.ndarray, dim: int) -> np.ndarray:
    if not x.ndim:
        return np.ones(())
    e = np.exp(x - x.max(dim, keepdims=True))
    return e / e.sum(dim, keepdims=True)


def log_softmax(x: np.ndarray, dim: int) -> np.ndarray:
    if not x.ndim:
        return np.zeros(())
    x = x - x.max(dim, keepdims=True)
    return x - np.log(np.exp(x).sum(dim, keepdims=True))


def reduced(loss: np.ndarray, how: str, total: Any = None) -> np.ndarray:
    if how == "none":
        return loss
    return loss.sum() if how == "sum" else loss.sum() / (loss.size if total is None else total)


def nll(x: np.ndarray, t: np.ndarray, weight: Any = None, ignore_index: int = -100,
        reduction: str = "mean") -> np.ndarray:
    axis = 1 if x.ndim > 1 else 0
    kept = t != ignore_index
    safe = np.where(kept, t, 0)
    w = kept * (1.0 if weight is None else weight[safe])
    loss = -np.take_along_axis(x, np.expand_dims(safe, axis), axis).squeeze(axis) * w
    return reduced(loss, reduction, w.sum())


def cross_entropy(x: np.ndarray, t: np.ndarray, weight: Any = None, ignore_index: int = -100, reduction: str = "mean",
                  label_smoothing: float = 0.0) -> np.ndarray:
    axis, e = 1 if x.ndim > 1 else 0, label_smoothing
    log_p = log_softmax(x, axis)
    classes = x.shape[axis]
    w = np.ones(classes) if weight is None else weight
    along = w.reshape([classes if i == axis else 1 for i in range(x.ndim)])
    if t.dtype.kind == "f":
        soft = t * (1 - e) + e / classes
        loss = -(soft * log_p * along).sum(axis)
        return reduced(loss, reduction)
    hard = nll(log_p, t, weight, ignore_index, "none")
    kept = t != ignore_index
    smooth = -(log_p * along).sum(axis) * kept
    return reduced((1 - e) * hard + e / classes * smooth, reduction, (kept * w[np.where(kept, t, 0)]).sum())


def loss(name: str, f: Callable, covers: str, first: Callable = normal, second: Callable = normal,
         **kwargs: Any) -> Row:
    """name(input, target), with every reduction, elementwise f."""
    shapes = [(2, 3), (), (17, 9)]
    return Row(F + name, lambda x, t, reduction="mean", **kw: reduced(f(x, t, **kw), reduction),
               tuple(call(first(*shape), second(*shape), reduction=r, **kwargs) for shape in shapes
                     for r in ("mean", "sum", "none")), split(covers), ulps=64)


def huber(x: np.ndarray, t: np.ndarray, delta: float = 1.0) -> np.ndarray:
    d = np.abs(x - t)
    return np.where(d < delta, d * d / 2, delta * (d - delta / 2))


def bce(x: np.ndarray, t: np.ndarray) -> np.ndarray:
    return -(t * np.log(x) + (1 - t) * np.log(1 - x))


def bce_logits(x: np.ndarray, t: np.ndarray, pos_weight: Any = 1.0) -> np.ndarray:
    return (1 - t) * x + (1 + (pos_weight - 1) * t) * np.log1p(np.exp(-x))


def normalized(x: np.ndarray, p: float = 2.0, dim: int = 1) -> np.ndarray:
    return x / np.maximum((np.abs(x) ** p).sum(dim, keepdims=True) ** (1 / p), 1e-12)


def products(name: str, shapes: list[tuple], covers: str, how: Callable | None = None) -> Row:
    return Row(name, np.matmul, tuple(call(normal(*a), normal(*b)) for a, b in shapes), split(covers), how, ulps=512)


MATRICES = [((2, 3), (3, 2)), ((1, 1), (1, 1)), ((2, 0), (0, 3)), ((0, 2), (2, 3)), ((2, 3), (3, 0)),
            ((17, 33), (33, 9)), ((5, 1), (1, 65)), ((64, 31), (31, 17)), ((1, 100), (100, 1))]
BATCHES = [((2, 2, 3), (2, 3, 1)), ((3, 5, 17), (3, 17, 9)), ((0, 2, 3), (0, 3, 2))]
MIXED = [((3,), (3,)), ((3,), (3, 2)), ((2, 3), (3,)), ((2, 2, 2), (2, 2)), ((2, 2), (2, 2, 1)), ((2, 1, 2), (2,)),
         ((2,), (2, 2, 2)), ((2, 1, 2, 2), (3, 2, 1)), ((0, 2, 3), (3, 2)), ((4, 1, 5, 6), (3, 6, 2))]


def linear(x: np.ndarray, w: np.ndarray, b: Any = 0.0) -> np.ndarray:
    return x @ w.T + b


def linear_relu(library: Any, x: Any, w: Any, b: Any) -> Any:
    """A Sequential of the two, with these parameters."""
    layers = library.nn.Sequential(library.nn.Linear(*w.shape[::-1]), library.nn.ReLU())
    layers[0]._parameters.update(weight=w, bias=b)
    return layers(x)


def variance(x: np.ndarray, dim: Any, keepdim: bool, correction: int = 1) -> np.ndarray:
    return np.var(x, axis=dim, keepdims=keepdim, ddof=correction)


REDUCTIONS = [
    reduction("sum", lambda x, dim, keep: np.sum(x, axis=dim, keepdims=keep), "Sum Expand"),
    reduction("mean", lambda x, dim, keep: np.mean(x, axis=dim, keepdims=keep), "Sum"),
    reduction("amax", lambda x, dim, keep: np.max(x, axis=dim, keepdims=keep), "Share", distinct,
              how=lambda t, x, dim=(), keepdim=False: t.amax(x, dim, keepdim)),
    reduction("amin", lambda x, dim, keep: np.min(x, axis=dim, keepdims=keep), "Share", distinct,
              how=lambda t, x, dim=(), keepdim=False: t.amin(x, dim, keepdim)),
    reduction("var", variance, "Var", ulps=256, correction=0),
    reduction("std", lambda x, dim, keep, correction: variance(x, dim, keep, correction) ** 0.5, "SafeSqrt", ulps=256,
              correction=0, empty=False),
    *(reduction(f"norm p={p}", norm(p), covers, away, 256, p in (0, 1, 2),
                lambda t, x, dim=None, keepdim=False, p=p: x.norm(p, dim, keepdim)) for p, covers in (
        (2, "PNorm"), (1, "PNorm"), (3, "PNorm"), (0.5, "PNorm"), (1.5, "PNorm"), (np.inf, "Share"),
        (-np.inf, "Share"), (0, "NotZero"))),
    along("max", extreme(np.max, np.argmax), "Extreme PutAlong", distinct),
    along("min", extreme(np.min, np.argmin), "Extreme PutAlong", distinct),
    Row("elements along an axis", lambda x, at: np.take_along_axis(x, at, 1), (call(normal(2, 3), whole(3, 2, 1)),),
        split("TakeAlong PutAlong"), lambda t, x, at: TakeAlong.apply(x, at, 1), torch=False),
    *(Row(f"x.{name}()", f, (call(distinct(2, 3)), call(distinct()), call(distinct(33))), split("Share"),
          lambda t, x, name=name: getattr(x, name)()) for name, f in (("max", np.max), ("min", np.min))),
    *(Row(name, f, tuple(call(distinct(*s)) for s in ((2, 3), (), (33,), (9, 17))), differentiable=False)
      for name, f in (("argmax", np.argmax), ("argmin", np.argmin))),
    *(Row(f"{name} along", lambda x, dim, keepdim, f=f: f(x, axis=dim, keepdims=keepdim),
          (call(distinct(2, 3), 0, False), call(distinct(2, 3), 1, True), call(distinct(5, 33), -1, False)),
          how=lambda t, x, dim, keepdim, name=name: getattr(t, name)(x, dim, keepdim), differentiable=False)
      for name, f in (("argmax", np.argmax), ("argmin", np.argmin))),
]

PRODUCTS = [
    products("matmul", [*MATRICES, *BATCHES, *MIXED], "MatMul BatchMatMul"),
    products("mm", MATRICES, "MatMul"),
    products("bmm", BATCHES, "BatchMatMul"),
    products("x @ y", MIXED[:3], "MatMul Reshape", lambda t, x, y: x @ y),
    products("dot", [((3,), (3,)), ((65,), (65,)), ((0,), (0,))], "MatMul"),
    *(Row(f"{name} of transposes", f, (call(normal(3, 2), normal(2, 3)), call(normal(33, 17), normal(9, 33))),
          split("MatMul Permute"), how, ulps=512) for name, f, how in (
        ("x.T @ y.T", lambda x, y: x.T @ y.T, lambda t, x, y: x.T @ y.T),
        ("(y @ x).T", lambda x, y: (y @ x).T, lambda t, x, y: (y @ x).T))),
    Row(F + "linear", linear, (call(normal(2, 3), normal(2, 3), normal(2)), call(normal(2, 3), normal(1, 3)),
                               call(normal(3), normal(2, 3), normal(2)), call(normal(2, 1, 3), normal(2, 3), normal(2)),
                               call(normal(0, 3), normal(2, 3), normal(2)),
                               call(normal(33, 17), normal(9, 17), normal(9)),
                               call(normal(2, 0), normal(3, 0), normal(3))), split("Linear LinearGrad"), ulps=512),
    Row("nn.Sequential(Linear, ReLU)", lambda x, w, b: np.maximum(linear(x, w, b), 0),
        (call(normal(2, 3), normal(2, 3), normal(2)), call(normal(33, 17), normal(9, 17), normal(9)),
         call(normal(0, 3), normal(2, 3), normal(2)), call(normal(2, 1, 3), normal(2, 3), normal(2))),
        split("LinearReLU ReLUGrad LinearGrad"), linear_relu, ulps=512),
    *(Row(f"Dense{' with ReLU' * relu}", lambda x, w, b, relu=relu: np.maximum(x @ w + b, -np.inf if not relu else 0),
          (call(normal(2, 3), normal(3, 2), normal(2)), call(normal(33, 17), normal(17, 9), normal(9)),
           call(normal(0, 3), normal(3, 2), normal(2)), call(normal(2, 0), normal(0, 3), normal(3))),
          split("Dense LinearGrad"), lambda t, x, w, b, relu=relu: Dense.apply(x, w, b, relu), torch=False, ulps=512)
      for relu in (0, 1)),
]

LOSSES = [
    along("softmax", softmax, "Softmax SoftmaxGrad"),
    along("log_softmax", log_softmax, "LogSoftmax LogSoftmaxGrad"),
    Row(F + "cross_entropy", cross_entropy, (
        call(normal(3, 2), whole(2, 3)), call(normal(3, 2), whole(2, 3), reduction="sum"),
        call(normal(3, 2), whole(2, 3), reduction="none"), call(normal(3), whole(3)),
        call(normal(3, 3), whole(3, 3), ignore_index=1),
        call(normal(3, 3), whole(3, 3), ignore_index=1, reduction="none"),
        call(normal(2, 3), unit(2, 3)), call(normal(2, 3, 2), whole(3, 2, 2)),
        call(normal(3, 3), whole(3, 3), label_smoothing=0.1),
        call(normal(2, 3), unit(2, 3), label_smoothing=0.3, reduction="sum"), call(normal(33, 17), whole(17, 33)),
        call(normal(33, 17), whole(17, 33), ignore_index=3, label_smoothing=0.2),
    ), split("CrossEntropy CrossEntropyGrad"), ulps=64),
    Row("weighted cross_entropy", cross_entropy, (
        call(normal(3, 2), whole(2, 3), positive(2, grad=False)),
        call(normal(9, 5), whole(5, 9), positive(5, grad=False)),
    ), split("Pick PickGrad"), lambda t, x, target, w: t.nn.functional.cross_entropy(x, target, weight=w), ulps=64),
    Row("soft cross_entropy", cross_entropy, tuple(
        call(normal(*shape), unit(*shape), reduction=how) for shape in ((2, 3), (33, 17)) for how in ("mean", "none")),
        split("SoftCrossEntropy SoftCrossEntropyGrad"), lambda t, x, target, **kwargs:
        t.nn.functional.cross_entropy(x, target, **kwargs), ulps=64),
    Row("weighted soft cross_entropy", cross_entropy, (call(normal(2, 3), unit(2, 3), positive(3, grad=False)),),
        split("LogSoftmax"), lambda t, x, target, w: t.nn.functional.cross_entropy(x, target, weight=w), ulps=64),
    Row(F + "nll_loss", nll, (
        call(normal(3, 2), whole(2, 3)), call(normal(3, 2), whole(2, 3), reduction="none"),
        call(normal(3, 2), whole(2, 3), positive(2, grad=False)), call(normal(3, 3), whole(3, 3), ignore_index=0),
        call(normal(2, 3, 2), whole(3, 2, 2), reduction="sum"), call(normal(65, 7), whole(7, 65)),
    ), split("Pick PickGrad"), ulps=64),
    loss("mse_loss", lambda x, t: (x - t) ** 2, "MSE MSEGrad"),
    loss("l1_loss", lambda x, t: np.abs(x - t), "L1 L1Grad", positive, below),
    loss("smooth_l1_loss", lambda x, t, beta: huber(x, t, beta) / beta, "Huber HuberGrad", beta=0.7),
    loss("huber_loss", huber, "Huber HuberGrad", delta=0.6),
    loss("binary_cross_entropy", bce, "BCE BCEGrad", unit, unit),
    loss("binary_cross_entropy_with_logits", bce_logits, "BCELogits BCELogitsGrad", normal, unit),
    loss("kl_div", lambda x, t: t * (np.log(t) - x), "Log", normal, positive),
    *(Row(f"weighted {name}", lambda x, t, w, f=f, total=total: (f(x, t) * w).sum() / total(w),
          (call(normal(2, 3), normal(2, 3), positive(2, 3, grad=False)),), split("Mul"),
          lambda t, x, y, w, name=name: getattr(t.nn.functional, name)(x, y, weight=w), ulps=64)
      for name, f, total in (("mse_loss", lambda x, t: (x - t) ** 2, np.sum),
                             ("l1_loss", lambda x, t: np.abs(x - t), np.sum),
                             ("huber_loss", huber, np.size))),
    Row("kl_div of logs", lambda x, t: (np.exp(t) * (t - x)).sum() / len(x), (call(normal(2, 3), normal(2, 3)),),
        split("Exp"), lambda t, x, y: t.nn.functional.kl_div(x, y, reduction="batchmean", log_target=True), ulps=64),
    Row("bce with pos_weight", lambda x, t, w: bce_logits(x, t, w).mean(),
        (call(normal(2, 3), unit(2, 3), positive(3, grad=False)),), split("Softplus"),
        lambda t, x, y, w: t.nn.functional.binary_cross_entropy_with_logits(x, y, pos_weight=w)),
    Row(F + "normalize", normalized, (call(normal(2, 3)), call(normal(3, 2), p=2.0, dim=0), call(away(2, 3), p=3.0)),
        split("PNorm Div Clamp"), ulps=64),
    Row(F + "one_hot", lambda t: (t[..., None] == np.arange(t.max() + 1)).astype(np.int64),
        (call(whole(4, 5)), call(whole(3, 2, 2))), differentiable=False),
    Row("dropout with mask", lambda x, mask: np.where(mask, x * 4 / 3, 0), (
        call(normal(2, 3), coin(2, 3)), call(normal(2, 3), coin(2, 1)),
        call(normal(33, 9), coin(9)), call(normal(0), coin(0))),
        split("MaskScale"), lambda t, x, mask: t.nn.functional.dropout(x, 0.25, mask=mask), torch=False),
    Row("dropout", None, (call(normal(2, 3)), call(normal())), split("Dropout"),
        lambda t, x: t.nn.functional.dropout(x, 0.4, seed=5), torch=False),
    Row("dropout of rows", None, (call(normal(2, 3)), call(normal(4, 2))), split("SharedDropout"),
        lambda t, x: t.nn.functional.dropout(x, 0.4, seed=5, noise_shape=(None, 1)), torch=False),
    Row("the boundary of a module with backward hooks", lambda x, y: (x, y), (call(normal(2, 3), normal(2)),),
        split("ModuleBoundary"), lambda t, x, y: ModuleBoundary.apply(lambda dys: dys, x, y), torch=False),
    Row("packed saved tensors", lambda x, y: x * np.exp(y), (call(normal(2, 3), normal(3)),), split("Unpacked"), packed,
        torch=False),
]

