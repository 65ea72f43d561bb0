// The plain reference: every kernel as its definition says, one multiply-add at a time, on the same layouts as the fast ones.
// Sums are kept in double precision, so that what differs from it is the other kernel's error.
// It stays for ever: the fast kernels are tested against it, and SQZ_KERNELS=scalar runs the engine on it.
#include "CSqueezeKernels.h"

#include <math.h>
#include <string.h>

enum { P = SQZ_PANEL };

// Not a number stays what it is, so that a diverged run is noticed.
static float at_least(float least, double x) { return x < least ? least : (float)x; }
static float relu(double x) { return at_least(0, x); }

// Offset of a channel at a pixel, `stride` floats apart being the panels.
static ptrdiff_t at(ptrdiff_t stride, int channel, ptrdiff_t pixel) {
    return channel / P * stride + pixel * P + channel % P;
}

// Offset of the weight between two channels, [out/16][in][16].
static ptrdiff_t weight(int inputs, int in, int out) { return ((ptrdiff_t)(out / P) * inputs + in) * P + out % P; }

// Offset of a 3x3 weight, [out/16][9][in][16].
static ptrdiff_t weight3(int inputs, int tap, int in, int out) {
    return (((ptrdiff_t)(out / P) * 9 + tap) * inputs + in) * P + out % P;
}

static int pixel_value(const sqz_crop *c, const uint8_t *picture, int channel, int row, int column) {
    int y = c->top + row, x = c->left + (c->flip ? c->size - 1 - column : column);
    if (y < 0 || x < 0 || y >= c->height || x >= c->width) return 0;
    if (c->reversed) channel = 2 - channel;
    return picture[((ptrdiff_t)channel * c->height + y) * c->width + x];
}

static void normalize(const sqz_crop *c, int first_row, int last_row, const uint8_t *picture, float *y) {
    // Whole numbers: sums of bytes and of their squares are exact.
    uint64_t sum = 0, squares = 0;
    for (int channel = 0; channel < 3; channel++)
        for (int row = 0; row < c->size; row++)
            for (int column = 0; column < c->size; column++) {
                uint64_t value = (uint64_t)pixel_value(c, picture, channel, row, column);
                sum += value;
                squares += value * value;
            }
    double n = 3.0 * c->size * c->size, mean = (double)sum / n;
    double deviation = sqrt(fmax((double)squares / n - mean * mean, 0)), least = 1 / sqrt(n);
    double scale = 1 / fmax(deviation, least);
    for (int row = first_row; row < last_row; row++)
        for (int column = 0; column < c->size; column++)
            for (int channel = 0; channel < 3; channel++)
                y[(ptrdiff_t)row * c->pitch + column * 3 + channel] =
                    (float)((pixel_value(c, picture, channel, row, column) - (c->fixed ? c->mean[channel] : mean)) *
                            (c->fixed ? c->scale[channel] : scale));
}

static void stem_forward(const sqz_stem *s, int first_row, int last_row, const float *x, const float *w, const float *bias,
                         float *y) {
    int run = 3 * s->kernel, taps = s->kernel * run;
    for (int out = 0; out < s->out_panels * P; out++)
        for (int row = first_row; row < last_row; row++)
            for (int column = 0; column < s->width; column++) {
                double sum = bias[out];
                for (int tap = 0; tap < taps; tap++) {
                    ptrdiff_t from = (ptrdiff_t)(row * s->stride + tap / run) * s->pitch + column * s->stride * 3 + tap % run;
                    sum += (double)x[from] * w[weight(taps, tap, out)];
                }
                y[at(s->out_stride, out, (ptrdiff_t)row * s->width + column)] = at_least(s->least, sum);
            }
}

static void stem7_prepare(int out_panels, const float *w, float *u) {
    memcpy(u, w, sizeof(float) * 147 * P * (size_t)out_panels);
}

static void stem7_forward(const sqz_stem *s, int first_triple, int last_triple, const float *x, const float *u, const float *bias,
                          float *y, float *work) {
    (void)work;
    stem_forward(s, 3 * first_triple, 3 * last_triple < s->height ? 3 * last_triple : s->height, x, u, bias, y);
}

static void stem_backward(const sqz_stem *s, const float *x, const float *dy, float *dw, float *dbias) {
    int run = 3 * s->kernel, taps = s->kernel * run;
    ptrdiff_t pixels = (ptrdiff_t)s->height * s->width;
    for (int out = 0; out < s->out_panels * P; out++)
        for (int tap = -1; tap < taps; tap++) { // -1 is the bias
            double sum = 0;
            for (int row = 0; row < s->height; row++)
                for (int column = 0; column < s->width; column++) {
                    double d = dy[at(pixels * P, out, (ptrdiff_t)row * s->width + column)];
                    ptrdiff_t from = (ptrdiff_t)(row * s->stride + tap / run) * s->pitch + column * s->stride * 3 + tap % run;
                    sum += tap < 0 ? d : d * x[from];
                }
            *(tap < 0 ? dbias + out : dw + weight(taps, tap, out)) += (float)sum;
        }
}

static float multiply_add_peak(ptrdiff_t rounds) {
    float sums[12] = {0};
    for (ptrdiff_t round = 0; round < rounds; round++)
        for (int i = 0; i < 12; i++) sums[i] = sums[i] * 0.999f + 1e-3f;
    float total = 0;
    for (int i = 0; i < 12; i++) total += sums[i];
    return total;
}

// The reference works on the weights as they are.
static void stem_pool_prepare(int out_panels, const float *w, float *u) {
    memcpy(u, w, sizeof(float) * 27 * P * (size_t)out_panels);
}

// Offset in the bordered input of a tap (ky, kx, channel) of the convolution at a pixel.
static ptrdiff_t stem_input(const sqz_stem_pool *s, int row, int column, int tap) {
    return (ptrdiff_t)(row + tap / 9) * s->pitch + column * 3 + tap % 9;
}

static void stem_pool_forward(const sqz_stem_pool *s, int first_pair, int last_pair, const float *x, const float *u,
                              const float *bias, float *y, uint8_t *place, float *work) {
    (void)work;
    for (int out = 0; out < s->out_panels * P; out++)
        for (int row = 2 * first_pair; row < 2 * last_pair && row < s->size; row++)
            for (int column = 0; column < s->size; column++) {
                double best = 0;
                ptrdiff_t here = at((ptrdiff_t)s->size * s->size * P, out, (ptrdiff_t)row * s->size + column);
                for (int q = 0; q < 4; q++) {
                    double sum = bias[out];
                    for (int tap = 0; tap < 27; tap++)
                        sum += (double)x[stem_input(s, 2 * row + q / 2, 2 * column + q % 2, tap)] * u[weight(27, tap, out)];
                    if (q > 0 && !(sum > best)) continue;
                    best = sum;
                    if (place) place[here] = (uint8_t)q;
                }
                y[here] = at_least(s->least, best);
            }
}

static void stem_pool_backward(const sqz_stem_pool *s, const float *x, const float *dy, const uint8_t *place, float *dw,
                               float *dbias, float *work) {
    (void)work;
    for (int out = 0; out < s->out_panels * P; out++)
        for (int tap = -1; tap < 27; tap++) { // -1 is the bias
            double sum = 0;
            for (int row = 0; row < s->size; row++)
                for (int column = 0; column < s->size; column++) {
                    ptrdiff_t here = at((ptrdiff_t)s->size * s->size * P, out, (ptrdiff_t)row * s->size + column);
                    int q = place[here];
                    double d = dy[here];
                    sum += tap < 0 ? d : d * x[stem_input(s, 2 * row + q / 2, 2 * column + q % 2, tap)];
                }
            *(tap < 0 ? dbias + out : dw + weight(27, tap, out)) += (float)sum;
        }
}

// The pixel of the first maximum of a window, in row-major order.
static ptrdiff_t arg_max(const sqz_maxpool *s, const float *x, int channel, int row, int column) {
    ptrdiff_t stride = (ptrdiff_t)s->in_height * s->in_width * P, best = -1;
    for (int ky = 0; ky < s->kernel; ky++)
        for (int kx = 0; kx < s->kernel; kx++) {
            int iy = row * s->stride + ky, ix = column * s->stride + kx;
            if (iy >= s->in_height || ix >= s->in_width) continue;
            ptrdiff_t pixel = (ptrdiff_t)iy * s->in_width + ix;
            if (best < 0 || x[at(stride, channel, pixel)] > x[at(stride, channel, best)]) best = pixel;
        }
    return best;
}

static void maxpool_forward(const sqz_maxpool *s, int first_row, int last_row, const float *x, float *y) {
    ptrdiff_t in = (ptrdiff_t)s->in_height * s->in_width * P, out = (ptrdiff_t)s->out_height * s->out_width * P;
    for (int channel = 0; channel < s->panels * P; channel++)
        for (int row = first_row; row < last_row; row++)
            for (int column = 0; column < s->out_width; column++)
                y[at(out, channel, (ptrdiff_t)row * s->out_width + column)] =
                    x[at(in, channel, arg_max(s, x, channel, row, column))];
}

static void maxpool_backward(const sqz_maxpool *s, const float *x, const float *y, const float *dy, float *dx) {
    (void)y;
    ptrdiff_t in = (ptrdiff_t)s->in_height * s->in_width * P, out = (ptrdiff_t)s->out_height * s->out_width * P;
    memset(dx, 0, sizeof(float) * (size_t)(s->panels * in));
    for (int channel = 0; channel < s->panels * P; channel++)
        for (int row = 0; row < s->out_height; row++)
            for (int column = 0; column < s->out_width; column++)
                dx[at(in, channel, arg_max(s, x, channel, row, column))] +=
                    dy[at(out, channel, (ptrdiff_t)row * s->out_width + column)];
}

static void pointwise_forward(const sqz_pointwise *s, const float *x, const float *w, const float *bias, float *y) {
    int inputs = s->in_panels * P;
    for (int out = 0; out < s->out_panels * P; out++)
        for (int row = 0; row < s->rows; row++) {
            double sum = bias[out];
            for (int in = 0; in < inputs; in++) sum += (double)x[at(s->in_stride, in, row)] * w[weight(inputs, in, out)];
            y[at(s->out_stride, out, row)] = s->relu ? relu(sum) : (float)sum;
        }
}

static void pointwise_backward_data(const sqz_pointwise *s, const float *dy, const float *wt, int accumulate, const float *mask,
                                    float *dx) {
    int outputs = s->out_panels * P;
    for (int in = 0; in < s->in_panels * P; in++)
        for (int row = 0; row < s->rows; row++) {
            ptrdiff_t here = at(s->in_stride, in, row);
            double sum = accumulate ? dx[here] : 0;
            for (int out = 0; out < outputs; out++) sum += (double)dy[at(s->out_stride, out, row)] * wt[weight(outputs, out, in)];
            dx[here] = mask && !(mask[here] > 0) ? 0 : (float)sum;
        }
}

static void pointwise_backward_weights(const sqz_pointwise *s, const float *x, const float *dy, float *dw, float *dbias) {
    int inputs = s->in_panels * P;
    for (int out = 0; out < s->out_panels * P; out++)
        for (int in = -1; in < inputs; in++) { // -1 is the bias
            double sum = 0;
            for (int row = 0; row < s->rows; row++) {
                double d = dy[at(s->out_stride, out, row)];
                sum += in < 0 ? d : d * x[at(s->in_stride, in, row)];
            }
            *(in < 0 ? dbias + out : dw + weight(inputs, in, out)) += (float)sum;
        }
}

static void pointwise_transpose(int in_panels, int out_panels, const float *w, float *wt) {
    int inputs = in_panels * P, outputs = out_panels * P;
    for (int in = 0; in < inputs; in++)
        for (int out = 0; out < outputs; out++) wt[weight(outputs, out, in)] = w[weight(inputs, in, out)];
}

// The reference works on the weights as they are: u and ut are copies.
static void conv3x3_prepare(const sqz_conv3x3 *s, int first_panel, int last_panel, const float *w, float *u, float *ut) {
    ptrdiff_t panel = (ptrdiff_t)9 * s->in_panels * P * P, count = (last_panel - first_panel) * panel;
    memcpy(u + first_panel * panel, w + first_panel * panel, sizeof(float) * (size_t)count);
    if (ut) memcpy(ut + first_panel * panel, w + first_panel * panel, sizeof(float) * (size_t)count);
}

// The pixel that a tap reads, or -1 outside.
static ptrdiff_t tap_pixel(const sqz_conv3x3 *s, int row, int column, int tap) {
    int y = row + tap / 3 - 1, x = column + tap % 3 - 1;
    return y < 0 || x < 0 || y >= s->height || x >= s->width ? -1 : (ptrdiff_t)y * s->width + x;
}

static float output3(const sqz_conv3x3 *s, const float *x, const float *u, const float *bias, int row, int column, int out) {
    int inputs = s->in_panels * P;
    double sum = bias[out];
    for (int tap = 0; tap < 9; tap++) {
        ptrdiff_t from = tap_pixel(s, row, column, tap);
        if (from < 0) continue;
        for (int in = 0; in < inputs; in++)
            sum += (double)x[at((ptrdiff_t)s->height * s->width * P, in, from)] * u[weight3(inputs, tap, in, out)];
    }
    return at_least(s->least, sum);
}

static void conv3x3_forward(const sqz_conv3x3 *s, const sqz_conv3x3_part *part, const float *x, const float *u,
                            const float *bias, float *y, float *work) {
    (void)work;
    int across = sqz_tiles(s->width), tiles = across * sqz_tiles(s->height), window = s->pools ? 2 : 1;
    int height = s->height / window, width = s->width / window;
    ptrdiff_t stride = (ptrdiff_t)height * width * P;
    for (int tile = part->first_tile; tile < part->last_tile; tile++) {
        const float *xi = x + tile / tiles * s->in_image;
        float *yi = y + tile / tiles * s->out_image;
        int down = tile % tiles / across, right = tile % tiles % across;
        int top = sqz_tile_start(s->height, s->pools, down) / window, bottom = sqz_tile_start(s->height, s->pools, down + 1) / window;
        int left = sqz_tile_start(s->width, s->pools, right) / window, end = sqz_tile_start(s->width, s->pools, right + 1) / window;
        for (int out = part->first_panel * P; out < part->last_panel * P; out++)
            for (int row = top; row < bottom; row++)
                for (int column = left; column < end; column++) {
                    float best = output3(s, xi, u, bias, window * row, window * column, out);
                    for (int i = 1; i < window * window; i++) {
                        float other = output3(s, xi, u, bias, 2 * row + i / 2, 2 * column + i % 2, out);
                        if (other > best) best = other;
                    }
                    yi[at(stride, out, (ptrdiff_t)row * width + column)] = best;
                }
    }
}

// The sum over the map of one image's products for one weight, or of the gradients alone (tap -1: the bias).
static double weight_gradient3(const sqz_conv3x3 *s, const float *x, const float *dy, int tap, int in, int out) {
    ptrdiff_t stride = (ptrdiff_t)s->height * s->width * P;
    double sum = 0;
    for (int row = 0; row < s->height; row++)
        for (int column = 0; column < s->width; column++) {
            double d = dy[at(stride, out, (ptrdiff_t)row * s->width + column)];
            ptrdiff_t from = tap < 0 ? -1 : tap_pixel(s, row, column, tap);
            sum += tap < 0 ? d : from < 0 ? 0 : d * x[at(stride, in, from)];
        }
    return sum;
}

// What all outputs that read an input pixel pass back to it: the taps turned around.
static double data_gradient3(const sqz_conv3x3 *s, const float *dy, const float *w, int row, int column, int in) {
    ptrdiff_t stride = (ptrdiff_t)s->height * s->width * P;
    double sum = 0;
    for (int tap = 0; tap < 9; tap++) {
        ptrdiff_t to = tap_pixel(s, row, column, 8 - tap);
        if (to < 0) continue;
        for (int out = 0; out < s->out_panels * P; out++)
            sum += (double)dy[at(stride, out, to)] * w[weight3(s->in_panels * P, tap, in, out)];
    }
    return sum;
}

static void conv3x3_backward(const sqz_conv3x3 *s, int images, int accumulate, const float *x, const float *dy,
                             const float *ut, float *dx, float *du, float *dbias, float *work) {
    (void)work;
    int inputs = s->in_panels * P;
    if (!accumulate) memset(du, 0, sizeof(float) * 9 * P * (size_t)(inputs * s->out_panels));
    ptrdiff_t stride = (ptrdiff_t)s->height * s->width * P;
    for (int image = 0; image < images; image++, x += s->in_image, dx += s->in_image, dy += s->out_image) {
        for (int out = 0; out < s->out_panels * P; out++) {
            dbias[out] += (float)weight_gradient3(s, x, dy, -1, 0, out);
            for (int tap = 0; tap < 9; tap++)
                for (int in = 0; in < inputs; in++)
                    du[weight3(inputs, tap, in, out)] += (float)weight_gradient3(s, x, dy, tap, in, out);
        }
        for (int in = 0; in < inputs; in++)
            for (int row = 0; row < s->height; row++)
                for (int column = 0; column < s->width; column++)
                    dx[at(stride, in, (ptrdiff_t)row * s->width + column)] +=
                        (float)data_gradient3(s, dy, ut, row, column, in);
    }
}

static void conv3x3_finish(const sqz_conv3x3 *s, const float *du, float *dw) {
    memcpy(dw, du, sizeof(float) * 9 * P * P * (size_t)s->in_panels * (size_t)s->out_panels);
}

static void batch_moments(int pixels, int panels, const float *x, double *sums) {
    for (int channel = 0; channel < panels * P; channel++) {
        double *sum = sums + channel / P * 2 * P + channel % P;
        for (int pixel = 0; pixel < pixels; pixel++) {
            double value = x[at((ptrdiff_t)pixels * P, channel, pixel)];
            sum[0] += value;
            sum[P] += value * value;
        }
    }
}

static void batch_forward(int pixels, int panels, const float *scale, const float *shift, float least, const float *x, float *y) {
    for (int channel = 0; channel < panels * P; channel++)
        for (int pixel = 0; pixel < pixels; pixel++) {
            ptrdiff_t here = at((ptrdiff_t)pixels * P, channel, pixel);
            y[here] = at_least(least, (double)scale[channel] * x[here] + shift[channel]);
        }
}

static void batch_backward_sums(int pixels, int panels, const float *scale, const float *shift, float least, const float *x,
                                float *dy, double *sums) {
    for (int channel = 0; channel < panels * P; channel++) {
        double *sum = sums + channel / P * 2 * P + channel % P;
        for (int pixel = 0; pixel < pixels; pixel++) {
            ptrdiff_t here = at((ptrdiff_t)pixels * P, channel, pixel);
            if (!((double)scale[channel] * x[here] + shift[channel] > least)) dy[here] = 0;
            sum[0] += dy[here];
            sum[P] += (double)dy[here] * x[here];
        }
    }
}

static void batch_backward(int pixels, int panels, const float *k, const float *x, const float *dy, float *dx) {
    for (int channel = 0; channel < panels * P; channel++) {
        const float *own = k + channel / P * 3 * P + channel % P;
        for (int pixel = 0; pixel < pixels; pixel++) {
            ptrdiff_t here = at((ptrdiff_t)pixels * P, channel, pixel);
            dx[here] = (float)((double)own[0] * dy[here] + (double)own[P] * x[here] + own[2 * P]);
        }
    }
}

static void relu_backward(ptrdiff_t count, const float *y, float *dy) {
    for (ptrdiff_t i = 0; i < count; i++)
        if (!(y[i] > 0)) dy[i] = 0;
}

static void add(ptrdiff_t count, const float *a, const float *b, float *y) {
    for (ptrdiff_t i = 0; i < count; i++) y[i] = a[i] + b[i];
}

static void dropout(ptrdiff_t count, const uint32_t *keep, float *x) {
    for (ptrdiff_t i = 0; i < count; i++) x[i] *= keep[i / 32] >> (i % 32) & 1 ? 2 : 0;
}

static void average_forward(int pixels, int panels, const float *x, float *y) {
    for (int channel = 0; channel < panels * P; channel++) {
        double sum = 0;
        for (int pixel = 0; pixel < pixels; pixel++) sum += x[at((ptrdiff_t)pixels * P, channel, pixel)];
        y[channel] = (float)(sum / pixels);
    }
}

static void average_backward(int pixels, int panels, const float *x, const float *dy, float *dx) {
    for (int channel = 0; channel < panels * P; channel++)
        for (int pixel = 0; pixel < pixels; pixel++) {
            ptrdiff_t here = at((ptrdiff_t)pixels * P, channel, pixel);
            dx[here] = !x || x[here] > 0 ? dy[channel] / (float)pixels : 0;
        }
}

static void adam(const sqz_adam *rule, ptrdiff_t count, const float *g, float *w, float *m, float *v) {
    for (ptrdiff_t i = 0; i < count; i++) {
        m[i] += (g[i] - m[i]) * (1 - rule->beta1);
        v[i] += (g[i] * g[i] - v[i]) * (1 - rule->beta2);
        w[i] = rule->keep * w[i] - rule->step * m[i] / (sqrtf(v[i]) + rule->epsilon);
    }
}

static void nesterov(const sqz_nesterov *rule, ptrdiff_t count, const float *g, float *w, float *v) {
    for (ptrdiff_t i = 0; i < count; i++) {
        float gradient = g[i] + rule->decay * w[i];
        v[i] = rule->momentum * v[i] + gradient;
        w[i] -= rule->rate * (gradient + rule->momentum * v[i]);
    }
}

static void follow(float share, ptrdiff_t count, const float *x, float *y) {
    for (ptrdiff_t i = 0; i < count; i++) y[i] += share * (x[i] - y[i]);
}

#include "reference_int8.h"

int sqz_has_scalar(void) { return 1; }

const sqz_kernels sqz_kernels_scalar = {
    .name = "scalar",
    .lanes = 1,
#define SQZ_KERNEL(result, function, parameters) .function = function,
#include "kernel_list.h"
};
