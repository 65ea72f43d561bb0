// The vectors of the instruction set at hand, as clang vector extensions, and the register tile that every product uses.
//
// LANES (floats a vector) and TILE (rows of a register tile) come from the file that includes the kernels. A panel of 16 channels
// is VECTORS vectors. A tile of TILE rows x 16 columns is kept in registers while it is summed up: 4 x 2 accumulators on AVX2
// are what two multiply-add units of latency 4 need, and leave room for the operands.
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
INLINE vec relu(vec x) { return x < 0 ? (vec)0 : x; } // keeps NaN
INLINE vec larger(vec a, vec b) { return a > b ? a : b; }
INLINE vec where(ivec mask, vec x) { return (vec)((ivec)x & mask); }

// Lane by lane, the candidate that the index (0...3) names.
INLINE vec pick(const float candidates[4], ivec index) {
#ifdef PICK
    row4 four = *(const row4 *)candidates;
    return PICK(four, index);
#else
    ivec found = (ivec)0;
    for (int i = 0; i < 4; i++) found |= (ivec)splat(candidates[i]) & (index == i);
    return (vec)found;
#endif
}

// tile[i] += a[panel][i][k] * b[panel][k] over all panels and the 16 k of each; a's panels are a_stride floats apart.
INLINE void multiply(const int rows, const float *a, ptrdiff_t a_stride, int panels, const float *b, vec tile[][VECTORS]) {
    NO_UNROLL
    for (int panel = 0; panel < panels; panel++, a += a_stride, b += P * P) {
        UNROLL
        for (int k = 0; k < P; k++) {
            vec column[VECTORS];
            UNROLL
            for (int v = 0; v < VECTORS; v++) column[v] = load(b + k * P + v * LANES);
            UNROLL
            for (int i = 0; i < rows; i++) {
                vec x = splat(a[i * P + k]);
                UNROLL
                for (int v = 0; v < VECTORS; v++) tile[i][v] += x * column[v];
            }
        }
    }
}

// tile[i] += a[t][i] * b[t] over `count` pixels: an outer product summed over pixels, for weight gradients. If `sums` is given, it
// gets the plain sum of b: additions have units of their own, so that they come free beside the multiply-adds.
INLINE void multiply_outer(int count, const float *a, const float *b, vec tile[TILE][VECTORS], vec *sums) {
    _Pragma("clang loop unroll_count(8)")
    for (int t = 0; t < count; t++) {
        vec row[VECTORS];
        UNROLL
        for (int v = 0; v < VECTORS; v++) row[v] = load(b + t * P + v * LANES);
        UNROLL
        for (int i = 0; i < TILE; i++) {
            vec x = splat(a[t * P + i]);
            UNROLL
            for (int v = 0; v < VECTORS; v++) tile[i][v] += x * row[v];
        }
        if (!sums) continue;
        UNROLL
        for (int v = 0; v < VECTORS; v++) sums[v] += row[v];
    }
}

INLINE void accumulate_outer_rows(int accumulate, int count, const float *a, const float *b, float *dw, vec *sums) {
    vec tile[TILE][VECTORS];
    UNROLL
    for (int r = 0; r < TILE; r++)
        UNROLL
        for (int v = 0; v < VECTORS; v++) tile[r][v] = accumulate ? load(dw + r * P + v * LANES) : (vec)0;
    multiply_outer(count, a, b, tile, sums);
    UNROLL
    for (int r = 0; r < TILE; r++)
        UNROLL
        for (int v = 0; v < VECTORS; v++) store(dw + r * P + v * LANES, tile[r][v]);
}

// dw[16][16] = or += a^T b over `count` pixels of one input and one output panel, and, if given, dbias[16] += the rows of b.
static void accumulate_outer(int accumulate, int count, const float *a, const float *b, float *dw, float *dbias) {
    int i = 0;
    if (dbias) {
        vec sums[VECTORS];
        UNROLL
        for (int v = 0; v < VECTORS; v++) sums[v] = load(dbias + v * LANES);
        accumulate_outer_rows(accumulate, count, a, b, dw, sums);
        UNROLL
        for (int v = 0; v < VECTORS; v++) store(dbias + v * LANES, sums[v]);
        i = TILE;
    }
    for (; i < P; i += TILE) accumulate_outer_rows(accumulate, count, a + i, b, dw + i * P, 0);
}

// sums[16] += the rows of x.
static void accumulate_rows(int count, const float *x, float *sums) {
    vec total[VECTORS][2];
    UNROLL
    for (int v = 0; v < VECTORS; v++) total[v][0] = load(sums + v * LANES), total[v][1] = (vec)0;
    int t = 0;
    for (; t + 2 <= count; t += 2)
        UNROLL
        for (int v = 0; v < VECTORS; v++) {
            total[v][0] += load(x + t * P + v * LANES);
            total[v][1] += load(x + (t + 1) * P + v * LANES);
        }
    for (; t < count; t++)
        UNROLL
        for (int v = 0; v < VECTORS; v++) total[v][0] += load(x + t * P + v * LANES);
    UNROLL
    for (int v = 0; v < VECTORS; v++) store(sums + v * LANES, total[v][0] + total[v][1]);
}

#endif
