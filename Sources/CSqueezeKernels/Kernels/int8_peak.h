// Nothing but multiply-adds of bytes on registers: what the processor can do at most, to measure kernels by.
#ifndef INT8_PEAK_H
#define INT8_PEAK_H
#include "int8_vector.h"

static ptrdiff_t int8_peak(ptrdiff_t rounds) {
    enum { ACCUMULATORS = 12 };
    ivec sums[ACCUMULATORS], factor = (ivec)0x01020304;
    for (int i = 0; i < ACCUMULATORS; i++) sums[i] = (ivec)i;
    NO_UNROLL
    for (ptrdiff_t round = 0; round < rounds; round++) {
        // Of the sum itself, so that no product is found to be that of another.
        UNROLL
        for (int i = 0; i < ACCUMULATORS; i++) sums[i] = dot4(sums[i], factor, sums[i]);
    }
    __asm__ volatile("" : : "m"(sums)); // so that the work is not left out
    return rounds * ACCUMULATORS * 4 * LANES;
}

#endif
