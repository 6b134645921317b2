"""The table of operations: one row each. The rows are in rows_*.py, by family; row.py says what a row is."""

from __future__ import annotations

from .row import Row
from .rows_along import ALONG
from .rows_arrange import ARRANGEMENTS
from .rows_elementwise import ELEMENTWISE
from .rows_functions import FUNCTIONS
from .rows_layers import LAYERS
from .rows_nn import LOSSES, PRODUCTS, REDUCTIONS
from .rows_noise import NOISE
from .rows_shape import SHAPES

ROWS: list[Row] = [
    *ELEMENTWISE,
    *FUNCTIONS,
    *SHAPES,
    *ARRANGEMENTS,
    *REDUCTIONS,
    *ALONG,
    *PRODUCTS,
    *LOSSES,
    *LAYERS,
    *NOISE,
]
BY_NAME = {row.name: row for row in ROWS}
