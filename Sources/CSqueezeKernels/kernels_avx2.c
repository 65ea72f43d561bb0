// AVX2 and fused multiply-add (Haswell, Zen and later): vectors of 8, 16 registers. Scheduled for Zen 3, which it suits by 1 %; the
// instructions are those of every AVX2 processor.
#if defined(__x86_64__)
#include "CSqueezeKernels.h"

#include <string.h>

int sqz_has_avx2(void) { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }

#pragma clang attribute push(__attribute__((target("avx2,fma,tune=znver3"))), apply_to = function)
#define LANES 8
#define TILE 4
#define SMALL_TILE 4
#define LEAST_TILE 4
#define INT_TILE 4
#define OUTER 4
#define PICK(four, index) __builtin_ia32_vpermilvarps256(__builtin_shufflevector(four, four, 0, 1, 2, 3, 0, 1, 2, 3), index)
#define SET avx2
#define TABLE_NAME "avx2"
#include "Kernels/table.h"
#pragma clang attribute pop
#endif
