/* isa_avx2_f64.c: the kernels for avx2, double. */
#define MG_AVX2
#define MG_REAL 64
#define MG_TABLE mg_table_avx2_f64
#include "bodies.inc"
