#define _GNU_SOURCE
#include "CProcess.h"

#include <errno.h>
#include <sched.h>

// The kernel refuses a set that is smaller than its own, whose size it does not tell.
int sqz_allowed_processors(void) {
    for (int most = 1024; most <= 1 << 20; most *= 2) {
        cpu_set_t *set = CPU_ALLOC(most);
        if (!set) return -1;
        size_t size = CPU_ALLOC_SIZE(most);
        int count = sched_getaffinity(0, size, set) == 0 ? CPU_COUNT_S(size, set) : -1;
        CPU_FREE(set);
        if (count > 0 || errno != EINVAL) return count;
    }
    return -1;
}
