/* vec.h: a thin vector type. One set of names over every instruction set, for the element type T of this file's
 * includer (MG_REAL is 32 or 64), so that a kernel body is written once.
 *
 *   vec        W lanes of T; + - * / work on it         mask    a truth value per lane
 *   ivec       W integers as wide as T; + - & | ^ << >> work on it (>> shifts zeros in)
 *
 * Loads and stores need no alignment. vload_n reads n < W lanes and leaves the rest 0, vload_or leaves it at a value;
 * vstore_n writes n lanes. Comparisons are false for NaN. vsel(m, a, b) is a where m, else b. vmax and vmin are the
 * larger and the smaller of two, and b where either is NaN. many(m): is any lane true; vfirst(m): which is the first,
 * if any is. vfma(a, b, c) = a * b + c, rounded once, except in the scalar build, which rounds twice.
 */
#ifndef MINIGRAD_VEC_H
#define MINIGRAD_VEC_H
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#if MG_REAL == 32
typedef float T;
typedef uint32_t bits_t;
#define MANTISSA 23     /* stored bits of the significand */
#define EXPONENT_BIAS 127
#define T_MAX 3.402823466e+38f
#define T_MIN_NORMAL 1.17549435e-38f
#else
typedef double T;
typedef uint64_t bits_t;
#define MANTISSA 52
#define EXPONENT_BIAS 1023
#define T_MAX 1.7976931348623157e+308
#define T_MIN_NORMAL 2.2250738585072014e-308
#endif

#if defined(MG_AVX512) || defined(MG_AVX2)
#include <immintrin.h>
#elif defined(MG_NEON)
#include <arm_neon.h>
#endif

/* PICK(single, double): the name for this element type. */
#if MG_REAL == 32
#define PICK(single, double_) single
#else
#define PICK(single, double_) double_
#endif

#if defined(MG_AVX512)
#define VBYTES 64
typedef PICK(__m512, __m512d) vec;
typedef PICK(__mmask16, __mmask8) mask;
#define MM(op) PICK(_mm512_##op##_ps, _mm512_##op##_pd)
#elif defined(MG_AVX2)
#define VBYTES 32
typedef PICK(__m256, __m256d) vec;
typedef vec mask;
#define MM(op) PICK(_mm256_##op##_ps, _mm256_##op##_pd)
#elif defined(MG_NEON)
#define VBYTES 16
typedef PICK(float32x4_t, float64x2_t) vec;
typedef PICK(uint32x4_t, uint64x2_t) mask;
#define MM(op) PICK(v##op##q_f32, v##op##q_f64)
#else
#define MG_SCALAR
#define VBYTES ((int)sizeof(T))
typedef T vec;
typedef int mask;
#endif
#define W (VBYTES / (int)sizeof(T))

#ifdef MG_SCALAR
typedef bits_t ivec;
#else
typedef bits_t ivec __attribute__((vector_size(VBYTES)));
#endif

/* -- the same for every instruction set --------------------------------------------------------------------------- */

static inline ivec vbits(vec v) { ivec i; memcpy(&i, &v, sizeof i); return i; }
static inline vec vfrom_bits(ivec i) { vec v; memcpy(&v, &i, sizeof v); return v; }
static inline vec vload(const T *p) { vec v; memcpy(&v, p, sizeof v); return v; }
static inline void vstore(T *p, vec v) { memcpy(p, &v, sizeof v); }

/* -- per instruction set ------------------------------------------------------------------------------------------ */

#if defined(MG_AVX512)
#define LANES(n) ((mask)((1u << (n)) - 1))
static inline vec vset(T x) { return MM(set1)(x); }
static inline vec vload_n(const T *p, int64_t n) { return MM(maskz_loadu)(LANES(n), p); }
static inline vec vload_or(const T *p, int64_t n, T rest) { return MM(mask_loadu)(vset(rest), LANES(n), p); }
static inline void vstore_n(T *p, int64_t n, vec v) { MM(mask_storeu)(p, LANES(n), v); }
static inline vec vfma(vec a, vec b, vec c) { return MM(fmadd)(a, b, c); }
static inline vec vsqrt(vec a) { return MM(sqrt)(a); }
static inline vec vmax(vec a, vec b) { return MM(max)(a, b); }
static inline vec vmin(vec a, vec b) { return MM(min)(a, b); }
#define CMP(a, b, how) PICK(_mm512_cmp_ps_mask, _mm512_cmp_pd_mask)(a, b, how)
static inline mask vlt(vec a, vec b) { return CMP(a, b, _CMP_LT_OQ); }
static inline mask vle(vec a, vec b) { return CMP(a, b, _CMP_LE_OQ); }
static inline mask veq(vec a, vec b) { return CMP(a, b, _CMP_EQ_OQ); }
static inline mask vnan(vec a) { return CMP(a, a, _CMP_UNORD_Q); }
static inline vec vsel(mask m, vec a, vec b) { return MM(mask_blend)(m, b, a); }
static inline vec vkeep(mask m, vec a) { return MM(maskz_mov)(m, a); }
static inline mask mor(mask a, mask b) { return (mask)(a | b); }
static inline int many(mask m) { return m != 0; }
static inline int vfirst(mask m) { return __builtin_ctz(m); }

#elif defined(MG_AVX2)
static const bits_t lane_table[2 * W] = {
#if MG_REAL == 32
    ~0u, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u,
#else
    ~0ull, ~0ull, ~0ull, ~0ull,
#endif
};
static inline __m256i lanes(int64_t n) { return _mm256_loadu_si256((const __m256i *)(lane_table + W - n)); }
static inline vec vset(T x) { return MM(set1)(x); }
static inline vec vload_n(const T *p, int64_t n) { return MM(maskload)(p, lanes(n)); }
static inline vec vload_or(const T *p, int64_t n, T rest) {
    return MM(blendv)(vset(rest), MM(maskload)(p, lanes(n)), (vec)lanes(n));
}
static inline void vstore_n(T *p, int64_t n, vec v) { MM(maskstore)(p, lanes(n), v); }
static inline vec vfma(vec a, vec b, vec c) { return MM(fmadd)(a, b, c); }
static inline vec vsqrt(vec a) { return MM(sqrt)(a); }
static inline vec vmax(vec a, vec b) { return MM(max)(a, b); }
static inline vec vmin(vec a, vec b) { return MM(min)(a, b); }
static inline mask vlt(vec a, vec b) { return MM(cmp)(a, b, _CMP_LT_OQ); }
static inline mask vle(vec a, vec b) { return MM(cmp)(a, b, _CMP_LE_OQ); }
static inline mask veq(vec a, vec b) { return MM(cmp)(a, b, _CMP_EQ_OQ); }
static inline mask vnan(vec a) { return MM(cmp)(a, a, _CMP_UNORD_Q); }
static inline vec vsel(mask m, vec a, vec b) { return MM(blendv)(b, a, m); }
static inline vec vkeep(mask m, vec a) { return MM(and)(m, a); }
static inline mask mor(mask a, mask b) { return MM(or)(a, b); }
static inline int many(mask m) { return MM(movemask)(m) != 0; }
static inline int vfirst(mask m) { return __builtin_ctz((unsigned)MM(movemask)(m)); }

#elif defined(MG_NEON)
static inline vec vset(T x) { return PICK(vdupq_n_f32, vdupq_n_f64)(x); }
static inline vec vload_n(const T *p, int64_t n) { T t[W] = {0}; memcpy(t, p, (size_t)n * sizeof(T)); return vload(t); }
static inline vec vload_or(const T *p, int64_t n, T rest) {
    T t[W];
    vstore(t, vset(rest));
    memcpy(t, p, (size_t)n * sizeof(T));
    return vload(t);
}
static inline void vstore_n(T *p, int64_t n, vec v) { T t[W]; vstore(t, v); memcpy(p, t, (size_t)n * sizeof(T)); }
static inline vec vfma(vec a, vec b, vec c) { return MM(fma)(c, a, b); }
static inline vec vsqrt(vec a) { return MM(sqrt)(a); }
static inline mask vlt(vec a, vec b) { return MM(clt)(a, b); }
static inline mask vle(vec a, vec b) { return MM(cle)(a, b); }
static inline mask veq(vec a, vec b) { return MM(ceq)(a, b); }
static inline mask vnan(vec a) { return ~MM(ceq)(a, a); }
static inline vec vsel(mask m, vec a, vec b) { return MM(bsl)(m, a, b); }
static inline vec vmax(vec a, vec b) { return vsel(vlt(b, a), a, b); }
static inline vec vmin(vec a, vec b) { return vsel(vlt(a, b), a, b); }
static inline vec vkeep(mask m, vec a) { return vfrom_bits(vbits(a) & (ivec)m); }
static inline mask mor(mask a, mask b) { return a | b; }
static inline int many(mask m) { return vmaxvq_u32((uint32x4_t)m) != 0; }
static inline int vfirst(mask m) {
    int i = 0;
    bits_t t[W];
    memcpy(t, &m, sizeof t);
    while (!t[i]) i++;
    return i;
}

#else
static inline vec vset(T x) { return x; }
static inline vec vload_n(const T *p, int64_t n) { (void)p, (void)n; return 0; } /* W is 1: never with n > 0 */
static inline vec vload_or(const T *p, int64_t n, T rest) { (void)p, (void)n; return rest; }
static inline void vstore_n(T *p, int64_t n, vec v) { (void)p, (void)n, (void)v; }
static inline vec vfma(vec a, vec b, vec c) { return a * b + c; }
static inline vec vsqrt(vec a) { return PICK(sqrtf, sqrt)(a); }
static inline mask vlt(vec a, vec b) { return a < b; }
static inline mask vle(vec a, vec b) { return a <= b; }
static inline mask veq(vec a, vec b) { return a == b; }
static inline mask vnan(vec a) { return a != a; }
static inline vec vsel(mask m, vec a, vec b) { return m ? a : b; }
static inline vec vmax(vec a, vec b) { return b < a ? a : b; }
static inline vec vmin(vec a, vec b) { return a < b ? a : b; }
static inline vec vkeep(mask m, vec a) { return m ? a : 0; }
static inline mask mor(mask a, mask b) { return a | b; }
static inline int many(mask m) { return m; }
static inline int vfirst(mask m) { return (void)m, 0; }
#endif

/* Interleave: lo = a0 b0 a1 b1 ..., hi = the second halves. W rows interleaved log2(W) times are transposed. */
static inline void vzip(vec a, vec b, vec *lo, vec *hi) {
#if defined(MG_AVX512) && MG_REAL == 32
    const __m512i first = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    *lo = _mm512_permutex2var_ps(a, first, b);
    *hi = _mm512_permutex2var_ps(a, _mm512_add_epi32(first, _mm512_set1_epi32(8)), b);
#elif defined(MG_AVX512)
    const __m512i first = _mm512_setr_epi64(0, 8, 1, 9, 2, 10, 3, 11);
    *lo = _mm512_permutex2var_pd(a, first, b);
    *hi = _mm512_permutex2var_pd(a, _mm512_add_epi64(first, _mm512_set1_epi64(4)), b);
#elif defined(MG_AVX2)
    vec even = MM(unpacklo)(a, b), odd = MM(unpackhi)(a, b);
    *lo = PICK(_mm256_permute2f128_ps, _mm256_permute2f128_pd)(even, odd, 0x20);
    *hi = PICK(_mm256_permute2f128_ps, _mm256_permute2f128_pd)(even, odd, 0x31);
#elif defined(MG_NEON)
    *lo = MM(zip1)(a, b);
    *hi = MM(zip2)(a, b);
#else
    *lo = a, *hi = b;
#endif
}

/* -- made from the above ------------------------------------------------------------------------------------------ */

#define SIGN_BIT ((bits_t)1 << (8 * sizeof(T) - 1))
#ifdef MG_SCALAR
#define IVEC(x) ((ivec)(bits_t)(x))
#else
static inline ivec IVEC(bits_t x) { ivec zero = {0}; return zero + x; }
#endif
static inline vec vneg(vec a) { return vfrom_bits(vbits(a) ^ IVEC(SIGN_BIT)); }
static inline vec vabs(vec a) { return vfrom_bits(vbits(a) & IVEC(SIGN_BIT - 1)); }
static inline vec vcopysign(vec size, vec sign) {
    return vfrom_bits((vbits(size) & IVEC(SIGN_BIT - 1)) | (vbits(sign) & IVEC(SIGN_BIT)));
}
/* sqrt(a) + b within 1.1 ulp for normal numbers. AVX-512's own root takes 10 cycles of the divider for 16 floats. */
static inline vec vsqrt_plus(vec a, vec b) {
#if defined(MG_AVX512) && MG_REAL == 32
    mask usual = _knot_mask16(_mm512_fpclass_ps_mask(a, 0x0e)); /* 0 and infinity are their own roots */
    vec y = _mm512_rsqrt14_ps(a), s = _mm512_mask_mul_ps(a, usual, a, y);
    vec half_y = vfrom_bits(vbits(y) - IVEC((bits_t)1 << MANTISSA));
    return _mm512_mask3_fmadd_ps(_mm512_fnmadd_ps(s, s, a), half_y, s + b, usual);
#else
    return vsqrt(a) + b;
#endif
}

/* Lane i alone, or none where i is not 0 .. W - 1. */
static inline mask vlane(int64_t i) {
    static const T number[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    return veq(vload(number), vset((T)i));
}

/* The first n lanes, or all if there are that many. */
static inline vec load_some(const T *p, int64_t n) { return n < W ? vload_n(p, n) : vload(p); }
static inline void store_some(T *p, int64_t n, vec v) {
    if (n < W) vstore_n(p, n, v);
    else vstore(p, v);
}

/* Sum and maximum over the lanes, as a balanced tree: the order is fixed by W alone. */
#if defined(MG_AVX512) || defined(MG_AVX2)
#ifdef MG_AVX512
#define HALVE(op, v) \
    PICK(_mm256_##op##_ps, _mm256_##op##_pd)(PICK(_mm512_extractf32x8_ps, _mm512_extractf64x4_pd)(v, 1), \
                                             PICK(_mm512_castps512_ps256, _mm512_castpd512_pd256)(v))
#else
#define HALVE(op, v) v
#endif
#if MG_REAL == 32
#define FOLD(name, op)                                                                  \
    static inline T name(vec v) {                                                       \
        __m256 half = HALVE(op, v);                                                     \
        __m128 q = _mm_##op##_ps(_mm256_extractf128_ps(half, 1), _mm256_castps256_ps128(half)); \
        q = _mm_##op##_ps(_mm_movehl_ps(q, q), q);                                      \
        return _mm_cvtss_f32(_mm_##op##_ss(_mm_movehdup_ps(q), q));                     \
    }
#else
#define FOLD(name, op)                                                                  \
    static inline T name(vec v) {                                                       \
        __m256d half = HALVE(op, v);                                                    \
        __m128d q = _mm_##op##_pd(_mm256_extractf128_pd(half, 1), _mm256_castpd256_pd128(half)); \
        return _mm_cvtsd_f64(_mm_##op##_sd(_mm_unpackhi_pd(q, q), q));                  \
    }
#endif
FOLD(vsum, add)
FOLD(vhmax, max)
#else
static inline T vsum(vec v) {
    T t[W];
    vstore(t, v);
    for (int half = W / 2; half > 0; half /= 2)
        for (int i = 0; i < half; i++) t[i] += t[i + half];
    return t[0];
}
static inline T vhmax(vec v) {
    T t[W];
    vstore(t, v);
    for (int half = W / 2; half > 0; half /= 2)
        for (int i = 0; i < half; i++) t[i] = t[i + half] > t[i] ? t[i + half] : t[i];
    return t[0];
}
#endif

#endif
