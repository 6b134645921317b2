"""What the kernels should compute: NumPy in float64, written from the formulas and not from the C."""

from __future__ import annotations

import math

import numpy as np

# -- functions of one array, and slopes --------------------------------------------------------------------------------


def erf(x):
    return np.fromiter(map(math.erf, np.ravel(x).tolist()), np.float64, np.size(x)).reshape(np.shape(x))


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def _where_slope_lives(x, term):
    """A slope's second term, whose limit at both infinities is 0, where the formula alone would say 0 * inf."""
    return np.where(np.abs(x) > 40, 0, term)


def elu(x, pos, neg, scale):
    return np.where(x > 0, pos * x, neg * np.expm1(scale * x))


def elu_grad(dy, x, pos, neg, scale):
    return dy * np.where(x > 0, pos, neg * scale * np.exp(scale * x))


def normal_cdf(x):
    return 0.5 * (1 + erf(x / math.sqrt(2)))


def gelu_grad(dy, x):
    density = np.exp(-x * x / 2) / math.sqrt(2 * math.pi)
    return dy * (normal_cdf(x) + _where_slope_lives(x, x * density))


def gelu_tanh(x):
    return x / 2 * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def gelu_tanh_grad(dy, x):
    u = math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)
    du = math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * x**2)
    return dy * (sigmoid(2 * u) + _where_slope_lives(x, x / 2 * du / np.cosh(u)**2))


def silu_grad(dy, x):
    s = sigmoid(x)
    return dy * (s + _where_slope_lives(x, x * s * (1 - s)))


def softplus(x, beta, threshold):
    positive = np.where(beta * x < 0, 0, beta * x)
    return np.where(beta * x > threshold, x, (positive + np.log1p(np.exp(-np.abs(beta * x)))) / beta)


def softplus_grad(dy, x, beta, threshold):
    return np.where(beta * x > threshold, dy, dy * sigmoid(beta * x))


def mish(x):
    return x * np.tanh(np.logaddexp(0, x))


def mish_grad(dy, x):
    w = np.tanh(np.logaddexp(0, x))
    return dy * (w + _where_slope_lives(x, x * sigmoid(x) / np.cosh(np.minimum(np.logaddexp(0, x), 350)) ** 2))


def hardswish(x):
    return x * (np.clip(x + 3, 0, 6) / 6)


def hardswish_grad(dy, x):
    return np.where(x <= -3, 0, np.where(x >= 3, dy, dy * (x / 3 + 0.5)))


# -- reductions, products, softmax -------------------------------------------------------------------------------------


def extreme(v, position):
    """max and min with their first position, where the first NaN wins, as in NumPy's argmax and argmin."""
    at = position(v.x, axis=1)
    return {"y": np.take_along_axis(v.x, at[:, None], axis=1)[:, 0], "at": at}


def strided(flat, rows, cols, row, col):
    """The matrix whose element (i, j) lies at flat[i * row + j * col]."""
    step = flat.itemsize
    return np.lib.stride_tricks.as_strided(flat, (rows, cols), (row * step, col * step), writeable=False)


def span(rows, cols, row, col):
    """How many elements such a matrix reaches over."""
    return (rows - 1) * row + (cols - 1) * col + 1 if rows and cols else 0


def matmul(v, combine=np.matmul):
    a, b = strided(v.a, v.m, v.k, v.a_row, v.a_col), strided(v.b, v.k, v.n, v.b_row, v.b_col)
    return combine(a, b)


def softmax(x):
    e = np.exp(x - x.max(axis=1, keepdims=True, initial=-np.inf))
    return e / e.sum(axis=1, keepdims=True)


def log_softmax(x):
    top = x.max(axis=1, keepdims=True, initial=-np.inf)
    return (x - top) - np.log(np.exp(x - top).sum(axis=1, keepdims=True))


def onehot(target, cols):
    """(rows, cols): 1 at a target that is in range; a target that is ignored or bad gives zeros."""
    return (np.asarray(target)[:, None] == np.arange(cols)).astype(np.float64)


def first_bad(index, size, ignore=None):
    """Position of the first index that is neither in 0 .. size - 1 nor `ignore`, as an array of one; -1 for none."""
    bad = [i for i, t in enumerate(index.tolist()) if t != ignore and not 0 <= t < size]
    return np.array(bad[:1] or [-1])


def pick(x, target):
    rows = np.flatnonzero((target >= 0) & (target < x.shape[1]))
    y = np.zeros(len(target))
    y[rows] = x[rows, target[rows]]
    return y


def row_sums(x):
    """(rows, 2): the maximum of each row, and log(sum exp(x - maximum))."""
    top = np.fmax.reduce(x, axis=1, initial=-np.inf)
    with np.errstate(all="ignore"):
        return np.stack([top, np.log(np.exp(x - top[:, None]).sum(axis=1))], axis=1)


def cross_entropy(v):
    used = v.target != v.ignore
    in_range = onehot(v.target, v.cols).any(axis=1)
    loss = np.where(in_range, -pick(log_softmax(v.x), v.target), 0)
    mean = loss.sum() / used.sum() if used.any() else np.nan
    return {"loss": loss, "lse": row_sums(v.x), "mean": np.array([mean]), "count": np.array([used.sum()]),
            "bad": first_bad(v.target, v.cols, v.ignore)}


def cross_entropy_grad(v):
    hot = onehot(v.target, v.cols)
    scale = v.dy if v.count is None else v.dy / v.count
    used = hot.any(axis=1, keepdims=True)
    p = np.exp(v.x - v.lse.sum(axis=1, keepdims=True))
    return np.where(used, np.broadcast_to(scale, v.rows)[:, None] * (p - hot), 0)


def soft_cross_entropy(v):
    with np.errstate(all="ignore"):
        loss = -(v.t * log_softmax(v.x)).sum(axis=1)
        return {"loss": loss, "lse": row_sums(v.x), "mean": np.array([loss.sum() / np.float64(v.rows)])}


def soft_cross_entropy_grad(v):
    g = v.dy[:, None] if v.dy_row else v.dy / max(v.rows, 1)
    return g * (np.exp(v.x - v.lse.sum(axis=1, keepdims=True)) * v.t.sum(axis=1, keepdims=True) - v.t)


# -- random numbers ----------------------------------------------------------------------------------------------------


def philox_words(draw, first, blocks):
    """(blocks, 4): Philox4x32-10 of counters (first + i, offset) under key, from the paper's definition."""
    low = np.uint64(0xFFFFFFFF)
    key, offset = (int(word) for word in draw)
    counter = (np.arange(blocks, dtype=np.uint64) + np.uint64(first)) & np.uint64(2**64 - 1)
    c = [counter & low, counter >> np.uint64(32),
         np.full(blocks, offset & 0xFFFFFFFF, np.uint64), np.full(blocks, offset >> 32, np.uint64)]
    k = [key & 0xFFFFFFFF, key >> 32]
    for _ in range(10):
        p0, p1 = c[0] * np.uint64(0xD2511F53), c[2] * np.uint64(0xCD9E8D57)
        c = [(p1 >> np.uint64(32)) ^ c[1] ^ np.uint64(k[0]), p1 & low,
             (p0 >> np.uint64(32)) ^ c[3] ^ np.uint64(k[1]), p0 & low]
        k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return np.stack(c, axis=1).astype(np.uint32)


def dropout_mask(draw, n, keep):
    """Numbers of 1, 8 or 16 bits, as few as hold keep / 65536, from the low end of each word up."""
    bits = 1 if keep == 32768 else 8 if keep % 256 == 0 else 16
    words = philox_words(draw, 0, (n * bits + 127) // 128).astype(np.uint64).reshape(-1, 1)
    numbers = (words >> np.arange(0, 32, bits, dtype=np.uint64)) & np.uint64((1 << bits) - 1)
    return (numbers.ravel()[:n] < keep >> (16 - bits)).astype(np.uint8)


def unit_uniform(draw, n, dtype):
    """n multiples of 2^-bits in [0, 1): the top 24 bits of one word each (float) or 53 bits of two (double)."""
    bits = 24 if dtype == np.float32 else 53
    words = philox_words(draw, 0, n // (4 if bits == 24 else 2) + 1).astype(np.uint64).ravel()
    if bits == 53:
        words = words[1::2] << np.uint64(32) | words[0::2]
    return (words[:n] >> np.uint64(32 - 24 if bits == 24 else 64 - 53)).astype(np.float64) * 2.0**-bits


def normals(draw, n, dtype):
    """n standard normals of type dtype, by Box and Muller: see minigrad.h."""
    bits, mantissa, twin = (32, 23, 16) if dtype == np.float32 else (64, 52, 8)
    runs = -(-n // (2 * twin))
    words = philox_words(draw, 0, runs * 8).astype(np.uint64).ravel()
    if bits == 64:
        words = words[1::2] << np.uint64(32) | words[0::2]
    a, b = words.reshape(runs, 2, twin).swapaxes(0, 1)
    rest = bits - mantissa
    u = (a >> np.uint64(rest)) + dtype(((a & np.uint64(2**rest - 1)) + 0.5) * 2.0**-rest)
    radius = np.sqrt(-2 * np.log(u.astype(dtype).astype(np.float64) * 2.0**-mantissa))
    angle = ((b & np.uint64(2**mantissa - 1)) + 0.5 - 2.0**(mantissa - 1)) * (np.pi / 2 * 2.0**-mantissa)
    cos, sin = np.cos(angle) * np.where(b >> np.uint64(bits - 2) & np.uint64(1), -1, 1), np.sin(angle)
    turn = (b >> np.uint64(bits - 1)).astype(bool)
    both = radius * np.where(turn, sin, cos), radius * np.where(turn, cos, sin)
    return np.stack(both, axis=1).ravel()[:n]


def exact_mask(draw, rows, n, k):
    """(rows, n): k of each row, chosen one after another (Knuth's Algorithm S)."""
    words = philox_words(draw, 0, rows * -(-n // 4)).reshape(rows, -(-n // 4) * 4)
    mask = np.zeros((rows, n), bool)
    for row, mine in zip(mask, words.tolist()):
        need = k
        for j in range(n):
            row[j] = mine[j] * (n - j) >> 32 < need
            need -= row[j]
    return mask


def max_norm(w, c):
    """w (outer, units, inner), each unit's norm brought down to c."""
    norm = np.sqrt((w.astype(np.longdouble)**2).sum(axis=(0, 2), keepdims=True)).astype(np.float64)
    return np.where(norm > c, w * (c / norm), w)
