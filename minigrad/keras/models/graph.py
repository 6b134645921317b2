"""The graph of a functional model: its layers in Keras's order, and a plan by which it is run.

The plan is a list of functions, one per call of a layer, made once. Where a Dense layer is followed by its ReLU and by
Dropout, and nobody sees what is between them, they are one function and one kernel.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.engine import make
from minigrad.keras import nonlinear, tree
from minigrad.keras.layers import Activation, Dense, Dropout, InputLayer, ReLU
from minigrad.keras.symbolic import KerasTensor, Node
from minigrad.ops.dropout import kept_of
from minigrad.tensor import Tensor

__all__ = ["Graph"]

Step = tuple[Callable, Any, list[int]]  # what to call, the numbers of its arguments' tensors, those of its results


class Graph:
    """What lies between KerasTensors.

    inputs, outputs  KerasTensors, in lists, tuples or dicts as they were given
    layers           each once, in the order of Keras: by the longest way to an output, then as they are found
    """

    def __init__(self, inputs: Any, outputs: Any) -> None:
        self.inputs, self.outputs = inputs, outputs
        self.flat_inputs, self.flat_outputs = tree.flatten(inputs), tree.flatten(outputs)
        for what, tensors in (("inputs", self.flat_inputs), ("outputs", self.flat_outputs)):
            for x in tensors:
                if not isinstance(x, KerasTensor):
                    raise ValueError(f"All `{what}` values must be KerasTensors. Received: {what}="
                                     f"{getattr(self, what)} including invalid value {x} of type {type(x)}")
        self.nodes, first_seen = self._nodes()
        self.layers = self._ordered_layers(first_seen)
        names = [layer.name for layer in self.layers]
        for name in names:
            if names.count(name) != 1:
                raise ValueError(f'The name "{name}" is used {names.count(name)} times in the model. All operation '
                                 "names should be unique.")
        self._plans: dict[tuple[bool, bool], Any] = {}
        self._only = None  # dtype and shape of a sample of the only input, if it is known
        if len(self.flat_inputs) == 1 and not isinstance(inputs, dict) and None not in self.flat_inputs[0].shape[1:]:
            self._only = np.dtype(self.flat_inputs[0].dtype), self.flat_inputs[0].shape[1:]

    def _nodes(self) -> tuple[list[Node], dict[Any, int]]:
        """The calls that lead to the outputs, each after those it needs; and the layers in the order of being met."""
        given = {id(x) for x in self.flat_inputs}
        done: dict[int, Node] = {}
        met: dict[Any, int] = {}
        stack = [(x, False) for x in reversed(self.flat_outputs)]
        while stack:
            x, inner_done = stack.pop()
            node = x._node
            if id(node) in done:
                continue
            met.setdefault(node.layer, len(met))
            if inner_done or id(x) in given:
                done[id(node)] = node
                continue
            if isinstance(node.layer, InputLayer):
                raise ValueError(f"Graph disconnected: cannot find parent for tensor {x} at operation "
                                 f"'{node.layer.name}': it is not among the inputs of the model")
            stack.append((x, True))
            stack.extend((parent, False) for parent in reversed(node.inputs))
        for x in self.flat_inputs:  # an input that nothing uses is one all the same
            done.setdefault(id(x._node), x._node)
            met.setdefault(x._node.layer, -1)
        return list(done.values()), met

    def _ordered_layers(self, first_seen: dict[Any, int]) -> list[Any]:
        depths = {id(node): 0 for node in self.nodes}
        of_layer: dict[Any, int] = {}
        given = {id(x._node) for x in self.flat_inputs}
        for node in reversed(self.nodes):
            depth = max(depths[id(node)], of_layer.get(node.layer, 0))
            of_layer[node.layer] = depth
            for x in () if id(node) in given else node.inputs:
                parent = id(x._node)
                depths[parent] = max(depths[parent], depth + 1)
        return sorted(of_layer, key=lambda layer: (-of_layer[layer], first_seen[layer]))

    def _calls(self) -> list[Node]:
        given = {id(x._node) for x in self.flat_inputs}
        return [node for node in self.nodes if id(node) not in given]

    def takes(self, x: Any) -> bool:
        """Whether x is a batch for the only input, as it must be."""
        return x.__class__ is Tensor and (x.array.dtype, x.array.shape[1:]) == self._only

    # -- shapes --------------------------------------------------------------------------------------------------------

    def fits(self, flat: list[Any]) -> bool:
        """Whether tensors have the shapes of the inputs, whatever the size of the batch, and their number."""
        return len(flat) == len(self.flat_inputs) and all(
            len(x.shape) == len(own.shape) and all(b is None or a is None or a == b for a, b in zip(
                x.shape[1:], own.shape[1:])) for x, own in zip(flat, self.flat_inputs))

    def output_spec(self, flat: list[KerasTensor]) -> Any:
        """The KerasTensors that the model gives for these."""
        known = {id(own): x for own, x in zip(self.flat_inputs, flat)}
        for node in self._calls():
            args, kwargs = tree.map_structure(lambda x: known.get(id(x), x), (node.args, node.kwargs))
            results = node.layer.compute_output_spec(*args, **kwargs)
            known.update(zip(map(id, node.output_tensors), tree.flatten(results)))
        found = (known[id(x)] for x in self.flat_outputs)
        return tree.pack_like(self.outputs, [KerasTensor(x.shape, x.dtype) for x in found])

    # -- running -------------------------------------------------------------------------------------------------------

    def run(self, flat: list[Tensor], training: bool, logits: bool | None = False) -> Any:
        """The outputs for tensors that fit the inputs. logits: of a chain that ends with softmax what softmax is given,
        noted on the tensor as nonlinear.softmax notes it."""
        plan = self._plans.get((training, bool(logits)))
        if plan is None:
            plan = self._plans[training, bool(logits)] = self._plan(training)
            if logits and plan[0] is not None:
                self._leave_out_softmax(plan[0])
        chain, steps, results, size = plan
        if chain is not None:
            x = flat[0]
            for function in chain:
                x = function(x)
            return tree.pack_like(self.outputs, [x]) if tree.is_nested(self.outputs) else x
        values = flat + [None] * (size - len(flat))
        for function, arguments, targets in steps:
            found = function(values) if arguments is None else function(values[arguments])
            if len(targets) == 1:
                values[targets[0]] = found
            else:
                for target, value in zip(targets, tree.flatten(found)):
                    values[target] = value
        return tree.pack_like(self.outputs, [values[number] for number in results])

    def run_one_by_one(self, flat: list[Tensor]) -> Any:
        """The same with every check of every layer."""
        known = {id(own): x for own, x in zip(self.flat_inputs, flat)}
        for node in self._calls():
            args, kwargs = tree.map_structure(lambda x: known.get(id(x), x), (node.args, node.kwargs))
            results = node.layer(*args, **kwargs)
            known.update(zip(map(id, node.output_tensors), tree.flatten(results)))
        return tree.pack_like(self.outputs, [known[id(x)] for x in self.flat_outputs])

    def _plan(self, training: bool) -> tuple:
        """(functions of a chain or None, steps, numbers of the results, how many tensors there are)."""
        nodes = self._calls()
        numbers: dict[int, int] = {}
        for x in [*self.flat_inputs, *(x for node in nodes for x in node.output_tensors)]:
            numbers.setdefault(id(x), len(numbers))
        fused = self._groups(nodes)
        steps: list[Step] = []
        for node in nodes:
            if id(node) not in fused:
                continue
            group = fused[id(node)]
            targets = [numbers[id(x)] for x in group[-1].output_tensors]
            single = len(node.inputs) == 1 and node.args == (node.inputs[0],) and not node.kwargs
            if single:
                steps.append((function_of([n.layer for n in group], training), numbers[id(node.inputs[0])], targets))
            else:
                steps.append((_gathering(node, numbers, training), None, targets))
        chain = None
        if len(self.flat_inputs) == len(self.flat_outputs) == 1:
            at = 0
            for _, argument, targets in steps:
                at = targets[0] if argument == at and len(targets) == 1 else -1
            if at == numbers[id(self.flat_outputs[0])]:
                chain = [function for function, _, _ in steps if function is not _itself]
        return chain, steps, [numbers[id(x)] for x in self.flat_outputs], len(numbers)

    def _leave_out_softmax(self, chain: list[Callable]) -> None:
        node = self._calls()[-1]
        layer = node.layer
        if _is(layer, Dense) and layer.activation is nonlinear.softmax and len(node.inputs[0].shape) == 2:
            chain[-1] = layer.affine
        elif _is(layer, Activation) and layer.activation is nonlinear.softmax:
            chain.pop()
        else:
            return

        def noted(x: Any) -> Any:
            y = make(x.array)
            y._keras_logits = "softmax", x, x.version()
            return y

        chain.append(noted)

    def _groups(self, nodes: list[Node]) -> dict[int, list[Node]]:
        """Each call alone, or with those that follow it and are computed with it."""
        users: dict[int, list[Node]] = {}
        for node in nodes:
            for x in node.inputs:
                users.setdefault(id(x), []).append(node)
        seen = {id(x) for x in self.flat_outputs}
        groups = {id(node): [node] for node in nodes}

        def only_user(node: Node) -> Node | None:
            outputs = node.output_tensors
            following = users.get(id(outputs[0]), [])
            return following[0] if len(outputs) == len(following) == 1 and id(outputs[0]) not in seen and not (
                following[0].kwargs) else None

        for node in nodes:
            if _is(node.layer, Dense):
                group, last = [node], only_user(node)
                if last is not None and not node.layer.is_relu() and node.layer.activation is nonlinear.linear and (
                        _is(last.layer, Activation) or _is(last.layer, ReLU)) and last.layer.is_relu():
                    group.append(last)
                    last = only_user(last)
                if last is not None and _is(last.layer, Dropout) and group[-1].layer.is_relu():
                    group.append(last)
                groups[id(node)] = group
                for other in group[1:]:
                    groups.pop(id(other))
        return groups


# -- what a step calls -------------------------------------------------------------------------------------------------


def _is(layer: Any, kind: type) -> bool:
    """Whether it is a layer of this very class, as we wrote it, with nothing in between."""
    return type(layer) is kind and "call" not in layer.__dict__ and layer.activity_regularizer is None


def _itself(x: Any) -> Any:
    return x


def _gathering(node: Node, numbers: dict[int, int], training: bool) -> Callable:
    """A function of all tensors so far that calls the layer with those that its call in the graph had."""
    call = _checked(node.layer, training)

    def run(values: list) -> Any:
        args, kwargs = tree.map_structure(
            lambda x: values[numbers[id(x)]] if isinstance(x, KerasTensor) else x, (node.args, node.kwargs))
        return call(*args, **kwargs)

    return run


def _checked(layer: Any, training: bool) -> Callable:
    """The layer's __call__, or its call where that does the same."""
    ours = type(layer).__module__.startswith("minigrad.keras.") and "call" not in layer.__dict__
    if not ours or not layer._plain or layer.activity_regularizer is not None or not layer.built:
        return layer
    takes = "training" in type(layer).call.__code__.co_varnames
    return functools.partial(layer.call, training=training) if takes else layer.call


def function_of(layers: list[Any], training: bool) -> Callable:
    """What a group of layers does to one tensor."""
    first, last = layers[0], layers[-1]
    if _is(last, Dropout) and not training:
        return _itself if len(layers) == 1 else function_of(layers[:-1], training)
    if len(layers) == 1:
        if _is(first, Dense) and first.is_relu():
            return _dense_relu(first, first.call)
        return _checked(first, training)
    slow = [function_of([layer], training) for layer in layers]

    def one_by_one(x: Any) -> Any:
        for function in slow:
            x = function(x)
        return x

    return _dense_relu_dropout(first, last, one_by_one) if _is(last, Dropout) else _dense_relu(first, one_by_one)


def _dense_relu(dense: Any, otherwise: Callable) -> Callable:
    def run(x: Any) -> Any:
        return dense.affine(x, 1) if x.array.ndim == 2 and x.array.dtype.kind == "f" else otherwise(x)

    return run


def _dense_relu_dropout(dense: Any, dropout: Any, otherwise: Callable) -> Callable:
    def run(x: Any) -> Any:
        rate = dropout.rate
        stream = dropout.seed_generator
        if (not 0.0 < rate < 1.0 or stream is None or dropout.noise_shape is not None or x.array.ndim != 2
                or x.array.dtype.kind != "f"):
            return otherwise(x)
        return dense.affine(x, 1, stream.generator.draw(), kept_of(rate))

    return run


