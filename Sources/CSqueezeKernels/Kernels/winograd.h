// 3x3 convolutions, stride 1, padding 1, by Winograd's F(4x4,3x3) (Lavin and Gray, arXiv 1509.09308): 36 multiply-adds instead of
// 144 for each 4x4 output tile and pair of channels.
//
//   forward          Y  = A^T [ (G g G^T) * (B^T d B) ] A       d: 6x6 input tile, g: 3x3 filter, *: by element
//   weight gradient  dg = G^T [ (B^T d B) * (A dY A^T) ] G      the adjoints; one transform A dY A^T feeds both
//   data gradient    dd = B   [ (G g G^T) * (A dY A^T) ] B^T    added up where input tiles overlap
//
// By element means 36 independent products, one for each place in the 6x6 tile, of tiles x channels x filters.
// Layouts ("place" is 0...35; a row is one tile's 16 channels; places are `pitch` apart, a line more than they need, so that all
// 36 do not fall on the same cache sets):
//   v  = B^T d B    [place][in/16][tile][16]       u  = G g G^T  [out/16][place][in + 1][16], and its gradient du likewise
//   m  = A dY A^T   [out/16][place][tile][16]      ut            [place][in/16][out][16]
// Error against double precision, relative to the result's length, with 32 channels: forward 5e-7, weight gradient 1.1e-6, data
// gradient 4e-7 (winograd_points.py); of whole networks, logits within 1e-5 of the largest (OracleTests, every fixture).
// Of a tile of three rows of outputs the last row of places is not needed: only the fourth row of outputs reads it (A^T, below), and
// only from it comes what goes back. The same for columns. So maps whose side is no multiple of 4 have tiles of 3 too: 13 = 4 + 3 +
// 3 + 3 takes 21^2 products instead of 24^2.
// Tiles are worked on in blocks so that v and m stay in the second level cache. Bound: the multiply-add units in the products,
// the load and store units in the transforms.
#ifndef WINOGRAD_H
#define WINOGRAD_H

// ---- tiles of a map

typedef struct {
    int image, row, column; // of the tile's first output, in pixels
    int rows, columns;      // of outputs inside the map
} tile_place;

// What places have in common: whether they are in the last row of a tile, and whether in the last column.
enum { KINDS = 4 };

INLINE int kind_of(int place) { return 2 * (place / 6 == 5) + (place % 6 == 5); }

// Tiles in an order in which those that need places of a kind follow each other: [first[kind], first[kind] + count[kind]).
typedef struct {
    int first[KINDS], count[KINDS];
    tile_place tiles[SQZ_LARGEST_BLOCK];
} tile_block;

INLINE int least(int a, int b) { return a < b ? a : b; }

// The block that begins with tile `first` and ends before `last`.
static void find_tiles(const sqz_conv3x3 *s, int first, int last, tile_block *block) {
    int across = sqz_tiles(s->width), each = across * sqz_tiles(s->height), count = least(s->block, last - first);
    int image = first / each, down = first % each / across, right = first % across;
    int top = sqz_tile_start(s->height, s->pools, down), bottom = sqz_tile_start(s->height, s->pools, down + 1);
    int left = sqz_tile_start(s->width, s->pools, right);
    tile_place found[SQZ_LARGEST_BLOCK];
    // Those of four columns and fewer rows, of four of both, of four rows and fewer columns, of fewer of both; and what is before.
    int group[SQZ_LARGEST_BLOCK], before[5] = {0};
    for (int i = 0; i < count; i++) {
        int end = sqz_tile_start(s->width, s->pools, ++right), is_tall = bottom - top == 4, is_wide = end - left == 4;
        found[i] = (tile_place){image, top, left, bottom - top, end - left};
        group[i] = is_tall ? 2 - is_wide : 3 - 3 * is_wide;
        before[group[i] + 1]++;
        left = end;
        if (left < s->width) continue;
        left = right = 0, top = bottom, down++;
        if (top == s->height) top = down = 0, image++;
        bottom = sqz_tile_start(s->height, s->pools, down + 1);
    }
    for (int g = 1; g < 5; g++) before[g] += before[g - 1];
    *block = (tile_block){.first = {0, 0, before[1], before[1]}, .count = {count, before[2], before[3] - before[1], before[2] - before[1]}};
    for (int i = 0; i < count; i++) block->tiles[before[group[i]]++] = found[i];
}

INLINE ptrdiff_t pitch_of(const sqz_conv3x3 *s) { return (ptrdiff_t)(s->block + 1) * P; }

// One 6x6 tile of a panel of inputs; `left` and `right` say how many of its columns hang over the map's edges.
INLINE void input_tile(const float *const rows[6], const int left, const int right, ptrdiff_t step, float *v) {
    for (int h = 0; h < P; h += LANES) {
        vec half[6][6];
        UNROLL
        for (int x = 0; x < 6; x++) {
            vec d[6], out[6];
            UNROLL
            for (int i = 0; i < 6; i++) d[i] = x < left || x >= 6 - right ? (vec)0 : load(rows[i] + x * P + h);
            transform_input(d, out);
            UNROLL
            for (int i = 0; i < 6; i++) half[i][x] = out[i];
        }
        UNROLL
        for (int i = 0; i < 6; i++) {
            vec out[6];
            transform_input(half[i], out);
            UNROLL
            for (int x = 0; x < 6; x++) store(v + (i * 6 + x) * step + h, out[x]);
        }
    }
}

static const float zero_pixels[6 * P] __attribute__((aligned(64)));

static void input_tile_at(const sqz_conv3x3 *s, tile_place t, const float *panel, ptrdiff_t step, float *v) {
    int left = t.column == 0, right = t.column + 5 > s->width ? t.column + 5 - s->width : 0;
    const float *rows[6];
    for (int i = 0; i < 6; i++) {
        int y = t.row - 1 + i;
        rows[i] = y < 0 || y >= s->height ? zero_pixels : panel + ((ptrdiff_t)y * s->width + t.column - 1) * P;
    }
    if (!left && !right) return input_tile(rows, 0, 0, step, v);
    if (left && !right) return input_tile(rows, 1, 0, step, v);
    if (!left && right == 1) return input_tile(rows, 0, 1, step, v);
    if (left && right == 1) return input_tile(rows, 1, 1, step, v);
    if (!left && right == 2) return input_tile(rows, 0, 2, step, v);
    float patch[6][6 * P] __attribute__((aligned(64))) = {{0}};
    for (int i = 0; i < 6; i++) {
        for (int x = left * P; x < (6 - right) * P; x++) patch[i][x] = rows[i][x];
        rows[i] = patch[i];
    }
    input_tile(rows, 0, 0, step, v);
}

static void transform_inputs(const sqz_conv3x3 *s, const tile_block *block, const float *x, float *v) {
    ptrdiff_t pitch = pitch_of(s), map = (ptrdiff_t)s->height * s->width * P, step = s->in_panels * pitch;
    for (int i = 0; i < block->count[0]; i++) {
        tile_place t = block->tiles[i];
        for (int panel = 0; panel < s->in_panels; panel++)
            input_tile_at(s, t, x + t.image * s->in_image + panel * map, step, v + panel * pitch + i * P);
    }
}

// One tile of outputs: `rows` and `columns` of them are inside the map, or with `pools` of their windows.
INLINE void output_tile(const int pools, const int rows, const int columns, ptrdiff_t pitch, const float *m,
                        const float *bias, float least, ptrdiff_t width, float *y) {
    for (int h = 0; h < P; h += LANES) {
        vec half[4][6], b = load(bias + h);
        UNROLL
        for (int x = 0; x < 6; x++) {
            vec in[6], out[4];
            UNROLL
            for (int i = 0; i < 6; i++) in[i] = load(m + (i * 6 + x) * pitch + h);
            transform_output(in, out);
            UNROLL
            for (int i = 0; i < 4; i++) half[i][x] = out[i];
        }
        UNROLL
        for (int i = 0; i < (pools ? 2 : 4); i++) {
            float *to = y + i * width * P + h;
            if (pools) {
                if (i < rows) pool_outputs(half + 2 * i, columns, b, least, to, 0);
                continue;
            }
            vec out[4];
            transform_output(half[i], out);
            UNROLL
            for (int x = 0; x < 4; x++)
                if (i < rows && x < columns) store(to + x * P, at_least(least, out[x] + b));
        }
    }
}

static void transform_outputs(const sqz_conv3x3 *s, const tile_block *block, const float *m, const float *bias, float *y) {
    int window = s->pools ? 2 : 1, width = s->width / window;
    for (int i = 0; i < block->count[0]; i++, m += P) {
        tile_place t = block->tiles[i];
        float *to = y + t.image * s->out_image + ((ptrdiff_t)(t.row / window) * width + t.column / window) * P;
        int is_whole = t.rows == 4 && t.columns == 4;
        if (s->pools && is_whole) output_tile(1, 2, 2, pitch_of(s), m, bias, s->least, width, to);
        else if (s->pools) output_tile(1, t.rows / 2, t.columns / 2, pitch_of(s), m, bias, s->least, width, to);
        else if (is_whole) output_tile(0, 4, 4, pitch_of(s), m, bias, s->least, width, to);
        else output_tile(0, t.rows, t.columns, pitch_of(s), m, bias, s->least, width, to);
    }
}

// ---- forward

INLINE void multiply_tile(const int rows, const float *a, ptrdiff_t a_stride, int panels, const float *b, const float *ahead,
                          float *c) {
    vec tile[rows][VECTORS];
    UNROLL
    for (int i = 0; i < rows; i++)
        UNROLL
        for (int v = 0; v < VECTORS; v++) tile[i][v] = (vec)0;
    multiply(rows, a, a_stride, panels, b, ahead, tile);
    UNROLL
    for (int i = 0; i < rows; i++)
        UNROLL
        for (int v = 0; v < VECTORS; v++) store(c + i * P + v * LANES, tile[i][v]);
}

// c[tile] = a[panel][tile] * b over `tiles` rows, rounded up to whole register tiles (the rows beyond are never read). The first
// of them fetches `ahead`, the filters of the next product: the transformed filters as a whole come from the third level cache.
static void multiply_tiles(int tiles, const float *a, ptrdiff_t a_stride, int panels, const float *b, const float *ahead,
                           float *c) {
    tiles = (tiles + LEAST_TILE - 1) / LEAST_TILE * LEAST_TILE;
    for (int t = 0, rows; t < tiles; t += rows, a += rows * P, c += rows * P, ahead = 0) {
        rows = tile_rows(tiles - t);
        if (rows == TILE && ahead) multiply_tile(TILE, a, a_stride, panels, b, ahead, c);
        else if (rows == TILE) multiply_tile(TILE, a, a_stride, panels, b, 0, c);
        else if (rows == SMALL_TILE && ahead) multiply_tile(SMALL_TILE, a, a_stride, panels, b, ahead, c);
        else if (rows == SMALL_TILE) multiply_tile(SMALL_TILE, a, a_stride, panels, b, 0, c);
        else multiply_tile(LEAST_TILE, a, a_stride, panels, b, ahead, c);
    }
}

static void conv3x3_forward(const sqz_conv3x3 *s, const sqz_conv3x3_part *part, const float *x, const float *u,
                            const float *bias, float *y, float *work) {
    ptrdiff_t pitch = pitch_of(s), filters = filter_pitch_of(s);
    ptrdiff_t map = s->pools ? (ptrdiff_t)(s->height / 2) * (s->width / 2) * P : (ptrdiff_t)s->height * s->width * P;
    float *v = work, *m = v + PLACES * s->in_panels * pitch, *own = m + PLACES * pitch;
    tile_block block;
    for (int first = part->first_tile; first < part->last_tile; first += s->block) {
        find_tiles(s, first, part->last_tile, &block);
        transform_inputs(s, &block, x, v);
        for (int panel = part->first_panel; panel < part->last_panel; panel++) {
            const float *filter = s->plain ? own : u + panel * PLACES * filters;
            if (s->plain) prepare_panel(s, u + panel * 9 * (ptrdiff_t)s->in_panels * P * P, own);
            for (int p = 0; p < PLACES; p++, filter += filters) {
                int kind = kind_of(p), start = block.first[kind] * P;
                multiply_tiles(block.count[kind], v + p * s->in_panels * pitch + start, pitch, s->in_panels, filter,
                               filter + filters, m + p * pitch + start);
            }
            transform_outputs(s, &block, m, bias + panel * P, y + panel * map);
        }
    }
}

// ---- backward

// One 4x4 tile of output gradients, and their sum for the bias.
INLINE void gradient_tile(const int rows, const int columns, ptrdiff_t width, const float *dy, ptrdiff_t pitch, float *m,
                          float *dbias) {
    for (int h = 0; h < P; h += LANES) {
        vec half[6][4], sum = (vec)0;
        UNROLL
        for (int x = 0; x < 4; x++) {
            vec in[4], out[6];
            UNROLL
            for (int i = 0; i < 4; i++) in[i] = i < rows && x < columns ? load(dy + (i * width + x) * P + h) : (vec)0;
            sum += (in[0] + in[1]) + (in[2] + in[3]);
            adjoint_output(in, out);
            UNROLL
            for (int i = 0; i < 6; i++) half[i][x] = out[i];
        }
        store(dbias + h, load(dbias + h) + sum);
        UNROLL
        for (int i = 0; i < 6; i++) {
            vec out[6];
            adjoint_output(half[i], out);
            UNROLL
            for (int x = 0; x < 6; x++) store(m + (i * 6 + x) * pitch + h, out[x]);
        }
    }
}

static void transform_gradients(const sqz_conv3x3 *s, const tile_block *block, const float *dy, float *m, float *dbias) {
    ptrdiff_t pitch = pitch_of(s), map = (ptrdiff_t)s->height * s->width * P;
    for (int i = 0; i < block->count[0]; i++) {
        tile_place t = block->tiles[i];
        const float *from = dy + t.image * s->out_image + ((ptrdiff_t)t.row * s->width + t.column) * P;
        for (int panel = 0; panel < s->out_panels; panel++, from += map) {
            float *to = m + panel * PLACES * pitch + i * P;
            if (t.rows == 4 && t.columns == 4) gradient_tile(4, 4, s->width, from, pitch, to, dbias + panel * P);
            else gradient_tile(t.rows, t.columns, s->width, from, pitch, to, dbias + panel * P);
        }
    }
}

// dx += B v B^T for one tile; columns and rows outside the map are left out.
INLINE void input_gradient_tile(const int top, const int bottom, const int left, const int right, const float *v,
                                ptrdiff_t step, ptrdiff_t width, float *dx) {
    for (int h = 0; h < P; h += LANES) {
        vec half[6][6];
        UNROLL
        for (int x = 0; x < 6; x++) {
            vec in[6], out[6];
            UNROLL
            for (int i = 0; i < 6; i++) in[i] = load(v + (i * 6 + x) * step + h);
            adjoint_input(in, out);
            UNROLL
            for (int i = 0; i < 6; i++) half[i][x] = out[i];
        }
        UNROLL
        for (int i = 0; i < 6; i++) {
            if (i < top || i >= 6 - bottom) continue;
            vec out[6];
            adjoint_input(half[i], out);
            UNROLL
            for (int x = 0; x < 6; x++) {
                if (x < left || x >= 6 - right) continue;
                float *to = dx + (i * width + x) * P + h;
                store(to, load(to) + out[x]);
            }
        }
    }
}

static void transform_input_gradients(const sqz_conv3x3 *s, const tile_block *block, const float *v, float *dx) {
    ptrdiff_t pitch = pitch_of(s), map = (ptrdiff_t)s->height * s->width * P, step = s->in_panels * pitch;
    for (int i = 0; i < block->count[0]; i++) {
        tile_place t = block->tiles[i];
        int top = t.row == 0, bottom = t.row + 5 > s->height ? t.row + 5 - s->height : 0;
        int left = t.column == 0, right = t.column + 5 > s->width ? t.column + 5 - s->width : 0;
        for (int panel = 0; panel < s->in_panels; panel++) {
            const float *from = v + panel * pitch + i * P;
            float *to = dx + t.image * s->in_image + panel * map + ((ptrdiff_t)(t.row - 1) * s->width + t.column - 1) * P;
            if (!left && !right) input_gradient_tile(top, bottom, 0, 0, from, step, s->width, to);
            else if (left && !right) input_gradient_tile(top, bottom, 1, 0, from, step, s->width, to);
            else if (!left && right == 1) input_gradient_tile(top, bottom, 0, 1, from, step, s->width, to);
            else input_gradient_tile(top, bottom, left, right, from, step, s->width, to);
        }
    }
}

static void conv3x3_backward(const sqz_conv3x3 *s, int images, int accumulate, const float *x, const float *dy,
                             const float *ut, float *dx, float *du, float *dbias, float *work) {
    ptrdiff_t pitch = pitch_of(s), filters = filter_pitch_of(s), step = s->in_panels * pitch;
    float *v = work, *m = v + PLACES * step;
    tile_block block;
    int tiles = images * sqz_tiles(s->width) * sqz_tiles(s->height);
    for (int first = 0; first < tiles; first += s->block) {
        find_tiles(s, first, tiles, &block);
        transform_inputs(s, &block, x, v);
        transform_gradients(s, &block, dy, m, dbias);
        for (int out = 0; out < s->out_panels; out++) {
            const float *mo = m + out * PLACES * pitch;
            for (int p = 0; p < PLACES; p++) {
                int kind = kind_of(p), start = block.first[kind] * P;
                for (int in = 0; in < s->in_panels; in++) {
                    float *gradient = du + (out * PLACES + p) * filters + in * P * P;
                    accumulate_outer(accumulate || first > 0, block.count[kind], v + p * step + in * pitch + start,
                                     mo + p * pitch + start, gradient, 0, gradient + filters);
                }
            }
        }
        for (int p = 0; p < PLACES; p++) // v is read no more: it becomes its own gradient
            for (int in = 0; in < s->in_panels; in++) {
                const float *filter = ut + ((ptrdiff_t)p * s->in_panels + in) * s->out_panels * P * P;
                multiply_tiles(block.count[0], m + p * pitch, PLACES * pitch, s->out_panels, filter,
                               filter + s->out_panels * P * P, v + p * step + in * pitch);
            }
        transform_input_gradients(s, &block, v, dx);
    }
}

#endif
