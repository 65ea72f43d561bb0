// AMX (Sapphire Rapids and later): products of bytes by tiles. Besides these, AVX-512 with VNNI; where the tiles are emulated, AVX2.
#if defined(__x86_64__)
#define _GNU_SOURCE
#include "CSqueezeKernels.h"

#include <cpuid.h>
#include <immintrin.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(SQZ_EMULATED)
int sqz_has_avx2(void);
int sqz_has_amx(void) { return sqz_has_avx2(); }

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define LANES 8
#define INT_TILE 4
#define PARENT avx2
#else
int sqz_has_avx512vnni(void);

// Of cpuid: OSXSAVE; AMX-TILE and AMX-INT8; the size of palette 1. Of XCR0: the state of tiles.
static int processor_has_tiles(void) {
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & 1u << 27)) return 0;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || (d >> 24 & 3) != 3) return 0;
    if (!__get_cpuid_count(0x1d, 1, &a, &b, &c, &d) || b != (8u << 16 | 64) || (c & 0xffff) != 16) return 0;
    __asm__("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
    return (a >> 17 & 3) == 3;
}

// Linux makes room for tiles, 8 KiB a thread, where a process has asked for them (Documentation/arch/x86/xstate.rst).
static int system_has_tiles(void) {
    enum { REQUEST_PERMISSION = 0x1023, TILE_DATA = 18 }; // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
    return syscall(SYS_arch_prctl, REQUEST_PERMISSION, TILE_DATA) == 0;
}

// The first call asks, so it comes before the process is confined.
int sqz_has_amx(void) {
    enum { UNKNOWN, NO, YES };
    static _Atomic int answer;
    int known = atomic_load(&answer);
    if (known == UNKNOWN) {
        known = sqz_has_avx512vnni() && processor_has_tiles() && system_has_tiles() ? YES : NO;
        atomic_store(&answer, known);
    }
    return known == YES;
}

#define AMX_TARGET "avx2,fma,avx512f,avx512vl,avx512dq,avx512bw,avx512vnni,amx-tile,amx-int8"
#pragma clang attribute push(__attribute__((target(AMX_TARGET))), apply_to = function)
#define LANES 16
#define INT_TILE 8
#define VNNI
#define PARENT avx512
#endif
#define SET amx
#define TABLE_NAME "amx"
#include "Kernels/int8.h"
#include "Kernels/int8_tiles.h"
#include "Kernels/int8_conv_tiles.h"

#define OWN                                                                                                                    \
    .int8_stem = int8_stem, .int8_pointwise = tile_pointwise, .int8_head = tile_head, .int8_peak = tile_peak,                  \
    .int8_conv3x3_prepare = tile_conv3x3_prepare, .int8_conv3x3 = tile_conv3x3
#include "Kernels/derived.h"
#pragma clang attribute pop
#endif
