// A fixed set of threads that do one job after another. A job is a row of rounds; a round has as many shares as there are threads,
// and begins when all of the last one are done. Each thread begins with the share of its own number, so that what it wrote in the
// last round is still in its cache; then it takes what others have not begun, so that a thread that the system keeps waiting holds
// up nothing but the share it is in. Who waits spins for a moment (rounds take microseconds), then sleeps in the kernel.
//
// Rounds are counted over all jobs, so that no number comes again and a late thread cannot claim a share of another job. All that a
// meeting of the threads costs is a cache line from each to each: a share's state, which its own thread alone writes as a rule.
#define _GNU_SOURCE
#include "CSqueezeKernels.h"
#include "denormals.h"

#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { SPINS = 4000 };

typedef void (*share_body)(void *context, int round, int share, int thread);

// What became of a share: 2 * n says that it is not begun in round n, and done in those before; 2 * n + 1, that it is begun.
typedef struct {
    _Alignas(64) _Atomic uint64_t state;
} share_state;

struct sqz_pool {
    // Of the job at hand: written before its rounds are announced, and not again before all of them are done.
    _Alignas(64) share_body body;
    void *context;
    uint64_t first;
    _Atomic uint64_t end; // of its rounds: those below are announced
    _Alignas(64) _Atomic uint32_t sleepers;
    _Atomic uint32_t ends;
    int threads;
    pthread_t *others;
    share_state shares[SQZ_LARGEST_POOL];
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

// The half of a count that changes each time: what threads sleep on.
static _Atomic uint32_t *low_word(_Atomic uint64_t *count) {
    return (_Atomic uint32_t *)count + (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
}

// Sets a count, and wakes whoever sleeps until it changes. In one order of all these operations, a thread that goes to sleep either
// sees the new count or is seen here.
static void advance(sqz_pool *pool, _Atomic uint64_t *count, uint64_t value) {
    atomic_store(count, value);
    if (atomic_load(&pool->sleepers)) syscall(SYS_futex, low_word(count), FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0);
}

// Waits until a count is at least `least`. Who is woken before that spins again.
static void await(sqz_pool *pool, _Atomic uint64_t *count, uint64_t least) {
    uint64_t seen;
    for (int spin = 0; (seen = atomic_load_explicit(count, memory_order_acquire)) < least; spin++) {
        if (spin < SPINS) {
            relax();
            continue;
        }
        spin = -1;
        atomic_fetch_add(&pool->sleepers, 1);
        if (atomic_load(count) == seen) syscall(SYS_futex, low_word(count), FUTEX_WAIT_PRIVATE, (uint32_t)seen, NULL, NULL, 0);
        atomic_fetch_sub(&pool->sleepers, 1);
    }
}

void sqz_pool_rouse(sqz_pool *pool) {
    if (atomic_load(&pool->sleepers)) syscall(SYS_futex, low_word(&pool->end), FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0);
}

// Does what nobody has begun of a round, beginning with the thread's own share. All rounds before must be done.
static void take_shares(sqz_pool *pool, uint64_t round, int thread) {
    for (int i = 0; i < pool->threads; i++) {
        int share = (thread + i) % pool->threads;
        _Atomic uint64_t *state = &pool->shares[share].state;
        uint64_t open = 2 * round;
        if (atomic_load_explicit(state, memory_order_relaxed) != open) continue;
        if (!atomic_compare_exchange_strong_explicit(state, &open, open + 1, memory_order_acquire, memory_order_relaxed)) continue;
        pool->body(pool->context, (int)(round - pool->first), share, thread);
        advance(pool, state, open + 2);
    }
}

static void await_round(sqz_pool *pool, uint64_t round) {
    for (int share = 0; share < pool->threads; share++) await(pool, &pool->shares[share].state, 2 * (round + 1));
}

// The first round that is not done.
static uint64_t current_round(sqz_pool *pool) {
    uint64_t least = UINT64_MAX;
    for (int share = 0; share < pool->threads; share++) {
        uint64_t round = atomic_load_explicit(&pool->shares[share].state, memory_order_acquire) / 2;
        if (round < least) least = round;
    }
    return least;
}

static void *thread_main(void *argument) {
    starter mine = *(starter *)argument;
    free(argument);
    sqz_pool *pool = mine.pool;
    flush_denormals();
    for (uint64_t round = 0;;) {
        await(pool, &pool->end, round + 1);
        if (atomic_load_explicit(&pool->ends, memory_order_acquire)) return NULL;
        uint64_t end = atomic_load_explicit(&pool->end, memory_order_acquire);
        for (round = current_round(pool); round < end; round++) {
            take_shares(pool, round, mine.thread);
            if (round + 1 < end) await_round(pool, round);
        }
    }
}

// The calling thread's part of a job, and the waiting for the others'.
static void do_rounds(sqz_pool *pool, int rounds, share_body body, void *context) {
    if (pool->threads == 1) {
        for (int round = 0; round < rounds; round++) body(context, round, 0, 0);
        return;
    }
    pool->body = body;
    pool->context = context;
    pool->first = atomic_load_explicit(&pool->end, memory_order_relaxed);
    advance(pool, &pool->end, pool->first + (uint64_t)rounds);
    for (int round = 0; round < rounds; round++) {
        take_shares(pool, pool->first + (uint64_t)round, 0);
        await_round(pool, pool->first + (uint64_t)round);
    }
}

void sqz_pool_share(sqz_pool *pool, int rounds, share_body body, void *context) {
    uint64_t mode = flush_denormals();
    do_rounds(pool, rounds, body, context);
    set_float_mode(mode);
}

typedef void (*task_body)(void *context, int task, int thread);

typedef struct {
    task_body body;
    void *context;
    int tasks;
    _Atomic int next; // task to claim
} task_queue;

static void do_tasks(void *context, int round, int share, int thread) {
    (void)round, (void)share;
    task_queue *queue = context;
    for (int task; (task = atomic_fetch_add_explicit(&queue->next, 1, memory_order_relaxed)) < queue->tasks;)
        queue->body(queue->context, task, thread);
}

void sqz_pool_run(sqz_pool *pool, int tasks, task_body body, void *context) {
    task_queue queue = {.body = body, .context = context, .tasks = tasks};
    uint64_t mode = flush_denormals();
    if (tasks == 1) do_tasks(&queue, 0, 0, 0);
    else do_rounds(pool, 1, do_tasks, &queue);
    set_float_mode(mode);
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
    advance(pool, &pool->end, pool->end + 1);
    for (int thread = 1; thread < pool->threads; thread++) pthread_join(pool->others[thread - 1], NULL);
    free(pool->others);
    free(pool);
}

int sqz_pool_threads(const sqz_pool *pool) { return pool->threads; }
