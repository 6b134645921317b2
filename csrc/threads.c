/* threads.c: a small pthread pool.
 *
 * One job at a time. A job is cut into chunks, and the caller and the workers claim chunks from a shared ticket until
 * none is left. So a worker that wakes late finds nothing to do and the caller never waits for it: a pool that is
 * asleep or crowded out costs no more than doing the work alone. Workers spin for a few microseconds after a job,
 * then sleep; those that mg_set_num_threads no longer wants end. The result never depends on who did which chunk.
 *
 * The ticket is one 64-bit word, (job number : 32, chunks : 16, next chunk : 16): a compare-and-swap claims a chunk
 * of exactly that job, and a stale worker cannot claim from the next one by mistake.
 */
#include "threads.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "minigrad.h"

#define MAX_THREADS 256
#define CHUNKS_PER_THREAD 4
#define SHARE_AWAKE_NS 12000.0  /* least work worth sharing while a worker still spins ... */
#define SHARE_ASLEEP_NS 150000.0 /* ... and when one must be woken first: waking takes some 50 us */
#define SPINS 3000              /* about 30 us */

static struct {
    mg_task *task;
    const void *args;
    int64_t n, chunk;
} job;                             /* written only while no chunk of it can be claimed */
static _Atomic uint64_t ticket;    /* (job number, chunks, next chunk) */
static _Atomic int64_t chunks_done, jobs_shared;
static _Atomic int busy;           /* a job is running */
static _Atomic int sleepers;       /* workers waiting on `wake` */
static _Atomic int kept_awake;     /* callers that want no worker to sleep */
static _Atomic int wanted = 1;     /* threads to use, the caller included */
static _Atomic int workers;        /* threads running ... */
static _Atomic char running[MAX_THREADS]; /* ... by their number */
static _Thread_local int alone;    /* this caller shares nothing */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wake = PTHREAD_COND_INITIALIZER;

static inline void pause_briefly(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* Claim and do chunks until the current job has none left. Returns the ticket at which it stopped. */
static uint64_t work(void) {
    for (;;) {
        uint64_t t = atomic_load(&ticket);
        int64_t next = t & 0xffff, count = (t >> 16) & 0xffff;
        if (next >= count) return t;
        if (!atomic_compare_exchange_weak(&ticket, &t, t + 1)) continue;
        int64_t begin = next * job.chunk, end = begin + job.chunk < job.n ? begin + job.chunk : job.n;
        job.task(job.args, begin, end);
        atomic_fetch_add(&chunks_done, 1);
    }
}

static void *worker(void *number_) {
    int number = (int)(intptr_t)number_;
    while (number < atomic_load(&wanted) - 1) {
        uint64_t seen = work();
        for (int i = 0; i < SPINS && atomic_load(&ticket) == seen; i++) pause_briefly();
        if (atomic_load(&ticket) != seen || atomic_load(&kept_awake)) continue;
        pthread_mutex_lock(&lock);
        atomic_fetch_add(&sleepers, 1);
        while (atomic_load(&ticket) == seen && !atomic_load(&kept_awake)) pthread_cond_wait(&wake, &lock);
        atomic_fetch_sub(&sleepers, 1);
        pthread_mutex_unlock(&lock);
    }
    atomic_fetch_sub(&workers, 1);
    atomic_store(&running[number], 0);
    return NULL;
}

/* After fork the child has no workers: start again from nothing. */
static void forget_workers(void) {
    pthread_mutex_init(&lock, NULL);
    pthread_cond_init(&wake, NULL);
    atomic_store(&workers, 0);
    for (int i = 0; i < MAX_THREADS; i++) atomic_store(&running[i], 0);
    atomic_store(&sleepers, 0);
    atomic_store(&busy, 0);
    atomic_store(&kept_awake, 0);
    atomic_store(&ticket, 0);
}

static void start_workers(int count) {
    static int registered;
    if (!registered) registered = pthread_atfork(NULL, NULL, forget_workers) == 0;
    for (int i = 0; i < count; i++) {
        pthread_t thread;
        if (atomic_load(&running[i])) continue;
        atomic_store(&running[i], 1);
        atomic_fetch_add(&workers, 1);
        if (pthread_create(&thread, NULL, worker, (void *)(intptr_t)i) == 0) {
            pthread_detach(thread);
            continue;
        }
        atomic_fetch_sub(&workers, 1); /* no thread to be had: the caller does the rest */
        atomic_store(&running[i], 0);
        break;
    }
}

static void wake_sleepers(void) {
    if (atomic_load(&sleepers) == 0) return;
    pthread_mutex_lock(&lock);
    pthread_cond_broadcast(&wake);
    pthread_mutex_unlock(&lock);
}

void mg_keep_awake(int on) {
    atomic_fetch_add(&kept_awake, on ? 1 : -1);
    if (!on) return;
    start_workers(atomic_load(&wanted) - 1);
    wake_sleepers();
}

void mg_stay_alone(int on) { alone = on; }

int mg_parallel_width(int64_t n, int64_t unit, double ns_per_item) {
    int threads = atomic_load_explicit(&wanted, memory_order_relaxed);
    if (threads == 1 || alone || n <= unit) return 1;
    int awake = atomic_load_explicit(&sleepers, memory_order_relaxed) <
                atomic_load_explicit(&workers, memory_order_relaxed);
    if ((double)n * ns_per_item < (awake ? SHARE_AWAKE_NS : SHARE_ASLEEP_NS)) return 1;
    int64_t units = (n + unit - 1) / unit;
    return units < threads ? (int)units : threads;
}

void mg_parallel(mg_task *task, const void *args, int64_t n, int64_t unit, double ns_per_item) {
    int threads = mg_parallel_width(n, unit, ns_per_item), idle = 0;
    if (threads == 1 || !atomic_compare_exchange_strong(&busy, &idle, 1)) {
        if (n > 0) task(args, 0, n);
        return;
    }
    start_workers(threads - 1);
    int64_t units = (n + unit - 1) / unit, pieces = (int64_t)threads * CHUNKS_PER_THREAD;
    int64_t per_chunk = (units + pieces - 1) / pieces;
    int64_t count = (units + per_chunk - 1) / per_chunk;
    job.task = task, job.args = args, job.n = n, job.chunk = per_chunk * unit;
    atomic_store(&chunks_done, 0);
    atomic_store(&ticket, ((atomic_load(&ticket) >> 32) + 1) << 32 | (uint64_t)count << 16);
    atomic_fetch_add(&jobs_shared, 1);
    wake_sleepers();
    work();
    for (int i = 0; atomic_load(&chunks_done) < count; i++)
        if (i < SPINS) pause_briefly();
        else sched_yield();
    atomic_store(&busy, 0);
}

void mg_set_num_threads(int n) { atomic_store(&wanted, n < 1 ? 1 : n > MAX_THREADS ? MAX_THREADS : n); }
int mg_get_num_threads(void) { return atomic_load(&wanted); }
int64_t mg_jobs_shared(void) { return atomic_load(&jobs_shared); }

/* -- scratch ------------------------------------------------------------------------------------------------------ */

static pthread_key_t scratch_key; /* frees a thread's scratch when the thread ends */
static pthread_once_t scratch_once = PTHREAD_ONCE_INIT;
static _Thread_local void *scratch;
static _Thread_local int64_t scratch_bytes;

static int have_scratch_key; /* without one, a thread's scratch lives on when the thread ends */

static void make_scratch_key(void) { have_scratch_key = pthread_key_create(&scratch_key, free) == 0; }

void *mg_scratch(int64_t bytes) {
    if (bytes <= scratch_bytes) return scratch;
    pthread_once(&scratch_once, make_scratch_key);
    free(scratch);
    scratch_bytes = 0;
    if (posix_memalign(&scratch, 64, (size_t)bytes)) scratch = NULL;
    else scratch_bytes = bytes;
    if (have_scratch_key) pthread_setspecific(scratch_key, scratch);
    return scratch;
}
