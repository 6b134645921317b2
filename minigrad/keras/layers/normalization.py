"""Normalisation: over a batch, over features, by the statistics of a data set."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad.engine import make, zeros
from minigrad.grad_mode import no_grad
from minigrad.keras.config import epsilon as smallest
from minigrad.keras.layers.input_spec import InputSpec
from minigrad.keras.layers.layer import Layer
from minigrad.keras.layers.settings import Configured
from minigrad.keras.tensors import as_array, readable
from minigrad.ops.norm import batch_norm, layer_norm
from minigrad.tensor import Tensor

__all__ = ["BatchNormalization", "LayerNormalization", "Normalization"]


class _Affine(Configured, Layer):
    """What gamma and beta are made with."""

    supports_masking = True
    _plain = True

    def _make_affine(self, shape: tuple) -> None:
        self.gamma = self.beta = None
        if self.scale:
            self.gamma = self.add_weight(shape, self.gamma_initializer, name="gamma",
                                         regularizer=self.gamma_regularizer, constraint=self.gamma_constraint)
        if self.center:
            self.beta = self.add_weight(shape, self.beta_initializer, name="beta", regularizer=self.beta_regularizer,
                                        constraint=self.beta_constraint)

    def compute_output_shape(self, input_shape: Any) -> tuple:
        return tuple(input_shape)


class BatchNormalization(_Affine):
    """(x - mean) / sqrt(variance + epsilon) gamma + beta for each channel along the axis (Ioffe and Szegedy, 2015).

    In training mean and variance are the batch's, and moving_mean and moving_variance move towards them:
    m = momentum m + (1 - momentum) mean. Otherwise, and where the layer is not trainable, they are the moving ones.
    """

    _settings = ("axis", "momentum", "epsilon", "center", "scale", "beta_initializer", "gamma_initializer",
                 "moving_mean_initializer", "moving_variance_initializer", "beta_regularizer", "gamma_regularizer",
                 "beta_constraint", "gamma_constraint", "synchronized")

    def __init__(self, axis: int = -1, momentum: float = 0.99, epsilon: float = 0.001, center: bool = True,
                 scale: bool = True, beta_initializer: Any = "zeros", gamma_initializer: Any = "ones",
                 moving_mean_initializer: Any = "zeros", moving_variance_initializer: Any = "ones",
                 beta_regularizer: Any = None, gamma_regularizer: Any = None, beta_constraint: Any = None,
                 gamma_constraint: Any = None, renorm: bool = False, renorm_clipping: Any = None,
                 renorm_momentum: float = 0.99, synchronized: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if renorm or synchronized:
            raise NotImplementedError("BatchNormalization: renorm and synchronized are not offered")
        self._set(axis=int(axis), momentum=float(momentum), epsilon=float(epsilon), center=center, scale=scale,
                  beta_initializer=beta_initializer, gamma_initializer=gamma_initializer,
                  moving_mean_initializer=moving_mean_initializer,
                  moving_variance_initializer=moving_variance_initializer, beta_regularizer=beta_regularizer,
                  gamma_regularizer=gamma_regularizer, beta_constraint=beta_constraint,
                  gamma_constraint=gamma_constraint, synchronized=synchronized)

    def build(self, input_shape: Any) -> None:
        size = input_shape[self.axis]
        self._make_affine((size,))
        self.moving_mean = self.add_weight((size,), self.moving_mean_initializer, name="moving_mean", trainable=False)
        self.moving_variance = self.add_weight((size,), self.moving_variance_initializer, name="moving_variance",
                                               trainable=False)
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: size})

    def call(self, inputs: Tensor, training: Any = None, mask: Any = None) -> Tensor:
        if mask is not None:
            raise NotImplementedError("BatchNormalization with a mask is not offered")
        ndim = inputs.array.ndim
        axis = self.axis % ndim
        x = inputs.movedim(axis, -1).reshape(-1, inputs.array.shape[axis]) if ndim != 2 or axis != 1 else inputs
        y = self._normalized(x, bool(training) and self._trainable)
        if x is inputs:
            return y
        shape = inputs.array.shape
        return y.reshape(*shape[:axis], *shape[axis + 1:], shape[axis]).movedim(-1, axis)

    def _normalized(self, x: Tensor, training: bool) -> Tensor:
        """Of x (rows, channels)."""
        if not training:
            return batch_norm(x, self.gamma, self.beta, (self.moving_mean, self.moving_variance), False, 0.0,
                              self.epsilon)
        rows, channels = x.array.shape
        mean, variance = (zeros((channels,), x.array.dtype) for _ in range(2))
        y = batch_norm(x, self.gamma, self.beta, (mean, variance), True, 1.0, self.epsilon)
        if rows:
            with no_grad():
                biased = variance * ((rows - 1) / rows) if rows > 1 else zeros((channels,), x.array.dtype)
                for moving, now in ((self.moving_mean, mean), (self.moving_variance, biased)):
                    moving.add_((now - moving) * (1.0 - self.momentum))
        return y


class LayerNormalization(_Affine):
    """(x - mean) / sqrt(variance + epsilon) gamma + beta for each sample, over the axis or axes (Ba et al., 2016)."""

    _settings = ("axis", "epsilon", "center", "scale", "beta_initializer", "gamma_initializer", "beta_regularizer",
                 "gamma_regularizer", "beta_constraint", "gamma_constraint")

    def __init__(self, axis: Any = -1, epsilon: float = 0.001, center: bool = True, scale: bool = True,
                 beta_initializer: Any = "zeros", gamma_initializer: Any = "ones", beta_regularizer: Any = None,
                 gamma_regularizer: Any = None, beta_constraint: Any = None, gamma_constraint: Any = None,
                 **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not isinstance(axis, (int, list, tuple)):
            raise TypeError("Expected an int or a list/tuple of ints for the argument 'axis', but received: "
                            f"{axis!r}")
        self._set(axis=list(axis) if isinstance(axis, tuple) else axis, epsilon=epsilon, center=center, scale=scale,
                  beta_initializer=beta_initializer, gamma_initializer=gamma_initializer,
                  beta_regularizer=beta_regularizer, gamma_regularizer=gamma_regularizer,
                  beta_constraint=beta_constraint, gamma_constraint=gamma_constraint)

    def _axes(self, ndim: int) -> list[int]:
        return sorted(axis % ndim for axis in (self.axis if isinstance(self.axis, list) else [self.axis]))

    def build(self, input_shape: Any) -> None:
        self._make_affine(tuple(input_shape[axis] for axis in self._axes(len(input_shape))))

    def call(self, inputs: Tensor) -> Tensor:
        ndim = inputs.array.ndim
        axes = self._axes(ndim)
        last = list(range(ndim - len(axes), ndim))
        x = inputs if axes == last else inputs.movedim(axes, last)
        y = layer_norm(x, self.gamma, self.beta, len(axes), self.epsilon)
        return y if axes == last else y.movedim(last, axes)


class Normalization(Layer):
    """(x - mean) / max(sqrt(variance), epsilon) along the axes that are kept, or with invert the opposite; mean and
    variance are given, or found by adapt(data)."""

    supports_masking = True

    def __init__(self, axis: Any = -1, mean: Any = None, variance: Any = None, invert: bool = False,
                 **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if (mean is None) != (variance is None):
            raise ValueError("When setting values directly, both `mean` and `variance` must be set. Received: "
                             f"mean={mean} and variance={variance}")
        self.axis = () if axis is None else (axis,) if isinstance(axis, int) else tuple(axis)
        self.input_mean, self.input_variance, self.invert = mean, variance, invert
        self._fixed: Any = None  # mean and variance, where they were given

    def build(self, input_shape: Any) -> None:
        ndim = len(input_shape)
        if any(not -ndim <= axis < ndim for axis in self.axis):
            raise ValueError(f"All `axis` values must be in the range [-ndim, ndim). Received inputs with ndim={ndim}, "
                             f"while axis={self.axis}")
        kept = sorted(axis % ndim for axis in self.axis)
        if any(input_shape[axis] is None for axis in kept):
            raise ValueError("All `axis` values to be kept must have a known shape. Received "
                             f"axis={self.axis}, inputs.shape={tuple(input_shape)}")
        self._kept = kept
        self._wide = tuple(input_shape[axis] if axis in kept else 1 for axis in range(ndim))
        if self.input_mean is None:
            shape = tuple(input_shape[axis] for axis in kept)
            self.adapt_mean = self.add_weight(shape, "zeros", name="mean", trainable=False)
            self.adapt_variance = self.add_weight(shape, "ones", name="variance", trainable=False)
            self.count = self.add_weight((), "zeros", "int32", name="count", trainable=False)
        else:
            dtype = np.dtype(self.compute_dtype)
            self._fixed = tuple(
                make(np.array(np.broadcast_to(self._laid_out(as_array(v).astype(dtype)), self._wide)))
                for v in (self.input_mean, self.input_variance))

    def _statistics(self) -> tuple[Any, Any]:
        """Mean and variance, in the shape in which they meet the data; None before it is built."""
        if self.built and self._fixed is None:
            return tuple(make(self._laid_out(v.array)) for v in (self.adapt_mean, self.adapt_variance))
        return self._fixed or (None, None)

    @property
    def mean(self) -> Any:
        return readable(self._statistics()[0])

    @property
    def variance(self) -> Any:
        return readable(self._statistics()[1])

    def _laid_out(self, value: np.ndarray) -> np.ndarray:
        """A vector of statistics along the axes that are kept."""
        shape = [1] * len(self._wide)
        for i in range(1, value.ndim + 1):
            shape[self._kept[-i]] = value.shape[-i]
        return value.reshape(shape)

    def adapt(self, data: Any) -> None:
        """Find mean and variance: of an array, or of all batches of an iterable together."""
        if self.input_mean is not None:
            raise ValueError("Cannot `adapt` a Normalization layer that is initialized with static `mean` and "
                             "`variance`, you passed values for both")
        whole = isinstance(data, (np.ndarray, Tensor))
        batches = [as_array(data)] if whole else [as_array(b[0] if isinstance(b, tuple) else b) for b in data]
        if not batches:
            raise ValueError("adapt() received no batches")
        if not self.built:
            self.build((None, *batches[0].shape[1:]))
        axes = tuple(axis for axis in range(batches[0].ndim) if axis not in self._kept)
        count = sum(math.prod(b.shape[axis] for axis in axes) for b in batches)
        mean = sum(b.sum(axes, dtype=np.float64) for b in batches) / count
        squares = sum(np.square(b - self._laid_out(np.asarray(mean)), dtype=np.float64).sum(axes) for b in batches)
        self.adapt_mean.assign(mean)
        self.adapt_variance.assign(squares / count)

    def call(self, inputs: Tensor) -> Tensor:
        x = inputs.to(np.dtype(self.compute_dtype))
        mean, variance = self._statistics()
        scale = variance.sqrt().clamp(min=smallest())
        return x * scale + mean if self.invert else (x - mean) / scale

    def compute_output_shape(self, input_shape: Any) -> tuple:
        return tuple(input_shape)

    def get_config(self) -> dict[str, Any]:
        given = {name: v if v is None else as_array(v).tolist() for name, v in (
            ("mean", self.input_mean), ("variance", self.input_variance))}
        return {**super().get_config(), "axis": self.axis, "invert": self.invert, **given}
