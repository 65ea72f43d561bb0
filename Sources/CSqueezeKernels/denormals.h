// Denormal numbers: results that would be one become zero, operands that are one count as zero. The processor's mode says so, for
// each thread by itself: FTZ and DAZ of MXCSR, FZ of FPCR.
#ifndef DENORMALS_H
#define DENORMALS_H
#include <stdint.h>

#if defined(__x86_64__)
enum { DENORMALS_ARE_ZERO = 1 << 15 | 1 << 6 };
static inline uint64_t float_mode(void) { return __builtin_ia32_stmxcsr(); }
static inline void set_float_mode(uint64_t mode) { __builtin_ia32_ldmxcsr((unsigned)mode); }
#elif defined(__aarch64__)
enum { DENORMALS_ARE_ZERO = 1 << 24 };
static inline uint64_t float_mode(void) {
    uint64_t mode;
    __asm__ volatile("mrs %0, fpcr" : "=r"(mode));
    return mode;
}
static inline void set_float_mode(uint64_t mode) { __asm__ volatile("msr fpcr, %0" : : "r"(mode) : "memory"); }
#endif

// Returns the mode before, for set_float_mode.
static inline uint64_t flush_denormals(void) {
    uint64_t before = float_mode();
    set_float_mode(before | DENORMALS_ARE_ZERO);
    return before;
}

#endif
