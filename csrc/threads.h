/* threads.h: how a kernel spreads its work over the pool, and where it gets scratch memory. */
#ifndef MINIGRAD_THREADS_H
#define MINIGRAD_THREADS_H
#include <stdint.h>

/* Does items begin .. end - 1. Which thread calls it, and how the items are cut, must not change the result. */
typedef void mg_task(const void *args, int64_t begin, int64_t end);

/* Run task over the items 0 .. n - 1 and return when all are done. The work is cut at multiples of `unit` and shared
 * only where it pays: ns_per_item is a rough estimate of one item's cost on one core, in nanoseconds. Otherwise, or
 * when another caller has the pool, the caller does everything itself. */
void mg_parallel(mg_task *task, const void *args, int64_t n, int64_t unit, double ns_per_item);

/* How many threads mg_parallel would use for this much work. */
int mg_parallel_width(int64_t n, int64_t unit, double ns_per_item);

/* From mg_keep_awake(1) to mg_keep_awake(0) the workers do not sleep between jobs. Calls nest. */
void mg_keep_awake(int on);
/* From mg_stay_alone(1) to mg_stay_alone(0) this thread does all work itself. */
void mg_stay_alone(int on);

/* `bytes` of scratch memory aligned to 64, owned by the calling thread and good until its next mg_scratch; NULL when
 * memory is short. Nothing in it outlives the kernel call. */
void *mg_scratch(int64_t bytes);

#endif
