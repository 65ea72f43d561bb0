// Eight bits, as they are defined: every kernel set gives these bytes.
//
// Activations are unsigned, 0 to `most`; weights are signed, -127 to 127. Kernels know of no zero point: where values are below zero, as
// a bypass' are, the biases of what writes and of what reads them say which number stands for zero (QuantizedPacking.swift). The sum of
// two neighbours' products fits 16 bits, so that vpmaddubsw cannot saturate: `most` is 127, or it is 255 and of the weights of each two
// inputs (0 and 1, 2 and 3, ...) of a 1x1 layer those of one sign come to at most 128: 255 * 128 = 32,640. Sums are of 32 bits and cannot
// overflow: the most inputs of a 1x1 layer, 512 (four times as many with `--width 4`), come to 512 * 255 * 64 = 8.4 million; the 3x3
// layers of 1.0, 64 * 9 of them, to 255 * 127 * 576 = 18.7 million; its 7x7 first layer, 147 inputs of at most SQZ_INT8_INPUT = 255, to
// 4.8 million. A bias adds at most 2 * SQZ_INT8_BIAS = 16.8 million, an input's zero no more than such a sum, and an output's zero at
// most 2^29. All together is below 2^30; 2^31 is 2,147 million.

// The one place where a sum becomes a byte: y = min(most, floor(max(sum, 0) * multiplier / 2^32)). Half a step, which makes it the
// nearest one, is in the bias (sqz_int8_half).
static uint8_t requantize(int32_t sum, uint32_t multiplier, int most) {
    uint64_t y = (uint64_t)(sum > 0 ? sum : 0) * multiplier >> 32;
    return (uint8_t)(y < (uint64_t)most ? y : (uint64_t)most);
}

static int32_t int8_product(int inputs, const uint8_t *x, const int8_t *w, int out, int32_t bias) {
    for (int k = 0; k < inputs; k++) bias += x[k] * w[((ptrdiff_t)(out / P) * inputs + k / 4 * 4) * P + out % P * 4 + k % 4];
    return bias;
}

static void int8_pointwise(const sqz_int8_pointwise *s, const uint8_t *x, const int8_t *w, const int32_t *bias,
                           const uint32_t *multiplier, uint8_t *y) {
    for (int pixel = 0; pixel < s->pixels; pixel++)
        for (int out = 0; out < s->out_panels * P; out++)
            y[pixel * s->out_pitch + out] =
                requantize(int8_product(s->inputs, x + (ptrdiff_t)pixel * s->inputs, w, out, bias[out]), multiplier[out], s->most);
}

static void int8_head(int pixels, int inputs, int first_panel, int last_panel, const uint8_t *x, const int8_t *w, const int32_t *bias,
                      int64_t *sums) {
    for (int out = first_panel * P; out < last_panel * P; out++) {
        sums[out] = 0;
        for (int pixel = 0; pixel < pixels; pixel++) {
            int32_t score = int8_product(inputs, x + (ptrdiff_t)pixel * inputs, w, out, bias[out]);
            sums[out] += score > 0 ? score : 0;
        }
    }
}

static void int8_stem(const sqz_int8_stem *s, int first_row, int last_row, const int16_t *x, const int16_t *w, const int32_t *bias,
                      const uint32_t *multiplier, uint8_t *y) {
    int run = sqz_int8_stem_run(s->kernel);
    for (int row = first_row; row < last_row; row++)
        for (int column = 0; column < s->width; column++)
            for (int out = 0; out < s->out_panels * P; out++) {
                int32_t sum = bias[out];
                for (int ky = 0; ky < s->kernel; ky++)
                    for (int k = 0; k < 3 * s->kernel; k++)
                        sum += x[(ptrdiff_t)(row * s->stride + ky) * s->pitch + column * s->stride * 3 + k] *
                               w[((((ptrdiff_t)(out / P) * s->kernel + ky) * run + k / 2 * 2) * P) + out % P * 2 + k % 2];
                y[((ptrdiff_t)row * s->width + column) * s->out_panels * P + out] = requantize(sum, multiplier[out], s->most);
            }
}

static void int8_maxpool(const sqz_int8_maxpool *s, int first_row, int last_row, const uint8_t *x, uint8_t *y) {
    for (int row = first_row; row < last_row; row++)
        for (int column = 0; column < s->out_size; column++)
            for (int c = 0; c < s->channels; c++) {
                uint8_t most = 0;
                for (int i = 2 * row; i < 2 * row + s->kernel && i < s->in_size; i++)
                    for (int j = 2 * column; j < 2 * column + s->kernel && j < s->in_size; j++) {
                        uint8_t value = x[((ptrdiff_t)i * s->in_size + j) * s->channels + c];
                        if (value > most) most = value;
                    }
                y[((ptrdiff_t)row * s->out_size + column) * s->channels + c] = most;
            }
}

static void int8_conv3x3_prepare(const sqz_int8_conv3x3 *s, const int8_t *w, int16_t *u) {
    for (ptrdiff_t i = 0; i < (ptrdiff_t)s->out_panels * P * s->inputs * 9; i++) u[i] = w[i];
}

static void int8_conv3x3(const sqz_int8_conv3x3 *s, const sqz_conv3x3_part *part, const uint8_t *x, const int16_t *u,
                         const int32_t *bias, const uint32_t *multiplier, uint8_t *y, void *work) {
    (void)work;
    int across = (s->size + 3) / 4;
    for (int tile = part->first_tile; tile < part->last_tile; tile++) {
        ptrdiff_t image = tile / (across * across) * s->size * s->size;
        int top = tile / across % across * 4, left = tile % across * 4;
        for (int row = top; row < top + 4 && row < s->size; row++)
            for (int column = left; column < left + 4 && column < s->size; column++)
                for (int out = part->first_panel * P; out < part->last_panel * P; out++) {
                    int32_t sum = bias[out];
                    for (int ky = 0; ky < 3; ky++)
                        for (int kx = 0; kx < 3; kx++) {
                            int i = row + ky - 1, j = column + kx - 1;
                            if (i < 0 || i >= s->size || j < 0 || j >= s->size) continue;
                            for (int in = 0; in < s->inputs; in++)
                                sum += x[(image + (ptrdiff_t)i * s->size + j) * s->inputs + in] *
                                       u[((ptrdiff_t)out * s->inputs + in) * 9 + ky * 3 + kx];
                        }
                    y[(image + (ptrdiff_t)row * s->size + column) * s->out_pitch + out] = requantize(sum, multiplier[out], s->most);
                }
    }
}

static ptrdiff_t int8_peak(ptrdiff_t rounds) {
    int32_t sum = 0;
    for (ptrdiff_t round = 0; round < rounds; round++) {
        __asm__ volatile("" : "+r"(sum)); // so that the work is not left out
        sum += (uint8_t)round * (int8_t)sum;
    }
    return rounds;
}

// Of a bypass: both have been brought to 16 binary places of the sum's step.
static void int8_add(ptrdiff_t count, uint32_t scale_a, uint32_t scale_b, int most, const uint8_t *a, uint8_t *y) {
    for (ptrdiff_t i = 0; i < count; i++) {
        uint32_t sum = (a[i] * scale_a + y[i] * scale_b + (1u << 15)) >> 16;
        y[i] = (uint8_t)(sum < (uint32_t)most ? sum : (uint32_t)most);
    }
}
