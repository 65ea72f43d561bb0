// The 3x3 filters in Winograd's form, and the way back of their gradient; winograd.h has the layouts. Bound: memory.
#ifndef WINOGRAD_FILTERS_H
#define WINOGRAD_FILTERS_H

INLINE ptrdiff_t filter_pitch_of(const sqz_conv3x3 *s) { return (ptrdiff_t)(s->in_panels * P + 1) * P; }

// u of one output panel.
static void prepare_panel(const sqz_conv3x3 *s, const float *w, float *u) {
    ptrdiff_t filters = (ptrdiff_t)s->in_panels * P * P, pitch = filter_pitch_of(s);
    for (ptrdiff_t place = 0; place < filters; place += LANES) {
        vec half[6][3];
        UNROLL
        for (int x = 0; x < 3; x++) {
            const float *from = w + place + x * filters;
            vec g[3] = {load(from), load(from + 3 * filters), load(from + 6 * filters)}, column[6];
            transform_filter(g, column);
            UNROLL
            for (int i = 0; i < 6; i++) half[i][x] = column[i];
        }
        UNROLL
        for (int i = 0; i < 6; i++) {
            vec row[6];
            transform_filter(half[i], row);
            UNROLL
            for (int x = 0; x < 6; x++) store(u + place + (i * 6 + x) * pitch, row[x]);
        }
    }
}

static void conv3x3_prepare(const sqz_conv3x3 *s, int first_panel, int last_panel, const float *w, float *u, float *ut) {
    ptrdiff_t filters = (ptrdiff_t)s->in_panels * P * P, pitch = filter_pitch_of(s);
    for (int out = first_panel; out < last_panel; out++) {
        prepare_panel(s, w + out * 9 * filters, u + out * PLACES * pitch);
        if (!ut) continue;
        for (int p = 0; p < PLACES; p++)
            for (int in = 0; in < s->in_panels; in++)
                transpose_panel(u + (out * PLACES + p) * pitch + in * P * P,
                                ut + (((ptrdiff_t)p * s->in_panels + in) * s->out_panels + out) * P * P);
    }
}

static void conv3x3_finish(const sqz_conv3x3 *s, const float *du, float *dw) {
    ptrdiff_t filters = (ptrdiff_t)s->in_panels * P * P, pitch = filter_pitch_of(s);
    for (int out = 0; out < s->out_panels; out++, du += PLACES * pitch, dw += 9 * filters)
        for (ptrdiff_t place = 0; place < filters; place += LANES) {
            vec half[3][6];
            UNROLL
            for (int x = 0; x < 6; x++) {
                vec u[6], column[3];
                UNROLL
                for (int i = 0; i < 6; i++) u[i] = load(du + place + (i * 6 + x) * pitch);
                adjoint_filter(u, column);
                UNROLL
                for (int i = 0; i < 3; i++) half[i][x] = column[i];
            }
            UNROLL
            for (int i = 0; i < 3; i++) {
                vec row[3];
                adjoint_filter(half[i], row);
                UNROLL
                for (int x = 0; x < 3; x++) store(dw + place + (i * 3 + x) * filters, row[x]);
            }
        }
}

#endif
