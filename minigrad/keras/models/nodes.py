"""A functional model's graph as plain values, and back."""

from __future__ import annotations

from typing import Any

from minigrad.keras import saving, tree
from minigrad.keras.models.graph import Graph
from minigrad.keras.symbolic import KerasTensor

__all__ = ["graph_config", "graph_from_config"]

_TENSOR = "__keras_tensor__"


def graph_config(graph: Graph) -> dict[str, Any]:
    """{"layers": [...], "input_layers": ..., "output_layers": ...}: layers with the calls that belong to the graph."""
    own: dict[Any, list] = {layer: [] for layer in graph.layers}
    for node in sorted(graph.nodes, key=lambda node: node.layer._inbound_nodes.index(node)):
        own[node.layer].append(node)

    def place(x: KerasTensor) -> list:
        return [x._keras_history.operation.name, own[x._node.layer].index(x._node), x._keras_history.tensor_index]

    def plain(x: Any) -> Any:
        if not isinstance(x, KerasTensor):
            return x
        return {"class_name": _TENSOR, "config": {"shape": list(x.shape), "dtype": x.dtype, "keras_history": place(x)}}

    layers = []
    for layer, calls in own.items():
        inbound = [tree.map_structure(plain, {"args": list(node.args), "kwargs": node.kwargs})
                   for node in calls if node.inputs]
        layers.append({**saving.serialize_keras_object(layer), "name": layer.name, "inbound_nodes": inbound})
    return {"layers": layers, "input_layers": tree.map_structure(place, graph.inputs),
            "output_layers": tree.map_structure(place, graph.outputs)}


def _is_place(x: Any) -> bool:
    return isinstance(x, (list, tuple)) and len(x) == 3 and isinstance(x[0], str) and isinstance(x[1], int)


def graph_from_config(config: dict[str, Any], custom_objects: Any = None) -> tuple[Any, Any]:
    """The inputs and outputs of the graph, with new layers. ValueError if a layer or a call is missing."""
    layers: dict[str, Any] = {}
    waiting: list[tuple[Any, dict]] = []
    for one in config["layers"]:
        layers[one["name"]] = layer = saving.deserialize_keras_object(one, custom_objects)
        waiting += [(layer, call) for call in one["inbound_nodes"]]
    start = {name: len(layer._inbound_nodes) - (type(layer).__name__ == "InputLayer")
             for name, layer in layers.items()}

    def found(place: Any) -> KerasTensor:
        name, call, output = place
        return layers[name]._inbound_nodes[start[name] + call].output_tensors[output]

    def real(x: Any) -> Any:
        if isinstance(x, dict):
            return found(x["config"]["keras_history"]) if x.get("class_name") == _TENSOR else {
                key: real(value) for key, value in x.items()}
        return [real(item) for item in x] if isinstance(x, (list, tuple)) else x

    while waiting:
        left = []
        for layer, call in waiting:
            try:
                args, kwargs = real(call["args"]), real(call["kwargs"])
            except (IndexError, KeyError):
                left.append((layer, call))
                continue
            layer(*args, **kwargs)
        if len(left) == len(waiting):
            raise ValueError("Invalid Functional model configuration: the graph has loops or disconnected nodes. These "
                             f"layers' inputs were not found: {[layer.name for layer, _ in left]}")
        waiting = left

    def places(x: Any) -> Any:
        if _is_place(x):
            return found(x)
        return {key: places(value) for key, value in x.items()} if isinstance(x, dict) else [places(y) for y in x]

    return places(config["input_layers"]), places(config["output_layers"])
