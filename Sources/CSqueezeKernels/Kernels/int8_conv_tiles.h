// 3x3 convolutions of bytes by tiles: nine products for each tile of sums.
#ifndef INT8_CONV_TILES_H
#define INT8_CONV_TILES_H
#include "int8_tiles.h"

static void store_pixels(const sqz_int8_conv3x3 *s, const ptrdiff_t pixels[TILE_ROWS], const int32_t *sums, const uint32_t *multiplier,
                         uint8_t *y) {
    for (int i = 0; i < TILE_ROWS; i++)
        if (pixels[i] >= 0)
            store_requantized(1, (ivec (*)[VECTORS])(sums + i * P), multiplier, s->most, y + pixels[i] * s->out_pitch, 0);
}

static void tile_conv3x3(const sqz_int8_conv3x3 *s, const sqz_conv3x3_part *part, const uint8_t *x, const int16_t *u,
                         const int32_t *bias, const uint32_t *multiplier, uint8_t *y, void *work) {
    const int8_t *w = (const int8_t *)u;
    uint8_t *copy = work;
    tile_layer layer = tiles_begin(s->inputs);
    layer.taps = 9;
    tile_sums sums;
    tile_band band;
    for (int first = part->first_tile; first < part->last_tile;) {
        first = next_band(s, first, part->last_tile, &band);
        copy_band(s, &band, x, copy);
        for (int tap = 0; tap < 9; tap++) layer.offsets[tap] = (ptrdiff_t)(tap / 3 * band.pitch + tap % 3) * s->inputs;
        int places = (band.lines - 1) * band.pitch + band.columns;
        for (int panel = part->first_panel, panels; panel < part->last_panel; panel += panels) {
            panels = at_most_two(part->last_panel - panel);
            for (int tile = 0, tiles; tile < tiles_of(places); tile += tiles) {
                tiles = at_most_two(tiles_of(places) - tile);
                int start[2] = {tile_start(places, tile), tile_start(places, tile + tiles - 1)};
                tile_products(&layer, copy + (ptrdiff_t)start[0] * s->inputs, (ptrdiff_t)(start[1] - start[0]) * s->inputs, panels,
                              w + (ptrdiff_t)panel * 9 * s->inputs * P, bias + panel * P, &sums);
                for (int i = 0; i < tiles; i++) {
                    ptrdiff_t pixels[TILE_ROWS];
                    find_pixels(s, &band, start[i], pixels);
                    for (int j = 0; j < panels; j++)
                        store_pixels(s, pixels, sums.of[i][j], multiplier + (panel + j) * P, y + (panel + j) * P);
                }
            }
        }
    }
    tiles_release();
}

#endif
