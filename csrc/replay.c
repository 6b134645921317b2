/* replay.c: writes down the kernel calls of a thread, and makes them again from their words. */
#include <stdlib.h>
#include <time.h>

#include "minigrad.h"
#include "record.h"
#include "threads.h"

/* -- recording ---------------------------------------------------------------------------------------------------- */

_Atomic int mg_recorders;

static _Thread_local struct {
    int64_t *words, used, room, last; /* last: where the last call starts */
    int on, failed;                   /* failed: memory was short */
} tape;

static int64_t *room_for(int64_t count) {
    if (tape.used + count > tape.room) {
        int64_t room = 2 * (tape.used + count) + 1024;
        int64_t *words = realloc(tape.words, (size_t)room * sizeof *words);
        if (!words) {
            tape.failed = 1;
            return NULL;
        }
        tape.words = words, tape.room = room;
    }
    tape.used += count;
    return tape.words + tape.used - count;
}

void mg_record_call(int kernel, int dtype, const int64_t *words, int count) {
    if (!tape.on || tape.failed) return;
    int64_t start = tape.used, *call = room_for(3 + count);
    if (!call) return;
    tape.last = start;
    call[0] = 3 + count, call[1] = kernel, call[2] = dtype;
    memcpy(call + 3, words, (size_t)count * sizeof *words);
}

void mg_record_pointers(const void *array, int64_t count) {
    if (!tape.on || tape.failed) return;
    int64_t *pointers = room_for(count);
    if (!pointers) return;
    memcpy(pointers, array, (size_t)count * sizeof *pointers);
    tape.words[tape.last] += count;
}

void mg_record_start(void) {
    if (!tape.on) atomic_fetch_add(&mg_recorders, 1);
    tape.on = 1, tape.used = 0, tape.failed = 0;
}

int64_t mg_record_used(void) { return tape.failed ? -1 : tape.used; }

void mg_record_stop(int64_t *words) {
    if (!tape.on) return;
    atomic_fetch_sub(&mg_recorders, 1);
    if (words && !tape.failed) memcpy(words, tape.words, (size_t)tape.used * sizeof *words);
    free(tape.words);
    tape.words = NULL, tape.room = tape.used = 0, tape.on = 0;
}

/* -- replaying ---------------------------------------------------------------------------------------------------- */

#define KERNEL(name, ...) \
    static void again_##name(int dtype, const int64_t *end) { name(dtype, EACH_BACK(READ, __VA_ARGS__)); }
#define BYTE_KERNEL(name, ...)                                \
    static void again_##name(int dtype, const int64_t *end) { \
        (void)dtype;                                          \
        name(EACH_BACK(READ, __VA_ARGS__));                   \
    }
#include "kernels.def"
#undef KERNEL
#undef BYTE_KERNEL

#define TEXT_(...) #__VA_ARGS__
#define TEXT(...) TEXT_(__VA_ARGS__)
#define KERNEL(name, ...) {#name, TEXT(__VA_ARGS__), again_##name},
#define BYTE_KERNEL(name, ...) {#name, TEXT(__VA_ARGS__), again_##name},
static const struct {
    const char *name, *params;
    void (*again)(int dtype, const int64_t *end);
} kernels[] = {
#include "kernels.def"
};
#undef KERNEL
#undef BYTE_KERNEL

const char *mg_kernel_name(int64_t kernel) { return kernel >= 0 && kernel < MG_KERNELS ? kernels[kernel].name : NULL; }
const char *mg_kernel_params(int64_t kernel) {
    return kernel >= 0 && kernel < MG_KERNELS ? kernels[kernel].params : NULL;
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

int64_t mg_replay(const int64_t *program, int64_t calls, const int64_t *moves, int64_t n_moves, const int64_t *slots,
                  int64_t steps, int64_t share, double *seconds) {
    int64_t stopped = -1;
    if (share) mg_keep_awake(1);
    else mg_stay_alone(1);
    for (int64_t step = 0; step < steps && stopped < 0; step++) {
        for (const int64_t *move = moves; move < moves + 3 * n_moves; move += 3)
            *(int64_t *)AS_POINTER(move[0]) = slots[2 * move[1]] + step * slots[2 * move[1] + 1] + move[2];
        const int64_t *call = program;
        for (int64_t i = 0; i < calls; i++, call += call[0]) {
            double start = seconds ? now() : 0;
            kernels[call[1]].again((int)call[2], call + call[0]);
            if (seconds) seconds[i] += now() - start;
            if (call[3] && *(const int64_t *)AS_POINTER(call[3]) >= 0) {
                stopped = step * calls + i;
                break;
            }
        }
    }
    if (share) mg_keep_awake(0);
    else mg_stay_alone(0);
    return stopped;
}
