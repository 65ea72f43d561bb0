// A crop of a byte picture, mirrored or not, normalized and interleaved. The sums are whole numbers, so a picture's own mean and
// deviation are exact to double precision, whatever the order. Bound: loads and stores of bytes and shuffles between them.
#ifndef NORMALIZE_H
#define NORMALIZE_H

typedef uint8_t bytes16 __attribute__((ext_vector_type(16), aligned(1), may_alias));
typedef uint8_t bytes32 __attribute__((ext_vector_type(32)));
typedef float loose_vec __attribute__((ext_vector_type(LANES), aligned(4), may_alias)); // anywhere in memory

INLINE bytes16 reversed(bytes16 x) {
    return __builtin_shufflevector(x, x, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
}

// What becomes of the channels of 16 pixels, interleaved: (x - mean) * scale.
typedef struct {
    float mean[48], scale[48];
} moments;

// 16 pixels of the three planes, interleaved.
INLINE void normalize_pixels(const uint8_t *from, ptrdiff_t plane, int flip, const moments *m, float *to) {
    bytes16 r = *(const bytes16 *)from, g = *(const bytes16 *)(from + plane), b = *(const bytes16 *)(from + 2 * plane);
    if (flip) r = reversed(r), g = reversed(g), b = reversed(b);
    bytes32 rg = __builtin_shufflevector(r, g, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23, 8, 24, 9, 25, 10, 26, 11,
                                         27, 12, 28, 13, 29, 14, 30, 15, 31);
    bytes32 bb = __builtin_shufflevector(b, b, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
                                         10, 11, 12, 13, 14, 15);
    uint8_t mixed[48] __attribute__((aligned(16)));
    ((bytes16 *)mixed)[0] = __builtin_shufflevector(rg, bb, 0, 1, 32, 2, 3, 33, 4, 5, 34, 6, 7, 35, 8, 9, 36, 10);
    ((bytes16 *)mixed)[1] = __builtin_shufflevector(rg, bb, 11, 37, 12, 13, 38, 14, 15, 39, 16, 17, 40, 18, 19, 41, 20, 21);
    ((bytes16 *)mixed)[2] = __builtin_shufflevector(rg, bb, 42, 22, 23, 43, 24, 25, 44, 26, 27, 45, 28, 29, 46, 30, 31, 47);
    UNROLL
    for (int k = 0; k < 48; k += LANES)
        *(loose_vec *)(to + k) = (__builtin_convertvector(*(const bytes *)(mixed + k), vec) - *(const loose_vec *)(m->mean + k)) *
                                 *(const loose_vec *)(m->scale + k);
}

// Of the crop, zeros being where it lies outside of the picture.
static moments own_moments(const sqz_crop *c, const uint8_t *corner, ptrdiff_t plane, int top, int left, int bottom, int right) {
    uint64_t sum = 0, squares = 0;
    for (int channel = 0; channel < 3; channel++)
        for (int row = top; row < bottom; row++) {
            const uint8_t *from = corner + channel * plane + (ptrdiff_t)row * c->width;
            uint32_t row_sum = 0, row_squares = 0; // at most 1,024 * 255^2: no overflow
            for (int column = left; column < right; column++) {
                row_sum += from[column];
                row_squares += (uint32_t)from[column] * from[column];
            }
            sum += row_sum;
            squares += row_squares;
        }
    double n = 3.0 * c->size * c->size, average = (double)sum / n, variance = (double)squares / n - average * average;
    double deviation = variance > 0 ? __builtin_sqrt(variance) : 0, smallest = 1 / __builtin_sqrt(n);
    float mean = (float)average, scale = (float)(1 / (deviation > smallest ? deviation : smallest));
    moments m;
    for (int k = 0; k < 48; k++) m.mean[k] = mean, m.scale[k] = scale;
    return m;
}

static void normalize(const sqz_crop *shape, int first_row, int last_row, const uint8_t *picture, float *y) {
    const sqz_crop crop = *shape, *c = &crop; // what is written can't be this
    // The part of the crop that lies inside the picture; the rest is zero bytes.
    int top = c->top < 0 ? -c->top : 0, left = c->left < 0 ? -c->left : 0;
    int bottom = c->top + c->size > c->height ? c->height - c->top : c->size;
    int right = c->left + c->size > c->width ? c->width - c->left : c->size;
    ptrdiff_t plane = (ptrdiff_t)c->width * c->height;
    const uint8_t *corner = picture + (ptrdiff_t)c->top * c->width + c->left;
    if (c->reversed) corner += 2 * plane, plane = -plane;
    moments m;
    if (c->fixed)
        for (int k = 0; k < 48; k++) m.mean[k] = c->mean[k % 3], m.scale[k] = c->scale[k % 3];
    else m = own_moments(c, corner, plane, top, left, bottom, right);

    int is_whole = top == 0 && left == 0 && bottom == c->size && right == c->size;
    y += (ptrdiff_t)first_row * c->pitch;
    for (int row = first_row; row < last_row; row++, y += c->pitch) {
        if (!is_whole)
            for (int i = 0; i < 3 * c->size; i++) y[i] = (0 - m.mean[i % 3]) * m.scale[i % 3];
        if (row < top || row >= bottom) continue;
        const uint8_t *from = corner + (ptrdiff_t)row * c->width;
        int column = left;
        for (; column + 16 <= right; column += 16) {
            float *to = y + 3 * (c->flip ? c->size - 16 - column : column);
            if (c->flip) normalize_pixels(from + column, plane, 1, &m, to);
            else normalize_pixels(from + column, plane, 0, &m, to);
        }
        for (; column < right; column++)
            for (int channel = 0; channel < 3; channel++)
                y[3 * (c->flip ? c->size - 1 - column : column) + channel] =
                    ((float)from[channel * plane + column] - m.mean[channel]) * m.scale[channel];
    }
}

#endif
