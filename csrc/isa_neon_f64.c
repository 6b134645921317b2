/* isa_neon_f64.c: the kernels for neon, double. */
#define MG_NEON
#define MG_REAL 64
#define MG_TABLE mg_table_neon_f64
#include "bodies.inc"
