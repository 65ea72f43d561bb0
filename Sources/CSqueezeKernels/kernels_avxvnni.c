// AVX-VNNI (Alder Lake, Zen 5 and later): the products of AVX-512's VNNI in vectors of 8, for processors without AVX-512.
#if defined(__x86_64__)
#include "CSqueezeKernels.h"

#include <string.h>

int sqz_has_avx2(void);
#if defined(SQZ_EMULATED)
int sqz_has_avxvnni(void) { return sqz_has_avx2(); }

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
int sqz_has_avxvnni(void) { return sqz_has_avx2() && __builtin_cpu_supports("avxvnni"); }

#pragma clang attribute push(__attribute__((target("avx2,fma,avxvnni"))), apply_to = function)
#endif
#define LANES 8
#define INT_TILE 4
#define TILE_ROWS 6
#define VNNI
#define SET avxvnni
#define PARENT avx2
#define TABLE_NAME "avxvnni"
#include "Kernels/int8_table.h"
#pragma clang attribute pop
#endif
