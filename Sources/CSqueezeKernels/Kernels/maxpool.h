// Max pooling, and its gradient to the first maximum of each window. Bound: memory.
#ifndef MAXPOOL_H
#define MAXPOOL_H

// Pixels of the window at an output row or column that lie inside the map.
INLINE int window(int kernel, int start, int size) { return start + kernel <= size ? kernel : size - start; }

static void maxpool_forward(const sqz_maxpool *s, const float *x, float *y) {
    for (int panel = 0; panel < s->panels; panel++, x += (ptrdiff_t)s->in_height * s->in_width * P)
        for (int row = 0; row < s->out_height; row++)
            for (int column = 0; column < s->out_width; column++, y += P) {
                int top = row * s->stride, left = column * s->stride;
                int rows = window(s->kernel, top, s->in_height), columns = window(s->kernel, left, s->in_width);
                const float *from = x + ((ptrdiff_t)top * s->in_width + left) * P;
                for (int h = 0; h < P; h += LANES) {
                    vec best = load(from + h);
                    for (int ky = 0; ky < rows; ky++)
                        for (int kx = 0; kx < columns; kx++)
                            best = larger(load(from + ((ptrdiff_t)ky * s->in_width + kx) * P + h), best);
                    store(y + h, best);
                }
            }
}

static void maxpool_backward(const sqz_maxpool *s, const float *x, const float *y, const float *dy, float *dx) {
    ptrdiff_t map = (ptrdiff_t)s->in_height * s->in_width * P;
    memset(dx, 0, sizeof(float) * (size_t)(s->panels * map));
    for (int panel = 0; panel < s->panels; panel++, x += map, dx += map)
        for (int row = 0; row < s->out_height; row++)
            for (int column = 0; column < s->out_width; column++, y += P, dy += P) {
                int top = row * s->stride, left = column * s->stride;
                int rows = window(s->kernel, top, s->in_height), columns = window(s->kernel, left, s->in_width);
                ptrdiff_t corner = ((ptrdiff_t)top * s->in_width + left) * P;
                for (int h = 0; h < P; h += LANES) {
                    vec best = load(y + h), gradient = load(dy + h);
                    ivec open = (ivec)-1; // lanes whose maximum has not been met yet
                    for (int ky = 0; ky < rows; ky++)
                        for (int kx = 0; kx < columns; kx++) {
                            ptrdiff_t here = corner + ((ptrdiff_t)ky * s->in_width + kx) * P + h;
                            ivec found = open & (load(x + here) == best);
                            store(dx + here, load(dx + here) + where(found, gradient));
                            open &= ~found;
                        }
                }
            }
}

#endif
