"""The table of kernels: one row each, with its reference, its inputs and its sizes. test_kernels.py walks it."""

from kernel_rows_conv import CONVOLUTIONS
from kernel_rows_copies import COPIES
from kernel_rows_elementwise import ELEMENTWISE
from kernel_rows_losses import LOSS_ROWS
from kernel_rows_matrix import MATRIX
from kernel_rows_norm import NORMS
from kernel_rows_optim import OPTIMISERS
from kernel_rows_other import OTHERS

ROWS = {row.name: row for row in ELEMENTWISE + MATRIX + NORMS + CONVOLUTIONS + LOSS_ROWS + OTHERS + COPIES + OPTIMISERS}
