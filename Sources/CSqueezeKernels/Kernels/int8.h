// Eight bits: what reference_int8.h defines, to the last bit, in vectors.
//
// One multiply-add primitive an instruction set: dot2 adds to each lane of 32 bits two products of 16-bit numbers, dot4 four of an
// unsigned byte and a signed one. vpmaddubsw adds pairs in 16 bits, which hold 2 * 127 * 127.
#ifndef INT8_H
#define INT8_H

typedef uint32_t uvec __attribute__((ext_vector_type(LANES), may_alias));
typedef uint64_t uwide __attribute__((ext_vector_type(LANES / 2), may_alias));
typedef uint8_t byte_row __attribute__((ext_vector_type(LANES), aligned(1), may_alias));
typedef int16_t shorts __attribute__((ext_vector_type(LANES * 2), may_alias));
typedef int16_t short_row __attribute__((ext_vector_type(16), aligned(2), may_alias));
typedef int8_t chars __attribute__((ext_vector_type(LANES * 4), may_alias));

#if defined(__x86_64__) && LANES == 16
INLINE ivec pairs(ivec a, ivec b) { return (ivec)__builtin_ia32_pmaddwd512((shorts)a, (shorts)b); }
INLINE ivec dot4(ivec sum, ivec a, ivec w) {
    return sum + (ivec)__builtin_ia32_pmaddwd512((shorts)__builtin_ia32_pmaddubsw512((chars)a, (chars)w), (shorts)(int16_t)1);
}
#elif defined(__x86_64__) && LANES == 8
INLINE ivec pairs(ivec a, ivec b) { return (ivec)__builtin_ia32_pmaddwd256((shorts)a, (shorts)b); }
INLINE ivec dot4(ivec sum, ivec a, ivec w) {
    return sum + (ivec)__builtin_ia32_pmaddwd256((shorts)__builtin_ia32_pmaddubsw256((chars)a, (chars)w), (shorts)(int16_t)1);
}
#else
#if defined(__x86_64__)
INLINE ivec pairs(ivec a, ivec b) { return (ivec)__builtin_ia32_pmaddwd128((shorts)a, (shorts)b); }
#else
INLINE ivec pairs(ivec a, ivec b) { return (a << 16 >> 16) * (b << 16 >> 16) + (a >> 16) * (b >> 16); }
#endif
// SSE2 has no product of bytes: those at even places and those at odd ones.
INLINE ivec dot4(ivec sum, ivec a, ivec w) {
    ivec even = (ivec)((shorts)w << 8 >> 8), odd = (ivec)((shorts)w >> 8);
    return sum + pairs(a & 0x00ff00ff, even) + pairs((ivec)((uvec)a >> 8) & 0x00ff00ff, odd);
}
#endif
INLINE ivec dot2(ivec sum, ivec a, ivec w) { return sum + pairs(a, w); }

INLINE ivec iload(const void *p) { return *(const ivec *)p; }
INLINE ivec four_bytes(const void *p) {
    int32_t four;
    memcpy(&four, p, sizeof four);
    return (ivec)four;
}

// min(most, (max(sum, 0) * multiplier) >> 32). Lanes of 64 bits: first those at even places, then those at odd ones.
INLINE ivec requantized(ivec sum, ivec multiplier, int most) {
    uwide x = (uwide)(sum > 0 ? sum : (ivec)0), m = (uwide)multiplier;
    uwide even = (x & 0xffffffff) * (m & 0xffffffff) >> 32, odd = (x >> 32) * (m >> 32);
    ivec y = (ivec)(uwide)0xffffffff00000000 ? (ivec)odd : (ivec)even;
    return y < most ? y : (ivec)most;
}

// Of values that are bytes.
INLINE void store_row(uint8_t *y, const ivec *row) {
#if defined(__x86_64__) && LANES == 8
    typedef int64_t four __attribute__((ext_vector_type(4)));
    typedef int64_t two __attribute__((ext_vector_type(2)));
    typedef int16_t eight_shorts __attribute__((ext_vector_type(8)));
    typedef int8_t sixteen __attribute__((ext_vector_type(16), aligned(1), may_alias));
    four words = (four)__builtin_ia32_packusdw256(row[0], row[1]);
    words = __builtin_shufflevector(words, words, 0, 2, 1, 3);
    two low = __builtin_shufflevector(words, words, 0, 1), high = __builtin_shufflevector(words, words, 2, 3);
    *(sixteen *)y = (sixteen)__builtin_ia32_packuswb128((eight_shorts)low, (eight_shorts)high);
    return;
#endif
    UNROLL
    for (int v = 0; v < VECTORS; v++) *(byte_row *)(y + v * LANES) = __builtin_convertvector(row[v], byte_row);
}

INLINE void store_requantized(const int rows, ivec tile[][VECTORS], const uint32_t *multiplier, int most, uint8_t *y, ptrdiff_t pitch) {
    UNROLL
    for (int i = 0; i < rows; i++) {
        ivec row[VECTORS];
        UNROLL
        for (int v = 0; v < VECTORS; v++) row[v] = requantized(tile[i][v], iload(multiplier + v * LANES), most);
        store_row(y + i * pitch, row);
    }
}

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

static void int8_maxpool(const sqz_int8_maxpool *s, int first_row, int last_row, const uint8_t *restrict x, uint8_t *restrict y) {
    for (int row = first_row; row < last_row; row++)
        for (int column = 0; column < s->out_size; column++) {
            uint8_t *to = y + ((ptrdiff_t)row * s->out_size + column) * s->channels;
            int rows = s->in_size - 2 * row < s->kernel ? s->in_size - 2 * row : s->kernel;
            int columns = s->in_size - 2 * column < s->kernel ? s->in_size - 2 * column : s->kernel;
            const uint8_t *from = x + ((ptrdiff_t)2 * row * s->in_size + 2 * column) * s->channels;
            typedef uint8_t sixteen __attribute__((ext_vector_type(16), aligned(1), may_alias));
            for (int c = 0; c < s->channels; c += 16) {
                sixteen most = *(const sixteen *)(from + c);
                for (int i = 0; i < rows; i++)
                    for (int j = 0; j < columns; j++) {
                        sixteen other = *(const sixteen *)(from + ((ptrdiff_t)i * s->in_size + j) * s->channels + c);
                        most = other > most ? other : most;
                    }
                *(sixteen *)(to + c) = most;
            }
        }
}

static void int8_add(ptrdiff_t count, uint32_t scale_a, uint32_t scale_b, int most, const uint8_t *restrict a, uint8_t *restrict y) {
    for (ptrdiff_t i = 0; i < count; i++) {
        uint32_t sum = (a[i] * scale_a + y[i] * scale_b + (1u << 15)) >> 16;
        y[i] = (uint8_t)(sum < (uint32_t)most ? sum : (uint32_t)most);
    }
}

#endif
