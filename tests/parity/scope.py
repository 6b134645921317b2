"""Which of PyTorch's operations are walked, and the short lists of what differs, each with its reason."""

from __future__ import annotations

from pathlib import Path


def words(text: str) -> set[str]:
    return set(text.split())


# Names that must be offered. Whatever else of PyTorch's table minigrad offers is walked as well.
REQUIRED = words("""
abs acos acosh add addbmm addcdiv addcmul addmm addmv addr all allclose amax amin aminmax any argmax argmin argsort
asin asinh atan atan2 atanh baddbmm bincount bitwise_and bitwise_left_shift bitwise_not bitwise_or bitwise_right_shift
bitwise_xor bmm broadcast_to cat cdist ceil chunk clamp clamp_max clamp_min clone copysign corrcoef cos cosh
count_nonzero cov cummax cummin cumprod cumsum cumulative_trapezoid deg2rad diag diagonal diff digamma dist dot einsum
eq equal erf erfc erfinv exp exp2 expand expm1 flatten flip float_power floor floor_divide fmax fmin fmod frac gather ge
gt heaviside histc hypot index_add index_copy index_fill index_select isclose isfinite isin isinf isnan isneginf
isposinf isreal ldexp le lerp lgamma log log10 log1p log2 log_softmax logaddexp logaddexp2 logcumsumexp logical_and
logical_not logical_or logical_xor logit logsumexp lt masked_fill masked_select matmul max maximum mean median min
minimum mm mode movedim mul mv nan_to_num nanmean nanmedian nanquantile nansum narrow ne neg nonzero norm outer permute
polygamma positive pow prod quantile rad2deg ravel reciprocal remainder renorm repeat repeat_interleave reshape roll
round rsqrt rsub scatter scatter_add select sgn sigmoid sign signbit sin sinc sinh softmax sort split sqrt square
squeeze stack std std_mean sub sum t take take_along_dim tan tanh tensordot tile topk trace transpose trapezoid trapz
tril triu true_divide trunc unbind unflatten unique unsqueeze var var_mean where xlogy zeros_like ones_like full_like
""")

# Offered under the same name, but random: shapes and types are compared, not values.
RANDOM = words("""
bernoulli cauchy empty empty_like empty_permuted empty_strided exponential geometric log_normal multinomial new_empty
new_empty_strided nn.functional.alpha_dropout nn.functional.dropout nn.functional.dropout2d nn.functional.dropout3d
nn.functional.feature_alpha_dropout nn.functional.rrelu normal rand_like randint randint_like randn randn_like uniform
""")

# Operations whose names minigrad has for something else, or that cannot be called as PyTorch's table does.
NOT_WALKED: dict[str, str] = {
    "nn.functional.triplet_margin_with_distance_loss": "its samples hold a PyTorch module",
}

# Where PyTorch's own float32 is less precise than its usual tolerance: (rtol, atol).
LOOSER = {"polygamma": (1e-4, 1e-5), "nn.functional.normalize": (1e-4, 1e-3)}

# Places among equal elements are as PyTorch's unstable sort leaves them: of integers only the values are compared.
TIES = words("argsort kthvalue mode sort topk")

# Errors that are not compared: name -> why.
NO_ERRORS = dict.fromkeys(
    ("__radd__", "__rand__", "__rdiv__", "__rmod__", "__rmul__", "__ror__", "__rpow__", "__rsub__", "__rxor__"),
    "called with a number for self, which no expression does")
NO_ERRORS |= dict.fromkeys(("maximum", "minimum"), "the second may be a number")

# What does not agree with PyTorch yet, "test name" a line: a test that starts to pass fails, so that its line goes.
GAPS = {tuple(line.split()[:2]) for line in (Path(__file__).parent / "gaps.txt").read_text().splitlines()}
