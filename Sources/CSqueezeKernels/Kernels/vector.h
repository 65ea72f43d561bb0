// The vectors of the instruction set at hand, as clang vector extensions.
//
// LANES (floats a vector) comes from the file that includes the kernels. A panel of 16 channels is VECTORS vectors.
#ifndef VECTOR_H
#define VECTOR_H

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")
#define NO_UNROLL _Pragma("clang loop unroll(disable)")

enum { P = SQZ_PANEL, VECTORS = P / LANES };

typedef float vec __attribute__((ext_vector_type(LANES), may_alias));
typedef int32_t ivec __attribute__((ext_vector_type(LANES), may_alias));

typedef uint8_t bytes __attribute__((ext_vector_type(LANES), aligned(1), may_alias));
typedef float vec4 __attribute__((ext_vector_type(4), aligned(4), may_alias)); // anywhere in memory
typedef float row4 __attribute__((ext_vector_type(4)));

INLINE vec load(const float *p) { return *(const vec *)p; }
INLINE void store(float *p, vec v) { *(vec *)p = v; }
INLINE vec splat(float x) { return (vec)x; }
INLINE vec at_least(float least, vec x) { return x < least ? splat(least) : x; } // keeps NaN
INLINE vec relu(vec x) { return at_least(0, x); }
INLINE vec larger(vec a, vec b) { return a > b ? a : b; }
INLINE vec where(ivec mask, vec x) { return (vec)((ivec)x & mask); }

// Lane by lane, the candidate of tap k that the index (0...3) names. The first tap's candidates begin a cache line on AVX-512.
INLINE vec pick(const float candidates[][4], const int k, ivec index) {
#if defined(PICK_OF_FOUR_TAPS)
    return PICK_OF_FOUR_TAPS(load(candidates[k / 4 * 4]), index + k % 4 * 4);
#elif defined(PICK)
    row4 four = *(const row4 *)candidates[k];
    return PICK(four, index);
#else
    ivec found = (ivec)0;
    for (int i = 0; i < 4; i++) found |= (ivec)splat(candidates[k][i]) & (index == i);
    return (vec)found;
#endif
}

#endif
