/* below.h: in which lanes are the random numbers of 16, 8 or 1 bits, from number i on, below `keep` (of 1 bit: 0)? */
#ifndef MINIGRAD_BELOW_H
#define MINIGRAD_BELOW_H
#include "vec.h"

static inline mask vbelow16(const uint8_t *bytes, int64_t i, int64_t keep) {
    const uint8_t *from = bytes + 2 * i;
#if defined(MG_AVX512) && MG_REAL == 32
    return _mm256_cmplt_epu16_mask(_mm256_loadu_si256((const __m256i *)from), _mm256_set1_epi16((short)keep));
#elif defined(MG_AVX512)
    return (mask)_mm_cmplt_epu16_mask(_mm_loadu_si128((const __m128i *)from), _mm_set1_epi16((short)keep));
#elif defined(MG_AVX2) && MG_REAL == 32
    __m256i u = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)from));
    return _mm256_castsi256_ps(_mm256_cmpgt_epi32(_mm256_set1_epi32((int)keep), u));
#elif defined(MG_AVX2)
    __m256i u = _mm256_cvtepu16_epi64(_mm_loadl_epi64((const __m128i *)from));
    return _mm256_castsi256_pd(_mm256_cmpgt_epi64(_mm256_set1_epi64x(keep), u));
#elif defined(MG_NEON) && MG_REAL == 32
    return vcltq_u32(vmovl_u16(vreinterpret_u16_u8(vld1_u8(from))), vdupq_n_u32((uint32_t)keep));
#else
    uint16_t u[W];
    memcpy(u, from, sizeof u);
#if defined(MG_NEON)
    return vcltq_u64((uint64x2_t){u[0], u[1]}, vdupq_n_u64((uint64_t)keep));
#else
    return *u < keep;
#endif
#endif
}

static inline mask vbelow8(const uint8_t *bytes, int64_t i, int64_t keep) {
    const uint8_t *from = bytes + i;
#if defined(MG_AVX512) && MG_REAL == 32
    return _mm_cmplt_epu8_mask(_mm_loadu_si128((const __m128i *)from), _mm_set1_epi8((char)keep));
#elif defined(MG_AVX512)
    return (mask)_mm_cmplt_epu8_mask(_mm_loadl_epi64((const __m128i *)from), _mm_set1_epi8((char)keep));
#elif defined(MG_AVX2) && MG_REAL == 32
    __m256i u = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)from));
    return _mm256_castsi256_ps(_mm256_cmpgt_epi32(_mm256_set1_epi32((int)keep), u));
#elif defined(MG_AVX2)
    __m256i u = _mm256_setr_epi64x(from[0], from[1], from[2], from[3]);
    return _mm256_castsi256_pd(_mm256_cmpgt_epi64(_mm256_set1_epi64x(keep), u));
#elif defined(MG_NEON) && MG_REAL == 32
    return vcltq_u32((uint32x4_t){from[0], from[1], from[2], from[3]}, vdupq_n_u32((uint32_t)keep));
#elif defined(MG_NEON)
    return vcltq_u64((uint64x2_t){from[0], from[1]}, vdupq_n_u64((uint64_t)keep));
#else
    return *from < keep;
#endif
}

static inline mask vclear1(const uint8_t *bytes, int64_t i) { /* reads up to four bytes */
#if defined(MG_AVX512) || defined(MG_AVX2)
    uint32_t bits;
    memcpy(&bits, bytes + i / 8, sizeof bits);
    bits >>= i % 8;
#else
    unsigned bits = (unsigned)(bytes[i / 8] | bytes[i / 8 + 1] << 8) >> i % 8;
#endif
#if defined(MG_AVX512)
    return (mask)~bits;
#elif defined(MG_AVX2) && MG_REAL == 32
    __m256i each = _mm256_and_si256(_mm256_set1_epi32((int)bits), _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128));
    return _mm256_castsi256_ps(_mm256_cmpeq_epi32(each, _mm256_setzero_si256()));
#elif defined(MG_AVX2)
    __m256i each = _mm256_and_si256(_mm256_set1_epi64x(bits), _mm256_setr_epi64x(1, 2, 4, 8));
    return _mm256_castsi256_pd(_mm256_cmpeq_epi64(each, _mm256_setzero_si256()));
#elif defined(MG_NEON) && MG_REAL == 32
    return vceqzq_u32(vandq_u32(vdupq_n_u32(bits), (uint32x4_t){1, 2, 4, 8}));
#elif defined(MG_NEON)
    return vceqzq_u64(vandq_u64(vdupq_n_u64(bits), (uint64x2_t){1, 2}));
#else
    return !(bits & 1);
#endif
}

#endif
