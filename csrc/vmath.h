/* vmath.h: exp, expm1, log, log1p, erf, tanh and sigmoid over vec.
 *
 * Bounds in units in the last place, over the whole range with subnormal results left out;
 * tests/kernels/test_accuracy.py holds each of them against float64 (float) and 50-digit (double) references:
 *     exp 1.5   expm1 3   log 2   log1p 4   erf 6   tanh 4   sigmoid 3
 * NaN gives NaN, and infinities give the limits. The polynomials are Chebyshev fits made with mpmath, the
 * quotient a weighted least-squares fit; the interval and the error of each stand beside it.
 */
#ifndef MINIGRAD_VMATH_H
#define MINIGRAD_VMATH_H
#include "vec.h"

/* c[0] x^(n-1) + ... + c[n-1], by Horner's rule. */
static inline vec vpoly(vec x, const T *c, int n) {
    vec y = vset(c[0]);
#pragma GCC unroll 32
    for (int i = 1; i < n; i++) y = vfma(y, x, vset(c[i]));
    return y;
}
#define VPOLY(x, c) vpoly(x, c, (int)(sizeof(c) / sizeof *(c)))

/* Adding 1.5 * 2^MANTISSA rounds to an integer and leaves it in the low bits. */
#define ROUNDER ((T)1.5 * (T)((bits_t)1 << MANTISSA))
/* 2^n for the integer in the low bits of n_plus = n + ROUNDER, for normal results */
static inline vec vpow2(vec n_plus) {
    return vfrom_bits((vbits(n_plus) - vbits(vset(ROUNDER)) + IVEC(EXPONENT_BIAS)) << MANTISSA);
}

#if MG_REAL == 32
#define LN2_HI 0.693359375f
#define LN2_LO -2.12194440e-4f
#define EXP_LOW -104.0f
#define EXP_HIGH 89.0f
/* (e^r - 1 - r) / r^2, |r| <= ln2 / 2: that times r^2 / e^r, 3.1e-9 */
static const T exp_poly[] = {1.38145405799e-3f, 8.36874544621e-3f, 4.16683889925e-2f, 1.66665211320e-1f,
                             4.99999940395e-1f};
/* (2 atanh(s) - 2 s) / s^3 in z = s^2 <= .0297: 1.2e-9 */
static const T log_poly[] = {0.23341943388714560866f, 0.28550396959618013579f, 0.40000125594554367087f,
                             0.6666666654988317655f};
/* (Phi(x) - 1/2) / x in z = x^2 <= 5.47^2, as a quotient: 1.6e-8, and scaled so that the coefficients' rounding does
 * least harm. Up to NORMAL_ONE the quotient times x rises above 1/2. */
static const T normal_top[] = {3.94505370593e-8f, 1.0759064935e-5f,  2.78665334918e-4f,
                               7.92256183922e-3f, 5.68482801318e-2f, 6.80532217026e-1f};
static const T normal_bottom[] = {2.05576338885e-6f, 1.22564088088e-4f, 3.16219544038e-3f, 4.83479760587e-2f,
                                  4.26803976297e-1f, 1.70584130287f};
#define NORMAL_ONE 5.6f
#define TANH_ONE 10.0f
#else
#define LN2_HI 6.93147180369123816490e-01
#define LN2_LO 1.90821492927058770002e-10
#define EXP_LOW -746.0
#define EXP_HIGH 710.0
/* 1.8e-20 */
static const T exp_poly[] = {1.6086677666787361503e-10, 2.0918212319133978201e-9, 2.5052070959803661989e-8,
                             2.7557263077309411451e-7,  2.7557319247344509509e-6, 0.000024801587336630946966,
                             0.00019841269841263251867, 0.0013888888888879003084, 0.0083333333333333340131,
                             0.041666666666666676865,   0.16666666666666666667,   0.5};
/* 2.3e-18 */
static const T log_poly[] = {0.13100721383503491392, 0.13267418596474883398, 0.15386290534658991988,
                             0.18181794700897799585, 0.22222222400547757297, 0.28571428570764450117,
                             0.40000000000000941266, 0.66666666666666666448};
/* 2.2e-21, and on 0 <= w <= 5: 2.9e-16 */
static const T erf_small[] = {-4.2309458242953378173e-12, 8.7090451290531066896e-11, -1.2164560057283450081e-9,
                              1.4792401209404813002e-8,   -1.6364642158167615302e-7, 1.6462045441468418937e-6,
                              -0.000014925647567519332125, 0.0001205533290288873541, -0.00085483270219348295955,
                              0.0052239776254232983087,   -0.026866170645129840806,  0.11283791670955120236,
                              -0.37612638903183752379,    1.1283791670955125739};
static const T log_erfc[] = {-5.0381750908202161481e-18, 3.2139503865759768831e-16, -9.6914650543282855077e-15,
                             1.8378982899623459528e-13,  -2.4597640050179192208e-12, 2.4703372545019870187e-11,
                             -1.9306769041530837202e-10, 1.1993313226526883724e-9,  -5.9695484096523652289e-9,
                             2.3570812642171107464e-8,   -7.0143565617852361939e-8, 1.2585035591399702997e-7,
                             1.1028561509522453165e-7,   -2.033159780146730995e-6,  9.5950065095135264136e-6,
                             -0.000027156334221864214715, 0.000026279862858634216738, 0.00023732046313066261505,
                             -0.001977901697524230648,   0.010033825160920954105,   -0.041561098012135297365,
                             -0.84310725636076692531,    -2.6389675142347313625,    -1.8496055099332485089};
#define ERF_ONE 6.0
#define TANH_ONE 22.0
#endif

/* x between low and high; NaN stays NaN. */
static inline vec vclamp(vec x, T low, T high) { return vmin(vset(high), vmax(vset(low), x)); }

/* e^x = (1 + q) 2^n, with q = e^r - 1 for |r| <= ln2 / 2 and a whole n that is at most twice the largest exponent. x is
 * between EXP_LOW and EXP_HIGH, or NaN. */
static inline vec vexp_parts(vec x, vec *n) {
    *n = vfma(x, vset((T)1.4426950408889634), vset(ROUNDER)) - vset(ROUNDER);
    vec r = vfma(*n, vset(-LN2_HI), x);
    r = vfma(*n, vset(-LN2_LO), r);
    return vfma(r * r, VPOLY(r, exp_poly), r);
}

/* y 2^n for n from vexp_parts: in two factors, each of them a normal number */
static inline vec vscale(vec y, vec n) {
#ifdef MG_AVX512
    return MM(scalef)(y, n);
#else
    vec half = vfma(n, vset((T)0.5), vset(ROUNDER)) - vset(ROUNDER);
    return y * vpow2(half + vset(ROUNDER)) * vpow2(n - half + vset(ROUNDER));
#endif
}

#if defined(MG_AVX512) && MG_REAL == 32
/* e^x = 2^floor(n) 2^(i / 16) e^r for n, the multiple of 1/16 nearest to x / ln 2, i of them above its floor: a table of
 * 16 fits a register, and e^r needs but three terms (|r| <= ln2 / 32: 9.2e-9). */
static const T exp_sixteenths[] = {1.0f,        1.04427373f, 1.09050775f, 1.13878858f, 1.18920708f, 1.24185777f,
                                   1.29683959f, 1.35425556f, 1.41421354f, 1.47682619f, 1.54221082f, 1.61049032f,
                                   1.68179286f, 1.75625217f, 1.8340081f,  1.91520655f};
static inline vec vexp_clamped(vec x) {
    vec n_plus = vfma(x, vset(1.4426950408889634f), vset(ROUNDER / 16)), n = n_plus - vset(ROUNDER / 16);
    vec r = vfma(n, vset(-LN2_LO), vfma(n, vset(-LN2_HI), x));
    vec q = vfma(r * r, vfma(r, vset(1 / 6.0f), vset(0.5f)), r);
    vec root = _mm512_permutexvar_ps(_mm512_castps_si512(n_plus), vload(exp_sixteenths));
    return _mm512_scalef_ps(vfma(root, q, root), n); /* which takes the floor of n */
}
#else
static inline vec vexp_clamped(vec x) {
    vec n, q = vexp_parts(x, &n);
    return vscale(q + vset(1), n);
}
#endif
static inline vec vexp(vec x) { return vexp_clamped(vclamp(x, EXP_LOW, EXP_HIGH)); }
/* e^x for x <= 0, or NaN */
static inline vec vexp_below0(vec x) { return vexp_clamped(vmax(vset(EXP_LOW), x)); }

static inline vec vexpm1(vec x) {
    vec n, q = vexp_parts(vclamp(x, EXP_LOW, EXP_HIGH), &n), s = vscale(vset(1), n);
    vec y = vfma(q, s, s - vset(1));                                     /* s (1 + q) - 1 without cancellation */
    mask huge = vlt(vset((T)((bits_t)1 << (MANTISSA + 6))), s);          /* here 1 is nothing, and s may overflow */
    y = vsel(huge, vscale(q + vset(1), n), y);
    return vsel(vlt(vabs(x), vset((T)1e-30)), x, y);                     /* keeps -0 and subnormals */
}

/* log(m 2^e) = e ln2 + 2 atanh(s), s = (m - 1) / (m + 1), sqrt(1/2) <= m < sqrt(2) */
static inline vec vlog(vec x) {
    mask tiny = vlt(x, vset(T_MIN_NORMAL));
    vec scaled = vsel(tiny, x * vset((T)((bits_t)1 << (MANTISSA + 1))), x);
    ivec bits = vbits(scaled), offset = vbits(vset((T)0.70710678118654752440));
    ivec e_bits = (bits - offset + IVEC((bits_t)(EXPONENT_BIAS) << MANTISSA)) >> MANTISSA; /* e + bias */
    vec m = vfrom_bits(bits - ((e_bits - IVEC(EXPONENT_BIAS)) << MANTISSA));
    vec e = vfrom_bits(vbits(vset(ROUNDER)) + e_bits) - vset(ROUNDER + EXPONENT_BIAS);
    e = vsel(tiny, e - vset(MANTISSA + 1), e);
    vec f = m - vset(1), s = f / (f + vset(2)), z = s * s;
    vec half_f2 = vset((T)0.5) * f * f;
    vec tail = s * vfma(z, VPOLY(z, log_poly), half_f2);                 /* log(1 + f) = f - half_f2 + tail */
    vec y = vfma(e, vset(LN2_HI), f - (half_f2 - vfma(e, vset(LN2_LO), tail)));
    y = vsel(veq(x, vset(0)), vset(-INFINITY), y);
    y = vsel(mor(vlt(x, vset(0)), vnan(x)), vset(NAN), y);
    return vsel(veq(x, vset(INFINITY)), x, y);
}

/* log(u) x / (u - 1) with u = 1 + x rounded: the two errors of u cancel. */
static inline vec vlog1p(vec x) {
    vec u = x + vset(1), y = vlog(u) * (x / (u - vset(1)));
    y = vsel(veq(u, vset(1)), x, y);
    return vsel(mor(veq(u, vset(INFINITY)), veq(u, vset(0))), vlog(u), y);
}

#if MG_REAL == 32
/* Phi(x) - 1/2 = erf(x / sqrt 2) / 2, exactly 1/2 in the end: gelu needs Phi to be 0 far below 0 */
static inline vec vnormal_half(vec x) {
    vec t = vclamp(x, -NORMAL_ONE, NORMAL_ONE), z = t * t;
    return vclamp(t * VPOLY(z, normal_top) / VPOLY(z, normal_bottom), (T)-0.5, (T)0.5);
}
static inline vec verf(vec x) {
    vec half = vnormal_half(x * vset((T)1.41421356237309504880));
    return half + half;
}
#else
static inline vec verf(vec x) {
    vec t = vclamp(vabs(x), 0, ERF_ONE), z = t * t;
    vec small = x * VPOLY(z, erf_small);
    vec large = vset(1) - vexp(VPOLY(t - vset(1), log_erfc));
    large = vsel(vlt(t, vset(ERF_ONE)), large, vset(1));
    return vsel(vlt(vabs(x), vset(1)), small, vsel(vnan(x), x, vcopysign(large, x)));
}
static inline vec vnormal_half(vec x) { return vset((T)0.5) * verf(x * vset((T)0.70710678118654752440)); }
#endif

/* tanh(t) = (e^2t - 1) / (e^2t + 1) */
static inline vec vtanh(vec x) {
    vec t = vclamp(vabs(x), 0, TANH_ONE), q = vexpm1(t + t);
    return vcopysign(q / (q + vset(2)), x);
}

static inline vec vsigmoid(vec x) { return vset(1) / (vset(1) + vexp(vneg(x))); }

#endif
