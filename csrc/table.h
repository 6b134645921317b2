/* table.h: turns the rows of kernels.def into C: parameter lists, argument lists and the table of function pointers
 * that each instruction set fills and dispatch.c calls through. */
#ifndef MINIGRAD_TABLE_H
#define MINIGRAD_TABLE_H
#include <stdint.h>

/* EACH(f, a, b, c) is f(a), f(b), f(c). */
#define EACH1(f, a) f(a)
#define EACH2(f, a, ...) f(a), EACH1(f, __VA_ARGS__)
#define EACH3(f, a, ...) f(a), EACH2(f, __VA_ARGS__)
#define EACH4(f, a, ...) f(a), EACH3(f, __VA_ARGS__)
#define EACH5(f, a, ...) f(a), EACH4(f, __VA_ARGS__)
#define EACH6(f, a, ...) f(a), EACH5(f, __VA_ARGS__)
#define EACH7(f, a, ...) f(a), EACH6(f, __VA_ARGS__)
#define EACH8(f, a, ...) f(a), EACH7(f, __VA_ARGS__)
#define EACH9(f, a, ...) f(a), EACH8(f, __VA_ARGS__)
#define EACH10(f, a, ...) f(a), EACH9(f, __VA_ARGS__)
#define EACH11(f, a, ...) f(a), EACH10(f, __VA_ARGS__)
#define EACH12(f, a, ...) f(a), EACH11(f, __VA_ARGS__)
#define EACH13(f, a, ...) f(a), EACH12(f, __VA_ARGS__)
#define EACH_PICK(_1, _2, _3, _4, _5, _6, _7, _8, _9, _10, _11, _12, _13, name, ...) name
#define EACH_(f, ...)                                                                                                \
    EACH_PICK(__VA_ARGS__, EACH13, EACH12, EACH11, EACH10, EACH9, EACH8, EACH7, EACH6, EACH5, EACH4, EACH3, EACH2, \
              EACH1, 0)                                                                                            \
    (f, __VA_ARGS__)
#define EACH(f, ...) EACH_(f, __VA_ARGS__)

/* EACH_BACK(f, a, b, c) is f(3, a), f(2, b), f(1, c): with how many there are from each to the end. */
#define BACK1(f, a) f(1, a)
#define BACK2(f, a, ...) f(2, a), BACK1(f, __VA_ARGS__)
#define BACK3(f, a, ...) f(3, a), BACK2(f, __VA_ARGS__)
#define BACK4(f, a, ...) f(4, a), BACK3(f, __VA_ARGS__)
#define BACK5(f, a, ...) f(5, a), BACK4(f, __VA_ARGS__)
#define BACK6(f, a, ...) f(6, a), BACK5(f, __VA_ARGS__)
#define BACK7(f, a, ...) f(7, a), BACK6(f, __VA_ARGS__)
#define BACK8(f, a, ...) f(8, a), BACK7(f, __VA_ARGS__)
#define BACK9(f, a, ...) f(9, a), BACK8(f, __VA_ARGS__)
#define BACK10(f, a, ...) f(10, a), BACK9(f, __VA_ARGS__)
#define BACK11(f, a, ...) f(11, a), BACK10(f, __VA_ARGS__)
#define BACK12(f, a, ...) f(12, a), BACK11(f, __VA_ARGS__)
#define BACK13(f, a, ...) f(13, a), BACK12(f, __VA_ARGS__)
#define EACH_BACK_(f, ...)                                                                                           \
    EACH_PICK(__VA_ARGS__, BACK13, BACK12, BACK11, BACK10, BACK9, BACK8, BACK7, BACK6, BACK5, BACK4, BACK3, BACK2, \
              BACK1, 0)                                                                                            \
    (f, __VA_ARGS__)
#define EACH_BACK(f, ...) EACH_BACK_(f, __VA_ARGS__)

/* PARAM(OUT(y)) is `void *y`; ARG(OUT(y)) is `y`. */
#define PARAM(x) PARAM_##x
#define PARAM_OUT(x) void *x
#define PARAM_INOUT(x) void *x
#define PARAM_IN(x) const void *x
#define PARAM_INDEX(x) const int64_t *x
#define PARAM_INDEX_OUT(x) int64_t *x
#define PARAM_INDEX_INOUT(x) int64_t *x
#define PARAM_SIZES(x) const int64_t *x
#define PARAM_BYTES(x) const uint8_t *x
#define PARAM_BYTES_OUT(x) uint8_t *x
#define PARAM_WORDS_OUT(x) uint32_t *x
#define PARAM_DRAW(x) const uint64_t *x
#define PARAM_DRAW_OUT(x) uint64_t *x
#define PARAM_DRAW_INOUT(x) uint64_t *x
#define PARAM_PTRS(x) void *const *x
#define PARAM_PTRS_IN(x) void *const *x
#define PARAM_STEPS(x) double *const *x
#define PARAM_HYPER(x) const double *x
#define PARAM_INT(x) int64_t x
#define PARAM_WORD(x) uint64_t x
#define PARAM_NUM(x) double x

#define ARG(x) ARG_##x
#define ARG_OUT(x) x
#define ARG_INOUT(x) x
#define ARG_IN(x) x
#define ARG_INDEX(x) x
#define ARG_INDEX_OUT(x) x
#define ARG_INDEX_INOUT(x) x
#define ARG_SIZES(x) x
#define ARG_BYTES(x) x
#define ARG_BYTES_OUT(x) x
#define ARG_WORDS_OUT(x) x
#define ARG_DRAW(x) x
#define ARG_DRAW_OUT(x) x
#define ARG_DRAW_INOUT(x) x
#define ARG_PTRS(x) x
#define ARG_PTRS_IN(x) x
#define ARG_STEPS(x) x
#define ARG_HYPER(x) x
#define ARG_INT(x) x
#define ARG_WORD(x) x
#define ARG_NUM(x) x

#define BYTE_KERNEL(name, ...)
#define KERNEL(name, ...) void (*name)(EACH(PARAM, __VA_ARGS__));
struct mg_table { /* one per instruction set and element type */
#include "kernels.def"
};
#undef KERNEL
#undef BYTE_KERNEL

#define KERNEL(name, ...)
#define BYTE_KERNEL(name, ...) void (*name)(EACH(PARAM, __VA_ARGS__));
struct mg_byte_table { /* one per instruction set */
#include "kernels.def"
};
#undef KERNEL
#undef BYTE_KERNEL

#endif
