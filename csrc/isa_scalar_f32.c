/* isa_scalar_f32.c: the kernels for scalar, float. */
#define MG_REAL 32
#define MG_TABLE mg_table_scalar_f32
#define MG_BYTE_TABLE mg_table_scalar_bytes
#include "bodies.inc"
