"""Functions that make fewer elements of many, or run along them: torch.sum(x), torch.max(x), torch.cumsum(x, 0)."""

from __future__ import annotations

from minigrad.ops.extremes import amax, amin, aminmax, argmax, argmin, max, min
from minigrad.ops.norms import cdist, dist, norm, renorm
from minigrad.ops.quantiles import median, mode, nanmedian, nanquantile, quantile
from minigrad.ops.reduce import all, any, count_nonzero, logsumexp, mean, nanmean, nansum, sum
from minigrad.ops.scan import (
    cummax,
    cummin,
    cumprod,
    cumsum,
    cumulative_trapezoid,
    diff,
    logcumsumexp,
    prod,
    trapezoid,
)
from minigrad.ops.variance import corrcoef, cov, std, std_mean, var, var_mean

__all__ = [
    "all", "amax", "amin", "aminmax", "any", "argmax", "argmin", "cdist", "corrcoef", "count_nonzero", "cov", "cummax",
    "cummin", "cumprod", "cumsum", "cumulative_trapezoid", "diff", "dist", "logcumsumexp", "logsumexp", "max", "mean",
    "median", "min", "mode", "nanmean", "nanmedian", "nanquantile", "nansum", "norm", "prod", "quantile", "renorm",
    "std", "std_mean", "sum", "trapezoid", "trapz", "var", "var_mean",
]

trapz = trapezoid
