// Eight bits: the products, in vectors. INT_TILE, the rows of register tiles, comes from the file that includes the kernels.
#ifndef INT8_H
#define INT8_H
#include "int8_vector.h"

// tile[i] = bias + x[i] * w over all inputs.
INLINE void int8_products(const int rows, int inputs, const uint8_t *x, ptrdiff_t pitch, const int8_t *w, const int32_t *bias,
                          ivec tile[][VECTORS]) {
    UNROLL
    for (int i = 0; i < rows; i++)
        UNROLL
        for (int v = 0; v < VECTORS; v++) tile[i][v] = iload(bias + v * LANES);
    NO_UNROLL
    for (int k = 0; k < inputs; k += 4) {
        ivec column[VECTORS];
        UNROLL
        for (int v = 0; v < VECTORS; v++) column[v] = iload(w + k * P + v * 4 * LANES);
        UNROLL
        for (int i = 0; i < rows; i++) {
            ivec four = four_bytes(x + i * pitch + k);
            UNROLL
            for (int v = 0; v < VECTORS; v++) tile[i][v] = dot4(tile[i][v], four, column[v]);
        }
    }
}

INLINE void int8_pointwise_rows(const int rows, const sqz_int8_pointwise *s, const uint8_t *x, const int8_t *w, const int32_t *bias,
                                const uint32_t *multiplier, uint8_t *y) {
    ivec tile[rows][VECTORS];
    int8_products(rows, s->inputs, x, s->inputs, w, bias, tile);
    store_requantized(rows, tile, multiplier, s->most, y, s->out_pitch);
}

// Blocks of pixels that stay in the first level cache while all panels read them.
static void int8_pointwise(const sqz_int8_pointwise *s, const uint8_t *x, const int8_t *w, const int32_t *bias,
                           const uint32_t *multiplier, uint8_t *y) {
    enum { BLOCK = 32 };
    for (int first = 0; first < s->pixels; first += BLOCK) {
        int end = s->pixels - first < BLOCK ? s->pixels : first + BLOCK;
        for (int panel = 0; panel < s->out_panels; panel++) {
            const int8_t *own = w + (ptrdiff_t)panel * s->inputs * P;
            const int32_t *own_bias = bias + panel * P;
            const uint32_t *own_multiplier = multiplier + panel * P;
            int pixel = first;
            for (; pixel + INT_TILE <= end; pixel += INT_TILE)
                int8_pointwise_rows(INT_TILE, s, x + (ptrdiff_t)pixel * s->inputs, own, own_bias, own_multiplier,
                                    y + pixel * s->out_pitch + panel * P);
            for (; pixel < end; pixel++)
                int8_pointwise_rows(1, s, x + (ptrdiff_t)pixel * s->inputs, own, own_bias, own_multiplier,
                                    y + pixel * s->out_pitch + panel * P);
        }
    }
}

INLINE void int8_head_rows(const int rows, int inputs, const uint8_t *x, const int8_t *w, const int32_t *bias, int64_t *sums) {
    ivec tile[rows][VECTORS];
    int8_products(rows, inputs, x, inputs, w, bias, tile);
    UNROLL
    for (int v = 0; v < VECTORS; v++) {
        ivec sum = (ivec)0;
        UNROLL
        for (int i = 0; i < rows; i++) sum += tile[i][v] > 0 ? tile[i][v] : (ivec)0;
        for (int lane = 0; lane < LANES; lane++) sums[v * LANES + lane] += sum[lane];
    }
}

static void int8_head(int pixels, int inputs, int first_panel, int last_panel, const uint8_t *x, const int8_t *w, const int32_t *bias,
                      int64_t *sums) {
    for (int panel = first_panel; panel < last_panel; panel++) {
        const int8_t *own = w + (ptrdiff_t)panel * inputs * P;
        memset(sums + panel * P, 0, P * sizeof *sums);
        int pixel = 0;
        for (; pixel + INT_TILE <= pixels; pixel += INT_TILE)
            int8_head_rows(INT_TILE, inputs, x + (ptrdiff_t)pixel * inputs, own, bias + panel * P, sums + panel * P);
        for (; pixel < pixels; pixel++)
            int8_head_rows(1, inputs, x + (ptrdiff_t)pixel * inputs, own, bias + panel * P, sums + panel * P);
    }
}

INLINE void int8_stem_rows(const int rows, const sqz_int8_stem *s, const int16_t *x, const int16_t *w, const int32_t *bias,
                           const uint32_t *multiplier, uint8_t *y) {
    ivec tile[rows][VECTORS];
    UNROLL
    for (int i = 0; i < rows; i++)
        UNROLL
        for (int v = 0; v < VECTORS; v++) tile[i][v] = iload(bias + v * LANES);
    int run = sqz_int8_stem_run(s->kernel);
    for (int ky = 0; ky < s->kernel; ky++)
        for (int k = 0; k < run; k += 2, w += 2 * P) {
            ivec column[VECTORS];
            UNROLL
            for (int v = 0; v < VECTORS; v++) column[v] = iload(w + v * 2 * LANES);
            UNROLL
            for (int i = 0; i < rows; i++) {
                ivec two = four_bytes(x + ky * s->pitch + i * s->stride * 3 + k);
                UNROLL
                for (int v = 0; v < VECTORS; v++) tile[i][v] = dot2(tile[i][v], two, column[v]);
            }
        }
    store_requantized(rows, tile, multiplier, s->most, y, (ptrdiff_t)s->out_panels * P);
}

static void int8_stem(const sqz_int8_stem *s, int first_row, int last_row, const int16_t *x, const int16_t *w, const int32_t *bias,
                      const uint32_t *multiplier, uint8_t *y) {
    ptrdiff_t filters = (ptrdiff_t)s->kernel * sqz_int8_stem_run(s->kernel) * P;
    for (int row = first_row; row < last_row; row++)
        for (int panel = 0; panel < s->out_panels; panel++) {
            const int16_t *from = x + (ptrdiff_t)row * s->stride * s->pitch;
            uint8_t *to = y + (ptrdiff_t)row * s->width * s->out_panels * P + panel * P;
            int column = 0;
            for (; column + INT_TILE <= s->width; column += INT_TILE)
                int8_stem_rows(INT_TILE, s, from + column * s->stride * 3, w + panel * filters, bias + panel * P,
                               multiplier + panel * P, to + (ptrdiff_t)column * s->out_panels * P);
            for (; column < s->width; column++)
                int8_stem_rows(1, s, from + column * s->stride * 3, w + panel * filters, bias + panel * P, multiplier + panel * P,
                               to + (ptrdiff_t)column * s->out_panels * P);
        }
}

#endif
