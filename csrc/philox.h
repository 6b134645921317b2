/* philox.h: Philox4x32-10 (Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2, 3. SC 2011), several
 * blocks at a time. Each 32-bit word sits in the low half of a 64-bit lane, where one instruction multiplies 32 by 32
 * bits and ignores what the high half holds.
 *
 * Block b of a draw {key, offset} has the counter (b low, b high, offset low, offset high) and gives four words. The
 * words depend on nothing else, so any part of a draw can be made anywhere, in any order. */
#ifndef MINIGRAD_PHILOX_H
#define MINIGRAD_PHILOX_H
#include "vec.h"

#ifdef MG_SCALAR
#define LANES64 1
typedef uint64_t uvec;
static inline uvec uvec_set(uint64_t x) { return x; }
#else
#define LANES64 (VBYTES / 8)
typedef uint64_t uvec __attribute__((vector_size(VBYTES)));
static inline uvec uvec_set(uint64_t x) { uvec zero = {0}; return zero + x; }
#endif

/* The low 32 bits of each lane times m: 64 bits. */
static inline uvec umul(uvec a, uint32_t m) {
#if defined(MG_AVX512)
    return (uvec)_mm512_mul_epu32((__m512i)a, _mm512_set1_epi64(m));
#elif defined(MG_AVX2)
    return (uvec)_mm256_mul_epu32((__m256i)a, _mm256_set1_epi64x(m));
#elif defined(MG_NEON)
    return (uvec)vmull_u32(vmovn_u64((uint64x2_t)a), vdup_n_u32(m));
#else
    return (a & 0xffffffffu) * m;
#endif
}

/* Write the words of LANES64 blocks, whose word w is in c[w], in order of block then word. */
static inline void store_blocks(uint32_t *out, const uvec c[4]) {
    uvec low = uvec_set(0xffffffffu), ab = (c[0] & low) | c[1] << 32, cd = (c[2] & low) | c[3] << 32;
#if defined(MG_AVX512)
    const __m512i first = _mm512_setr_epi64(0, 8, 1, 9, 2, 10, 3, 11), second = _mm512_set1_epi64(4);
    _mm512_storeu_si512(out, _mm512_permutex2var_epi64((__m512i)ab, first, (__m512i)cd));
    _mm512_storeu_si512(out + 16, _mm512_permutex2var_epi64((__m512i)ab, _mm512_add_epi64(first, second), (__m512i)cd));
#elif defined(MG_AVX2)
    __m256i even = _mm256_unpacklo_epi64((__m256i)ab, (__m256i)cd);
    __m256i odd = _mm256_unpackhi_epi64((__m256i)ab, (__m256i)cd);
    _mm256_storeu_si256((__m256i *)out, _mm256_permute2x128_si256(even, odd, 0x20));
    _mm256_storeu_si256((__m256i *)(out + 8), _mm256_permute2x128_si256(even, odd, 0x31));
#else
    uint64_t pairs[2][LANES64];
    memcpy(pairs[0], &ab, sizeof ab);
    memcpy(pairs[1], &cd, sizeof cd);
    for (int lane = 0; lane < LANES64; lane++)
        for (int w = 0; w < 4; w++) out[4 * lane + w] = (uint32_t)(pairs[w / 2][lane] >> 32 * (w % 2));
#endif
}

#define PHILOX_GROUPS 4                           /* independent groups in flight, to hide the multiply's latency */
#define PHILOX_BATCH (PHILOX_GROUPS * LANES64)    /* blocks made at a time */
#define PHILOX_M0 0xD2511F53u
#define PHILOX_M1 0xCD9E8D57u

static inline void philox_round(uvec c[4], const uint64_t key[2]) {
    uvec p0 = umul(c[0], PHILOX_M0), p1 = umul(c[2], PHILOX_M1);
    c[0] = (p1 >> 32) ^ c[1] ^ uvec_set(key[0]);
    c[2] = (p0 >> 32) ^ c[3] ^ uvec_set(key[1]);
    c[1] = p1;
    c[3] = p0;
}

/* The first two rounds of blocks whose numbers have the upper half `high`: all of the counter but the lower half is the
 * same for them, so that one product of each round is, too. */
static inline void philox_two_rounds(uvec c[4], uvec block, uint64_t high, uint64_t offset, uint64_t key[][2]) {
    uint64_t p1 = (offset & 0xffffffffu) * PHILOX_M1;
    uint64_t p0 = (((p1 >> 32) ^ high ^ key[0][0]) & 0xffffffffu) * PHILOX_M0;
    c[3] = umul(block, PHILOX_M0);
    c[1] = umul((c[3] >> 32) ^ uvec_set(offset >> 32 ^ key[0][1]), PHILOX_M1);
    c[0] = (c[1] >> 32) ^ uvec_set((p1 & 0xffffffffu) ^ key[1][0]);
    c[2] = c[3] ^ uvec_set(p0 >> 32 ^ key[1][1]);
    c[3] = uvec_set(p0);
}

/* out: the words of blocks first .. first + blocks - 1, rounded up to whole batches. */
static void philox_words(uint32_t *out, const uint64_t *draw, uint64_t first, int64_t blocks) {
    uint64_t lane_number[LANES64], offset = draw[1], key[10][2]; /* keys of each round */
    for (int i = 0; i < LANES64; i++) lane_number[i] = (uint64_t)i;
    uvec lane;
    memcpy(&lane, lane_number, sizeof lane);
    for (int round = 0; round < 10; round++) {
        key[round][0] = (uint32_t)draw[0] + (uint32_t)round * 0x9E3779B9u;
        key[round][1] = (uint32_t)(draw[0] >> 32) + (uint32_t)round * 0xBB67AE85u;
    }
    for (uint64_t b = first; b - first < (uint64_t)blocks; b += PHILOX_BATCH, out += 4 * PHILOX_BATCH) {
        uvec c[PHILOX_GROUPS][4];
        int crossing = b >> 32 != (b + PHILOX_BATCH - 1) >> 32;
#pragma GCC unroll 4
        for (int g = 0; g < PHILOX_GROUPS; g++) {
            uvec block = lane + (b + (uint64_t)(g * LANES64));
            if (!crossing) {
                philox_two_rounds(c[g], block, b >> 32, offset, key);
                continue;
            }
            c[g][0] = block, c[g][1] = block >> 32, c[g][2] = uvec_set(offset), c[g][3] = uvec_set(offset >> 32);
            for (int round = 0; round < 2; round++) philox_round(c[g], key[round]);
        }
#pragma GCC unroll 10
        for (int round = 2; round < 10; round++)
#pragma GCC unroll 4
            for (int g = 0; g < PHILOX_GROUPS; g++) philox_round(c[g], key[round]);
#pragma GCC unroll 4
        for (int g = 0; g < PHILOX_GROUPS; g++) store_blocks(out + 4 * LANES64 * g, c[g]);
    }
}

#endif
