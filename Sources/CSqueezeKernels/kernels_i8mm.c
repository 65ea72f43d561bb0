// NEON with products of an unsigned byte and a signed one (Neoverse V1 and N2, Cortex-A510 and later; ARMv8.6's FEAT_I8MM).
#if defined(__aarch64__)
#include "CSqueezeKernels.h"

#include <arm_neon.h>
#include <string.h>
#include <sys/auxv.h>

enum { HAS_I8MM = 1 << 13 }; // HWCAP2_I8MM of asm/hwcap.h

int sqz_has_dotprod(void);
int sqz_has_i8mm(void) { return sqz_has_dotprod() && (getauxval(AT_HWCAP2) & HAS_I8MM) != 0; }

#pragma clang attribute push(__attribute__((target("dotprod,i8mm"))), apply_to = function)
#define LANES 4
#define INT_TILE 4
#define I8MM
#define SET i8mm
#define PARENT baseline
#define TABLE_NAME "i8mm"
#include "Kernels/int8_table.h"
#pragma clang attribute pop
#endif
