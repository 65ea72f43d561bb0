// 3x3 convolutions of bytes as plain sums over nine taps, where an instruction adds four products and Winograd's quarter of the
// multiplications, in 16 bits, gains little.
#ifndef INT8_CONV_DIRECT_H
#define INT8_CONV_DIRECT_H
#include "int8.h"
#include "int8_bands.h"
#include "int8_winograd.h"

// Of few inputs Winograd's transforms are most of the work, and of 13 x 13 pixels a third of its tiles is empty.
INLINE int is_direct(const sqz_int8_conv3x3 *s) {
    int covered = (s->size + 3) / 4 * 4;
    return s->inputs <= 16 || 4 * covered * covered > 5 * s->size * s->size;
}

// What tiles of TILE_ROWS pixels by so many panels of outputs leave of the registers is enough for the weights and a pixel.
enum { TILE_PANELS = LANES == 16 ? 2 : 1 };

// One tile: bias and the sums over three lines of three pixels, which lie one after the other in the input and in the weights.
INLINE void direct_tile(const int panels, const sqz_int8_conv3x3 *s, int pitch, const ptrdiff_t pixels[TILE_ROWS], const uint8_t *x,
                        const int8_t *w, const int32_t *bias, const uint32_t *multiplier, uint8_t *y) {
    ivec tile[panels][TILE_ROWS][VECTORS];
    UNROLL
    for (int p = 0; p < panels; p++)
        UNROLL
        for (int i = 0; i < TILE_ROWS; i++)
            UNROLL
            for (int v = 0; v < VECTORS; v++) tile[p][i][v] = iload(bias + p * P + v * LANES);
    ptrdiff_t inputs = s->inputs, next = 9 * inputs * P;
    for (int line = 0; line < 3; line++, x += pitch * inputs, w += 3 * inputs * P) {
        NO_UNROLL
        for (ptrdiff_t k = 0; k < 3 * inputs; k += 4) {
            ivec column[panels][VECTORS];
            UNROLL
            for (int p = 0; p < panels; p++)
                UNROLL
                for (int v = 0; v < VECTORS; v++) column[p][v] = iload(w + p * next + k * P + v * 4 * LANES);
            UNROLL
            for (int i = 0; i < TILE_ROWS; i++) {
                ivec four = four_bytes(x + i * inputs + k);
                UNROLL
                for (int p = 0; p < panels; p++)
                    UNROLL
                    for (int v = 0; v < VECTORS; v++) tile[p][i][v] = dot4(tile[p][i][v], four, column[p][v]);
            }
        }
    }
    UNROLL
    for (int i = 0; i < TILE_ROWS; i++) {
        if (pixels[i] < 0) continue;
        UNROLL
        for (int p = 0; p < panels; p++)
            store_requantized(1, &tile[p][i], multiplier + p * P, s->most, y + pixels[i] * s->out_pitch + p * P, 0);
    }
}

static void direct_conv3x3_prepare(const sqz_int8_conv3x3 *s, const int8_t *w, int16_t *u) {
    if (is_direct(s)) tile_conv3x3_prepare(s, w, u);
    else int8_conv3x3_prepare(s, w, u);
}

static void direct_conv3x3(const sqz_int8_conv3x3 *s, const sqz_conv3x3_part *part, const uint8_t *x, const int16_t *u,
                           const int32_t *bias, const uint32_t *multiplier, uint8_t *y, void *work) {
    if (!is_direct(s)) {
        int8_conv3x3(s, part, x, u, bias, multiplier, y, work);
        return;
    }
    const int8_t *w = (const int8_t *)u;
    uint8_t *copy = work;
    tile_band band;
    for (int first = part->first_tile; first < part->last_tile;) {
        first = next_band(s, first, part->last_tile, &band);
        copy_band(s, &band, x, copy);
        int places = (band.lines - 1) * band.pitch + band.columns;
        for (int panel = part->first_panel, panels; panel < part->last_panel; panel += panels) {
            panels = part->last_panel - panel < TILE_PANELS ? part->last_panel - panel : TILE_PANELS;
            const int8_t *own = w + (ptrdiff_t)panel * 9 * s->inputs * P;
            for (int tile = 0; tile < tiles_of(places); tile++) {
                int start = tile_start(places, tile);
                ptrdiff_t pixels[TILE_ROWS];
                find_pixels(s, &band, start, pixels);
                const uint8_t *from = copy + (ptrdiff_t)start * s->inputs;
                if (panels == TILE_PANELS)
                    direct_tile(TILE_PANELS, s, band.pitch, pixels, from, own, bias + panel * P, multiplier + panel * P, y + panel * P);
                else direct_tile(1, s, band.pitch, pixels, from, own, bias + panel * P, multiplier + panel * P, y + panel * P);
            }
        }
    }
}

#endif
