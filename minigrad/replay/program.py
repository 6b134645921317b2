"""Program: what a recorded step is, to look at: its kernels in order, with shapes, bytes, operations and times."""

from __future__ import annotations

from typing import Any, NamedTuple

from minigrad.replay.build import Operation
from minigrad.replay.calls import READ, WRITTEN
from minigrad.replay.costs import bytes_of, flops_of

__all__ = ["Program", "Row"]


class Row(NamedTuple):
    """One kernel call. seconds is None before profile()."""

    number: int
    kernel: str
    dtype: str
    writes: tuple[str, ...]  # names and shapes, such as "a [32, 128]"
    reads: tuple[str, ...]
    flops: int
    bytes: int
    seconds: float | None


class Program:
    """The kernel calls of a recording, in order. print(program) shows a table.

    rows         a Row for each call
    arena_bytes  the memory that all results share; result_bytes: what they would take if none shared
    inputs       the shapes and types of the arguments
    """

    def __init__(self, recording: Any, name: str) -> None:
        self._recording, self._name = recording, name
        self._seconds: list[float] | None = None
        code = recording.code
        self.arena_bytes, self.result_bytes = code.arena_bytes, code.result_bytes
        self.inputs = list(zip(recording.shapes, recording.dtypes))
        self._labels = _labels(code.operations)

    @property
    def rows(self) -> list[Row]:
        code = self._recording.code
        return [Row(i, op.call.name, {11: "float32", 12: "float64"}.get(op.call.dtype, ""),
                    self._names(op, WRITTEN), self._names(op, READ), flops_of(op), bytes_of(op),
                    None if self._seconds is None else self._seconds[i]) for i, op in enumerate(code.operations)]

    @property
    def flops(self) -> int:
        return sum(map(flops_of, self._recording.code.operations))

    @property
    def seconds(self) -> float | None:
        """The time of all calls together, after profile()."""
        return None if self._seconds is None else sum(self._seconds)

    def __len__(self) -> int:
        return len(self._recording.code.operations)

    def profile(self, repeats: int = 20) -> Program:
        """Measure each call, the mean over some replays with the last arguments. What they change is put back."""
        self._seconds = self._recording.profile(repeats)
        return self

    def _names(self, op: Operation, kinds: set[str]) -> tuple[str, ...]:
        found = []
        for param in op.call.params:
            if param.kind not in kinds or param.name == "bad":
                continue
            value = op.arguments[param.name]
            if isinstance(value, list):
                found.append(f"{len(value)} x {param.name}")
            elif value is not None:
                found.append(self._labels[value.region])
        return tuple(found)

    def __repr__(self) -> str:
        rows = self.rows
        total = self.seconds
        head = ["#", "kernel", "writes", "reads", "Mflop", "KiB", *([] if total is None else ["us", "GFLOP/s"])]
        cells = [head]
        for row in rows:
            cells.append([str(row.number), row.kernel, ", ".join(row.writes), ", ".join(row.reads),
                          f"{row.flops / 1e6:.3f}", f"{row.bytes / 1024:.1f}"])
            if row.seconds is not None:
                cells[-1] += [f"{row.seconds * 1e6:.2f}", f"{row.flops / max(row.seconds, 1e-9) / 1e9:.1f}"]
        widths = [min(max(len(line[i]) for line in cells), 60) for i in range(len(head))]
        left = {1, 2, 3}
        lines = ["  ".join(_cut(cell, width).ljust(width) if i in left else cell.rjust(width)
                           for i, (cell, width) in enumerate(zip(line, widths))).rstrip() for line in cells]
        lines.insert(1, "-" * max(map(len, lines)))
        shared = f"{self.arena_bytes / 1024:.1f} KiB for results ({self.result_bytes / 1024:.1f} KiB unshared)"
        time = "" if total is None else f", {total * 1e6:.1f} us"
        return "\n".join([f"{self._name}: {len(rows)} kernel calls, {self.flops / 1e6:.2f} Mflop, {shared}{time}",
                          *lines])


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[:width - 3] + "..."


def _labels(operations: list[Operation]) -> dict[Any, str]:
    """A name for every piece of memory: its path if it has one, else a letter and a number, and its shape."""
    labels: dict[Any, str] = {}
    for op in operations:
        for region in op.touches(READ | WRITTEN):
            if region not in labels:
                name = region.name or f"t{sum(1 for known in labels if not known.name)}"
                labels[region] = f"{name} {list(region.shape)}"
    return labels
