// 3x3 convolutions of bytes by Winograd's F(4x4, 3x3), exactly.
//
// Everything here is whole numbers modulo 2^32. The filters are 24 G g G^T (the last row of G times 3 only, as fits 16 bits; A takes
// the 8): at most 12 * 12 * 127 = 18288. The input's tiles are B^T d B, at most 100 * 255 = 25500. The products are summed in lanes of
// 32 bits, which wrap: what is left is 576 times the sum modulo 2^32. 9 has an inverse there, and then 64 times the sum is known modulo
// 2^32, so the sum itself if it is below 2^25 = 33.5 million: QuantizedWeights asks it of every filter. A fourth of the multiplications, and not a bit
// of difference to the plain sum. In lanes of 16 bits they cost as much as bytes do: vpmaddwd is the slower half of a product of bytes.
#ifndef INT8_WINOGRAD_H
#define INT8_WINOGRAD_H

// What nine times it is 1, modulo 2^32.
#define A_NINTH 954437177

static void int8_conv3x3_prepare(const sqz_int8_conv3x3 *s, const int8_t *w, int16_t *u) {
    static const int8_t g[6][3] = {{6, 0, 0}, {-4, -4, -4}, {-4, 4, -4}, {1, 2, 4}, {1, -2, 4}, {0, 0, 3}};
    for (int out = 0; out < s->out_panels * P; out++)
        for (int in = 0; in < s->inputs; in++) {
            const int8_t *filter = w + ((ptrdiff_t)out * s->inputs + in) * 9;
            int half[6][3];
            for (int i = 0; i < 6; i++)
                for (int j = 0; j < 3; j++)
                    half[i][j] = g[i][0] * filter[j] + g[i][1] * filter[3 + j] + g[i][2] * filter[6 + j];
            for (int i = 0; i < 6; i++)
                for (int j = 0; j < 6; j++)
                    u[((((ptrdiff_t)(out / P) * 36 + i * 6 + j) * s->inputs + in / 2 * 2) * P) + out % P * 2 + in % 2] =
                        (int16_t)(half[i][0] * g[j][0] + half[i][1] * g[j][1] + half[i][2] * g[j][2]);
        }
}

// B^T x of six, in place.
INLINE void int8_input_transform(short_row x[6]) {
    short_row a = x[4] - x[2] * 4, b = x[3] - x[1] * 4, c = x[4] - x[2], d = (x[3] - x[1]) * 2;
    short_row first = x[0] * 4 - x[2] * 5 + x[4], last = x[1] * 4 - x[3] * 5 + x[5];
    x[0] = first;
    x[1] = a + b;
    x[2] = a - b;
    x[3] = c + d;
    x[4] = c - d;
    x[5] = last;
}

// A^T m of six: four sums.
INLINE void int8_output_transform(const ivec m[6], ivec y[4]) {
    ivec a = m[1] + m[2], b = m[1] - m[2], c = m[3] + m[4], d = m[3] - m[4];
    y[0] = m[0] + a + c;
    y[1] = b + d * 2;
    y[2] = a + c * 4;
    y[3] = b + (d + m[5]) * 8;
}

// Where a tile of four rows and columns lies.
typedef struct {
    ptrdiff_t image;
    int row, column;
} int8_place;

INLINE int8_place int8_tile_place(const sqz_int8_conv3x3 *s, int tile) {
    int across = (s->size + 3) / 4, image = tile / (across * across), place = tile % (across * across);
    return (int8_place){image, place / across * 4, place % across * 4};
}

// v[36][block][inputs] of a tile.
INLINE void int8_transform_tile(const sqz_int8_conv3x3 *s, int8_place place, const uint8_t *x, int16_t *v) {
    static const uint8_t zeros[16];
    typedef uint8_t sixteen __attribute__((ext_vector_type(16), aligned(1), may_alias));
    x += place.image * s->size * s->size * s->inputs;
    for (int channel = 0; channel < s->inputs; channel += 16) {
        short_row d[6][6];
        UNROLL
        for (int j = 0; j < 6; j++) {
            short_row column[6];
            int at = place.column + j - 1;
            UNROLL
            for (int i = 0; i < 6; i++) {
                int row = place.row + i - 1;
                const uint8_t *from = row >= 0 && row < s->size && at >= 0 && at < s->size
                                          ? x + ((ptrdiff_t)row * s->size + at) * s->inputs + channel
                                          : zeros;
                column[i] = __builtin_convertvector(*(const sixteen *)from, short_row);
            }
            int8_input_transform(column);
            UNROLL
            for (int i = 0; i < 6; i++) d[i][j] = column[i];
        }
        UNROLL
        for (int i = 0; i < 6; i++) {
            int8_input_transform(d[i]);
            UNROLL
            for (int j = 0; j < 6; j++) *(short_row *)(v + (ptrdiff_t)(i * 6 + j) * s->block * s->inputs + channel) = d[i][j];
        }
    }
}

// m[tile][16] of some tiles at one of the 36 places.
INLINE void int8_tile_products(const int rows, int inputs, const int16_t *v, const int16_t *u, int32_t *m) {
    ivec tile[rows][VECTORS];
    UNROLL
    for (int i = 0; i < rows; i++)
        UNROLL
        for (int j = 0; j < VECTORS; j++) tile[i][j] = (ivec)0;
    NO_UNROLL
    for (int k = 0; k < inputs; k += 2) {
        ivec column[VECTORS];
        UNROLL
        for (int j = 0; j < VECTORS; j++) column[j] = iload(u + k * P + j * 2 * LANES);
        UNROLL
        for (int i = 0; i < rows; i++) {
            ivec two = four_bytes(v + (ptrdiff_t)i * inputs + k);
            UNROLL
            for (int j = 0; j < VECTORS; j++) tile[i][j] = dot2(tile[i][j], two, column[j]);
        }
    }
    UNROLL
    for (int i = 0; i < rows; i++)
        UNROLL
        for (int j = 0; j < VECTORS; j++) *(ivec *)(m + i * P + j * LANES) = tile[i][j];
}

// The outputs of a tile, 16 channels of up to 4 x 4 pixels.
INLINE void int8_tile_outputs(const sqz_int8_conv3x3 *s, int8_place place, const int32_t *m, const int32_t *bias,
                              const uint32_t *multiplier, uint8_t *y) {
    ptrdiff_t step = (ptrdiff_t)s->block * P;
    int rows = s->size - place.row < 4 ? s->size - place.row : 4, columns = s->size - place.column < 4 ? s->size - place.column : 4;
    y += ((place.image * s->size + place.row) * s->size + place.column) * s->out_pitch;
    ivec sums[4][4][VECTORS];
    UNROLL
    for (int v = 0; v < VECTORS; v++) {
        ivec half[4][6];
        UNROLL
        for (int j = 0; j < 6; j++) {
            ivec column[6], four[4];
            UNROLL
            for (int i = 0; i < 6; i++) column[i] = iload(m + (i * 6 + j) * step + v * LANES);
            int8_output_transform(column, four);
            UNROLL
            for (int i = 0; i < 4; i++) half[i][j] = four[i];
        }
        UNROLL
        for (int i = 0; i < 4; i++) {
            ivec four[4];
            int8_output_transform(half[i], four);
            UNROLL
            for (int j = 0; j < 4; j++) sums[i][j][v] = four[j];
        }
    }
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++) {
            ivec row[VECTORS];
            UNROLL
            for (int v = 0; v < VECTORS; v++) {
                ivec sum = (ivec)((uvec)sums[i][j][v] * A_NINTH) >> 6;
                row[v] = requantized(sum + iload(bias + v * LANES), iload(multiplier + v * LANES), s->most);
            }
            store_row(y + ((ptrdiff_t)i * s->size + j) * s->out_pitch, row);
        }
}

static void int8_conv3x3(const sqz_int8_conv3x3 *s, const sqz_conv3x3_part *part, const uint8_t *x, const int16_t *u,
                         const int32_t *bias, const uint32_t *multiplier, uint8_t *y, void *work) {
    int16_t *v = work;
    int32_t *m = (int32_t *)(v + (ptrdiff_t)36 * s->block * s->inputs);
    for (int first = part->first_tile; first < part->last_tile; first += s->block) {
        int count = part->last_tile - first < s->block ? part->last_tile - first : s->block;
        for (int t = 0; t < count; t++)
            int8_transform_tile(s, int8_tile_place(s, first + t), x, v + (ptrdiff_t)t * s->inputs);
        for (int panel = part->first_panel; panel < part->last_panel; panel++) {
            for (int p = 0; p < 36; p++) {
                const int16_t *own = u + ((ptrdiff_t)panel * 36 + p) * s->inputs * P;
                const int16_t *from = v + (ptrdiff_t)p * s->block * s->inputs;
                int32_t *to = m + (ptrdiff_t)p * s->block * P;
                int t = 0;
                for (; t + INT_TILE <= count; t += INT_TILE)
                    int8_tile_products(INT_TILE, s->inputs, from + (ptrdiff_t)t * s->inputs, own, to + t * P);
                for (; t < count; t++) int8_tile_products(1, s->inputs, from + (ptrdiff_t)t * s->inputs, own, to + t * P);
            }
            for (int t = 0; t < count; t++)
                int8_tile_outputs(s, int8_tile_place(s, first + t), m + t * P, bias + panel * P, multiplier + panel * P,
                                  y + panel * P);
        }
    }
}

#endif
