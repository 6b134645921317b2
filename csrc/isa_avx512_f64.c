/* isa_avx512_f64.c: the kernels for avx512, double. */
#define MG_AVX512
#define MG_REAL 64
#define MG_TABLE mg_table_avx512_f64
#include "bodies.inc"
