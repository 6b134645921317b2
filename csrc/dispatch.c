/* dispatch.c: which body runs. Makes every public kernel function from kernels.def: it looks the body up in the table
 * of the instruction set that was chosen when the library was loaded. */
#include "minigrad.h"

#include <stddef.h>
#include <string.h>

#include "record.h"
#include "table.h"

#define TABLES(isa) extern const struct mg_table mg_table_##isa##_f32, mg_table_##isa##_f64; \
    extern const struct mg_byte_table mg_table_##isa##_bytes;
TABLES(scalar)
#if defined(__x86_64__)
TABLES(avx2)
TABLES(avx512)
#elif defined(__aarch64__)
TABLES(neon)
#endif

struct isa {
    const char *name;
    int (*supported)(void);
    const struct mg_table *f32, *f64;
    const struct mg_byte_table *bytes;
};

static int always(void) { return 1; }
#if defined(__x86_64__)
static int has_avx2(void) { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
static int has_avx512(void) {
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}
#endif

#define ROW(isa, supported) {#isa, supported, &mg_table_##isa##_f32, &mg_table_##isa##_f64, &mg_table_##isa##_bytes}
static const struct isa isas[] = { /* best first */
#if defined(__x86_64__)
    ROW(avx512, has_avx512),
    ROW(avx2, has_avx2),
#elif defined(__aarch64__)
    ROW(neon, always),
#endif
    ROW(scalar, always),
};
static const struct isa *active = &isas[sizeof isas / sizeof *isas - 1];

const char *mg_set_isa(const char *name) {
    for (size_t i = 0; i < sizeof isas / sizeof *isas; i++)
        if ((!*name || !strcmp(name, isas[i].name)) && isas[i].supported()) {
            active = &isas[i];
            return active->name;
        }
    return NULL;
}

const char *mg_get_isa(void) { return active->name; }

const char *mg_compiler(void) {
#if defined(__clang__)
    return "clang " __clang_version__;
#elif defined(__GNUC__)
    return "gcc " __VERSION__;
#else
    return "unknown";
#endif
}

#define BYTE_KERNEL(name, ...)                               \
    void name(EACH(PARAM, __VA_ARGS__)) {                    \
        RECORD(name, MG_BYTES, __VA_ARGS__);                 \
        active->bytes->name(EACH(ARG, __VA_ARGS__));         \
    }
#define KERNEL(name, ...)                                                            \
    void name(int dtype, EACH(PARAM, __VA_ARGS__)) {                                 \
        RECORD(name, dtype, __VA_ARGS__);                                            \
        (dtype == MG_F64 ? active->f64 : active->f32)->name(EACH(ARG, __VA_ARGS__)); \
    }
#include "kernels.def"
