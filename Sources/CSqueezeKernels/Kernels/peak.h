// Nothing but multiply-adds on registers: what the processor can do at most, to measure kernels by.
#ifndef PEAK_H
#define PEAK_H

enum { PEAK_ACCUMULATORS = 12 };

static float multiply_add_peak(ptrdiff_t rounds) {
    vec sums[PEAK_ACCUMULATORS], factor = splat(0.999f), addend = splat(1e-3f);
    for (int i = 0; i < PEAK_ACCUMULATORS; i++) sums[i] = splat((float)i);
    NO_UNROLL
    for (ptrdiff_t round = 0; round < rounds; round++) {
        UNROLL
        for (int i = 0; i < PEAK_ACCUMULATORS; i++) sums[i] = sums[i] * factor + addend;
    }
    vec total = sums[0];
    for (int i = 1; i < PEAK_ACCUMULATORS; i++) total += sums[i];
    return total[0]; // so that the work is not left out
}

#endif
