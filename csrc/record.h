/* record.h: a kernel call as words, in the order of kernels.def: how dispatch.c writes one down while a thread records,
 * and how replay.c reads it. */
#ifndef MINIGRAD_RECORD_H
#define MINIGRAD_RECORD_H
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include "table.h"

enum { MG_BYTES = 0 }; /* in place of a dtype, for kernels without one */

#define KERNEL(name, ...) ID_##name,
#define BYTE_KERNEL(name, ...) ID_##name,
enum mg_kernel_id {
#include "kernels.def"
    MG_KERNELS
};
#undef KERNEL
#undef BYTE_KERNEL

extern _Atomic int mg_recorders; /* how many threads record: looked at before each call */

/* A call: {words in all, kernel, dtype, arguments}, then the pointers in each array of pointers. Nothing, if this
 * thread does not record. */
void mg_record_call(int kernel, int dtype, const int64_t *words, int count);
void mg_record_pointers(const void *array, int64_t count);

static inline int64_t mg_word_of(double x) {
    int64_t word;
    memcpy(&word, &x, sizeof word);
    return word;
}

static inline double mg_number_of(int64_t word) {
    double x;
    memcpy(&x, &word, sizeof x);
    return x;
}

#define RECORD(name, dtype, ...)                                                            \
    if (__builtin_expect(atomic_load_explicit(&mg_recorders, memory_order_relaxed) != 0, 0)) { \
        const int64_t words[] = {EACH(WORD_OF, __VA_ARGS__)};                               \
        mg_record_call(ID_##name, dtype, words, (int)(sizeof words / sizeof *words));       \
        EACH(POINTED, __VA_ARGS__);                                                         \
    }

#define ADDRESS(x) (int64_t)(intptr_t)(x)
#define WORD_OF(x) WORD_OF_##x
#define WORD_OF_OUT(x) ADDRESS(x)
#define WORD_OF_INOUT(x) ADDRESS(x)
#define WORD_OF_IN(x) ADDRESS(x)
#define WORD_OF_INDEX(x) ADDRESS(x)
#define WORD_OF_INDEX_OUT(x) ADDRESS(x)
#define WORD_OF_INDEX_INOUT(x) ADDRESS(x)
#define WORD_OF_SIZES(x) ADDRESS(x)
#define WORD_OF_BYTES(x) ADDRESS(x)
#define WORD_OF_BYTES_OUT(x) ADDRESS(x)
#define WORD_OF_WORDS_OUT(x) ADDRESS(x)
#define WORD_OF_DRAW(x) ADDRESS(x)
#define WORD_OF_DRAW_OUT(x) ADDRESS(x)
#define WORD_OF_DRAW_INOUT(x) ADDRESS(x)
#define WORD_OF_PTRS(x) ADDRESS(x)
#define WORD_OF_PTRS_IN(x) ADDRESS(x)
#define WORD_OF_STEPS(x) ADDRESS(x)
#define WORD_OF_HYPER(x) ADDRESS(x)
#define WORD_OF_INT(x) (x)
#define WORD_OF_WORD(x) (int64_t)(x)
#define WORD_OF_NUM(x) mg_word_of(x)

#define POINTED(x) POINTED_##x
#define POINTED_OUT(x) (void)0
#define POINTED_INOUT(x) (void)0
#define POINTED_IN(x) (void)0
#define POINTED_INDEX(x) (void)0
#define POINTED_INDEX_OUT(x) (void)0
#define POINTED_INDEX_INOUT(x) (void)0
#define POINTED_SIZES(x) (void)0
#define POINTED_BYTES(x) (void)0
#define POINTED_BYTES_OUT(x) (void)0
#define POINTED_WORDS_OUT(x) (void)0
#define POINTED_DRAW(x) (void)0
#define POINTED_DRAW_OUT(x) (void)0
#define POINTED_DRAW_INOUT(x) (void)0
#define POINTED_PTRS(x) mg_record_pointers(x, count)
#define POINTED_PTRS_IN(x) mg_record_pointers(x, count)
#define POINTED_STEPS(x) mg_record_pointers(x, count)
#define POINTED_HYPER(x) (void)0
#define POINTED_INT(x) (void)0
#define POINTED_WORD(x) (void)0
#define POINTED_NUM(x) (void)0

/* READ(k, OUT(y)) is the argument y of a call whose words end at `end`. */
#define AS_POINTER(word) ((void *)(intptr_t)(word))
#define AS_INT(word) (word)
#define AS_WORD(word) ((uint64_t)(word))
#define AS_NUM(word) mg_number_of(word)
#define READ(k, x) READ_##x (end[-(k)])
#define READ_OUT(x) AS_POINTER
#define READ_INOUT(x) AS_POINTER
#define READ_IN(x) AS_POINTER
#define READ_INDEX(x) AS_POINTER
#define READ_INDEX_OUT(x) AS_POINTER
#define READ_INDEX_INOUT(x) AS_POINTER
#define READ_SIZES(x) AS_POINTER
#define READ_BYTES(x) AS_POINTER
#define READ_BYTES_OUT(x) AS_POINTER
#define READ_WORDS_OUT(x) AS_POINTER
#define READ_DRAW(x) AS_POINTER
#define READ_DRAW_OUT(x) AS_POINTER
#define READ_DRAW_INOUT(x) AS_POINTER
#define READ_PTRS(x) AS_POINTER
#define READ_PTRS_IN(x) AS_POINTER
#define READ_STEPS(x) AS_POINTER
#define READ_HYPER(x) AS_POINTER
#define READ_INT(x) AS_INT
#define READ_WORD(x) AS_WORD
#define READ_NUM(x) AS_NUM

#endif
