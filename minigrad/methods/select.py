"""The methods of Tensor that pick, place, order and count elements, and those that change it so in place."""

from __future__ import annotations

from minigrad.engine import TensorBase
from minigrad.methods.become import assign, in_place
from minigrad.ops import counting, indexing, linalg, products, rearrange, sorting
from minigrad.ops import scatter as places
from minigrad.ops import scatter_reduce as reduced

__all__ = ["SelectMethods"]


class SelectMethods(TensorBase):
    """Elements by position, by mask and by size; products of more than two factors."""

    __getitem__, __setitem__ = indexing.index, assign

    gather, take, take_along_dim, index_select = places.gather, places.take, places.take_along_dim, (
        places.index_select)
    scatter, scatter_add, scatter_reduce = reduced.scatter, places.scatter_add, reduced.scatter_reduce
    index_add, index_copy, index_fill, index_put = (places.index_add, places.index_copy, places.index_fill,
                                                    places.index_put)
    index_reduce, put = reduced.index_reduce, places.put
    masked_fill, masked_select, masked_scatter = places.masked_fill, places.masked_select, places.masked_scatter

    sort, argsort, msort, topk, kthvalue = (sorting.sort, sorting.argsort, sorting.msort, sorting.topk,
                                            sorting.kthvalue)
    unique, unique_consecutive, bincount = counting.unique, counting.unique_consecutive, counting.bincount
    histc, histogram, nonzero, argwhere = counting.histc, counting.histogram, counting.nonzero, counting.argwhere

    dot, vdot, mv, outer, ger, inner = (products.dot, products.vdot, products.mv, products.outer, products.outer,
                                        products.inner)
    addmm, addmv, addr, baddbmm, addbmm = (products.addmm, products.addmv, products.addr, products.baddbmm,
                                           products.addbmm)
    kron, cross, matrix_power = products.kron, products.cross, linalg.matrix_power
    inverse, det, logdet, slogdet = linalg.inv, linalg.det, linalg.logdet, linalg.slogdet
    cholesky = linalg.cholesky

    scatter_, scatter_add_, scatter_reduce_ = in_place(scatter), in_place(scatter_add), in_place(scatter_reduce)
    index_add_, index_copy_, index_fill_ = in_place(index_add), in_place(index_copy), in_place(index_fill)
    index_put_, index_reduce_, put_ = in_place(index_put), in_place(index_reduce), in_place(put)
    masked_fill_, masked_scatter_ = in_place(masked_fill), in_place(masked_scatter)
    tril_, triu_ = in_place(rearrange.tril), in_place(rearrange.triu)
    addmm_, addmv_, addr_, baddbmm_, addbmm_ = (in_place(addmm), in_place(addmv), in_place(addr), in_place(baddbmm),
                                                in_place(addbmm))
    fill_diagonal_ = in_place(rearrange.fill_diagonal)
