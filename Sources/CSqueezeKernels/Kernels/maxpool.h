// Max pooling, and its gradient to the first maximum of each window. Bound: memory.
#ifndef MAXPOOL_H
#define MAXPOOL_H

// Pixels of the window at an output row or column that lie inside the map.
INLINE int window(int kernel, int start, int size) { return start + kernel <= size ? kernel : size - start; }

INLINE void maxpool_value(const int rows, const int columns, ptrdiff_t width, const float *x, float *y) {
    UNROLL
    for (int h = 0; h < P; h += LANES) {
        vec best = load(x + h);
        for (int ky = 0; ky < rows; ky++)
            for (int kx = 0; kx < columns; kx++) best = larger(load(x + (ky * width + kx) * P + h), best);
        store(y + h, best);
    }
}

static void maxpool_forward(const sqz_maxpool *s, const float *x, float *y) {
    for (int panel = 0; panel < s->panels; panel++, x += (ptrdiff_t)s->in_height * s->in_width * P)
        for (int row = 0; row < s->out_height; row++)
            for (int column = 0; column < s->out_width; column++, y += P) {
                int top = row * s->stride, left = column * s->stride;
                int rows = window(s->kernel, top, s->in_height), columns = window(s->kernel, left, s->in_width);
                const float *from = x + ((ptrdiff_t)top * s->in_width + left) * P;
                if (rows == 2 && columns == 2) maxpool_value(2, 2, s->in_width, from, y);
                else if (rows == 3 && columns == 3) maxpool_value(3, 3, s->in_width, from, y);
                else maxpool_value(rows, columns, s->in_width, from, y);
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

static void maxpool_backward(const sqz_maxpool *s, const float *x, const float *y, const float *dy, float *dx) {
    ptrdiff_t map = (ptrdiff_t)s->in_height * s->in_width * P, width = s->in_width;
    int covers = s->kernel == 2 && s->stride == 2 && s->in_height % 2 == 0 && s->in_width % 2 == 0;
    if (!covers) memset(dx, 0, sizeof(float) * (size_t)(s->panels * map));
    for (int panel = 0; panel < s->panels; panel++, x += map, dx += map)
        for (int row = 0; row < s->out_height; row++)
            for (int column = 0; column < s->out_width; column++, y += P, dy += P) {
                int top = row * s->stride, left = column * s->stride;
                int rows = window(s->kernel, top, s->in_height), columns = window(s->kernel, left, s->in_width);
                ptrdiff_t corner = (top * width + left) * P;
                if (covers) maxpool_gradient(2, 2, 0, width, x + corner, y, dy, dx + corner);
                else if (rows == 3 && columns == 3) maxpool_gradient(3, 3, 1, width, x + corner, y, dy, dx + corner);
                else maxpool_gradient(rows, columns, 1, width, x + corner, y, dy, dx + corner);
            }
}

#endif
