// The first convolution (3x3, 3 interleaved channels), its ReLU and the 2x2 max pool after it, in one pass; and the weight gradient.
//
// Forward: Winograd F(4x4,3x3) with 3 channels only. The product for a tile, 36 places x 3 x 16, goes straight through the output
// transform into the pool, so that the 32x32 map before the pool is never written: only a quarter of it comes out, with the place of
// each maximum when training. Layout of the transformed input, one row of tiles at a time: [place][tile][4], the fourth float
// unused; places are counted column by column here, because a column of products is transformed as soon as it is complete.
// Backward: only the maximum of a window has a gradient, so that one multiply-add for each pooled value and tap does, with the input
// picked lane by lane from the window's four candidates. Bound: the multiply-add and shuffle units.
#ifndef STEM_POOL_H
#define STEM_POOL_H

static void stem_pool_prepare(int out_panels, const float *w, float *u) {
    for (int panel = 0; panel < out_panels; panel++, w += 27 * P, u += PLACES * 3 * P)
        for (int place = 0; place < 3 * P; place += LANES) { // channels and filters
            vec half[6][3];
            for (int x = 0; x < 3; x++) {
                vec g[3] = {load(w + x * 3 * P + place), load(w + (3 + x) * 3 * P + place), load(w + (6 + x) * 3 * P + place)};
                vec column[6];
                transform_filter(g, column);
                for (int i = 0; i < 6; i++) half[i][x] = column[i];
            }
            for (int i = 0; i < 6; i++) {
                vec row[6];
                transform_filter(half[i], row);
                for (int x = 0; x < 6; x++) store(u + (x * 6 + i) * 3 * P + place, row[x]);
            }
        }
}

INLINE void transform_input4(const row4 d[6], row4 out[6]) { // transform_input for four floats
    row4 even_a = d[4] - B2 * d[2], odd_a = d[3] - B2 * d[1], even_b = d[4] - A2 * d[2], odd_b = d[3] - A2 * d[1];
    out[0] = d[0] + d[4] - A2_B2 * d[2];
    out[1] = even_a + A1 * odd_a;
    out[2] = even_a - A1 * odd_a;
    out[3] = even_b + B1 * odd_b;
    out[4] = even_b - B1 * odd_b;
    out[5] = d[1] + d[5] - A2_B2 * d[3];
}

// One row of tiles, whose six input rows begin at x. `rows` is scratch memory for 6 rows of pitch + 16.
static void stem_pool_inputs(const sqz_stem_pool *s, const float *x, float *rows, float *v) {
    int tiles = (s->size + 1) / 2;
    ptrdiff_t pitch = s->pitch + 16;
    for (int k = 0; k < s->pitch; k += LANES) {
        vec d[6], out[6];
        UNROLL
        for (int i = 0; i < 6; i++) d[i] = load(x + i * s->pitch + k);
        transform_input(d, out);
        UNROLL
        for (int i = 0; i < 6; i++) store(rows + i * pitch + k, out[i]);
    }
    for (int i = 0; i < 6; i++)
        for (int t = 0; t < tiles; t++) {
            row4 d[6], out[6];
            UNROLL
            for (int k = 0; k < 6; k++) d[k] = *(const vec4 *)(rows + i * pitch + t * 12 + k * 3);
            transform_input4(d, out);
            UNROLL
            for (int k = 0; k < 6; k++) *(row4 *)(v + ((k * 6 + i) * tiles + t) * 4) = out[k];
        }
}

// 4x4 values before the pool, of 16 channels: 2x2 after it, of which `rows` and `columns` are inside the map.
INLINE void stem_pool_tile(const sqz_stem_pool *s, int tiles, const float *v, const float *u, const float *bias, int rows,
                           int columns, float *y, uint8_t *place) {
    vec half[VECTORS][4][6];
    UNROLL
    for (int x = 0; x < 6; x++) {
        vec m[VECTORS][6];
        UNROLL
        for (int i = 0; i < 6; i++) {
            const float *in = v + (x * 6 + i) * tiles * 4, *filter = u + (x * 6 + i) * 3 * P;
            UNROLL
            for (int h = 0; h < VECTORS; h++)
                m[h][i] = in[0] * load(filter + h * LANES) + in[1] * load(filter + P + h * LANES) +
                          in[2] * load(filter + 2 * P + h * LANES);
        }
        UNROLL
        for (int h = 0; h < VECTORS; h++) {
            vec out[4];
            transform_output(m[h], out);
            UNROLL
            for (int i = 0; i < 4; i++) half[h][i][x] = out[i];
        }
    }
    NO_UNROLL
    for (int h = 0; h < VECTORS; h++) {
        vec b = load(bias + h * LANES);
        NO_UNROLL
        for (int row = 0; row < rows; row++) {
            ptrdiff_t here = (ptrdiff_t)row * s->size * P + h * LANES;
            pool_outputs(half[h] + 2 * row, columns, b, s->least, y + here, place ? place + here : place);
        }
    }
}

static void stem_pool_forward(const sqz_stem_pool *s, int first_pair, int last_pair, const float *x, const float *u,
                              const float *bias, float *y, uint8_t *place, float *work) {
    int tiles = (s->size + 1) / 2;
    float *v = work + 6 * (s->pitch + 16);
    ptrdiff_t map = (ptrdiff_t)s->size * s->size * P;
    for (int pair = first_pair; pair < last_pair; pair++) {
        stem_pool_inputs(s, x + (ptrdiff_t)4 * pair * s->pitch, work, v);
        int rows = 2 * pair + 2 <= s->size ? 2 : 1;
        for (int panel = 0; panel < s->out_panels; panel++) {
            const float *filters = u + (ptrdiff_t)panel * PLACES * 3 * P;
            ptrdiff_t here = panel * map + (ptrdiff_t)2 * pair * s->size * P;
            for (int t = 0; t < tiles; t++, here += 2 * P) {
                int columns = 2 * t + 2 <= s->size ? 2 : 1;
                if (place) stem_pool_tile(s, tiles, v + t * 4, filters, bias + panel * P, rows, columns, y + here, place + here);
                else stem_pool_tile(s, tiles, v + t * 4, filters, bias + panel * P, rows, columns, y + here, 0);
            }
        }
    }
}

// For each of the 27 taps the inputs that a window's four values have read. Four taps are a cache line: the 28th is not used.
typedef float tap_candidates[28][4];

// dw of `taps` taps for one row of pooled values.
INLINE void stem_pool_taps(const int taps, int first, int count, const tap_candidates *candidates, const float *dy,
                           const uint8_t *place, float *dw) {
    dw += first * P;
    vec sum[taps][VECTORS];
    UNROLL
    for (int k = 0; k < taps; k++)
        UNROLL
        for (int v = 0; v < VECTORS; v++) sum[k][v] = load(dw + k * P + v * LANES);
    NO_UNROLL
    for (int x = 0; x < count; x++, dy += P, place += P) {
        vec d[VECTORS];
        ivec index[VECTORS];
        UNROLL
        for (int v = 0; v < VECTORS; v++) {
            d[v] = load(dy + v * LANES);
            index[v] = __builtin_convertvector(*(const bytes *)(place + v * LANES), ivec);
        }
        UNROLL
        for (int k = 0; k < taps; k++)
            UNROLL
            for (int v = 0; v < VECTORS; v++) sum[k][v] += pick(candidates[x] + first, k, index[v]) * d[v];
    }
    UNROLL
    for (int k = 0; k < taps; k++)
        UNROLL
        for (int v = 0; v < VECTORS; v++) store(dw + k * P + v * LANES, sum[k][v]);
}

static void stem_pool_backward(const sqz_stem_pool *s, const float *x, const float *dy, const uint8_t *place, float *dw,
                               float *dbias, float *work) {
    enum { ACROSS = 16 }; // pooled values whose candidates are laid out at a time
    tap_candidates *candidates = (tap_candidates *)work;
    ptrdiff_t map = (ptrdiff_t)s->size * s->size * P;
    for (int panel = 0; panel < s->out_panels; panel++) accumulate_rows(s->size * s->size, dy + panel * map, dbias + panel * P);
    for (int row = 0; row < s->size; row++)
        for (int first = 0; first < s->size; first += ACROSS) {
            int count = s->size - first < ACROSS ? s->size - first : ACROSS;
            for (int ky = 0; ky < 3; ky++) {
                const float *corner = x + (ptrdiff_t)(2 * row + ky) * s->pitch + 6 * first;
                for (int i = 0; i < count; i++, corner += 6)
                    UNROLL
                    for (int k = 0; k < 9; k++) {
                        row4 upper = *(const vec4 *)(corner + k), lower = *(const vec4 *)(corner + s->pitch + k);
                        *(row4 *)candidates[i][9 * ky + k] = __builtin_shufflevector(upper, lower, 0, 3, 4, 7);
                    }
            }
            for (int panel = 0; panel < s->out_panels; panel++) {
                ptrdiff_t here = panel * map + ((ptrdiff_t)row * s->size + first) * P;
                float *to = dw + (ptrdiff_t)panel * 27 * P;
#if LANES == 16
                stem_pool_taps(16, 0, count, candidates, dy + here, place + here, to);
                stem_pool_taps(11, 16, count, candidates, dy + here, place + here, to);
#else
                for (int tap = 0; tap < 15; tap += 5) stem_pool_taps(5, tap, count, candidates, dy + here, place + here, to);
                for (int tap = 15; tap < 27; tap += 4) stem_pool_taps(4, tap, count, candidates, dy + here, place + here, to);
#endif
            }
        }
}

#endif
