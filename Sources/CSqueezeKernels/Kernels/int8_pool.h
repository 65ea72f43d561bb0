// Eight bits: what has no products.
#ifndef INT8_POOL_H
#define INT8_POOL_H
#include "int8_vector.h"

static void int8_maxpool(const sqz_int8_maxpool *s, int first_row, int last_row, const uint8_t *restrict x, uint8_t *restrict y) {
    for (int row = first_row; row < last_row; row++)
        for (int column = 0; column < s->out_size; column++) {
            uint8_t *to = y + ((ptrdiff_t)row * s->out_size + column) * s->channels;
            int rows = s->in_size - 2 * row < s->kernel ? s->in_size - 2 * row : s->kernel;
            int columns = s->in_size - 2 * column < s->kernel ? s->in_size - 2 * column : s->kernel;
            const uint8_t *from = x + ((ptrdiff_t)2 * row * s->in_size + 2 * column) * s->channels;
            typedef uint8_t sixteen __attribute__((ext_vector_type(16), aligned(1), may_alias));
            for (int c = 0; c < s->channels; c += 16) {
                sixteen most = *(const sixteen *)(from + c);
                for (int i = 0; i < rows; i++)
                    for (int j = 0; j < columns; j++) {
                        sixteen other = *(const sixteen *)(from + ((ptrdiff_t)i * s->in_size + j) * s->channels + c);
                        most = other > most ? other : most;
                    }
                *(sixteen *)(to + c) = most;
            }
        }
}

static void int8_add(ptrdiff_t count, uint32_t scale_a, uint32_t scale_b, int most, const uint8_t *restrict a, uint8_t *restrict y) {
    for (ptrdiff_t i = 0; i < count; i++) {
        uint32_t sum = (a[i] * scale_a + y[i] * scale_b + (1u << 15)) >> 16;
        y[i] = (uint8_t)(sum < (uint32_t)most ? sum : (uint32_t)most);
    }
}

#endif
