"""The table that model.summary() prints."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import Any

from minigrad.keras.tensors import Variable

__all__ = ["print_summary"]

_UNITS = ("B", "KB", "MB", "GB", "TB", "PB")


def _size(variables: list[Variable]) -> str:
    """"176 (704.00 B)"."""
    size: float = sum(v.array.nbytes for v in variables)
    unit = 0
    while size >= 1024 and unit < len(_UNITS) - 1:
        size, unit = size / 1024, unit + 1
    return f"{sum(v.array.size for v in variables):,} ({size:.2f} {_UNITS[unit]})"


def _output_shape(layer: Any) -> str:
    """What the layer gives in its last call of a graph, or for the inputs that it was built for."""
    def text(shape: Any) -> str:
        return f"({', '.join(map(str, shape))})"

    if layer._inbound_nodes:
        shapes = [text(x.shape) for x in layer._inbound_nodes[-1].output_tensors]
    elif layer._build_shape is not None:
        try:
            found = layer.compute_output_shape(layer._build_shape)
        except (NotImplementedError, TypeError, ValueError):
            return "?"
        several = list(found.values()) if isinstance(found, dict) else found
        shapes = [text(one) for one in (several if any(isinstance(one, (list, tuple)) for one in several) else [found])]
    else:
        return "?"
    return shapes[0] if len(shapes) == 1 else str(shapes).replace("'", "")


def _is_chain(model: Any) -> bool:
    """Whether each layer is called once, on what the one before gave."""
    graph = model._graph
    if graph is None or hasattr(model, "_layers"):
        return True
    calls = [node for node in graph.nodes if node.inputs]
    return (all(len(node.inputs) == 1 for node in calls) and len(graph.flat_inputs) == len(graph.flat_outputs) == 1
            and len({id(node.inputs[0]) for node in calls}) == len(calls)
            and len({id(node.layer) for node in calls}) == len(calls))


def _connections(model: Any, layer: Any) -> str:
    own = {id(node) for node in model._graph.nodes}
    sources = [f"{h.operation.name}[{h.node_index}][{h.tensor_index}]" for node in layer._inbound_nodes
               if id(node) in own for h in (x._keras_history for x in node.inputs)]
    return ", ".join(sources) or "-"


def _rows(model: Any, layers: list[Any], chain: bool, expand_nested: bool, show_trainable: bool,
          level: int = 0) -> list[list[str]]:
    rows = []
    for layer in layers:
        prefix = "   " * level + "└ " if level else ""
        params = f"{layer.count_params():,}" if layer.built else "0 (unbuilt)"
        row = [f"{prefix}{layer.name} ({layer._type_name})", _output_shape(layer), params]
        if not chain:
            row.append(_connections(model, layer))
        if show_trainable:
            row.append("-" if not layer.weights else "Y" if layer.trainable else "N")
        rows.append(row)
        nested = getattr(layer, "layers", None)
        if expand_nested and nested:
            rows += _rows(model, nested, chain, expand_nested, show_trainable, level + 1)
    return rows


def _wrapped(text: str, width: int) -> list[str]:
    """The text in lines of this width, broken at spaces; a word that is longer loses its end."""
    lines: list[str] = []
    for word in text.split(" "):
        word = word if len(word) <= width else f"{word[:width - 1]}…"
        if lines and len(lines[-1]) + 1 + len(word) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def _column_widths(ends: list[int], length: int) -> list[int]:
    """How many characters go into each column, if they end there before the lines and spaces between them take their
    part of the length: as much from each."""
    widths = [end - start for start, end in zip([0, *ends], ends)]
    excess = sum(widths) + 3 * len(widths) + 1 - length
    for i, width in enumerate(widths):
        part = min(width + 2, round(excess / (len(widths) - i))) if excess > 0 else 0
        widths[i], excess = width - part, excess - part
    return widths


def _table(header: list[str], rows: list[list[str]], widths: list[int], alignment: list[str]) -> list[str]:
    """A table with lines around the cells."""

    def frame(left: str, fill: str, middle: str, right: str) -> str:
        return left + middle.join(fill * (width + 2) for width in widths) + right

    def lines(row: list[str], bar: str) -> list[str]:
        cells = [_wrapped(cell, width) for cell, width in zip(row, widths)]
        height = max(map(len, cells))
        found = []
        for i in range(height):
            parts = [(cell[i] if i < len(cell) else "") for cell in cells]
            aligned = [f"{part:{align}{width}}" for part, align, width in zip(parts, alignment, widths)]
            found.append(f"{bar} " + f" {bar} ".join(aligned) + f" {bar}")
        return found

    table = [frame("┏", "━", "┳", "┓"), *lines(header, "┃"), frame("┡", "━", "╇", "┩")]
    for number, row in enumerate(rows):
        table += [frame("├", "─", "┼", "┤")] if number else []
        table += lines(row, "│")
    return [*table, frame("└", "─", "┴", "┘")]


def _in_range(layers: list[Any], layer_range: Any) -> list[Any]:
    if layer_range is None:
        return layers
    if len(layer_range) != 2:
        raise ValueError(f"layer_range must be a list or tuple of length 2. Received: layer_range={layer_range}")
    names = [layer.name for layer in layers]
    for name in layer_range:
        if name not in names:
            raise ValueError(f"Passed layer_names do not match the layer names in the model. Received: {layer_range}")
    first, last = sorted(map(names.index, layer_range))
    return layers[first:last + 1]


def print_summary(model: Any, line_length: int | None = None, positions: Any = None,
                  print_fn: Callable[[str], Any] | None = None, expand_nested: bool = False,
                  show_trainable: bool = False, layer_range: Any = None) -> None:
    """Print the table, or hand it to print_fn as one text. line_length: of the table; positions: where its columns end,
    in characters or as parts of it."""
    chain = _is_chain(model)
    layers = model.layers if chain and hasattr(model, "_layers") else model._sublayers()
    header, alignment = ["Layer (type)", "Output Shape", "Param #"], ["<", "<", ">"]
    columns, length = [0.45, 0.80, 1.0], 88
    if not chain:
        header, alignment = [*header, "Connected to"], [*alignment, "<"]
        columns, length = [0.3, 0.56, 0.74, 1.0], 108
    if show_trainable:
        header, alignment = [*header, "Trainable"], [*alignment, "^"]
        columns, length = [*(p * 0.9 for p in columns), 1.0], length + 12
    length = line_length or min(length, shutil.get_terminal_size().columns - 4)
    ends = [int(p * length) if p <= 1 else int(p) for p in positions or columns]
    widths = _column_widths(ends, length)
    if min(widths) < 1:
        raise ValueError("Insufficient console width to print summary.")
    rows = _rows(model, _in_range(layers, layer_range), chain, expand_nested, show_trainable)
    trainable, frozen = model.trainable_weights, model.non_trainable_weights
    optimizer = getattr(model, "optimizer", None)
    state = optimizer.variables if optimizer is not None and optimizer.built else []
    text = [f'Model: "{model.name}"', *_table(header, rows, widths, alignment),
            f" Total params: {_size([*trainable, *frozen, *state])}", f" Trainable params: {_size(trainable)}",
            f" Non-trainable params: {_size(frozen)}", *([f" Optimizer params: {_size(state)}"] if state else [])]
    if print_fn is None:
        print("\n".join(text))
    else:
        print_fn("\n".join([*text, ""]))
