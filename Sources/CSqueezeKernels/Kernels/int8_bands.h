// The input of a plain 3x3 convolution: a band of it is copied, lines one after the other with zeros between them. A tile is TILE_ROWS
// pixels of that, wherever they are: the sums of the zeros between lines are dropped, and a tap is the same distance from all of them.
#ifndef INT8_BANDS_H
#define INT8_BANDS_H
#include "int8_vector.h"

// The first of a tile's pixels: the last tile has some of the one before, rather than fewer than TILE_ROWS.
INLINE int tile_start(int pixels, int tile) {
    int start = tile * TILE_ROWS, last = pixels - TILE_ROWS;
    return start < last || last < 0 ? start : last;
}
INLINE int tiles_of(int pixels) { return (pixels + TILE_ROWS - 1) / TILE_ROWS; }

// u: [out/16][9][in/4][16][4] bytes.
static void tile_conv3x3_prepare(const sqz_int8_conv3x3 *s, const int8_t *w, int16_t *u) {
    int8_t *to = (int8_t *)u;
    for (int out = 0; out < s->out_panels * P; out++)
        for (int in = 0; in < s->inputs; in++)
            for (int tap = 0; tap < 9; tap++)
                to[(((ptrdiff_t)(out / P) * 9 + tap) * s->inputs + in / 4 * 4) * P + out % P * 4 + in % 4] =
                    w[((ptrdiff_t)out * s->inputs + in) * 9 + tap];
}

// Lines are counted over all images, with one of zeros before each and after the last: line 0, size + 1, and so on. In the copy a line
// has a pixel more at each end; where it is whole these are zeros, of which one serves as the end of a line and as the begin of the next.
typedef struct {
    int first_line, lines; // of the output
    int first_column, columns;
    int pitch; // pixels from one line of the copy to the next
} tile_band;

// The line of a row of Winograd's tiles.
INLINE int line_of(const sqz_int8_conv3x3 *s, int tile_row) {
    int across = (s->size + 3) / 4;
    return tile_row / across * (s->size + 1) + tile_row % across * 4 + 1;
}
INLINE int line_after(const sqz_int8_conv3x3 *s, int tile_row) {
    int row = tile_row % ((s->size + 3) / 4) * 4;
    return line_of(s, tile_row) + (s->size - row < 4 ? s->size - row : 4);
}

// As many of the tiles [first, last) as are one band that `work` holds; returns the first of the others.
static int next_band(const sqz_int8_conv3x3 *s, int first, int last, tile_band *band) {
    int across = (s->size + 3) / 4, row = first / across, column = first % across;
    int end = (row + 1) * across, after = row + 1;
    *band = (tile_band){.first_line = line_of(s, row), .first_column = column * 4};
    if (column == 0 && last >= end) {
        band->columns = s->size;
        band->pitch = s->size + 1;
        int most = (SQZ_INT8_BAND / s->inputs - TILE_ROWS) / band->pitch - 2;
        while ((after + 1) * across <= last && line_after(s, after) - band->first_line <= most) after++;
        end = after * across;
    } else {
        if (end > last) end = last;
        band->columns = (end - first) * 4;
        if (band->columns > s->size - column * 4) band->columns = s->size - column * 4;
        band->pitch = band->columns + 2;
    }
    band->lines = line_after(s, after - 1) - band->first_line;
    return end;
}

static void copy_band(const sqz_int8_conv3x3 *s, const tile_band *b, const uint8_t *x, uint8_t *copy) {
    size_t pixel = (size_t)s->inputs, pitch = (size_t)b->pitch * pixel;
    int from = b->first_column - 1, to = from + b->pitch;
    size_t before = from < 0 ? pixel : 0, behind = to > s->size ? pixel : 0, inside = pitch - before - behind;
    for (int line = b->first_line - 1; line <= b->first_line + b->lines; line++, copy += pitch) {
        int row = line % (s->size + 1) - 1;
        memset(copy, 0, row < 0 ? pitch : before);
        if (row < 0) continue;
        ptrdiff_t first = ((ptrdiff_t)(line / (s->size + 1)) * s->size + row) * s->size + from + (from < 0);
        memcpy(copy + before, x + first * s->inputs, inside);
        memset(copy + before + inside, 0, behind);
    }
    // The last tile's taps may reach as far.
    memset(copy, 0, TILE_ROWS * pixel);
}

// Where the sums of a tile go: pixels of the output, or -1 for those that are none.
static void find_pixels(const sqz_int8_conv3x3 *s, const tile_band *b, int start, ptrdiff_t pixels[TILE_ROWS]) {
    int line = start / b->pitch, column = start % b->pitch;
    int image = (b->first_line + line) / (s->size + 1), row = (b->first_line + line) % (s->size + 1) - 1;
    for (int i = 0; i < TILE_ROWS; i++) {
        int is_pixel = column < b->columns && row >= 0 && line < b->lines;
        pixels[i] = is_pixel ? ((ptrdiff_t)image * s->size + row) * s->size + b->first_column + column : -1;
        if (++column < b->pitch) continue;
        column = 0, line++;
        if (++row == s->size) row = -1, image++;
    }
}

#endif
