"""What a model counts as it trains or is evaluated, and its numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.keras.metrics import Metric
from minigrad.keras.training.compiled import CompiledLoss, CompiledMetrics, LossMean

__all__ = ["Results"]


def _numbers(logs: dict[str, Any]) -> dict[str, Any]:
    """Results as Python's numbers, or arrays, in the order of their names; those of dicts within among them."""
    flat: dict[str, Any] = {}
    for name, value in logs.items():
        flat.update(value if isinstance(value, dict) else {name: value})
    arrays = {name: np.asarray(flat[name]) for name in sorted(flat)}
    return {name: array.item() if array.ndim == 0 else array for name, array in arrays.items()}


class Results:
    """The metrics of a model, and what they say."""

    compiled: bool
    _compile_loss: CompiledLoss | None
    _compile_metrics: CompiledMetrics | None
    _loss_tracker: LossMean
    _found_metrics: list[Any]  # those that are attributes, as they were when last looked for

    @property
    def metrics(self) -> list[Any]:
        """The mean of the loss, the metrics of compile together, the means of several outputs' losses; those that are
        attributes of the model and its layers."""
        if not self.compiled:
            return self._metrics_within()
        return [self._loss_tracker, *([self._compile_metrics] if self._compile_metrics is not None else []),
                *(self._compile_loss.trackers if self._compile_loss is not None else []), *self._found_metrics]

    def _metrics_within(self) -> list[Any]:
        found = {id(leaf): leaf for layer in self._flatten_layers() if layer is self or not isinstance(layer, Results)
                 for leaf in layer._leaves() if isinstance(leaf, Metric)}
        return [metric for metric in found.values() if metric is not self._loss_tracker]

    @property
    def metrics_names(self) -> list[str]:
        return [metric.name for metric in self.metrics]

    def compiled_metrics(self) -> list[Any]:
        """The metrics that compile was given, once they are made."""
        return [] if self._compile_metrics is None else self._compile_metrics.metrics

    def reset_metrics(self) -> None:
        """Forget the batches so far."""
        for metric in self.metrics:
            metric.reset_state()

    def _listed(self, logs: dict[str, Any]) -> Any:
        """The results in the order of evaluate: the loss, the metrics, what is left by name. One alone is itself."""
        names = [name for metric in self.metrics for name in (
            [m.name for m in metric.metrics] if isinstance(metric, CompiledMetrics) else [metric.name])]
        order = [*dict.fromkeys(name for name in names if name in logs), *(
            name for name in sorted(logs) if name not in names)]
        results = [logs[name] for name in order]
        return results[0] if len(results) == 1 else results

    def get_metrics_result(self) -> dict[str, Any]:
        """The results so far, by name."""
        found: dict[str, Any] = {}
        for metric in self.metrics:
            result = metric.result()
            found.update(result if isinstance(result, dict) else {metric.name: result})
        return found

    def _results(self, logs: Any) -> dict[str, Any]:
        """The results so far: of a custom step what it returned, where that is something else."""
        own = self.get_metrics_result()
        return _numbers(logs if isinstance(logs, dict) and logs.keys() != own.keys() else own)
