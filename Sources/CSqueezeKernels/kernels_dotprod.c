// NEON with products of bytes (Cortex-A55, Neoverse N1 and later; ARMv8.2's FEAT_DotProd).
#if defined(__aarch64__)
#include "CSqueezeKernels.h"

#include <arm_neon.h>
#include <string.h>
#include <sys/auxv.h>

enum { HAS_DOT_PRODUCTS = 1 << 20 }; // HWCAP_ASIMDDP of asm/hwcap.h

int sqz_has_dotprod(void) { return (getauxval(AT_HWCAP) & HAS_DOT_PRODUCTS) != 0; }

#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)
#define LANES 4
#define INT_TILE 4
#define DOTPROD
#define SET dotprod
#define PARENT baseline
#define TABLE_NAME "dotprod"
#include "Kernels/int8_table.h"
#pragma clang attribute pop
#endif
