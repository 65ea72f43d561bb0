// Work on single values: masks, sums, dropout, the last average, optimizers, and pictures' standardization. Bound: memory.
#ifndef ELEMENTWISE_H
#define ELEMENTWISE_H

static void relu_backward(ptrdiff_t count, const float *y, float *dy) {
    for (ptrdiff_t i = 0; i < count; i += LANES) store(dy + i, where(load(y + i) > 0, load(dy + i)));
}

static void add(ptrdiff_t count, const float *a, const float *b, float *y) {
    for (ptrdiff_t i = 0; i < count; i += LANES) store(y + i, load(a + i) + load(b + i));
}

static void dropout(ptrdiff_t count, const uint32_t *keep, float *x) {
    ivec distance; // of a lane's bit from the sign
    for (int i = 0; i < LANES; i++) distance[i] = 31 - i;
    for (ptrdiff_t i = 0; i < count; i += 32) {
        ivec bits = (ivec)((int32_t)keep[i / 32]);
        UNROLL
        for (int k = 0; k < 32; k += LANES) {
            vec value = load(x + i + k);
            store(x + i + k, where(bits << (distance - k) < 0, value + value));
        }
    }
}

static void average_forward(int pixels, int panels, const float *x, float *y) {
    for (int panel = 0; panel < panels; panel++, x += (ptrdiff_t)pixels * P, y += P) {
        float sums[P] __attribute__((aligned(64))) = {0};
        accumulate_rows(pixels, x, sums);
        for (int h = 0; h < P; h += LANES) store(y + h, load(sums + h) / splat((float)pixels));
    }
}

static void average_backward(int pixels, int panels, const float *x, const float *dy, float *dx) {
    for (int panel = 0; panel < panels; panel++, dy += P)
        for (int pixel = 0; pixel < pixels; pixel++, dx += P) {
            UNROLL
            for (int h = 0; h < P; h += LANES) {
                vec share = load(dy + h) / splat((float)pixels);
                store(dx + h, x ? where(load(x + h) > 0, share) : share);
            }
            if (x) x += P;
        }
}

static void adam(const sqz_adam *rule, ptrdiff_t count, const float *g, float *w, float *m, float *v) {
    for (ptrdiff_t i = 0; i < count; i += LANES) {
        vec gradient = load(g + i), mean = load(m + i), square = load(v + i);
        mean += (gradient - mean) * (1 - rule->beta1);
        square += (gradient * gradient - square) * (1 - rule->beta2);
        store(m + i, mean);
        store(v + i, square);
        vec moved = rule->step * mean / (__builtin_elementwise_sqrt(square) + rule->epsilon);
        store(w + i, load(w + i) * rule->keep - moved);
    }
}

static void nesterov(const sqz_nesterov *rule, ptrdiff_t count, const float *g, float *w, float *v) {
    for (ptrdiff_t i = 0; i < count; i += LANES) {
        vec weight = load(w + i), gradient = load(g + i) + weight * rule->decay;
        vec velocity = load(v + i) * rule->momentum + gradient;
        store(v + i, velocity);
        store(w + i, weight - (gradient + velocity * rule->momentum) * rule->rate);
    }
}

static void follow(float share, ptrdiff_t count, const float *x, float *y) {
    for (ptrdiff_t i = 0; i < count; i += LANES) store(y + i, load(y + i) + (load(x + i) - load(y + i)) * share);
}

#endif
