// What every x86-64 (SSE2) or arm64 (NEON) processor runs: vectors of 4. SSE2 has 16 registers and no fused multiply-add, NEON 32.
#include "CSqueezeKernels.h"

#include <string.h>
#if defined(__aarch64__)
#include <arm_neon.h>
#endif

int sqz_has_baseline(void) { return 1; }

#define LANES 4
#if defined(__aarch64__)
#define TILE 6
#define SMALL_TILE 4
#define LEAST_TILE 4
#define INT_TILE 4
#define OUTER 6
#define TABLE_NAME "neon"
#else
#define TILE 2
#define SMALL_TILE 2
#define LEAST_TILE 2
#define INT_TILE 2
#define OUTER 2
#define TABLE_NAME "baseline"
#endif
#define SET baseline
#include "Kernels/table.h"
