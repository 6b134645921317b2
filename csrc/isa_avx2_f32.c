/* isa_avx2_f32.c: the kernels for avx2, float. */
#define MG_AVX2
#define MG_REAL 32
#define MG_TABLE mg_table_avx2_f32
#define MG_BYTE_TABLE mg_table_avx2_bytes
#include "bodies.inc"
