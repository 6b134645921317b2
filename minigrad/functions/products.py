"""Functions that multiply tensors: torch.matmul(a, b), torch.outer(x, y), torch.addmm(c, a, b) and so on."""

from __future__ import annotations

from minigrad.functions.of_method import of_method
from minigrad.ops import linalg, products
from minigrad.ops import matmul as plain

__all__ = [
    "addbmm", "addmm", "addmv", "addr", "baddbmm", "bmm", "chain_matmul", "cholesky", "cross", "det", "dot", "ger",
    "inner", "inverse", "kron", "logdet", "matmul", "matrix_power", "mm", "mv", "outer", "slogdet", "tensordot", "vdot",
]

matmul, mm, bmm = plain.matmul, plain.mm, plain.bmm
dot, vdot, mv, outer, ger, inner = (products.dot, products.vdot, products.mv, products.outer, products.outer,
                                    products.inner)
addmm, addmv, addr, addbmm, baddbmm = (products.addmm, products.addmv, products.addr, products.addbmm,
                                       products.baddbmm)
tensordot, kron, cross, chain_matmul = products.tensordot, products.kron, products.cross, products.chain_matmul
det, logdet, slogdet, inverse, matrix_power = (linalg.det, linalg.logdet, linalg.slogdet, linalg.inv,
                                               linalg.matrix_power)
cholesky = of_method("cholesky")
