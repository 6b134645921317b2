"""Layers that look rows up, and those that are one function of two inputs or of an image's channels."""

from __future__ import annotations

import math
from typing import Any

from minigrad.creation import empty
from minigrad.nn import functional as F
from minigrad.nn import init
from minigrad.nn.module import Module
from minigrad.nn.parameter import Parameter
from minigrad.tensor import Tensor

__all__ = ["Bilinear", "ChannelShuffle", "Embedding", "EmbeddingBag", "PixelShuffle", "PixelUnshuffle"]


class _Table(Module):
    """What Embedding and EmbeddingBag share: a weight (num_embeddings, embedding_dim), drawn from N(0, 1)."""

    _padding_name: str

    def _make(self, num_embeddings: int, embedding_dim: int, padding_idx: int | None, sparse: bool, weight: Any,
              freeze: bool, device: Any, dtype: Any) -> None:
        if sparse:
            raise NotImplementedError(f"{type(self).__name__}: sparse gradients are not offered: use sparse=False")
        if padding_idx is not None:
            if not -num_embeddings <= padding_idx < num_embeddings:
                raise AssertionError(f"{self._padding_name} must be within num_embeddings")
            padding_idx %= num_embeddings
        self.num_embeddings, self.embedding_dim, self.padding_idx = num_embeddings, embedding_dim, padding_idx
        self.sparse = sparse
        if weight is not None:
            if tuple(weight.shape) != (num_embeddings, embedding_dim):
                raise AssertionError("Shape of weight does not match num_embeddings and embedding_dim")
            self.weight = Parameter(weight, requires_grad=not freeze)
            return
        self.weight = Parameter(empty(num_embeddings, embedding_dim, device=device, dtype=dtype),
                                requires_grad=not freeze)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the weight anew; row padding_idx is 0."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            self.weight.detach()[self.padding_idx].fill_(0)

    @classmethod
    def _holding(cls, embeddings: Tensor, freeze: bool, **settings: Any) -> Any:
        """A layer with this weight, which is not trained unless freeze is False."""
        if embeddings.ndim != 2:
            raise AssertionError("Embeddings parameter is expected to be 2-dimensional")
        layer = cls(*embeddings.shape, _weight=embeddings, **settings)
        layer.weight.requires_grad_(not freeze)
        return layer


class Embedding(_Table):
    """weight[t] for integers t of any shape; weight (num_embeddings, embedding_dim).

    padding_idx         a row that is 0 at the start and gets no gradient
    max_norm            rows that are looked up are first shortened to it, in place, by their norm_type-norm
    scale_grad_by_freq  each row's gradient is divided by how often it is looked up in the batch
    """

    _padding_name = "Padding_idx"

    def __init__(self, num_embeddings: int, embedding_dim: int, padding_idx: int | None = None,
                 max_norm: float | None = None, norm_type: float = 2.0, scale_grad_by_freq: bool = False,
                 sparse: bool = False, _weight: Tensor | None = None, _freeze: bool = False, device: Any = None,
                 dtype: Any = None) -> None:
        super().__init__()
        self.max_norm, self.norm_type, self.scale_grad_by_freq = max_norm, norm_type, scale_grad_by_freq
        self._make(num_embeddings, embedding_dim, padding_idx, sparse, _weight, _freeze, device, dtype)

    @classmethod
    def from_pretrained(cls, embeddings: Tensor, freeze: bool = True, padding_idx: int | None = None,
                        max_norm: float | None = None, norm_type: float = 2.0, scale_grad_by_freq: bool = False,
                        sparse: bool = False) -> Embedding:
        """A layer with this weight, which is not trained unless freeze is False."""
        return cls._holding(embeddings, freeze, padding_idx=padding_idx, max_norm=max_norm, norm_type=norm_type,
                            scale_grad_by_freq=scale_grad_by_freq, sparse=sparse)

    def forward(self, input: Tensor) -> Tensor:
        return F.embedding(input, self.weight, self.padding_idx, self.max_norm, self.norm_type,
                           self.scale_grad_by_freq, self.sparse)

    def extra_repr(self) -> str:
        usual = {"padding_idx": None, "max_norm": None, "norm_type": 2.0, "scale_grad_by_freq": False}
        return ", ".join([f"{self.num_embeddings}, {self.embedding_dim}", *(
            f"{name}={getattr(self, name)}" for name, value in usual.items() if getattr(self, name) != value)])


class EmbeddingBag(_Table):
    """The "sum", "mean" or "max" of the rows of weight (num_embeddings, embedding_dim) in each bag of integers."""

    _padding_name = "padding_idx"

    def __init__(self, num_embeddings: int, embedding_dim: int, max_norm: float | None = None, norm_type: float = 2.0,
                 scale_grad_by_freq: bool = False, mode: str = "mean", sparse: bool = False,
                 _weight: Tensor | None = None, include_last_offset: bool = False, padding_idx: int | None = None,
                 device: Any = None, dtype: Any = None) -> None:
        super().__init__()
        self.max_norm, self.norm_type, self.scale_grad_by_freq = max_norm, norm_type, scale_grad_by_freq
        self.mode, self.include_last_offset = mode, include_last_offset
        self._make(num_embeddings, embedding_dim, padding_idx, sparse, _weight, False, device, dtype)

    @classmethod
    def from_pretrained(cls, embeddings: Tensor, freeze: bool = True, max_norm: float | None = None,
                        norm_type: float = 2.0, scale_grad_by_freq: bool = False, mode: str = "mean",
                        sparse: bool = False, include_last_offset: bool = False,
                        padding_idx: int | None = None) -> EmbeddingBag:
        """A layer with this weight, which is not trained unless freeze is False."""
        return cls._holding(embeddings, freeze, max_norm=max_norm, norm_type=norm_type,
                            scale_grad_by_freq=scale_grad_by_freq, mode=mode, sparse=sparse,
                            include_last_offset=include_last_offset, padding_idx=padding_idx)

    def forward(self, input: Tensor, offsets: Tensor | None = None,
                per_sample_weights: Tensor | None = None) -> Tensor:
        return F.embedding_bag(input, self.weight, offsets, self.max_norm, self.norm_type, self.scale_grad_by_freq,
                               self.mode, self.sparse, per_sample_weights, self.include_last_offset, self.padding_idx)

    def extra_repr(self) -> str:
        usual = {"max_norm": None, "norm_type": 2, "scale_grad_by_freq": False, "mode": "", "padding_idx": None}
        return ", ".join([f"{self.num_embeddings}, {self.embedding_dim}", *(
            f"{name}={getattr(self, name)!r}" for name, value in usual.items() if getattr(self, name) != value)])


class Bilinear(Module):
    """y_o = sum over i, j of x1_i weight[o, i, j] x2_j + bias_o; both uniform on +-1 / sqrt(in1_features) at first."""

    def __init__(self, in1_features: int, in2_features: int, out_features: int, bias: bool = True, device: Any = None,
                 dtype: Any = None) -> None:
        super().__init__()
        if in1_features <= 0:
            raise ValueError(f"in1_features must be > 0, but got (in1_features={in1_features})")
        self.in1_features, self.in2_features, self.out_features = in1_features, in2_features, out_features
        self.weight = Parameter(empty(out_features, in1_features, in2_features, device=device, dtype=dtype))
        self.register_parameter("bias", Parameter(empty(out_features, device=device, dtype=dtype)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weight and bias anew."""
        bound = 1 / math.sqrt(self.in1_features)
        init.uniform_(self.weight, -bound, bound)
        if self.bias is not None:
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input1: Tensor, input2: Tensor) -> Tensor:
        return F.bilinear(input1, input2, self.weight, self.bias)

    def extra_repr(self) -> str:
        return (f"in1_features={self.in1_features}, in2_features={self.in2_features}, "
                f"out_features={self.out_features}, bias={self.bias is not None}")


class _OfChannels(Module):
    """A function of an image and one number, which is shown by its name."""

    _function: Any
    _name: str

    def __init__(self, number: int) -> None:
        super().__init__()
        setattr(self, self._name, number)

    def forward(self, input: Tensor) -> Tensor:
        return self._function(input, getattr(self, self._name))

    def extra_repr(self) -> str:
        return f"{self._name}={getattr(self, self._name)}"


class PixelShuffle(_OfChannels):
    """x (..., C r^2, H, W) as (..., C, H r, W r): r^2 channels become the places of a square."""

    _function, _name = staticmethod(F.pixel_shuffle), "upscale_factor"

    def __init__(self, upscale_factor: int) -> None:
        super().__init__(upscale_factor)


class PixelUnshuffle(_OfChannels):
    """x (..., C, H r, W r) as (..., C r^2, H, W): the reverse of PixelShuffle."""

    _function, _name = staticmethod(F.pixel_unshuffle), "downscale_factor"

    def __init__(self, downscale_factor: int) -> None:
        super().__init__(downscale_factor)


class ChannelShuffle(_OfChannels):
    """The channels of x (N, C, ...) dealt out: the first of each group, then the second of each, and so on."""

    _function, _name = staticmethod(F.channel_shuffle), "groups"

    def __init__(self, groups: int) -> None:
        super().__init__(groups)
