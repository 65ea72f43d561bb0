#define _GNU_SOURCE
#include "CProcess.h"

#include <sys/resource.h>

int sqz_limit_data(int process, unsigned long bytes) {
    struct rlimit limit = {bytes, bytes};
    return prlimit(process, RLIMIT_DATA, &limit, 0);
}
