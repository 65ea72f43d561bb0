// Eight bits by tiles: 16 pixels times up to 64 inputs, by 16 outputs. Pixels of fewer than a tile are computed in vectors.
//
// Weights lie as a tile has them, four inputs of 16 outputs a row, and so do pixels, one after the other. Two by two tiles of sums use
// each tile that is loaded twice, and hide the time that a product takes behind three others.
#ifndef INT8_TILES_H
#define INT8_TILES_H
#include "tiles.h"

#include "int8_bands.h"

typedef struct {
    int inputs;
    int chunk;            // inputs of a product
    int taps;
    ptrdiff_t offsets[9]; // bytes from a pixel to the one that a tap reads
} tile_layer;

// Sums of up to two by two tiles.
typedef struct {
    _Alignas(64) int32_t of[2][2][TILE_ROWS * P];
} tile_sums;

// Shapes for the largest products that divide the inputs evenly, so that there is one shape for all.
static tile_layer tiles_begin(int inputs) {
    int chunk = inputs % 64 == 0 ? 64 : inputs % 48 == 0 ? 48 : inputs % 32 == 0 ? 32 : 16;
    tile_shapes shapes = {.palette = 1};
    for (int tile = 0; tile < TILES; tile++) {
        shapes.rows[tile] = (uint8_t)(tile < 6 ? TILE_ROWS : chunk / 4);
        shapes.bytes[tile] = (uint16_t)(tile == 4 || tile == 5 ? chunk : TILE_BYTES);
    }
    tiles_configure(&shapes);
    return (tile_layer){.inputs = inputs, .chunk = chunk, .taps = 1};
}

// Tiles 0 to 3 are sums, 4 and 5 pixels, 6 and 7 weights. A pitch of 0 makes 16 rows of one.
INLINE void tile_products_of(const int rows, const int panels, const tile_layer *l, const uint8_t *x, ptrdiff_t second,
                             const int8_t *w, const int32_t *bias, tile_sums *sums) {
    ptrdiff_t panel = (ptrdiff_t)l->taps * l->inputs * P;
    tile_load(0, bias, 0);
    if (panels == 2) tile_load(1, bias + P, 0);
    if (rows == 2) tile_load(2, bias, 0);
    if (rows == 2 && panels == 2) tile_load(3, bias + P, 0);
    for (int tap = 0; tap < l->taps; tap++)
        for (int k = 0; k < l->inputs; k += l->chunk, w += l->chunk * P) {
            const uint8_t *from = x + l->offsets[tap] + k;
            tile_load(6, w, TILE_BYTES);
            if (panels == 2) tile_load(7, w + panel, TILE_BYTES);
            tile_load(4, from, l->inputs);
            if (rows == 2) tile_load(5, from + second, l->inputs);
            tile_dot(0, 4, 6);
            if (panels == 2) tile_dot(1, 4, 7);
            if (rows == 2) tile_dot(2, 5, 6);
            if (rows == 2 && panels == 2) tile_dot(3, 5, 7);
        }
    tile_store(0, sums->of[0][0], TILE_BYTES);
    if (panels == 2) tile_store(1, sums->of[0][1], TILE_BYTES);
    if (rows == 2) tile_store(2, sums->of[1][0], TILE_BYTES);
    if (rows == 2 && panels == 2) tile_store(3, sums->of[1][1], TILE_BYTES);
    __asm__ volatile("" : : : "memory"); // what is stored is read
}

// Of the 16 pixels from x, and those `second` bytes further unless that is 0.
static void tile_products(const tile_layer *l, const uint8_t *x, ptrdiff_t second, int panels, const int8_t *w, const int32_t *bias,
                          tile_sums *sums) {
    if (second && panels == 2) tile_products_of(2, 2, l, x, second, w, bias, sums);
    else if (second) tile_products_of(2, 1, l, x, second, w, bias, sums);
    else if (panels == 2) tile_products_of(1, 2, l, x, 0, w, bias, sums);
    else tile_products_of(1, 1, l, x, 0, w, bias, sums);
}

INLINE int at_most_two(int count) { return count < 2 ? count : 2; }

static void tile_pointwise(const sqz_int8_pointwise *s, const uint8_t *x, const int8_t *w, const int32_t *bias,
                           const uint32_t *multiplier, uint8_t *y) {
    if (s->pixels < TILE_ROWS) {
        int8_pointwise(s, x, w, bias, multiplier, y);
        return;
    }
    tile_layer layer = tiles_begin(s->inputs);
    tile_sums sums;
    for (int tile = 0, tiles; tile < tiles_of(s->pixels); tile += tiles) {
        tiles = at_most_two(tiles_of(s->pixels) - tile);
        int start[2] = {tile_start(s->pixels, tile), tile_start(s->pixels, tile + tiles - 1)};
        for (int panel = 0, panels; panel < s->out_panels; panel += panels) {
            panels = at_most_two(s->out_panels - panel);
            tile_products(&layer, x + (ptrdiff_t)start[0] * s->inputs, (ptrdiff_t)(start[1] - start[0]) * s->inputs, panels,
                          w + (ptrdiff_t)panel * s->inputs * P, bias + panel * P, &sums);
            for (int i = 0; i < tiles; i++)
                for (int j = 0; j < panels; j++)
                    store_requantized(TILE_ROWS, (ivec (*)[VECTORS])sums.of[i][j], multiplier + (panel + j) * P, s->most,
                                      y + start[i] * s->out_pitch + (panel + j) * P, s->out_pitch);
        }
    }
    tiles_release();
}

static void tile_head(int pixels, int inputs, int first_panel, int last_panel, const uint8_t *x, const int8_t *w, const int32_t *bias,
                      int64_t *sums) {
    if (pixels < TILE_ROWS) {
        int8_head(pixels, inputs, first_panel, last_panel, x, w, bias, sums);
        return;
    }
    tile_layer layer = tiles_begin(inputs);
    tile_sums scores;
    for (int panel = first_panel, panels; panel < last_panel; panel += panels) {
        panels = at_most_two(last_panel - panel);
        memset(sums + panel * P, 0, (size_t)(panels * P) * sizeof *sums);
        for (int tile = 0, tiles; tile < tiles_of(pixels); tile += tiles) {
            tiles = at_most_two(tiles_of(pixels) - tile);
            int start[2] = {tile_start(pixels, tile), tile_start(pixels, tile + tiles - 1)};
            tile_products(&layer, x + (ptrdiff_t)start[0] * inputs, (ptrdiff_t)(start[1] - start[0]) * inputs, panels,
                          w + (ptrdiff_t)panel * inputs * P, bias + panel * P, &scores);
            for (int i = 0; i < tiles; i++)
                for (int j = 0; j < panels; j++)
                    for (int v = 0; v < VECTORS; v++) {
                        // 16 scores below 2^25.
                        ivec sum = (ivec)0;
                        for (int row = (tile + i) * TILE_ROWS - start[i]; row < TILE_ROWS; row++) {
                            ivec score = iload(scores.of[i][j] + row * P + v * LANES);
                            sum += score > 0 ? score : (ivec)0;
                        }
                        for (int lane = 0; lane < LANES; lane++) sums[(panel + j) * P + v * LANES + lane] += sum[lane];
                    }
        }
    }
    tiles_release();
}

static ptrdiff_t tile_peak(ptrdiff_t rounds) {
    static const _Alignas(64) uint8_t bytes[TILE_ROWS * TILE_BYTES];
    tiles_begin(64);
    tile_load(4, bytes, TILE_BYTES);
    tile_load(5, bytes, TILE_BYTES);
    tile_load(6, bytes, TILE_BYTES);
    tile_load(7, bytes, TILE_BYTES);
    NO_UNROLL
    for (ptrdiff_t round = 0; round < rounds; round++) {
        tile_dot(0, 4, 6);
        tile_dot(1, 4, 7);
        tile_dot(2, 5, 6);
        tile_dot(3, 5, 7);
    }
    tiles_release();
    return rounds * 4 * TILE_ROWS * P * 64;
}

#endif
