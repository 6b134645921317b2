"""One step: forward, loss, backward, update; or forward, loss and metrics; or forward alone."""

from __future__ import annotations

from typing import Any

from minigrad.grad_mode import no_grad
from minigrad.keras import tree
from minigrad.keras.layers.context import call_context
from minigrad.keras.training.arrays import as_data, unpack
from minigrad.keras.training.results import Results
from minigrad.tensor import Tensor

__all__ = ["Steps"]


class _Hidden:
    """Variables that are not found among a layer's attributes, since they are known already."""

    def __init__(self, variables: list[Any]) -> None:
        self.variables = variables


class Steps(Results):
    """What a model does with a batch. A subclass may override compute_loss, compute_metrics, train_step, test_step and
    predict_step.

    train_step(data) of a subclass gets (x, y) or (x, y, sample_weight), computes gradients with loss.backward(), hands
    them to self.optimizer.apply(gradients, variables), or has it take them from the variables by
    self.optimizer.step(), and returns a dict of results.
    """

    optimizer: Any
    _penalised: list[Any]    # layers that may add to the loss
    _trained: _Hidden        # the weights that are trained
    _graph: Any
    _logits: bool | None     # whether the last softmax need not be computed in training; None before the first step

    # -- what subclasses may override ----------------------------------------------------------------------------------

    def compute_loss(self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None,
                     training: bool = True) -> Any:
        """The loss of compile, and the penalties of the layers."""
        loss = None if self._compile_loss is None else self._compile_loss(y, y_pred, sample_weight)
        for penalty in self.losses:
            one = penalty if isinstance(penalty, Tensor) else float(penalty)
            one = one.sum() if isinstance(one, Tensor) and one.array.ndim else one
            loss = one if loss is None else loss + one
        if loss is None:
            raise ValueError("No loss to compute. Provide a `loss` argument in `compile()`.")
        return loss

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        """Take a batch into account; the results so far."""
        if self._compile_metrics is not None:
            self._compile_metrics.update_state(y, y_pred, sample_weight)
        return self.get_metrics_result()

    def train_step(self, data: Any) -> dict[str, Any]:
        x, y, weight = unpack(data)
        self._train(x, y, weight, _count(x))
        return self.get_metrics_result()

    def test_step(self, data: Any) -> dict[str, Any]:
        x, y, weight = unpack(data)
        self._test(x, y, weight, _count(x))
        return self.get_metrics_result()

    def predict_step(self, data: Any) -> Any:
        return self(unpack(data)[0], training=False)

    # -- the steps -----------------------------------------------------------------------------------------------------

    def _forward(self, x: Any, training: bool, logits: bool = False) -> Any:
        """The outputs for tensors, as tensors; or what the last activation makes them from, which the loss takes."""
        context = call_context
        before = context.training
        context.training = training
        context.depth += 1
        try:
            if self._graph is None:
                return self(x, training=training)
            if self._graph.takes(x):
                return self._graph.run([x], training, logits)
            return self.call(x, training)
        finally:
            context.depth -= 1
            context.training = before

    def _loss_of(self, x: Any, y: Any, y_pred: Any, weight: Any, training: bool) -> Any:
        return (self._compile_loss(y, y_pred, weight) if self._loss_is_all
                else self.compute_loss(x, y, y_pred, weight, training) if self._loss_takes_training
                else self.compute_loss(x, y, y_pred, weight))

    def _differentiate(self, x: Any, y: Any, weight: Any) -> tuple[Any, Any]:
        """The loss and the outputs of a batch; the gradients go to the variables."""
        for layer in self._penalised:
            layer._losses.clear()
        y_pred = self._forward(x, True, self._logits)
        loss = self._loss_of(x, y, y_pred, weight, True)
        optimizer = self.optimizer
        try:
            (loss if optimizer.loss_scale_factor is None else optimizer.scale_loss(loss)).backward()
        except RuntimeError:
            if loss.requires_grad:  # otherwise all is frozen: there is nothing to train
                raise
        return loss, y_pred

    def _train(self, x: Any, y: Any, weight: Any, count: int) -> None:
        """A step by the whole batch."""
        loss, y_pred = self._differentiate(x, y, weight)
        self.optimizer.step()
        for variable in self._trained.variables:
            variable._grad = None
        self._note(loss, count, x, y, y_pred, weight)
        if self._logits is None:
            self._logits = (self._loss_is_all and self._metrics_are_ours and self._compile_loss.takes_logits_of(
                "softmax") and (self._compile_metrics is None or self._compile_metrics.ranks_only()))

    def _test(self, x: Any, y: Any, weight: Any, count: int) -> None:
        with no_grad():
            for layer in self._penalised:
                layer._losses.clear()
            y_pred = self._forward(x, False)
            loss = self._loss_of(x, y, y_pred, weight, False)
            self._note(loss, count, x, y, y_pred, weight)

    def _note(self, loss: Any, count: int, x: Any, y: Any, y_pred: Any, weight: Any) -> None:
        """Loss and metrics of a batch."""
        self._loss_tracker.note(loss.array, count)
        if self._metrics_are_ours:
            if self._compile_metrics is not None:
                self._compile_metrics.update_state(y, y_pred, weight)
        else:
            self.compute_metrics(x, y, y_pred, weight)

    def _prepare(self) -> None:
        """Find out once, before many steps, what need not be looked at in each."""
        cls = type(self)
        layers = list(self._flatten_layers())
        self._penalised = [layer for layer in layers if layer.activity_regularizer is not None
                           or not type(layer).__module__.startswith("minigrad.keras.") or layer._losses]
        regularized = any(v.regularizer is not None for layer in layers for v in layer._own())
        self._loss_is_all = (cls.compute_loss is Steps.compute_loss and not self._penalised and not regularized
                             and self._compile_loss is not None)
        self._loss_takes_training = "training" in cls.compute_loss.__code__.co_varnames
        self._logits = None
        self._metrics_are_ours = cls.compute_metrics is Steps.compute_metrics
        self._trained = _Hidden(self.trainable_variables)

    # -- single batches ------------------------------------------------------------------------------------------------

    def train_on_batch(self, x: Any, y: Any = None, sample_weight: Any = None, class_weight: Any = None,
                       return_dict: bool = False) -> Any:
        """One step by a batch; the loss and metrics of it alone."""
        return self._on_batch("train", x, y, sample_weight, class_weight, return_dict)

    def test_on_batch(self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False) -> Any:
        """The loss and metrics of a batch."""
        return self._on_batch("test", x, y, sample_weight, None, return_dict)

    def predict_on_batch(self, x: Any) -> Any:
        """The outputs for a batch, as arrays."""
        with no_grad():
            return tree.map_structure(lambda t: t.array, self._forward(as_data(x), False))

    def _on_batch(self, how: str, x: Any, y: Any, weight: Any, class_weight: Any, return_dict: bool) -> Any:
        raise NotImplementedError


def _count(x: Any) -> int:
    first = tree.flatten(x)[0]
    return first.array.shape[0] if first.array.ndim else 1
