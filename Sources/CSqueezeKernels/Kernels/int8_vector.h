// Eight bits: what reference_int8.h defines, to the last bit, in vectors.
//
// Two multiply-add primitives an instruction set: dot2 adds to each lane of 32 bits two products of 16-bit numbers, dot4 four of an
// unsigned byte and a signed one. Without instructions for four (VNNI, DOTPROD: the including file has them), pairs are added in 16
// bits, which hold what reference_int8.h says of neighbours.
#ifndef INT8_VECTOR_H
#define INT8_VECTOR_H
#include "vector.h"

typedef uint32_t uvec __attribute__((ext_vector_type(LANES), may_alias));
typedef uint64_t uwide __attribute__((ext_vector_type(LANES / 2), may_alias));
typedef uint8_t byte_row __attribute__((ext_vector_type(LANES), aligned(1), may_alias));
typedef int16_t shorts __attribute__((ext_vector_type(LANES * 2), may_alias));
typedef int16_t short_row __attribute__((ext_vector_type(16), aligned(2), may_alias));
typedef int8_t chars __attribute__((ext_vector_type(LANES * 4), may_alias));

#if defined(VNNI) && LANES == 16
INLINE ivec dot2(ivec sum, ivec a, ivec w) { return (ivec)__builtin_ia32_vpdpwssd512(sum, a, w); }
INLINE ivec dot4(ivec sum, ivec a, ivec w) { return (ivec)__builtin_ia32_vpdpbusd512(sum, a, w); }
#elif defined(VNNI) && defined(SQZ_EMULATED)
// What the manual says that the instructions do, for machines without.
INLINE ivec dot2(ivec sum, ivec a, ivec w) {
    for (int i = 0; i < 2 * LANES; i++) sum[i / 2] += ((shorts)a)[i] * ((shorts)w)[i];
    return sum;
}
INLINE ivec dot4(ivec sum, ivec a, ivec w) {
    for (int i = 0; i < 4 * LANES; i++) sum[i / 4] += (uint8_t)((chars)a)[i] * ((chars)w)[i];
    return sum;
}
#elif defined(VNNI)
INLINE ivec dot2(ivec sum, ivec a, ivec w) { return (ivec)__builtin_ia32_vpdpwssd256(sum, a, w); }
INLINE ivec dot4(ivec sum, ivec a, ivec w) { return (ivec)__builtin_ia32_vpdpbusd256(sum, a, w); }
#elif defined(__x86_64__) && LANES == 16
INLINE ivec dot2(ivec sum, ivec a, ivec w) { return sum + (ivec)__builtin_ia32_pmaddwd512((shorts)a, (shorts)w); }
INLINE ivec dot4(ivec sum, ivec a, ivec w) {
    return sum + (ivec)__builtin_ia32_pmaddwd512((shorts)__builtin_ia32_pmaddubsw512((chars)a, (chars)w), (shorts)(int16_t)1);
}
#elif defined(__x86_64__) && LANES == 8
INLINE ivec dot2(ivec sum, ivec a, ivec w) { return sum + (ivec)__builtin_ia32_pmaddwd256((shorts)a, (shorts)w); }
INLINE ivec dot4(ivec sum, ivec a, ivec w) {
    return sum + (ivec)__builtin_ia32_pmaddwd256((shorts)__builtin_ia32_pmaddubsw256((chars)a, (chars)w), (shorts)(int16_t)1);
}
#elif defined(__x86_64__)
INLINE ivec dot2(ivec sum, ivec a, ivec w) { return sum + (ivec)__builtin_ia32_pmaddwd128((shorts)a, (shorts)w); }
// SSE2 has no product of bytes: those at even places and those at odd ones.
INLINE ivec dot4(ivec sum, ivec a, ivec w) {
    ivec even = (ivec)((shorts)w << 8 >> 8), odd = (ivec)((shorts)w >> 8);
    return dot2(dot2(sum, a & 0x00ff00ff, even), (ivec)((uvec)a >> 8) & 0x00ff00ff, odd);
}
#else
INLINE ivec dot2(ivec sum, ivec a, ivec w) {
    int16x8_t x = (int16x8_t)a, y = (int16x8_t)w;
    return sum + (ivec)vpaddq_s32(vmull_s16(vget_low_s16(x), vget_low_s16(y)), vmull_high_s16(x, y));
}
#if defined(I8MM)
INLINE ivec dot4(ivec sum, ivec a, ivec w) { return (ivec)vusdotq_s32((int32x4_t)sum, (uint8x16_t)a, (int8x16_t)w); }
#elif defined(DOTPROD)
// Both operands have a sign: an activation is 128 less, and 128 times the weights come on top, which is computed once for many rows.
INLINE ivec dot4(ivec sum, ivec a, ivec w) {
    int32x4_t shift = vdotq_s32(vdupq_n_s32(0), vdupq_n_s8(-128), (int8x16_t)w);
    return (ivec)vsubq_s32(vdotq_s32((int32x4_t)sum, veorq_s8((int8x16_t)a, vdupq_n_s8(-128)), (int8x16_t)w), shift);
}
#else
INLINE ivec dot4(ivec sum, ivec a, ivec w) {
    uint8x16_t x = (uint8x16_t)a;
    int8x16_t y = (int8x16_t)w;
    int16x8_t low = vmulq_s16((int16x8_t)vmovl_u8(vget_low_u8(x)), vmovl_s8(vget_low_s8(y)));
    int16x8_t high = vmulq_s16((int16x8_t)vmovl_high_u8(x), vmovl_high_s8(y));
    return (ivec)vpadalq_s16((int32x4_t)sum, vpaddq_s16(low, high));
}
#endif
#endif

INLINE ivec iload(const void *p) { return *(const ivec *)p; }
INLINE ivec four_bytes(const void *p) {
    int32_t four;
    memcpy(&four, p, sizeof four);
    return (ivec)four;
}

// min(most, (max(sum, 0) * multiplier) >> 32). Lanes of 64 bits: first those at even places, then those at odd ones.
INLINE ivec requantized(ivec sum, ivec multiplier, int most) {
    uwide x = (uwide)(sum > 0 ? sum : (ivec)0), m = (uwide)multiplier;
    uwide even = (x & 0xffffffff) * (m & 0xffffffff) >> 32, odd = (x >> 32) * (m >> 32);
    ivec y = (ivec)(uwide)0xffffffff00000000 ? (ivec)odd : (ivec)even;
    return y < most ? y : (ivec)most;
}

// Of values that are bytes.
INLINE void store_row(uint8_t *y, const ivec *row) {
#if defined(__x86_64__) && LANES == 8
    typedef int64_t four __attribute__((ext_vector_type(4)));
    typedef int64_t two __attribute__((ext_vector_type(2)));
    typedef int16_t eight_shorts __attribute__((ext_vector_type(8)));
    typedef int8_t sixteen __attribute__((ext_vector_type(16), aligned(1), may_alias));
    four words = (four)__builtin_ia32_packusdw256(row[0], row[1]);
    words = __builtin_shufflevector(words, words, 0, 2, 1, 3);
    two low = __builtin_shufflevector(words, words, 0, 1), high = __builtin_shufflevector(words, words, 2, 3);
    *(sixteen *)y = (sixteen)__builtin_ia32_packuswb128((eight_shorts)low, (eight_shorts)high);
    return;
#endif
    UNROLL
    for (int v = 0; v < VECTORS; v++) *(byte_row *)(y + v * LANES) = __builtin_convertvector(row[v], byte_row);
}

INLINE void store_requantized(const int rows, ivec tile[][VECTORS], const uint32_t *multiplier, int most, uint8_t *y, ptrdiff_t pitch) {
    UNROLL
    for (int i = 0; i < rows; i++) {
        ivec row[VECTORS];
        UNROLL
        for (int v = 0; v < VECTORS; v++) row[v] = requantized(tile[i][v], iload(multiplier + v * LANES), most);
        store_row(y + i * pitch, row);
    }
}

#endif
