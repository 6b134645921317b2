"""keras.backend: what scripts of old ask for."""

from minigrad.keras.config import epsilon, floatx, image_data_format, set_epsilon, set_floatx
from minigrad.keras.utils import clear_session

__all__ = ["backend", "clear_session", "epsilon", "floatx", "image_data_format", "set_epsilon", "set_floatx"]


def backend() -> str:
    """What computes: "minigrad"."""
    return "minigrad"
