// The register tile that every product in single precision uses.
//
// TILE, SMALL_TILE and LEAST_TILE (rows of register tiles) and OUTER (rows of one for outer products) come from the file that includes
// the kernels. A tile of TILE rows x 16 columns is kept in registers while it is summed up. Two multiply-add units of latency 4 need 8
// accumulators: 4 x 2 vectors on AVX2, which reach 91 % of the peak on Zen 3; 6 x 2 and 3 x 4, which load less, reach 85 to 89 %.
#ifndef PRODUCTS_H
#define PRODUCTS_H
#include "vector.h"

// tile[i] += a[panel][i][k] * b[panel][k] over all panels and the 16 k of each; a's panels are a_stride floats apart. With `ahead`
// it also fetches 16 cache lines a panel from there, which a later product will read: weights that come from afar.
INLINE void multiply(const int rows, const float *a, ptrdiff_t a_stride, int panels, const float *b, const float *ahead,
                     vec tile[][VECTORS]) {
    NO_UNROLL
    for (int panel = 0; panel < panels; panel++, a += a_stride, b += P * P) {
        if (ahead) ahead += P * P;
        UNROLL
        for (int k = 0; k < P; k++) {
            if (ahead) __builtin_prefetch(ahead - P * P + k * P);
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

// How many of `rows` rows the next tile takes, so that few are left for single ones, which cost as much as tiles of four: TILE and
// SMALL_TILE are 6 and 4, say, and 8 is better cut into 4 + 4 than into 6 + 1 + 1; a last row joins a tile.
INLINE int tile_rows(int rows) {
    int rest = rows - TILE;
    if (rest == 1) return TILE + 1;
    if (rest == 0 || rest == SMALL_TILE || rest >= TILE) return TILE;
    return rows >= SMALL_TILE ? SMALL_TILE : rows >= LEAST_TILE ? LEAST_TILE : 1;
}

// dw[rows][16] = or += a^T b over `count` pixels: an outer product summed over pixels, for weight gradients. If `dbias` is given, it
// gets the plain sum of b: additions have units of their own, so that they come free beside the multiply-adds. With `ahead` it also
// fetches `count` cache lines from there, which will be added to next.
INLINE void accumulate_outer_rows(const int rows, int accumulate, int count, const float *a, const float *b, float *dw,
                                  float *dbias, const float *ahead) {
    vec tile[rows][VECTORS], sums[VECTORS];
    UNROLL
    for (int i = 0; i < rows; i++)
        UNROLL
        for (int v = 0; v < VECTORS; v++) tile[i][v] = accumulate ? load(dw + i * P + v * LANES) : (vec)0;
    UNROLL
    for (int v = 0; v < VECTORS; v++) sums[v] = dbias ? load(dbias + v * LANES) : (vec)0;
    _Pragma("clang loop unroll_count(8)")
    for (int t = 0; t < count; t++) {
        if (ahead) __builtin_prefetch(ahead + t * P, 1);
        vec row[VECTORS];
        UNROLL
        for (int v = 0; v < VECTORS; v++) row[v] = load(b + t * P + v * LANES);
        UNROLL
        for (int i = 0; i < rows; i++) {
            vec x = splat(a[t * P + i]);
            UNROLL
            for (int v = 0; v < VECTORS; v++) tile[i][v] += x * row[v];
        }
        if (!dbias) continue;
        UNROLL
        for (int v = 0; v < VECTORS; v++) sums[v] += row[v];
    }
    UNROLL
    for (int i = 0; i < rows; i++)
        UNROLL
        for (int v = 0; v < VECTORS; v++) store(dw + i * P + v * LANES, tile[i][v]);
    if (!dbias) return;
    UNROLL
    for (int v = 0; v < VECTORS; v++) store(dbias + v * LANES, sums[v]);
}

INLINE void accumulate_first_rows(const int rows, int accumulate, int count, const float *a, const float *b, float *dw, float *dbias,
                                  const float *ahead) {
    if (dbias) accumulate_outer_rows(rows, accumulate, count, a, b, dw, dbias, 0);
    else if (ahead) accumulate_outer_rows(rows, accumulate, count, a, b, dw, 0, ahead);
    else accumulate_outer_rows(rows, accumulate, count, a, b, dw, 0, 0);
}

// The same for the 16 rows of a whole input panel; with dbias or ahead.
static void accumulate_outer(int accumulate, int count, const float *a, const float *b, float *dw, float *dbias,
                             const float *ahead) {
#if OUTER == 6
    // The sums of the bias need registers too: they go with a tile of 5.
    accumulate_first_rows(5, accumulate, count, a, b, dw, dbias, ahead);
    accumulate_outer_rows(5, accumulate, count, a + 5, b, dw + 5 * P, 0, 0);
    accumulate_outer_rows(6, accumulate, count, a + 10, b, dw + 10 * P, 0, 0);
#else
    accumulate_first_rows(OUTER, accumulate, count, a, b, dw, dbias, ahead);
    for (int i = OUTER; i < P; i += OUTER) accumulate_outer_rows(OUTER, accumulate, count, a + i, b, dw + i * P, 0, 0);
#endif
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
