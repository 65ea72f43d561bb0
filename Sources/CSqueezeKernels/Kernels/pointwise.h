// 1x1 convolutions: a product of pixels x channels with channels x filters, bias and ReLU at its end.
//
// Layout: activations [C/16][pixels][16], weights [out/16][in][16]. The weights of 256 inputs x 16 filters stay in the
// first level cache while all rows pass. Bound: the multiply-add units; a tile step does TILE x 16 multiply-adds for 16 + TILE loads.
#ifndef POINTWISE_H
#define POINTWISE_H

// One tile over `panels` input panels: from the bias, or from what earlier panels left in y; ReLU after the last.
INLINE void pointwise_tile(const int rows, const sqz_pointwise *s, int panels, int is_first, int is_last, const float *x,
                           const float *w, const float *bias, float *y) {
    vec tile[rows][VECTORS];
    UNROLL
    for (int i = 0; i < rows; i++)
        UNROLL
        for (int v = 0; v < VECTORS; v++) tile[i][v] = load(is_first ? bias + v * LANES : y + i * P + v * LANES);
    multiply(rows, x, s->in_stride, panels, w, 0, tile);
    UNROLL
    for (int i = 0; i < rows; i++)
        UNROLL
        for (int v = 0; v < VECTORS; v++)
            store(y + i * P + v * LANES, s->relu && is_last ? relu(tile[i][v]) : tile[i][v]);
}

// Input panels are taken DEPTH at a time, so that their weights leave room in the first level cache.
static void pointwise_forward(const sqz_pointwise *s, const float *x, const float *w, const float *bias, float *y) {
    enum { DEPTH = 16 };
    for (int panel = 0; panel < s->out_panels; panel++, bias += P, y += s->out_stride)
        for (int in = 0; in < s->in_panels; in += DEPTH) {
            int panels = s->in_panels - in < DEPTH ? s->in_panels - in : DEPTH;
            int is_first = in == 0, is_last = in + panels == s->in_panels;
            const float *from = x + in * s->in_stride;
            for (int row = 0, rows; row < s->rows; row += rows) {
                rows = tile_rows(s->rows - row);
                if (rows == TILE) pointwise_tile(TILE, s, panels, is_first, is_last, from + row * P, w, bias, y + row * P);
                else if (rows == TILE + 1)
                    pointwise_tile(TILE + 1, s, panels, is_first, is_last, from + row * P, w, bias, y + row * P);
                else if (rows == SMALL_TILE)
                    pointwise_tile(SMALL_TILE, s, panels, is_first, is_last, from + row * P, w, bias, y + row * P);
                else if (rows == LEAST_TILE)
                    pointwise_tile(LEAST_TILE, s, panels, is_first, is_last, from + row * P, w, bias, y + row * P);
                else pointwise_tile(1, s, panels, is_first, is_last, from + row * P, w, bias, y + row * P);
            }
            w += (ptrdiff_t)panels * P * P;
        }
}

INLINE void pointwise_data_tile(const int rows, const sqz_pointwise *s, const float *dy, const float *wt, int accumulate,
                                const float *mask, float *dx) {
    vec tile[rows][VECTORS];
    UNROLL
    for (int i = 0; i < rows; i++)
        UNROLL
        for (int v = 0; v < VECTORS; v++) tile[i][v] = accumulate ? load(dx + i * P + v * LANES) : (vec)0;
    multiply(rows, dy, s->out_stride, s->out_panels, wt, 0, tile);
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
        for (int row = 0, rows; row < s->rows; row += rows) {
            const float *from = dy + row * P, *masked = mask ? mask + row * P : mask;
            rows = tile_rows(s->rows - row);
            if (rows == TILE) pointwise_data_tile(TILE, s, from, wt, accumulate, masked, dx + row * P);
            else if (rows == TILE + 1) pointwise_data_tile(TILE + 1, s, from, wt, accumulate, masked, dx + row * P);
            else if (rows == SMALL_TILE) pointwise_data_tile(SMALL_TILE, s, from, wt, accumulate, masked, dx + row * P);
            else if (rows == LEAST_TILE) pointwise_data_tile(LEAST_TILE, s, from, wt, accumulate, masked, dx + row * P);
            else pointwise_data_tile(1, s, from, wt, accumulate, masked, dx + row * P);
        }
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
                                 in == 0 ? dbias + out * P : 0, 0);
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
