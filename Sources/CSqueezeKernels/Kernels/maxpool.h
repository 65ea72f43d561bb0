// Max pooling, and its gradient to the first maximum of each window. Bound: memory.
#ifndef MAXPOOL_H
#define MAXPOOL_H

// Pixels of a window that begins at `start` and lies inside a map of `size`.
INLINE int window(int kernel, int start, int size) { return start + kernel <= size ? kernel : size - start; }

// Windows of `size` pixels in a row or column that are whole: the first ones.
INLINE int whole_windows(const sqz_maxpool *s, int size, int windows) {
    int whole = (size - s->kernel) / s->stride + 1;
    return whole < windows ? whole : windows;
}

INLINE void maxpool_value(const int rows, const int columns, ptrdiff_t width, const float *x, float *y) {
    UNROLL
    for (int h = 0; h < P; h += LANES) {
        vec best = load(x + h);
        for (int ky = 0; ky < rows; ky++)
            for (int kx = 0; kx < columns; kx++) best = larger(load(x + (ky * width + kx) * P + h), best);
        store(y + h, best);
    }
}

INLINE void maxpool_row(const int kernel, int count, int stride, ptrdiff_t width, const float *x, float *y) {
    for (int column = 0; column < count; column++) maxpool_value(kernel, kernel, width, x + column * stride * P, y + column * P);
}

static void maxpool_forward(const sqz_maxpool *s, int first_row, int last_row, const float *x, float *y) {
    int whole_rows = whole_windows(s, s->in_height, s->out_height), whole_columns = whole_windows(s, s->in_width, s->out_width);
    for (int panel = 0; panel < s->panels; panel++) {
        for (int row = first_row; row < last_row; row++) {
            const float *from = x + (ptrdiff_t)row * s->stride * s->in_width * P;
            float *to = y + (ptrdiff_t)row * s->out_width * P;
            int whole = row < whole_rows ? whole_columns : 0;
            if (s->kernel == 2) maxpool_row(2, whole, s->stride, s->in_width, from, to);
            else if (s->kernel == 3) maxpool_row(3, whole, s->stride, s->in_width, from, to);
            else whole = 0;
            int rows = window(s->kernel, row * s->stride, s->in_height);
            for (int column = whole; column < s->out_width; column++)
                maxpool_value(rows, window(s->kernel, column * s->stride, s->in_width), s->in_width,
                              from + column * s->stride * P, to + column * P);
        }
        x += (ptrdiff_t)s->in_height * s->in_width * P;
        y += (ptrdiff_t)s->out_height * s->out_width * P;
    }
}

// With `adds`, windows may overlap, and dx was cleared before.
INLINE void maxpool_gradient(const int rows, const int columns, const int adds, ptrdiff_t width, const float *x, const float *y,
                             const float *dy, float *dx) {
    UNROLL
    for (int h = 0; h < P; h += LANES) {
        vec best = load(y + h), gradient = load(dy + h);
        ivec open = (ivec)-1; // lanes whose maximum has not been met yet
        for (int ky = 0; ky < rows; ky++)
            for (int kx = 0; kx < columns; kx++) {
                ptrdiff_t here = (ky * width + kx) * P + h;
                ivec found = open & (load(x + here) == best);
                store(dx + here, adds ? load(dx + here) + where(found, gradient) : where(found, gradient));
                open &= ~found;
            }
    }
}

INLINE void maxpool_gradient_row(const int kernel, const int adds, int count, ptrdiff_t width, const float *x, const float *y,
                                 const float *dy, float *dx) {
    for (int column = 0; column < count; column++)
        maxpool_gradient(kernel, kernel, adds, width, x + column * 2 * P, y + column * P, dy + column * P, dx + column * 2 * P);
}

static void maxpool_backward(const sqz_maxpool *s, const float *x, const float *y, const float *dy, float *dx) {
    ptrdiff_t map = (ptrdiff_t)s->in_height * s->in_width * P, width = s->in_width;
    int whole_rows = whole_windows(s, s->in_height, s->out_height), whole_columns = whole_windows(s, s->in_width, s->out_width);
    int covers = s->kernel == 2 && s->stride == 2 && s->in_height % 2 == 0 && s->in_width % 2 == 0;
    if (!covers) memset(dx, 0, sizeof(float) * (size_t)(s->panels * map));
    for (int panel = 0; panel < s->panels; panel++, x += map, dx += map)
        for (int row = 0; row < s->out_height; row++, y += s->out_width * P, dy += s->out_width * P) {
            ptrdiff_t start = row * s->stride * width * P;
            int whole = row < whole_rows && s->stride == 2 ? whole_columns : 0;
            if (covers) maxpool_gradient_row(2, 0, whole, width, x + start, y, dy, dx + start);
            else if (s->kernel == 2) maxpool_gradient_row(2, 1, whole, width, x + start, y, dy, dx + start);
            else if (s->kernel == 3) maxpool_gradient_row(3, 1, whole, width, x + start, y, dy, dx + start);
            else whole = 0;
            int rows = window(s->kernel, row * s->stride, s->in_height);
            for (int column = whole; column < s->out_width; column++) {
                ptrdiff_t here = start + column * s->stride * P;
                maxpool_gradient(rows, window(s->kernel, column * s->stride, s->in_width), 1, width, x + here, y + column * P,
                                 dy + column * P, dx + here);
            }
        }
}

#endif
