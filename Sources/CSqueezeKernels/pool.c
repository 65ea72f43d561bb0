// A fixed team of threads. Between jobs they spin for a moment (a training step hands out several jobs a millisecond apart),
// then sleep in the kernel; a barrier inside a job does the same.
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

struct sqz_pool {
    int threads;
    pthread_t *others;

    // The job at hand; written by the caller before `generation` moves.
    task_body body;
    void *context;
    int tasks; // negative: one task for every thread
    _Alignas(64) _Atomic uint32_t generation;
    _Alignas(64) _Atomic int next_task;
    _Alignas(64) _Atomic uint32_t finished; // threads done with this generation, counted over all generations
    _Alignas(64) _Atomic uint32_t arrived;  // at barriers, counted over all barriers
    _Alignas(64) _Atomic uint32_t barriers; // barriers passed
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

static void wait_while(_Atomic uint32_t *word, uint32_t value) {
    for (int spin = 0; spin < SPINS; spin++) {
        if (atomic_load_explicit(word, memory_order_acquire) != value) return;
        relax();
    }
    while (atomic_load_explicit(word, memory_order_acquire) == value)
        syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}

static void wake_all(_Atomic uint32_t *word) {
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0);
}

static void work(sqz_pool *pool, int thread) {
    if (pool->tasks < 0) {
        pool->body(pool->context, thread, thread);
        return;
    }
    for (;;) {
        int task = atomic_fetch_add_explicit(&pool->next_task, 1, memory_order_relaxed);
        if (task >= pool->tasks) return;
        pool->body(pool->context, task, thread);
    }
}

static void *thread_main(void *argument) {
    starter mine = *(starter *)argument;
    free(argument);
    sqz_pool *pool = mine.pool;
    for (uint32_t seen = 0;;) {
        wait_while(&pool->generation, seen);
        seen++;
        if (!pool->body) return NULL;
        work(pool, mine.thread);
        atomic_fetch_add_explicit(&pool->finished, 1, memory_order_release);
        wake_all(&pool->finished);
    }
}

static void start_job(sqz_pool *pool, int tasks, task_body body, void *context) {
    pool->body = body;
    pool->context = context;
    pool->tasks = tasks;
    atomic_store_explicit(&pool->next_task, 0, memory_order_relaxed);
    atomic_fetch_add_explicit(&pool->generation, 1, memory_order_release);
    wake_all(&pool->generation);
}

static void run(sqz_pool *pool, int tasks, task_body body, void *context) {
    uint32_t others = (uint32_t)pool->threads - 1;
    uint32_t goal = atomic_load_explicit(&pool->finished, memory_order_relaxed) + others;
    start_job(pool, tasks, body, context);
    work(pool, 0);
    for (;;) {
        uint32_t now = atomic_load_explicit(&pool->finished, memory_order_acquire);
        if (now == goal) return;
        wait_while(&pool->finished, now);
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
    start_job(pool, 0, NULL, NULL);
    for (int thread = 1; thread < pool->threads; thread++) pthread_join(pool->others[thread - 1], NULL);
    free(pool->others);
    free(pool);
}

int sqz_pool_threads(const sqz_pool *pool) { return pool->threads; }

void sqz_pool_run(sqz_pool *pool, int tasks, task_body body, void *context) { run(pool, tasks, body, context); }

void sqz_pool_run_team(sqz_pool *pool, task_body body, void *context) { run(pool, -1, body, context); }

void sqz_pool_barrier(sqz_pool *pool) {
    if (pool->threads == 1) return;
    uint32_t passed = atomic_load_explicit(&pool->barriers, memory_order_acquire);
    if (atomic_fetch_add_explicit(&pool->arrived, 1, memory_order_acq_rel) + 1 == (passed + 1) * (uint32_t)pool->threads) {
        atomic_store_explicit(&pool->barriers, passed + 1, memory_order_release);
        wake_all(&pool->barriers);
    } else {
        wait_while(&pool->barriers, passed);
    }
}
