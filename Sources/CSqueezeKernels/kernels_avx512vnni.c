// AVX-512 with VNNI (Cascade Lake, Zen 4 and later): products of bytes and of 16-bit numbers, summed in one instruction.
#if defined(__x86_64__)
#include "CSqueezeKernels.h"

#include <string.h>

int sqz_has_avx512(void);
int sqz_has_avx512vnni(void) { return sqz_has_avx512() && __builtin_cpu_supports("avx512vnni"); }

#pragma clang attribute push(__attribute__((target("avx2,fma,avx512f,avx512vl,avx512dq,avx512bw,avx512vnni"))), apply_to = function)
#define LANES 16
#define INT_TILE 8
#define TILE_ROWS 12
#define VNNI
#define SET avx512vnni
#define PARENT avx512
#define TABLE_NAME "avx512vnni"
#include "Kernels/int8_table.h"
#pragma clang attribute pop
#endif
