// AVX-512 (Skylake-X, Zen 4 and later): a panel is one vector of 16, and there are 32 registers.
#if defined(__x86_64__)
#include "CSqueezeKernels.h"

#include <string.h>

int sqz_has_avx512(void) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("avx512f") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
}

#pragma clang attribute push(__attribute__((target("avx2,fma,avx512f,avx512vl,avx512dq,avx512bw"))), apply_to = function)
#define LANES 16
#define TILE 12
#define SMALL_TILE 8
#define LEAST_TILE 4
#define INT_TILE 8
#define OUTER 16
#define PICK_OF_FOUR_TAPS(sixteen, index) __builtin_ia32_permvarsf512(sixteen, index)
#define SET avx512
#define TABLE_NAME "avx512"
#include "Kernels/table.h"
#pragma clang attribute pop
#endif
