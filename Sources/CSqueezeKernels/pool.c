// A fixed set of threads that share out the tasks of one job after another. Whoever is free claims the next task, and the job is
// done when its tasks are, so that a thread that the system keeps waiting holds up nothing but the task it is in. Between jobs the
// threads spin for a moment (the layers of a network follow within microseconds), then sleep in the kernel.
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

// Number of the job, its tasks, and the next task to claim, in one word: a late thread cannot claim a task of another job.
typedef uint64_t claims;
static claims make_claims(uint32_t job, int tasks) { return (claims)job << 32 | (claims)tasks << 16; }
static int tasks_of(claims c) { return (int)(c >> 16 & 0xFFFF); }
static int next_of(claims c) { return (int)(c & 0xFFFF); }

struct sqz_pool {
    int threads;
    pthread_t *others;
    // Of the job at hand: written before its claims appear, and not again before all its tasks are done.
    task_body body;
    void *context;
    _Alignas(64) _Atomic claims claims;
    _Alignas(64) _Atomic uint32_t jobs; // begun so far: what sleeping threads wait for
    _Alignas(64) _Atomic uint32_t sleepers;
    _Alignas(64) _Atomic uint32_t done; // tasks of the job at hand
    _Alignas(64) _Atomic uint32_t ends;
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

// Claims and does tasks until none is left.
static void work(sqz_pool *pool, int thread) {
    claims seen = atomic_load_explicit(&pool->claims, memory_order_acquire);
    while (next_of(seen) < tasks_of(seen)) {
        if (!atomic_compare_exchange_weak_explicit(&pool->claims, &seen, seen + 1, memory_order_acq_rel, memory_order_acquire))
            continue;
        int tasks = tasks_of(seen);
        pool->body(pool->context, next_of(seen), thread);
        if (atomic_fetch_add_explicit(&pool->done, 1, memory_order_acq_rel) + 1 == (uint32_t)tasks && thread != 0)
            wake_all(&pool->done);
        seen = atomic_load_explicit(&pool->claims, memory_order_acquire);
    }
}

static int has_tasks(sqz_pool *pool) {
    claims c = atomic_load_explicit(&pool->claims, memory_order_acquire);
    return next_of(c) < tasks_of(c) || atomic_load_explicit(&pool->ends, memory_order_relaxed);
}

static void *thread_main(void *argument) {
    starter mine = *(starter *)argument;
    free(argument);
    sqz_pool *pool = mine.pool;
    for (;;) {
        uint32_t jobs = atomic_load(&pool->jobs);
        for (int spin = 0; spin < SPINS && !has_tasks(pool); spin++) relax();
        if (!has_tasks(pool)) {
            // Announced first: a job that begins now either sees the sleeper, or has changed `jobs`.
            atomic_fetch_add(&pool->sleepers, 1);
            if (!has_tasks(pool)) sleep_while(&pool->jobs, jobs);
            atomic_fetch_sub(&pool->sleepers, 1);
        }
        if (atomic_load_explicit(&pool->ends, memory_order_acquire)) return NULL;
        work(pool, mine.thread);
    }
}

static void wake_sleepers(sqz_pool *pool) {
    atomic_fetch_add(&pool->jobs, 1);
    if (atomic_load(&pool->sleepers)) wake_all(&pool->jobs);
}

void sqz_pool_run(sqz_pool *pool, int tasks, task_body body, void *context) {
    // The counter of a job's tasks has 16 bits.
    for (int first = 0; first < tasks; first += 0xFFFF) {
        int count = tasks - first < 0xFFFF ? tasks - first : 0xFFFF;
        if (pool->threads == 1 || count == 1) {
            for (int task = 0; task < count; task++) body(context, first + task, 0);
            continue;
        }
        pool->body = body;
        pool->context = context;
        atomic_store_explicit(&pool->done, 0, memory_order_relaxed);
        uint32_t job = atomic_load_explicit(&pool->jobs, memory_order_relaxed) + 1;
        atomic_store_explicit(&pool->claims, make_claims(job, count), memory_order_release);
        wake_sleepers(pool);
        work(pool, 0);
        uint32_t done;
        for (int spin = 0; (done = atomic_load_explicit(&pool->done, memory_order_acquire)) != (uint32_t)count; spin++) {
            if (spin < SPINS) relax();
            else sleep_while(&pool->done, done);
        }
    }
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
    wake_sleepers(pool);
    for (int thread = 1; thread < pool->threads; thread++) pthread_join(pool->others[thread - 1], NULL);
    free(pool->others);
    free(pool);
}

int sqz_pool_threads(const sqz_pool *pool) { return pool->threads; }
