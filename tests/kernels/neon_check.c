/* neon_check.c: runs every kernel of kernels.def with two instruction sets on the same random data, and compares what
 * they wrote: `neon_check neon scalar`. test_neon.py builds it for aarch64 and runs it in an emulator. */
#include "minigrad.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BYTES (1 << 17)     /* of an array */
#define PART (BYTES / 4)    /* of the output, for kernels with several */
#define ROUNDS 25           /* sizes per kernel and element type */
#define TARGETS 256         /* rows that kernels with indices get at most */

static char in[3][BYTES], start[BYTES], out[2][BYTES];
static int64_t target[TARGETS], rows, cols, inner, n, form, keep;
static uint64_t draw[2], first;
static uint8_t mask[4096];
static int dtype;

/* What a kernel's arguments may be. */
static void *o;
static const void *x = in[0], *y = in[1], *z = in[2];
#define O(part) ((void *)((char *)o + (part) * PART))

static void *lists[5][2]; /* of optimisers: param, m, v, vmax, grad of two parameters, one with n elements, one cols */
static double step_counts[2], *const steps[2] = {&step_counts[0], &step_counts[1]};
static int64_t sizes[2];
static const double hyper[] = {.1, .9, .99, 1e-3, .01, 1, 0, 1, 0}; /* of any of them */
static double scalars[2][2], *const eta[2] = {&scalars[0][0], &scalars[0][1]},
    *const mu[2] = {&scalars[1][0], &scalars[1][1]};

static const double norm_hyper[2][3] = {{.5, .25, 0}, {.5, .25, 1}};

static const int64_t conv_shapes[2][16] = {{3, 1, 3, 4, 6, 9, 6, 9, 3, 3, 1, 1, 1, 1, 1, 1},
                                           {2, 1, 2, 5, 7, 8, 3, 3, 2, 3, 2, 2, 0, 1, 2, 1}};
static const int64_t windows[] = {0, 1, 3, /**/ 2, 4, 5, /**/ 0, 2, 4, 6, /**/ 3, 4, 6, 7}; /* 3 x 4 of a 5 x 7 plane */
static const double scales[] = {.5, .25, 1, 1, 2, .125, 1};

static const int64_t types[] = {0, 2, 5, 7, 11, 12}; /* that are copied, as NumPy numbers them */

static void prepare_lists(void) {
    for (int i = 0; i < 5; i++)
        for (int j = 0; j < 2; j++) lists[i][j] = i < 4 ? (char *)O(i) + j * PART / 2 : in[j];
    for (int64_t i = 2 * PART / 8; i < 4 * PART / 8; i++) ((int64_t *)o)[i] &= 0x7fffffff7fffffff; /* v, vmax >= 0 */
    step_counts[0] = 0, step_counts[1] = 5, sizes[0] = n, sizes[1] = cols;
    for (int i = 0; i < 2; i++) scalars[i][0] = .5, scalars[i][1] = 1 - i * .25;
}

#define A_STRIDES form & 1 ? 1 : n, form & 1 ? rows : 1    /* of a (rows, n) */
#define B_STRIDES form & 2 ? 1 : cols, form & 2 ? n : 1    /* of b (n, cols) */
#define Y_STRIDES (int64_t[]){cols, 0, 0, 1}[form % 4], form % 2 == 0 /* same shape, scalar, row, column */

/* KIND(name, ulps, parameters, call): the kernels with these parameters, and how far from equal their results may be,
 * in units of eps * (1 + |result|). 0 is for kernels that promise the same bits or round once. */
typedef int64_t I;
typedef const void *P;
typedef void *const *L;
typedef double *const *S;
#define KINDS(KIND) \
    KIND(unary, 64, (int, void *, P, I), f(dtype, o, x, n)) \
    KIND(unary1, 64, (int, void *, P, I, double), f(dtype, o, x, n, .25)) \
    KIND(unary2, 64, (int, void *, P, I, double, double), f(dtype, o, x, n, 2, 20)) \
    KIND(unary3, 64, (int, void *, P, I, double, double, double), f(dtype, o, x, n, 1.5, 1.25, .5)) \
    KIND(grad, 64, (int, void *, P, P, I), f(dtype, o, x, y, n)) \
    KIND(grad1, 64, (int, void *, P, P, I, double), f(dtype, o, x, y, n, .25)) \
    KIND(grad2, 64, (int, void *, P, P, I, double, double), f(dtype, o, x, y, n, 2, 20)) \
    KIND(grad3, 64, (int, void *, P, P, I, double, double, double), f(dtype, o, x, y, n, 1.5, 1.25, .5)) \
    KIND(broadcast, 0, (int, void *, P, P, I, I, I, I, I, I), f(dtype, o, x, y, rows, cols, cols, 1, Y_STRIDES)) \
    KIND(dropout, 0, (int, void *, P, const uint64_t *, I, I), f(dtype, o, x, draw, 8 * n, keep)) \
    KIND(normal_mul, 0, (int, void *, P, const uint64_t *, I, double, double), f(dtype, o, x, draw, 8 * n, 1, .75)) \
    KIND(normal_add, 0, (int, void *, P, const uint64_t *, I, double), f(dtype, o, x, draw, 8 * n, .75)) \
    KIND(exact_dropout, 0, (int, void *, P, const uint64_t *, I, I, I), \
         f(dtype, o, x, draw, rows, cols, form * cols / 7)) \
    KIND(max_norm, 0, (int, void *, I, I, I, double), f(dtype, o, rows, cols, inner, 3)) \
    KIND(mask_scale, 0, (int, void *, P, const uint8_t *, I, double), f(dtype, o, x, mask, n, 1.25)) \
    KIND(sum, 0, (int, void *, P, I, I, I, double), f(dtype, o, x, rows, cols, inner, .5)) \
    KIND(extreme, 0, (int, void *, I *, P, I, I, I), f(dtype, o, O(2), x, rows, cols + 1, inner)) \
    KIND(matmul, 1024, (int, void *, P, P, P, I, I, I, I, I, I, I), \
         f(dtype, o, x, y, form & 4 ? z : NULL, rows, cols, n, A_STRIDES, B_STRIDES)) \
    KIND(linear, 1024, (int, void *, P, P, P, const uint64_t *, I, I, I, I, I, I, I, I), \
         f(dtype, o, x, y, form & 4 ? z : NULL, draw, rows, cols, n, A_STRIDES, form & 4, form & 2, \
           form & 2 ? 52429 : 0)) \
    KIND(linear_grad, 1024, (int, void *, void *, void *, P, P, P, I, I, I, I, I, I), \
         f(dtype, form & 4 ? NULL : O(0), O(1), O(2), x, y, z, rows, cols, n % 50, n % 50, 1, form & 2)) \
    KIND(rowwise, 64, (int, void *, P, I, I), f(dtype, o, x, rows, cols)) \
    KIND(rowwise_grad, 2048, (int, void *, P, P, I, I), f(dtype, o, x, y, rows, cols)) \
    KIND(loss, 64, (int, void *, void *, void *, void *, I *, P, const I *, I, I, I), \
         f(dtype, O(0), O(1), O(2), O(3), (I *)O(3) + 1, x, target, rows, cols, -100)) \
    KIND(loss_grad, 64, (int, void *, P, P, P, P, const I *, I, I, I, I), \
         f(dtype, o, x, NULL, y, z, target, rows, cols, -100, 1)) \
    KIND(soft_loss, 1024, (int, void *, void *, void *, P, P, I, I), f(dtype, O(0), O(1), O(2), x, y, rows, cols)) \
    KIND(soft_loss_grad, 1024, (int, void *, P, P, P, P, I, I, I), \
         f(dtype, o, x, y, z, z, rows, cols, form & 1)) \
    KIND(pair_loss, 64, (int, void *, P, P, I, I, double, double), f(dtype, o, x, y, n, form & 1, .5, .75)) \
    KIND(pair_loss_grad, 64, (int, void *, P, P, P, I, I, double, double), \
         f(dtype, o, z, x, y, n, form & 1, .5, .75)) \
    KIND(pick_or_scatter, 0, (int, void *, I *, P, const I *, I, I, I), f(dtype, o, O(3), x, target, rows, cols, 7)) \
    KIND(pick_grad, 0, (int, void *, P, const I *, I, I, I), f(dtype, o, x, target, rows, cols, 7)) \
    KIND(gather, 0, (void *, I *, P, const I *, I, I, I), f(o, O(3), x, target, rows, cols, 7)) \
    KIND(layer_norm, 64, (int, void *, void *, P, P, P, I, I, double, I), \
         f(dtype, O(0), O(1), x, form & 1 ? NULL : y, form & 2 ? NULL : z, rows, cols, .5, form & 4)) \
    KIND(layer_norm_grad, 1024, (int, void *, void *, void *, P, P, P, P, I, I, I), \
         f(dtype, O(0), O(1), O(2), x, y, z, form & 1 ? NULL : x, rows, cols, form & 4)) \
    KIND(batch_norm, 64, (int, void *, void *, void *, void *, P, P, P, const double *, I, I, I), \
         f(dtype, O(0), O(1), O(2), O(3), x, form & 1 ? NULL : y, z, norm_hyper[form / 4], rows, cols, inner % 6)) \
    KIND(batch_norm_grad, 1024, (int, void *, void *, void *, P, P, P, P, I, I, I, I), \
         f(dtype, O(0), O(1), O(2), x, y, z, form & 1 ? NULL : x, rows, cols, inner % 6, form / 4)) \
    KIND(columns, 64, (int, void *, P, const I *), f(dtype, o, x, conv_shapes[form % 2])) \
    KIND(conv, 1024, (int, void *, void *, P, P, P, const I *, I), \
         f(dtype, O(0), O(2), x, y, form & 4 ? z : NULL, conv_shapes[form % 2], 2)) \
    KIND(conv_grad_x, 1024, (int, void *, void *, P, P, const I *, I), \
         f(dtype, O(0), O(2), x, y, conv_shapes[form % 2], 2)) \
    KIND(conv_grad_w, 4096, (int, void *, void *, P, P, const I *), f(dtype, O(0), O(2), x, y, conv_shapes[form % 2])) \
    KIND(max_pool, 0, (int, void *, I *, P, const I *, I, I, I, I, I, I, I), \
         f(dtype, O(0), O(2), x, windows, rows, 5, 7, 3, 4, 1, 2)) \
    KIND(avg_pool, 64, (int, void *, P, const I *, const double *, I, I, I, I, I), \
         f(dtype, o, x, windows, scales, rows, 5, 7, 3, 4)) \
    KIND(copy, 0, (void *, P, const I *, I, I, I), \
         f(o, x, (I[]){rows, cols, form & 1 ? cols : 1, form & 1 ? 1 : rows, cols, 1}, 2, types[form % 6], \
           types[n % 6])) \
    KIND(count, 0, (I *, I, I), f(O(0), n, 3)) \
    KIND(order, 0, (I *, I *, P, I), f(O(0), O(1), x, n)) \
    KIND(total_norm, 0, (int, void *, L, const I *, I), (prepare_lists(), f(dtype, o, lists[4], sizes, 2))) \
    KIND(clip, 0, (int, L, P, const I *, I, double), (prepare_lists(), f(dtype, lists[0], y, sizes, 2, .5))) \
    KIND(new_draw, 0, (uint64_t *, uint64_t *), f(O(0), O(1))) \
    KIND(philox, 0, (uint32_t *, const uint64_t *, uint64_t, I), f(o, draw, first, n)) \
    KIND(dropout_mask, 0, (uint8_t *, const uint64_t *, I, I), f(o, draw, 8 * n, keep)) \
    KIND(uniform, 0, (int, void *, const uint64_t *, I, double, double), f(dtype, o, draw, 8 * n, -.5, 1.25)) \
    KIND(update1, 64, (int, L, L, L, S, const I *, I, const double *), \
         (prepare_lists(), f(dtype, lists[0], lists[4], lists[2], steps, sizes, 2, hyper))) \
    KIND(update2, 64, (int, L, L, L, L, S, const I *, I, const double *), \
         (prepare_lists(), f(dtype, lists[0], lists[4], lists[2], lists[3], steps, sizes, 2, hyper))) \
    KIND(update3, 64, (int, L, L, L, L, L, S, const I *, I, const double *), \
         (prepare_lists(), f(dtype, lists[0], lists[4], lists[1], lists[2], lists[3], steps, sizes, 2, hyper))) \
    KIND(nadam, 64, (int, L, L, L, L, S, S, const I *, I, const double *), \
         (prepare_lists(), f(dtype, lists[0], lists[4], lists[1], lists[2], mu, steps, sizes, 2, hyper))) \
    KIND(asgd, 64, (int, L, L, L, S, S, S, const I *, I, const double *), \
         (prepare_lists(), f(dtype, lists[0], lists[4], lists[1], eta, mu, steps, sizes, 2, hyper)))

#define TYPE(name, ulps, params, call) typedef void name##_fn params;
KINDS(TYPE)
#define NUMBER(name, ulps, params, call) kind_##name,
enum { KINDS(NUMBER) };

static const double tolerance[] = {
#define ULPS(name, ulps, params, call) ulps,
    KINDS(ULPS)
};

static void call(int kind, void (*g)(void)) {
    switch (kind) {
#define CASE(name, ulps, params, call) \
    case kind_##name: { \
        name##_fn *f = (name##_fn *)g; \
        call; \
        break; \
    }
        KINDS(CASE)
    }
}

static const struct {
    const char *name;
    int kind, typed;
    void (*f)(void);
} kernels[] = {
#define CHOOSE(name, ulps, params, call) name##_fn *: kind_##name,
#define ROW(name, typed) {#name, _Generic(&name, KINDS(CHOOSE) default: -1), typed, (void (*)(void))name},
#define KERNEL(name, ...) ROW(name, 1)
#define BYTE_KERNEL(name, ...) ROW(name, 0)
#include "kernels.def"
};

/* -- random data and comparison ----------------------------------------------------------------------------------- */

static uint64_t random_bits(void) {
    static uint64_t state = 88172645463325252u;
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return state;
}
static int64_t below(int64_t limit) { return (int64_t)(random_bits() >> 33) % limit; }

static void fill(char *to, int special) {
    static const double rare[] = {0, -0.0, INFINITY, -INFINITY, NAN, 1e-40, -1e-310, 88.5, -104, 700, FLT_MAX};
    for (int64_t i = 0; i < BYTES / (dtype == MG_F64 ? 8 : 4); i++) {
        double v = (double)(int64_t)random_bits() * 0x1p-61; /* -4 .. 4 */
        if (special && below(8) == 0) v = rare[below(sizeof rare / sizeof *rare)];
        if (dtype == MG_F64) ((double *)to)[i] = v;
        else ((float *)to)[i] = (float)v;
    }
}

static void choose_arguments(int kind) {
    rows = below(9), cols = below(70), inner = 1 + below(2) * below(20), n = below(70), form = below(8);
    if (kind == kind_matmul) rows = below(30), n = below(3) ? n : 380 + below(10);
    if (kind == kind_sum && below(4) == 0) rows %= 3, inner = 1, cols += 4090; /* around a block */
    keep = below(3) ? 1 + below(65535) : below(2) ? 32768 : 256 * (1 + below(255)), first = random_bits() >> below(64);
    for (int i = 0; i < 2; i++) draw[i] = random_bits();
    for (int i = 0; i < TARGETS; i++) target[i] = below(5) ? below(7) : below(2) ? -100 : 1000;
    for (size_t i = 0; i < sizeof mask; i++) mask[i] = (uint8_t)below(2);
}

static double element(const char *from, int64_t i) {
    return dtype == MG_F64 ? ((const double *)from)[i] : ((const float *)from)[i];
}

/* The first element that differs by more than the tolerance, or -1. */
static int64_t difference(double ulps) {
    int size = dtype == MG_F64 ? 8 : 4;
    double eps = dtype == MG_F64 ? DBL_EPSILON : FLT_EPSILON;
    for (int64_t i = 0; i < BYTES / size; i++) {
        double a = element(out[0], i), b = element(out[1], i);
        if (memcmp(out[0] + i * size, out[1] + i * size, (size_t)size) == 0 || (a != a && b != b)) continue;
        if (!(fabs(a - b) <= ulps * eps * (1 + fabs(b))) || !ulps) return i;
    }
    return -1;
}

static void fill_arrays(int kind) {
    int elementwise = kind <= kind_mask_scale;
    for (int i = 0; i < 3; i++) fill(in[i], elementwise);
    fill(start, 0);
}

static int check(size_t k, const char *const isa[2]) {
    choose_arguments(kernels[k].kind);
    for (int i = 0; i < 2; i++) {
        mg_set_isa(isa[i]);
        memcpy(o = out[i], start, BYTES);
        call(kernels[k].kind, kernels[k].f);
    }
    int64_t at = difference(tolerance[kernels[k].kind]);
    if (at < 0) return 0;
    printf("%s, dtype %d, rows %d, cols %d, inner %d, n %d, form %d: element %d is %.17g with %s, %.17g with %s\n",
           kernels[k].name, dtype, (int)rows, (int)cols, (int)inner, (int)n, (int)form, (int)at, element(out[0], at),
           isa[0], element(out[1], at), isa[1]);
    return 1;
}

int main(int argc, char **argv) {
    int wrong = 0, count = (int)(sizeof kernels / sizeof *kernels);
    for (int i = 1; i < 3; i++)
        if (argc < 3 || !mg_set_isa(argv[i])) return printf("usage: neon_check isa isa, each available\n"), 2;
    for (size_t k = 0; k < (size_t)count; k++) {
        if (kernels[k].kind < 0) wrong++, printf("%s has parameters of no KIND\n", kernels[k].name);
        for (int type = 0; type <= kernels[k].typed && kernels[k].kind >= 0; type++) {
            dtype = type ? MG_F64 : MG_F32;
            fill_arrays(kernels[k].kind);
            for (int round = 0, failed = 0; round < ROUNDS && !failed; round++)
                wrong += failed = check(k, (const char *const *)argv + 1);
        }
    }
    printf("%d kernels compared, %d wrong\n", count, wrong);
    return wrong > 0;
}
