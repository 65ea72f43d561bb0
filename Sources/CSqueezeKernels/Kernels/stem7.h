// The 7x7 convolution of stride 2 over 3 interleaved channels, with ReLU: the first layer of SqueezeNet 1.0, which takes a quarter of
// its time when computed directly.
//
// Rows and columns of even and odd numbers make four maps, each convolved with a 4x4 kernel (7 = 4 + 3) of stride 1; together that
// is one convolution over 12 channels, done by Winograd's F(3x3,4x4): 36 x 12 products for 3x3 outputs instead of 9 x 147. Its points
// are those of F(4x4,3x3), so the input transform is the same one.
// Layouts, for one row of tiles at a time: v [place][tile][2][8], for even and odd rows the even and the odd pixel's 3 channels, then
// two unused floats; u [out/16][place][12][16]; m [place][tile][16]. Bound: the multiply-add units.
#ifndef STEM7_H
#define STEM7_H

typedef float row8 __attribute__((ext_vector_type(8)));
typedef float vec8 __attribute__((ext_vector_type(8), aligned(4), may_alias)); // anywhere in memory

INLINE void transform_filter4(const vec g[4], vec out[6]) { // G g for kernels of 4
    vec even_a = g[0] + A2 * g[2], odd_a = A1 * (g[1] + A2 * g[3]), even_b = g[0] + B2 * g[2], odd_b = B1 * (g[1] + B2 * g[3]);
    out[0] = g[0];
    out[1] = (-27.0f / 65) * (even_a + odd_a);
    out[2] = (-27.0f / 65) * (even_a - odd_a);
    out[3] = (12.0f / 65) * (even_b + odd_b);
    out[4] = (12.0f / 65) * (even_b - odd_b);
    out[5] = g[3];
}

INLINE void transform_output3(const vec m[6], vec out[3]) { // A^T m for three outputs
    vec sum_a = m[1] + m[2], sum_b = m[3] + m[4];
    out[0] = m[0] + B1 * sum_a + A1 * sum_b;
    out[1] = (m[1] - m[2]) + (m[3] - m[4]);
    out[2] = m[5] + A1 * sum_a + B1 * sum_b;
}

// The weight of a 7x7 kernel, zero in its eighth row and column.
INLINE vec stem7_weight(const float *w, int row, int column, int channel) {
    return row == 7 || column == 7 ? (vec)0 : load(w + ((row * 7 + column) * 3 + channel) * P);
}

static void stem7_prepare(int out_panels, const float *w, float *u) {
    for (int panel = 0; panel < out_panels; panel++, w += 147 * P, u += PLACES * 12 * P)
        for (int k = 0; k < 12; k++) { // row parity, column parity, channel
            int odd_row = k / 6, odd_column = k % 6 / 3;
            for (int h = 0; h < P; h += LANES) {
                vec half[6][4];
                for (int x = 0; x < 4; x++) {
                    vec g[4], column[6];
                    for (int i = 0; i < 4; i++) g[i] = stem7_weight(w + h, 2 * i + odd_row, 2 * x + odd_column, k % 3);
                    transform_filter4(g, column);
                    for (int i = 0; i < 6; i++) half[i][x] = column[i];
                }
                for (int i = 0; i < 6; i++) {
                    vec row[6];
                    transform_filter4(half[i], row);
                    for (int x = 0; x < 6; x++) store(u + ((i * 6 + x) * 12 + k) * P + h, row[x]);
                }
            }
        }
}

INLINE void transform_input8(const row8 d[6], row8 out[6]) { // transform_input for eight floats
    row8 even_a = d[4] - B2 * d[2], odd_a = d[3] - B2 * d[1], even_b = d[4] - A2 * d[2], odd_b = d[3] - A2 * d[1];
    out[0] = d[0] + d[4] - A2_B2 * d[2];
    out[1] = even_a + A1 * odd_a;
    out[2] = even_a - A1 * odd_a;
    out[3] = even_b + B1 * odd_b;
    out[4] = even_b - B1 * odd_b;
    out[5] = d[1] + d[5] - A2_B2 * d[3];
}

// One row of tiles, whose twelve input rows begin at x. `rows` is scratch memory for 6 rows of pitch + 16.
static void stem7_inputs(const sqz_stem *s, int tiles, ptrdiff_t step, const float *x, float *rows, float *v) {
    ptrdiff_t pitch = s->pitch + 16;
    for (int odd = 0; odd < 2; odd++) {
        for (int k = 0; k < s->pitch; k += LANES) {
            vec d[6], out[6];
            UNROLL
            for (int i = 0; i < 6; i++) d[i] = load(x + (ptrdiff_t)(2 * i + odd) * s->pitch + k);
            transform_input(d, out);
            UNROLL
            for (int i = 0; i < 6; i++) store(rows + i * pitch + k, out[i]);
        }
        for (int i = 0; i < 6; i++)
            for (int t = 0; t < tiles; t++) {
                row8 d[6], out[6];
                UNROLL
                for (int k = 0; k < 6; k++) d[k] = *(const vec8 *)(rows + i * pitch + t * 18 + k * 6);
                transform_input8(d, out);
                UNROLL
                for (int k = 0; k < 6; k++) *(row8 *)(v + (i * 6 + k) * step + t * P + odd * 8) = out[k];
            }
    }
}

// m = v * u for `rows` tiles of one place.
INLINE void stem7_product(const int rows, const float *v, const float *u, float *m) {
    vec tile[rows][VECTORS];
    UNROLL
    for (int k = 0; k < 12; k++)
        UNROLL
        for (int i = 0; i < rows; i++)
            UNROLL
            for (int h = 0; h < VECTORS; h++) {
                vec product = v[i * P + k / 6 * 8 + k % 6] * load(u + k * P + h * LANES);
                tile[i][h] = k == 0 ? product : tile[i][h] + product;
            }
    UNROLL
    for (int i = 0; i < rows; i++)
        UNROLL
        for (int h = 0; h < VECTORS; h++) store(m + i * P + h * LANES, tile[i][h]);
}

INLINE void stem7_output(const int rows, const int columns, ptrdiff_t step, const float *m, const float *bias, float least,
                         ptrdiff_t width, float *y) {
    for (int h = 0; h < P; h += LANES) {
        vec half[3][6], b = load(bias + h);
        UNROLL
        for (int x = 0; x < 6; x++) {
            vec in[6], out[3];
            UNROLL
            for (int i = 0; i < 6; i++) in[i] = load(m + (i * 6 + x) * step + h);
            transform_output3(in, out);
            UNROLL
            for (int i = 0; i < 3; i++) half[i][x] = out[i];
        }
        UNROLL
        for (int i = 0; i < 3; i++) {
            vec out[3];
            transform_output3(half[i], out);
            UNROLL
            for (int x = 0; x < 3; x++)
                if (i < rows && x < columns) store(y + (i * width + x) * P + h, at_least(least, out[x] + b));
        }
    }
}

static void stem7_forward(const sqz_stem *s, int first_triple, int last_triple, const float *x, const float *u, const float *bias,
                          float *y, float *work) {
    int tiles = (s->width + 2) / 3;
    ptrdiff_t step = (ptrdiff_t)(tiles + SMALL_TILE) / 2 * 2 * P + P; // an odd number of cache lines, with room for a last tile
    float *v = work + 6 * (s->pitch + 16), *m = v + PLACES * step;
    for (int triple = first_triple; triple < last_triple; triple++) {
        stem7_inputs(s, tiles, step, x + (ptrdiff_t)6 * triple * s->pitch, work, v);
        int rows = s->height - 3 * triple < 3 ? s->height - 3 * triple : 3;
        for (int panel = 0; panel < s->out_panels; panel++) {
            const float *filters = u + (ptrdiff_t)panel * PLACES * 12 * P;
            for (int p = 0; p < PLACES; p++)
                for (int t = 0; t < tiles; t += SMALL_TILE)
                    stem7_product(SMALL_TILE, v + p * step + t * P, filters + p * 12 * P, m + p * step + t * P);
            float *to = y + panel * s->out_stride + (ptrdiff_t)3 * triple * s->width * P;
            for (int t = 0; t < tiles; t++, to += 3 * P) {
                int columns = s->width - 3 * t < 3 ? s->width - 3 * t : 3;
                if (rows == 3 && columns == 3) stem7_output(3, 3, step, m + t * P, bias + panel * P, s->least, s->width, to);
                else stem7_output(rows, columns, step, m + t * P, bias + panel * P, s->least, s->width, to);
            }
        }
    }
}

#endif
