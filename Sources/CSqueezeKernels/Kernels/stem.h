// The first convolution, over 3 interleaved channels, with ReLU; and its weight gradient (nothing needs its data gradient).
//
// Layout: the input has its border of zeros, so that the kernel's rows are runs of 3 * kernel floats, wherever it stands.
// Bound: the multiply-add units.
#ifndef STEM_H
#define STEM_H

INLINE void stem_tile(const int pixels, const sqz_stem *s, const float *x, const float *w, const float *bias, float *y) {
    int run = 3 * s->kernel, step = 3 * s->stride;
    vec tile[TILE][VECTORS];
    UNROLL
    for (int i = 0; i < pixels; i++)
        UNROLL
        for (int v = 0; v < VECTORS; v++) tile[i][v] = load(bias + v * LANES);
    NO_UNROLL
    for (int row = 0; row < s->kernel; row++, x += s->pitch)
        for (int k = 0; k < run; k++, w += P)
            UNROLL
            for (int i = 0; i < pixels; i++)
                UNROLL
                for (int v = 0; v < VECTORS; v++) tile[i][v] += x[i * step + k] * load(w + v * LANES);
    UNROLL
    for (int i = 0; i < pixels; i++)
        UNROLL
        for (int v = 0; v < VECTORS; v++) store(y + i * P + v * LANES, at_least(s->least, tile[i][v]));
}

static void stem_forward(const sqz_stem *s, int first_row, int last_row, const float *x, const float *w, const float *bias,
                         float *y) {
    ptrdiff_t filters = (ptrdiff_t)3 * s->kernel * s->kernel * P;
    for (int panel = 0; panel < s->out_panels; panel++)
        for (int row = first_row; row < last_row; row++) {
            const float *from = x + (ptrdiff_t)row * s->stride * s->pitch;
            float *to = y + panel * s->out_stride + (ptrdiff_t)row * s->width * P;
            int column = 0;
            for (; column + TILE <= s->width; column += TILE)
                stem_tile(TILE, s, from + column * s->stride * 3, w + panel * filters, bias + panel * P, to + column * P);
            for (; column < s->width; column++)
                stem_tile(1, s, from + column * s->stride * 3, w + panel * filters, bias + panel * P, to + column * P);
        }
}

// dw of `taps` neighbours in one row of the kernel, over all pixels.
INLINE void stem_gradient_taps(const int taps, const sqz_stem *s, const float *x, const float *dy, float *dw) {
    vec tile[TILE][VECTORS];
    UNROLL
    for (int i = 0; i < taps; i++)
        UNROLL
        for (int v = 0; v < VECTORS; v++) tile[i][v] = load(dw + i * P + v * LANES);
    for (int row = 0; row < s->height; row++, x += (ptrdiff_t)s->stride * s->pitch)
        for (int column = 0; column < s->width; column++, dy += P)
            UNROLL
            for (int i = 0; i < taps; i++)
                UNROLL
                for (int v = 0; v < VECTORS; v++) tile[i][v] += x[column * s->stride * 3 + i] * load(dy + v * LANES);
    UNROLL
    for (int i = 0; i < taps; i++)
        UNROLL
        for (int v = 0; v < VECTORS; v++) store(dw + i * P + v * LANES, tile[i][v]);
}

static void stem_backward(const sqz_stem *s, const float *x, const float *dy, float *dw, float *dbias) {
    int run = 3 * s->kernel;
    ptrdiff_t pixels = (ptrdiff_t)s->height * s->width;
    for (int panel = 0; panel < s->out_panels; panel++, dy += pixels * P, dbias += P) {
        accumulate_rows((int)pixels, dy, dbias);
        for (int row = 0; row < s->kernel; row++, dw += run * P) {
            const float *from = x + (ptrdiff_t)row * s->pitch;
            int k = 0;
            for (; k + TILE <= run; k += TILE) stem_gradient_taps(TILE, s, from + k, dy, dw + k * P);
            for (; k < run; k++) stem_gradient_taps(1, s, from + k, dy, dw + k * P);
        }
    }
}

#endif
