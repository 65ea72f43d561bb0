// Pictures as the first layer of eight-bit networks reads them: whole numbers all the way, so that they are the same everywhere.
#include "CSqueezeKernels.h"

// The first and last column, or row, of a crop that lie in the picture.
static int inside_from(int start) { return start < 0 ? -start : 0; }
static int inside_to(int start, int size, int whole) {
    int end = whole - start < size ? whole - start : size;
    return end > 0 ? end : 0;
}

void sqz_int8_moments(const sqz_crop *c, const uint8_t *picture, uint64_t *sum, uint64_t *squares) {
    *sum = *squares = 0;
    int from = inside_from(c->left), to = inside_to(c->left, c->size, c->width);
    for (int channel = 0; channel < 3; channel++)
        for (int row = inside_from(c->top); row < inside_to(c->top, c->size, c->height); row++) {
            const uint8_t *x = picture + ((ptrdiff_t)channel * c->height + c->top + row) * c->width + c->left;
            uint32_t row_sum = 0, row_squares = 0; // of at most 1,024 bytes: below 2^27
            for (int column = from; column < to; column++) row_sum += x[column], row_squares += (uint32_t)x[column] * x[column];
            *sum += row_sum;
            *squares += row_squares;
        }
}

void sqz_int8_input(const sqz_crop *c, int first_row, int last_row, const uint8_t *picture, const int16_t *table, int16_t *y) {
    int from = inside_from(c->left), to = inside_to(c->left, c->size, c->width);
    for (int channel = 0; channel < 3; channel++) {
        const int16_t *values = table + 256 * channel;
        int plane = c->reversed ? 2 - channel : channel;
        for (int row = first_row; row < last_row; row++) {
            int at = c->top + row, is_outside = at < 0 || at >= c->height;
            const uint8_t *x = picture + ((ptrdiff_t)plane * c->height + (is_outside ? 0 : at)) * c->width + c->left;
            int16_t *pixel = y + (ptrdiff_t)row * c->pitch + channel;
            for (int column = 0; column < c->size; column++) {
                int place = c->flip ? c->size - 1 - column : column;
                pixel[3 * column] = values[is_outside || place < from || place >= to ? 0 : x[place]];
            }
        }
    }
}
