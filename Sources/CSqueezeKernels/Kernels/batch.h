// Batch normalization (Ioffe and Szegedy, arXiv 1502.03167) with the ReLU after it, channel by channel. What is kept is the map before
// it; the map after it is made again wherever it is read. Bound: memory.
//
// Sums are single precision over BATCH_RUN pixels and double from there on: few enough that their rounding does not show.
#ifndef BATCH_H
#define BATCH_H

enum { BATCH_RUN = 64 };

// Adds what a run came to in each channel of a panel.
INLINE void add_run(const vec run[VECTORS], double *sums) {
    float x[P] __attribute__((aligned(64)));
    UNROLL
    for (int v = 0; v < VECTORS; v++) store(x + v * LANES, run[v]);
    for (int lane = 0; lane < P; lane++) sums[lane] += x[lane];
}

static void batch_moments(int pixels, int panels, const float *x, double *sums) {
    for (int panel = 0; panel < panels; panel++, sums += 2 * P)
        for (int first = 0; first < pixels; first += BATCH_RUN) {
            int count = pixels - first < BATCH_RUN ? pixels - first : BATCH_RUN;
            vec sum[VECTORS], square[VECTORS];
            UNROLL
            for (int v = 0; v < VECTORS; v++) sum[v] = square[v] = (vec)0;
            for (int i = 0; i < count; i++, x += P)
                UNROLL
                for (int v = 0; v < VECTORS; v++) {
                    vec value = load(x + v * LANES);
                    sum[v] += value;
                    square[v] += value * value;
                }
            add_run(sum, sums);
            add_run(square, sums + P);
        }
}

static void batch_forward(int pixels, int panels, const float *scale, const float *shift, float least, const float *x, float *y) {
    for (int panel = 0; panel < panels; panel++, scale += P, shift += P) {
        vec a[VECTORS], b[VECTORS];
        UNROLL
        for (int v = 0; v < VECTORS; v++) a[v] = load(scale + v * LANES), b[v] = load(shift + v * LANES);
        for (int pixel = 0; pixel < pixels; pixel++, x += P, y += P)
            UNROLL
            for (int v = 0; v < VECTORS; v++) store(y + v * LANES, at_least(least, load(x + v * LANES) * a[v] + b[v]));
    }
}

static void batch_backward_sums(int pixels, int panels, const float *scale, const float *shift, float least, const float *x,
                                float *dy, double *sums) {
    for (int panel = 0; panel < panels; panel++, scale += P, shift += P, sums += 2 * P) {
        vec a[VECTORS], b[VECTORS];
        UNROLL
        for (int v = 0; v < VECTORS; v++) a[v] = load(scale + v * LANES), b[v] = load(shift + v * LANES);
        for (int first = 0; first < pixels; first += BATCH_RUN) {
            int count = pixels - first < BATCH_RUN ? pixels - first : BATCH_RUN;
            vec sum[VECTORS], product[VECTORS];
            UNROLL
            for (int v = 0; v < VECTORS; v++) sum[v] = product[v] = (vec)0;
            for (int i = 0; i < count; i++, x += P, dy += P)
                UNROLL
                for (int v = 0; v < VECTORS; v++) {
                    vec value = load(x + v * LANES), gradient = where(value * a[v] + b[v] > least, load(dy + v * LANES));
                    store(dy + v * LANES, gradient);
                    sum[v] += gradient;
                    product[v] += gradient * value;
                }
            add_run(sum, sums);
            add_run(product, sums + P);
        }
    }
}

static void batch_backward(int pixels, int panels, const float *k, const float *x, const float *dy, float *dx) {
    for (int panel = 0; panel < panels; panel++, k += 3 * P) {
        vec own[3][VECTORS];
        UNROLL
        for (int i = 0; i < 3; i++)
            UNROLL
            for (int v = 0; v < VECTORS; v++) own[i][v] = load(k + i * P + v * LANES);
        for (int pixel = 0; pixel < pixels; pixel++, x += P, dy += P, dx += P)
            UNROLL
            for (int v = 0; v < VECTORS; v++)
                store(dx + v * LANES,
                      load(dy + v * LANES) * own[0][v] + (load(x + v * LANES) * own[1][v] + own[2][v]));
    }
}

#endif
