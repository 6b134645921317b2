"""What scripts ask about libraries and devices that minigrad does not use: none of them is there. The switches of
cudnn may be set, and change nothing: results are the same on every run anyway."""

from minigrad.backends import cuda, cudnn, mkl, mps

__all__ = ["cuda", "cudnn", "mkl", "mps"]
