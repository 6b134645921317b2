/* isa_scalar_f64.c: the kernels for scalar, double. */
#define MG_REAL 64
#define MG_TABLE mg_table_scalar_f64
#include "bodies.inc"
