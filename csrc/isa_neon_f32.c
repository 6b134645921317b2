/* isa_neon_f32.c: the kernels for neon, float. */
#define MG_NEON
#define MG_REAL 32
#define MG_TABLE mg_table_neon_f32
#define MG_BYTE_TABLE mg_table_neon_bytes
#include "bodies.inc"
