// Which kernel tables this processor can run.
#include "CSqueezeKernels.h"
#include "tables.h"

#if defined(__x86_64__)
static int has_avx2(void) { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
static int has_avx512(void) {
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
}
#endif

const sqz_kernels *sqz_kernels_at(int index) {
    const sqz_kernels *tables[] = {
        &sqz_kernels_scalar,
        &sqz_kernels_baseline,
#if defined(__x86_64__)
        &sqz_kernels_avx2,
        &sqz_kernels_avx512,
#endif
    };
    return tables[index];
}

int sqz_kernels_count(void) {
#if defined(__x86_64__)
    return has_avx512() ? 4 : has_avx2() ? 3 : 2;
#else
    return 2;
#endif
}
