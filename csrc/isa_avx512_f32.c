/* isa_avx512_f32.c: the kernels for avx512, float. */
#define MG_AVX512
#define MG_REAL 32
#define MG_TABLE mg_table_avx512_f32
#define MG_BYTE_TABLE mg_table_avx512_bytes
#include "bodies.inc"
