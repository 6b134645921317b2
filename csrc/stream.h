/* stream.h: results that are larger than the caches. */
#ifndef MINIGRAD_STREAM_H
#define MINIGRAD_STREAM_H
#include "vec.h"

/* Stores past the caches, which need not read first what they overwrite. p is aligned to VBYTES, stream_end follows the
 * last of them. They pay where a result of 16 MiB or more (with 32 MiB of cache) does not take the place of an input,
 * and little is to be computed. */
#if defined(MG_AVX512) || defined(MG_AVX2)
static inline void vstream(T *p, vec v) { MM(stream)(p, v); }
static inline void stream_end(void) { _mm_sfence(); }
#else
static inline void vstream(T *p, vec v) { vstore(p, v); }
static inline void stream_end(void) {}
#endif
#define STREAM_BYTES (16 << 20)
static inline int may_stream(const T *y, const T *a, const T *b, int64_t n) {
    return n >= (int64_t)(STREAM_BYTES / sizeof(T)) && y != a && y != b;
}
/* Elements from p up to where it is aligned. */
static inline int64_t stream_head(const T *p) { return (int64_t)(-(uintptr_t)p % VBYTES / sizeof(T)); }

/* y[i] = `whole` for each vector of i .. end - 1, and `some` where only n < W elements are left or come before
 * y is aligned. */
#define WALK(y, i, end, stream, whole, some)                          \
    do {                                                              \
        int64_t n = stream ? stream_head(y + i) : 0;                  \
        if (stream && i + n + W <= end) {                             \
            if (n) vstore_n(y + i, n, some);                          \
            for (i += n; i + W <= end; i += W) vstream(y + i, whole); \
            stream_end();                                             \
        }                                                             \
        for (; i + W <= end; i += W) vstore(y + i, whole);            \
        n = end - i;                                                  \
        if (n > 0) vstore_n(y + i, n, some);                          \
    } while (0)

#endif
