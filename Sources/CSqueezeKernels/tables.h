// The kernel tables that this architecture's build holds.
#ifndef TABLES_H
#define TABLES_H
#include "CSqueezeKernels.h"

extern const sqz_kernels sqz_kernels_scalar;
extern const sqz_kernels sqz_kernels_baseline; // SSE2, or NEON
#if defined(__x86_64__)
extern const sqz_kernels sqz_kernels_avx2;
extern const sqz_kernels sqz_kernels_avx512;
#endif

#endif
