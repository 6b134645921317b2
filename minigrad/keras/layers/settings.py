"""What layers are configured with: initializers, regularizers, constraints and activations by name, object or dict."""

from __future__ import annotations

from typing import Any

from minigrad.keras import constraints, initializers, nonlinear, regularizers

__all__ = ["Configured"]

_KINDS = {"initializer": initializers, "regularizer": regularizers, "constraint": constraints,
          "activation": nonlinear}


class Configured:
    """A layer whose get_config returns the settings that its class names."""

    _settings: tuple[str, ...] = ()  # names of arguments, in Keras's order, which are attributes too

    def _set(self, **settings: Any) -> None:
        """Make attributes of arguments; those named ..._initializer and so on as the objects that they name."""
        for name, value in settings.items():
            kind = _KINDS.get(name.rpartition("_")[2])
            setattr(self, name, value if kind is None else kind.get(value))

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        for name in self._settings:
            kind, value = _KINDS.get(name.rpartition("_")[2]), getattr(self, name)
            config[name] = value if kind is None else kind.serialize(value)
        return config
