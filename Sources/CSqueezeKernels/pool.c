// A fixed set of threads that share out one job after another. A job has as many shares as there are threads. Each thread begins with
// its own, so that what it wrote in the last job is still in its cache; then it takes what others have not begun, so that a thread
// that the system keeps waiting holds up nothing but the share it is in. Between jobs the threads spin for a moment (the layers of a
// network follow within microseconds), then sleep in the kernel.
#define _GNU_SOURCE
#include "CSqueezeKernels.h"

#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { SPINS = 4000 };

typedef void (*task_body)(void *context, int task, int thread);

// The job's number, and a bit for each share that nobody has begun, in one word: a late thread cannot claim a share of another job.
typedef uint64_t claims;
static claims make_claims(uint32_t job, int shares) { return (claims)job << 32 | (((claims)1 << shares) - 1); }
static uint32_t job_of(claims c) { return (uint32_t)(c >> 32); }
static uint32_t open_shares(claims c) { return (uint32_t)c; }

struct sqz_pool {
    // Of the job at hand: written before its claims appear, and not again before all its shares are done.
    _Alignas(64) task_body body;
    void *context;
    _Atomic claims claims;
    _Alignas(64) _Atomic uint32_t done; // shares of the job at hand
    _Alignas(64) _Atomic uint32_t sleepers;
    _Atomic uint32_t ends;
    int threads;
    pthread_t *others;
};

typedef struct {
    sqz_pool *pool;
    int thread;
} starter;

static void relax(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static void sleep_while(_Atomic uint32_t *word, uint32_t value) {
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}

static void wake_all(_Atomic uint32_t *word) { syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0); }

// The half of the claims that changes with every job: what sleeping threads wait for.
static _Atomic uint32_t *job_word(sqz_pool *pool) {
    return (_Atomic uint32_t *)&pool->claims + (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);
}

// Claims and does shares until none is left, beginning with the thread's own.
static void work(sqz_pool *pool, int thread) {
    claims seen = atomic_load_explicit(&pool->claims, memory_order_acquire);
    for (uint32_t open; (open = open_shares(seen));) {
        int share = open >> thread & 1 ? thread : __builtin_ctz(open);
        claims rest = seen & ~((claims)1 << share);
        if (!atomic_compare_exchange_weak_explicit(&pool->claims, &seen, rest, memory_order_acq_rel, memory_order_acquire))
            continue;
        pool->body(pool->context, share, thread);
        if (atomic_fetch_add_explicit(&pool->done, 1, memory_order_acq_rel) + 1 == (uint32_t)pool->threads && thread != 0)
            wake_all(&pool->done);
        seen = atomic_load_explicit(&pool->claims, memory_order_acquire);
    }
}

static void *thread_main(void *argument) {
    starter mine = *(starter *)argument;
    free(argument);
    sqz_pool *pool = mine.pool;
    for (;;) {
        claims seen = atomic_load(&pool->claims);
        for (int spin = 0; spin < SPINS && !open_shares(seen); spin++) {
            relax();
            seen = atomic_load_explicit(&pool->claims, memory_order_acquire);
        }
        if (!open_shares(seen)) {
            // Announced first: who begins a job now (or ends the pool) either sees the sleeper, or has changed the job's number.
            atomic_fetch_add(&pool->sleepers, 1);
            if (atomic_load(&pool->claims) == seen && !atomic_load(&pool->ends)) sleep_while(job_word(pool), job_of(seen));
            atomic_fetch_sub(&pool->sleepers, 1);
        }
        if (atomic_load_explicit(&pool->ends, memory_order_acquire)) return NULL;
        work(pool, mine.thread);
    }
}

static void publish(sqz_pool *pool, int shares) {
    uint32_t job = job_of(atomic_load_explicit(&pool->claims, memory_order_relaxed)) + 1;
    atomic_store(&pool->claims, make_claims(job, shares));
    if (atomic_load(&pool->sleepers)) wake_all(job_word(pool));
}

void sqz_pool_share(sqz_pool *pool, task_body body, void *context) {
    if (pool->threads == 1) return body(context, 0, 0);
    pool->body = body;
    pool->context = context;
    atomic_store_explicit(&pool->done, 0, memory_order_relaxed);
    publish(pool, pool->threads);
    work(pool, 0);
    uint32_t done;
    for (int spin = 0; (done = atomic_load_explicit(&pool->done, memory_order_acquire)) != (uint32_t)pool->threads; spin++) {
        if (spin < SPINS) relax();
        else sleep_while(&pool->done, done);
    }
}

typedef struct {
    task_body body;
    void *context;
    int tasks;
    _Atomic int next; // task to claim
} task_queue;

static void do_tasks(void *context, int share, int thread) {
    (void)share;
    task_queue *queue = context;
    for (int task; (task = atomic_fetch_add_explicit(&queue->next, 1, memory_order_relaxed)) < queue->tasks;)
        queue->body(queue->context, task, thread);
}

void sqz_pool_run(sqz_pool *pool, int tasks, task_body body, void *context) {
    task_queue queue = {.body = body, .context = context, .tasks = tasks};
    if (tasks == 1) do_tasks(&queue, 0, 0);
    else sqz_pool_share(pool, do_tasks, &queue);
}

// Signals are the program's business, never a compute thread's.
static int start_thread(sqz_pool *pool, int thread) {
    starter *argument = malloc(sizeof *argument);
    if (!argument) return -1;
    *argument = (starter){pool, thread};
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&pool->others[thread - 1], NULL, thread_main, argument);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed) free(argument);
    return failed;
}

sqz_pool *sqz_pool_create(int threads) {
    sqz_pool *pool = aligned_alloc(64, sizeof *pool);
    if (!pool) return NULL;
    *pool = (sqz_pool){.threads = 1};
    pool->others = calloc((size_t)threads, sizeof *pool->others);
    if (!pool->others) {
        free(pool);
        return NULL;
    }
    for (; pool->threads < threads; pool->threads++) {
        if (start_thread(pool, pool->threads)) {
            sqz_pool_destroy(pool);
            return NULL;
        }
    }
    return pool;
}

void sqz_pool_destroy(sqz_pool *pool) {
    atomic_store(&pool->ends, 1);
    publish(pool, 0);
    for (int thread = 1; thread < pool->threads; thread++) pthread_join(pool->others[thread - 1], NULL);
    free(pool->others);
    free(pool);
}

int sqz_pool_threads(const sqz_pool *pool) { return pool->threads; }
