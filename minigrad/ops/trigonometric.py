"""Angles and hyperbolas, powers of 2 and 10: by NumPy."""

from __future__ import annotations

import math

import numpy as np

from minigrad.ops.elementwise import by_numpy, elementwise, function_of_floats

__all__ = ["acos", "acosh", "asin", "asinh", "atan", "atanh", "cos", "cosh", "deg2rad", "exp2", "log2", "log10",
           "rad2deg", "sin", "sinh", "tan"]

LN2, LN10, DEGREE = math.log(2.0), math.log(10.0), math.pi / 180.0

Sin = elementwise("Sin", by_numpy(np.sin), "y = sin x;  dx = dy cos x", "x", lambda dy, x: dy * x.cos())
Cos = elementwise("Cos", by_numpy(np.cos), "y = cos x;  dx = -dy sin x", "x", lambda dy, x: dy * -x.sin())
Tan = elementwise("Tan", by_numpy(np.tan), "y = tan x;  dx = dy (1 + y^2)", "y", lambda dy, y: dy * (y.square() + 1.0))
Asin = elementwise("Asin", by_numpy(np.arcsin), "y = arcsin x;  dx = dy / sqrt(1 - x^2)", "x",
                   lambda dy, x: dy * (1.0 - x.square()).rsqrt())
Acos = elementwise("Acos", by_numpy(np.arccos), "y = arccos x;  dx = -dy / sqrt(1 - x^2)", "x",
                   lambda dy, x: dy * -(1.0 - x.square()).rsqrt())
Atan = elementwise("Atan", by_numpy(np.arctan), "y = arctan x;  dx = dy / (1 + x^2)", "x",
                   lambda dy, x: dy / (x.square() + 1.0))
Sinh = elementwise("Sinh", by_numpy(np.sinh), "y = sinh x;  dx = dy cosh x", "x", lambda dy, x: dy * x.cosh())
Cosh = elementwise("Cosh", by_numpy(np.cosh), "y = cosh x;  dx = dy sinh x", "x", lambda dy, x: dy * x.sinh())
Asinh = elementwise("Asinh", by_numpy(np.arcsinh), "y = arsinh x;  dx = dy / sqrt(x^2 + 1)", "x",
                    lambda dy, x: dy * (x.square() + 1.0).rsqrt())
Acosh = elementwise("Acosh", by_numpy(np.arccosh), "y = arcosh x;  dx = dy / sqrt(x^2 - 1)", "x",
                    lambda dy, x: dy * (x.square() - 1.0).rsqrt())
Atanh = elementwise("Atanh", by_numpy(np.arctanh), "y = artanh x;  dx = dy / (1 - x^2)", "x",
                    lambda dy, x: dy / (1.0 - x.square()))
Exp2 = elementwise("Exp2", by_numpy(np.exp2), "y = 2^x;  dx = dy y ln 2", "y", lambda dy, y: dy * (y * LN2))
Log2 = elementwise("Log2", by_numpy(np.log2), "y = log2 x;  dx = dy / (x ln 2)", "x", lambda dy, x: dy / (x * LN2))
Log10 = elementwise("Log10", by_numpy(np.log10), "y = log10 x;  dx = dy / (x ln 10)", "x",
                    lambda dy, x: dy / (x * LN10))
Deg2rad = elementwise("Deg2rad", by_numpy(lambda x: x * x.dtype.type(DEGREE)), "y = x pi / 180;  dx = dy pi / 180", "x",
                      lambda dy, x: dy * DEGREE)
Rad2deg = elementwise("Rad2deg", by_numpy(lambda x: x * x.dtype.type(1 / DEGREE)), "y = x 180 / pi;  dx = dy 180 / pi",
                      "x", lambda dy, x: dy * (1 / DEGREE))

sin, cos, tan, asin, acos, atan = map(function_of_floats, (Sin, Cos, Tan, Asin, Acos, Atan))
sinh, cosh, asinh, acosh, atanh = map(function_of_floats, (Sinh, Cosh, Asinh, Acosh, Atanh))
exp2, log2, log10, deg2rad, rad2deg = map(function_of_floats, (Exp2, Log2, Log10, Deg2rad, Rad2deg))
