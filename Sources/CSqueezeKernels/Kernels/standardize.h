// A crop of a byte picture, mirrored or not, standardized and interleaved. The sums are whole numbers, so mean and deviation are
// exact to double precision, whatever the order. Bound: a few instructions a pixel; a hundredth of a training step.
#ifndef STANDARDIZE_H
#define STANDARDIZE_H

static void standardize(const sqz_crop *c, const uint8_t *picture, float *y) {
    // The part of the crop that lies inside the picture; the rest is zero bytes.
    int top = c->top < 0 ? -c->top : 0, left = c->left < 0 ? -c->left : 0;
    int bottom = c->top + c->size > c->source ? c->source - c->top : c->size;
    int right = c->left + c->size > c->source ? c->source - c->left : c->size;
    ptrdiff_t plane = (ptrdiff_t)c->source * c->source;
    const uint8_t *corner = picture + (ptrdiff_t)c->top * c->source + c->left;

    uint64_t sum = 0, squares = 0;
    for (int channel = 0; channel < 3; channel++)
        for (int row = top; row < bottom; row++) {
            const uint8_t *from = corner + channel * plane + (ptrdiff_t)row * c->source;
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

    float values[256]; // of every byte
    for (int byte = 0; byte < 256; byte++) values[byte] = ((float)byte - mean) * scale;

    int is_whole = top == 0 && left == 0 && bottom == c->size && right == c->size;
    for (int row = 0; row < c->size; row++, y += c->pitch) {
        if (!is_whole)
            for (int i = 0; i < 3 * c->size; i++) y[i] = values[0];
        if (row < top || row >= bottom) continue;
        const uint8_t *from = corner + (ptrdiff_t)row * c->source;
        float *to = y + (c->flip ? 3 * (c->size - 1) : 0);
        int step = c->flip ? -3 : 3;
        for (int column = left; column < right; column++)
            for (int channel = 0; channel < 3; channel++)
                to[column * step + channel] = values[from[channel * plane + column]];
    }
}

#endif
