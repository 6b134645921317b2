"""Rows of convolution, unfolding and pooling, against sums written out from their formulas."""

from __future__ import annotations

import itertools
from types import SimpleNamespace

import numpy as np
from kernel_row import Row

NAMES = ("n", "groups", "c_in", "c_out", "in_h", "in_w", "out_h", "out_w", "kh", "kw", "stride_h", "stride_w", "pad_h",
         "pad_w", "dil_h", "dil_w")


def shape_of(n, groups, c_in, c_out, size, kernel, stride=(1, 1), pad=(0, 0), dilation=(1, 1), cut=0):
    """cut: how much shorter than it could be the result is on its second axis, as with less padding behind."""
    out = [(s + 2 * p - d * (k - 1) - 1) // t + 1 for s, k, t, p, d in zip(size, kernel, stride, pad, dilation)]
    return np.array([n, groups, c_in, c_out, *size, out[0], out[1] - cut, *kernel, *stride, *pad, *dilation])


def sizes(v):
    return SimpleNamespace(**dict(zip(NAMES, v.shape.tolist())))


def taps(s):
    """(i, j, rows of x, rows of y, columns of x, columns of y) for each element of the kernel."""
    for i, j in itertools.product(range(s.kh), range(s.kw)):
        h, w = np.arange(s.out_h), np.arange(s.out_w)
        x_h, x_w = h * s.stride_h + i * s.dil_h - s.pad_h, w * s.stride_w + j * s.dil_w - s.pad_w
        in_h, in_w = (x_h >= 0) & (x_h < s.in_h), (x_w >= 0) & (x_w < s.in_w)
        yield i, j, np.ix_(x_h[in_h], x_w[in_w]), np.ix_(h[in_h], w[in_w])


def im2col(x, s):
    """(n, channels, kh, kw, out_h, out_w)"""
    cols = np.zeros((*x.shape[:2], s.kh, s.kw, s.out_h, s.out_w))
    for i, j, (x_h, x_w), (h, w) in taps(s):
        cols[:, :, i, j, h, w] = x[:, :, x_h, x_w]
    return cols


def col2im(cols, s):
    x = np.zeros((*cols.shape[:2], s.in_h, s.in_w))
    for i, j, (x_h, x_w), (h, w) in taps(s):
        x[:, :, x_h, x_w] += cols[:, :, i, j, h, w]
    return x


def grouped(a, s, axis):
    """With the channels along an axis split into groups."""
    return a.reshape(*a.shape[:axis], s.groups, a.shape[axis] // s.groups, *a.shape[axis + 1:])


def conv(x, w, s):
    y = np.einsum("gocij,ngcijhw->ngohw", grouped(w, s, 0), grouped(im2col(x, s), s, 1))
    return y.reshape(s.n, s.groups * s.c_out, s.out_h, s.out_w)


def conv_grad_x(dy, w, s):
    cols = np.einsum("gocij,ngohw->ngcijhw", grouped(w, s, 0), grouped(dy, s, 1))
    return col2im(cols.reshape(s.n, s.groups * s.c_in, s.kh, s.kw, s.out_h, s.out_w), s)


def conv_grad_w(dy, x, s):
    dw = np.einsum("ngohw,ngcijhw->gocij", grouped(dy, s, 1), grouped(im2col(x, s), s, 1))
    return dw.reshape(s.groups * s.c_out, s.c_in, s.kh, s.kw)


def of(function, *names):
    """A reference: function of these arrays."""
    return lambda v, change=lambda a: a: function(*(change(getattr(v, name)) for name in names), sizes(v))


CONV, GRAD_X, GRAD_W = of(conv, "x", "w"), of(conv_grad_x, "dy", "w"), of(conv_grad_w, "dy", "x")


def conv_input(rng, *args):
    shape = shape_of(*args)
    s = sizes(SimpleNamespace(shape=shape))
    return {"x": rng.normal(0, 1, (s.n, s.groups * s.c_in, s.in_h, s.in_w)), "shape": shape, "slices": 3,
            "w": rng.normal(0, 1, (s.groups * s.c_out, s.c_in, s.kh, s.kw)),
            "dy": rng.normal(0, 1, (s.n, s.groups * s.c_out, s.out_h, s.out_w)),
            "bias": rng.normal(0, 1, s.groups * s.c_out) if s.in_w % 2 else None,
            "work": np.full(s.groups * s.c_in * s.kh * s.kw * (s.c_out + 3 * s.out_h * s.out_w) + 1, np.nan)}


def only(*names):
    return lambda rng, *args: {name: value for name, value in conv_input(rng, *args).items() if name in names}


def columns_input(rng, *args):
    values = conv_input(rng, *args)
    s = sizes(SimpleNamespace(**values))
    return {"cols": rng.normal(0, 1, im2col(values["x"], s).shape), "shape": values["shape"]}


IMAGES = [
    (1, 1, 1, 1, (1, 1), (1, 1)), (2, 1, 3, 2, (5, 7), (3, 3)), (2, 2, 2, 3, (6, 5), (3, 2), (2, 1), (1, 0)),
    (3, 1, 2, 2, (4, 9), (2, 3), (1, 2), (1, 2), (2, 2)), (1, 3, 1, 1, (5, 5), (5, 5), (1, 1), (2, 2)),
    (2, 1, 4, 5, (3, 3), (1, 1)), (2, 2, 2, 2, (4, 4), (1, 1), (2, 2)), (4, 1, 1, 3, (1, 20), (1, 4), (1, 3), (0, 3)),
    (2, 1, 2, 2, (6, 6), (2, 4), (1, 1), (1, 2), (1, 1), 1), (0, 1, 2, 2, (4, 4), (3, 3)), (1, 1, 0, 2, (4, 4), (3, 3)),
    (1, 1, 2, 2, (2, 2), (3, 3), (1, 1), (4, 4)), (1, 1, 1, 2, (9, 33), (3, 5), (1, 1), (1, 2)),
    (5, 1, 3, 4, (8, 17), (3, 3), (1, 1), (1, 1)), (2, 1, 2, 3, (5, 4), (2, 2), (3, 3), (0, 0), (1, 2))]
ALONE = [(n, 1, c * g, 1, *rest) for n, g, c, _, *rest in IMAGES if len(rest) < 6]
LARGE_ALONE = (40, 1, 8, 1, (40, 40), (3, 3))
LARGE = (8, 2, 8, 12, (24, 24), (3, 3), (1, 1), (1, 1))


def windows_of(rng, in_h, in_w, out_h, out_w, empty):
    axes = []
    for length, out in ((in_h, out_h), (in_w, out_w)):
        start = rng.integers(0, length, out)
        axes += [start, start + rng.integers(0 if empty else 1, length - start + 1, out)]
    return np.concatenate(axes)


def pool_input(rng, planes, in_h, in_w, out_h, out_w, empty=False):
    x = np.round(rng.normal(0, 1, (planes, in_h, in_w)) * 2) / 2  # ties
    return {"x": np.where(rng.random(x.shape) < 0.02, np.nan, x) if not empty else x, "planes": planes, "in_h": in_h,
            "in_w": in_w, "out_h": out_h, "out_w": out_w, "windows": windows_of(rng, in_h, in_w, out_h, out_w, empty)}


def ranges(v):
    """((i, j), rows, columns) of each window"""
    ends = np.cumsum([v.out_h, v.out_h, v.out_w, v.out_w])
    h0, h1, w0, w1 = np.split(v.windows, ends[:3])
    for i, j in itertools.product(range(v.out_h), range(v.out_w)):
        yield (i, j), slice(h0[i], h1[i]), slice(w0[j], w1[j])


def max_pool_input(rng, *size):
    return {**pool_input(rng, *size), "step_h": 1 + size[1] % 2, "step_w": 1 + size[2] % 3}


def max_pool(v):
    y, at = np.zeros((v.planes, v.out_h, v.out_w)), np.zeros((v.planes, v.out_h, v.out_w), np.int64)
    places = np.arange(v.in_h * v.in_w).reshape(v.in_h, v.in_w)
    for (i, j), h, w in ranges(v):
        h, w = slice(h.start, h.stop, v.step_h), slice(w.start, w.stop, v.step_w)
        places_here = places[h, w].ravel()
        flat = v.x[:, h, w].reshape(v.planes, places_here.size)
        best = flat.argmax(1)
        y[:, i, j], at[:, i, j] = flat[np.arange(v.planes), best], places_here[best]
    return {"y": y, "at": at}


def avg_pool_input(rng, *size):
    values = pool_input(rng, *size, True)
    return {**values, "scale": rng.uniform(0.5, 1, size[3] + size[4])}


def avg_pool(v, x=None):
    y, x = np.zeros((v.planes, v.out_h, v.out_w)), v.x if x is None else x
    for (i, j), h, w in ranges(v):
        y[:, i, j] = x[:, h, w].sum((1, 2)) * v.scale[i] * v.scale[v.out_h + j]
    return y


def avg_pool_grad_input(rng, *size):
    values = avg_pool_input(rng, *size)
    del values["x"]
    return {**values, "dy": rng.normal(0, 1, (size[0], *size[3:5]))}


def avg_pool_grad(v, dy=None):
    dx, dy = np.zeros((v.planes, v.in_h, v.in_w)), v.dy if dy is None else dy
    for (i, j), h, w in ranges(v):
        dx[:, h, w] += (dy[:, i, j] * v.scale[i] * v.scale[v.out_h + j])[:, None, None]
    return dx


def max_pool_grad_input(rng, planes, size, out):
    at = rng.integers(0, max(size, 1), (planes, out))
    wrong = rng.random(at.shape) < 0.1
    at[wrong] = rng.choice([-1, size, 2**62, -2**62], at.shape)[wrong]
    return {"dy": rng.normal(0, 1, (planes, out)), "at": at, "planes": planes, "size": size, "out": out}


def max_pool_grad(v, dy=None):
    dx = np.zeros((v.planes, v.size))
    for plane, i in np.argwhere((v.at >= 0) & (v.at < v.size)):
        dx[plane, v.at[plane, i]] += (v.dy if dy is None else dy)[plane, i]
    return dx


PLANES = [(planes, h, w, i, j) for planes, (h, w), (i, j) in zip(
    (1, 2, 3, 0, 2, 5, 1), ((1, 1), (3, 4), (5, 2), (3, 3), (1, 17), (8, 9), (4, 6)),
    ((1, 1), (2, 3), (4, 2), (2, 2), (1, 9), (4, 5), (0, 0)))]

CONVOLUTIONS = [
    Row("mg_im2col", only("x", "shape"), lambda v: {"cols": of(im2col, "x")(v)}, ALONE, LARGE_ALONE),
    Row("mg_col2im", columns_input, lambda v: {"x": of(col2im, "cols")(v)}, ALONE, LARGE_ALONE, ulps=8,
        magnitude=lambda v: col2im(np.abs(v.cols), sizes(v))),
    Row("mg_conv", only("x", "w", "bias", "shape", "slices", "work"),
        lambda v: {"y": CONV(v) + (0 if v.bias is None else v.bias[:, None, None]), "work": None}, IMAGES, LARGE,
        ulps=8, magnitude=lambda v: CONV(v, np.abs) + 1),
    Row("mg_conv_grad_x", only("dy", "w", "shape", "slices", "work"), lambda v: {"dx": GRAD_X(v), "work": None}, IMAGES,
        LARGE, ulps=8, magnitude=lambda v: GRAD_X(v, np.abs)),
    Row("mg_conv_grad_w", only("dy", "x", "shape", "work"), lambda v: {"dw": GRAD_W(v), "work": None}, IMAGES, LARGE,
        ulps=8, magnitude=lambda v: GRAD_W(v, np.abs)),
    Row("mg_max_pool", max_pool_input, max_pool, PLANES, (40, 40, 40, 40, 40)),
    Row("mg_max_pool_grad", max_pool_grad_input, lambda v: {"dx": max_pool_grad(v)},
        [(n % 4, n, 3 * n % 11) for n in range(0, 40)], (400, 500, 300), ulps=8,
        magnitude=lambda v: max_pool_grad(v, np.abs(v.dy))),
    Row("mg_avg_pool", avg_pool_input, lambda v: {"y": avg_pool(v)}, PLANES, (40, 40, 40, 40, 40), ulps=16,
        magnitude=lambda v: avg_pool(v, np.abs(v.x))),
    Row("mg_avg_pool_grad", avg_pool_grad_input, lambda v: {"dx": avg_pool_grad(v)}, PLANES, (40, 40, 40, 40, 40),
        ulps=16, magnitude=lambda v: avg_pool_grad(v, np.abs(v.dy))),
]
