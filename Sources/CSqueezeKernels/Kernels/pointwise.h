// 1x1 convolutions: a product of pixels x channels with channels x filters, bias and ReLU at its end.
//
// Layout: activations [C/16][pixels][16], weights [out/16][in][16]. One panel of weights (at most 512 x 16) stays in the first
// level cache while all rows pass. Bound: the multiply-add units; a tile step does TILE x 16 multiply-adds for 16 + TILE loads.
#ifndef POINTWISE_H
#define POINTWISE_H

INLINE void pointwise_tile(const int rows, const sqz_pointwise *s, const float *x, const float *w, const float *bias, float *y) {
    vec tile[TILE][VECTORS];
    UNROLL
    for (int i = 0; i < rows; i++)
        UNROLL
        for (int v = 0; v < VECTORS; v++) tile[i][v] = load(bias + v * LANES);
    multiply(rows, x, s->in_stride, s->in_panels, w, tile);
    UNROLL
    for (int i = 0; i < rows; i++)
        UNROLL
        for (int v = 0; v < VECTORS; v++) store(y + i * P + v * LANES, s->relu ? relu(tile[i][v]) : tile[i][v]);
}

static void pointwise_forward(const sqz_pointwise *s, const float *x, const float *w, const float *bias, float *y) {
    for (int panel = 0; panel < s->out_panels; panel++) {
        int row = 0;
        for (; row + TILE <= s->rows; row += TILE) pointwise_tile(TILE, s, x + row * P, w, bias, y + row * P);
        for (; row < s->rows; row++) pointwise_tile(1, s, x + row * P, w, bias, y + row * P);
        w += (ptrdiff_t)s->in_panels * P * P;
        bias += P;
        y += s->out_stride;
    }
}

INLINE void pointwise_data_tile(const int rows, const sqz_pointwise *s, const float *dy, const float *wt, int accumulate,
                                const float *mask, float *dx) {
    vec tile[TILE][VECTORS];
    UNROLL
    for (int i = 0; i < rows; i++)
        UNROLL
        for (int v = 0; v < VECTORS; v++) tile[i][v] = accumulate ? load(dx + i * P + v * LANES) : (vec)0;
    multiply(rows, dy, s->out_stride, s->out_panels, wt, tile);
    UNROLL
    for (int i = 0; i < rows; i++)
        UNROLL
        for (int v = 0; v < VECTORS; v++) {
            ptrdiff_t here = i * P + v * LANES;
            store(dx + here, mask ? where(load(mask + here) > 0, tile[i][v]) : tile[i][v]);
        }
}

static void pointwise_backward_data(const sqz_pointwise *s, const float *dy, const float *wt, int accumulate, const float *mask,
                                    float *dx) {
    for (int panel = 0; panel < s->in_panels; panel++) {
        int row = 0;
        for (; row + TILE <= s->rows; row += TILE)
            pointwise_data_tile(TILE, s, dy + row * P, wt, accumulate, mask ? mask + row * P : mask, dx + row * P);
        for (; row < s->rows; row++)
            pointwise_data_tile(1, s, dy + row * P, wt, accumulate, mask ? mask + row * P : mask, dx + row * P);
        wt += (ptrdiff_t)s->out_panels * P * P;
        dx += s->in_stride;
        if (mask) mask += s->in_stride;
    }
}

static void pointwise_backward_weights(const sqz_pointwise *s, const float *x, const float *dy, float *dw, float *dbias) {
    enum { ROWS = 128 }; // 8 KiB of each operand: both stay in the first level cache for the four passes over them
    for (int out = 0; out < s->out_panels; out++) {
        for (int row = 0; row < s->rows; row += ROWS) {
            int count = s->rows - row < ROWS ? s->rows - row : ROWS;
            const float *d = dy + out * s->out_stride + row * P;
            for (int in = 0; in < s->in_panels; in++)
                accumulate_outer(1, count, x + in * s->in_stride + row * P, d, dw + ((ptrdiff_t)out * s->in_panels + in) * P * P,
                                 in == 0 ? dbias + out * P : 0);
        }
    }
}

static void transpose_panel(const float *from, float *to) {
    for (int i = 0; i < P; i++)
        for (int k = 0; k < P; k++) to[k * P + i] = from[i * P + k];
}

static void pointwise_transpose(int in_panels, int out_panels, const float *w, float *wt) {
    for (int in = 0; in < in_panels; in++)
        for (int out = 0; out < out_panels; out++)
            transpose_panel(w + ((ptrdiff_t)out * in_panels + in) * P * P, wt + ((ptrdiff_t)in * out_panels + out) * P * P);
}

#endif
