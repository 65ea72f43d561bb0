// Every kernel of every table that this processor has, or of those that are named, against the plain reference: the engine's Swift tests
// in small, for processors that we cross-compile to (Tests/KernelsCross/run). Prints a line a comparison; fails if one is too far off.
#include "CSqueezeKernels.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double direct_error = 1e-6, winograd_error = 2e-6; // as in KernelTests.swift
static int failed, passed;
static uint32_t draws;

static float *zeros(ptrdiff_t count) {
    float *x = aligned_alloc(64, (size_t)(count + 64 + 15) / 16 * 64);
    if (!x) abort();
    memset(x, 0, (size_t)(count + 64 + 15) / 16 * 64);
    return x;
}

// In [-1, 1), or with half of them zero as after a ReLU.
static float *random_floats(ptrdiff_t count, int rectified) {
    float *x = zeros(count);
    for (ptrdiff_t i = 0; i < count; i++) {
        uint32_t counter[4] = {draws++, 0, 0, 0}, words[4];
        sqz_philox(1, counter, words);
        x[i] = (float)(words[0] >> 8) * 0x1p-23f - 1;
        if (rectified && x[i] < 0) x[i] = 0;
    }
    return x;
}

static float *copy(const float *x, ptrdiff_t count) {
    float *y = zeros(count);
    memcpy(y, x, sizeof(float) * (size_t)count);
    return y;
}

static void expect(const sqz_kernels *k, const char *what, const float *found, const float *truth, ptrdiff_t count, double limit) {
    double error = 0, norm = 0;
    for (ptrdiff_t i = 0; i < count; i++) {
        error += (found[i] - truth[i]) * (double)(found[i] - truth[i]);
        norm += truth[i] * (double)truth[i];
    }
    double relative = sqrt(error / norm);
    int good = relative <= limit;
    *(good ? &passed : &failed) += 1;
    printf("%s\t%s\t%s\t%.2e\n", good ? "ok" : "FAILED", k->name, what, relative);
}

static void compare_pointwise(const sqz_kernels *k, const sqz_kernels *r, int rows, int in, int out) {
    sqz_pointwise s = {.rows = rows, .in_panels = in, .out_panels = out, .in_stride = rows * 16, .out_stride = rows * 16, .relu = 1};
    ptrdiff_t nx = rows * in * 16, ny = rows * out * 16, nw = in * out * 256;
    float *x = random_floats(nx, 1), *w = random_floats(nw, 0), *bias = random_floats(out * 16, 0), *dy = random_floats(ny, 0);
    float *y = zeros(ny), *truth = zeros(ny), *wt = zeros(nw);
    k->pointwise_forward(&s, x, w, bias, y);
    r->pointwise_forward(&s, x, w, bias, truth);
    expect(k, "pointwise forward", y, truth, ny, direct_error);
    r->pointwise_transpose(in, out, w, wt);
    float *dx = random_floats(nx, 0), *dx2 = copy(dx, nx), *dw = random_floats(nw, 0), *dw2 = copy(dw, nw);
    float *db = zeros(out * 16), *db2 = zeros(out * 16);
    k->pointwise_backward_data(&s, dy, wt, 1, x, dx);
    r->pointwise_backward_data(&s, dy, wt, 1, x, dx2);
    expect(k, "pointwise data gradient", dx, dx2, nx, direct_error);
    k->pointwise_backward_weights(&s, x, dy, dw, db);
    r->pointwise_backward_weights(&s, x, dy, dw2, db2);
    expect(k, "pointwise weight gradient", dw, dw2, nw, direct_error);
    expect(k, "pointwise bias gradient", db, db2, out * 16, direct_error);
}

static void compare_conv3x3(const sqz_kernels *k, const sqz_kernels *r, int size, int in, int out, int images) {
    ptrdiff_t pixels = size * size, nx = pixels * in * 16, ny = pixels * out * 16, nw = in * out * 9 * 256;
    sqz_conv3x3 s = {.height = size, .width = size, .in_panels = in, .out_panels = out, .block = 16, .in_image = nx, .out_image = ny};
    float *x = random_floats(nx * images, 1), *w = random_floats(nw, 0), *bias = random_floats(out * 16, 0);
    sqz_conv3x3 unprepared = s;
    unprepared.plain = 1;
    float *dy = random_floats(ny * images, 0);
    float *work = zeros(sqz_conv3x3_workspace(&s, 1) + sqz_conv3x3_workspace(&unprepared, 0));
    ptrdiff_t filters = sqz_conv3x3_filters(in * 16, out * 16);
    float *u = zeros(filters), *ut = zeros(filters), *plain = zeros(filters), *plain_t = zeros(filters);
    k->conv3x3_prepare(&s, 0, out, w, u, ut);
    r->conv3x3_prepare(&s, 0, out, w, plain, plain_t);
    sqz_conv3x3_part all = {.last_tile = sqz_tiles(size) * sqz_tiles(size) * images, .last_panel = out};
    float *y = zeros(ny * images), *truth = zeros(ny * images);
    k->conv3x3_forward(&s, &all, x, u, bias, y, work);
    r->conv3x3_forward(&s, &all, x, plain, bias, truth, work);
    expect(k, "3x3 forward", y, truth, ny * images, winograd_error);
    memset(y, 0, (size_t)(ny * images) * 4);
    k->conv3x3_forward(&unprepared, &all, x, w, bias, y, work);
    expect(k, "3x3 forward, plain weights", y, truth, ny * images, winograd_error);
    sqz_conv3x3 pooled = s;
    pooled.pools = 1, pooled.out_image = (ptrdiff_t)(size / 2) * (size / 2) * out * 16;
    k->conv3x3_forward(&pooled, &all, x, u, bias, y, work);
    r->conv3x3_forward(&pooled, &all, x, plain, bias, truth, work);
    expect(k, "3x3 forward and pool", y, truth, pooled.out_image * images, winograd_error);
    float *dx = zeros(nx * images), *dx2 = zeros(nx * images), *du = zeros(filters), *du2 = zeros(filters);
    float *db = zeros(out * 16), *db2 = zeros(out * 16), *dw = zeros(nw), *dw2 = zeros(nw);
    k->conv3x3_backward(&s, images, 0, x, dy, ut, dx, du, db, work);
    r->conv3x3_backward(&s, images, 0, x, dy, plain_t, dx2, du2, db2, work);
    k->conv3x3_finish(&s, du, dw);
    r->conv3x3_finish(&s, du2, dw2);
    expect(k, "3x3 data gradient", dx, dx2, nx * images, winograd_error);
    expect(k, "3x3 weight gradient", dw, dw2, nw, winograd_error);
    expect(k, "3x3 bias gradient", db, db2, out * 16, direct_error);
}

static void compare_stems(const sqz_kernels *k, const sqz_kernels *r, int size) {
    int triples = (size + 2) / 3, covered = sqz_stem7_covered(size), pitch = sqz_input_pitch(covered);
    ptrdiff_t ny = size * size * 32;
    float *x = random_floats(pitch * covered, 0), *w = random_floats(147 * 32, 0), *bias = random_floats(32, 0);
    float *work = zeros(sqz_stem7_workspace(pitch, size) + sqz_stem_pool_workspace(pitch));
    float *u = zeros(sqz_stem7_filters(2)), *plain = zeros(sqz_stem7_filters(2));
    float *y = zeros(ny), *truth = zeros(ny), *dy = random_floats(ny, 0);
    sqz_stem seven = {
        .kernel = 7, .stride = 2, .pitch = pitch, .height = size, .width = size, .out_panels = 2, .out_stride = size * size * 16};
    k->stem7_prepare(2, w, u);
    r->stem7_prepare(2, w, plain);
    k->stem7_forward(&seven, 0, triples, x, u, bias, y, work);
    r->stem7_forward(&seven, 0, triples, x, plain, bias, truth, work);
    expect(k, "7x7 stem forward", y, truth, ny, winograd_error);
    k->stem_forward(&seven, 0, size, x, w, bias, y);
    expect(k, "stem forward", y, truth, ny, direct_error);
    float *dw = zeros(147 * 32), *dw2 = zeros(147 * 32), *db = zeros(32), *db2 = zeros(32);
    k->stem_backward(&seven, x, dy, dw, db);
    r->stem_backward(&seven, x, dy, dw2, db2);
    expect(k, "stem weight gradient", dw, dw2, 147 * 32, direct_error);

    sqz_stem_pool pool = {.pitch = pitch, .size = size, .out_panels = 2};
    uint8_t *place = calloc((size_t)ny, 1), *place2 = calloc((size_t)ny, 1);
    k->stem_pool_prepare(2, w, u);
    r->stem_pool_prepare(2, w, plain);
    k->stem_pool_forward(&pool, 0, (size + 1) / 2, x, u, bias, y, place, work);
    r->stem_pool_forward(&pool, 0, (size + 1) / 2, x, plain, bias, truth, place2, work);
    expect(k, "stem and pool forward", y, truth, ny, winograd_error);
    memset(dw, 0, 27 * 32 * 4), memset(dw2, 0, 27 * 32 * 4);
    k->stem_pool_backward(&pool, x, dy, place2, dw, db, work);
    r->stem_pool_backward(&pool, x, dy, place2, dw2, db2, work);
    expect(k, "stem and pool weight gradient", dw, dw2, 27 * 32, direct_error);
}

static void compare_rest(const sqz_kernels *k, const sqz_kernels *r) {
    for (int kernel = 2; kernel <= 3; kernel++) {
        sqz_maxpool s = {.kernel = kernel, .stride = 2, .in_height = 13, .in_width = 13, .out_height = 6, .out_width = 6, .panels = 2};
        float *x = random_floats(13 * 13 * 32, 1), *dy = random_floats(6 * 6 * 32, 0);
        float *y = zeros(6 * 6 * 32), *truth = zeros(6 * 6 * 32), *dx = zeros(13 * 13 * 32), *dx2 = zeros(13 * 13 * 32);
        k->maxpool_forward(&s, 0, 6, x, y);
        r->maxpool_forward(&s, 0, 6, x, truth);
        expect(k, "max pool forward", y, truth, 6 * 6 * 32, 0);
        k->maxpool_backward(&s, x, y, dy, dx);
        r->maxpool_backward(&s, x, truth, dy, dx2);
        expect(k, "max pool gradient", dx, dx2, 13 * 13 * 32, direct_error);
    }
    float *g = random_floats(256, 0), *w = random_floats(256, 0), *m = random_floats(256, 0), *v = random_floats(256, 1);
    float *w2 = copy(w, 256), *m2 = copy(m, 256), *v2 = copy(v, 256);
    sqz_adam rule = {.step = 1e-3f, .beta1 = 0.9f, .beta2 = 0.999f, .epsilon = 1e-8f, .keep = 0.99f};
    k->adam(&rule, 256, g, w, m, v);
    r->adam(&rule, 256, g, w2, m2, v2);
    expect(k, "Adam", w, w2, 256, direct_error);
    sqz_nesterov nesterov = {.rate = 0.1f, .momentum = 0.9f, .decay = 0.05f};
    k->nesterov(&nesterov, 256, g, w, m);
    r->nesterov(&nesterov, 256, g, w2, m2);
    expect(k, "Nesterov", w, w2, 256, direct_error);
    k->follow(0.25f, 256, g, w);
    r->follow(0.25f, 256, g, w2);
    expect(k, "averaged weights", w, w2, 256, direct_error);
    uint32_t keep[8] = {0x12345678, 0x9abcdef0, 1, 0x80000000, 0xffffffff, 0, 0x55555555, 0x3333cccc};
    k->dropout(256, keep, w2);
    r->dropout(256, keep, w);
    expect(k, "dropout", w2, w, 256, direct_error);
    uint8_t picture[3 * 32 * 32];
    for (size_t i = 0; i < sizeof picture; i++) picture[i] = (uint8_t)(i * 2654435761u >> 13);
    float *y = zeros(96 * 32), *truth = zeros(96 * 32);
    for (int fixed = 0; fixed < 2; fixed++) {
        sqz_crop crop = {.width = 32, .height = 32, .left = -3, .top = 2, .size = 32, .flip = 1, .pitch = 96,
                         .reversed = fixed, .fixed = fixed, .mean = {104, 117.5f, 0}, .scale = {0.017f, 0.5f, 1}};
        k->normalize(&crop, 0, 32, picture, y);
        r->normalize(&crop, 0, 32, picture, truth);
        expect(k, "normalization", y, truth, 96 * 32, direct_error);
    }
}

// Bytes, in one of two tempers: any, or none but the largest.
static void *bytes_of(ptrdiff_t count, int size, int least, int most, int extreme) {
    int8_t *x = (int8_t *)zeros((count * size + 3) / 4);
    for (ptrdiff_t i = 0; i < count; i++) {
        uint32_t counter[4] = {draws++, 0, 0, 0}, words[4];
        sqz_philox(1, counter, words);
        int value = extreme ? (words[0] & 1 ? least : most) : least + (int)(words[0] % (uint32_t)(most - least + 1));
        if (size == 1) x[i] = (int8_t)value; // or an unsigned one
        else if (size == 2) ((int16_t *)x)[i] = (int16_t)value;
        else ((int32_t *)x)[i] = value;
    }
    return x;
}

static void expect_same(const sqz_kernels *k, const char *what, const void *found, const void *truth, ptrdiff_t count) {
    int good = !memcmp(found, truth, (size_t)count);
    *(good ? &passed : &failed) += 1;
    printf("%s\t%s\t%s\tof %td bytes\n", good ? "ok" : "FAILED", k->name, what, count);
}

// What a layer of eight bits has.
typedef struct {
    uint8_t *x;
    int8_t *w;
    int32_t *bias;
    uint32_t *multiplier;
} int8_layer;

static int8_layer random_layer(ptrdiff_t activations, ptrdiff_t weights, int outputs, int extreme) {
    return (int8_layer){bytes_of(activations, 1, 0, 255, extreme), bytes_of(weights, 1, -127, 127, extreme),
                        bytes_of(outputs, 4, extreme ? -SQZ_INT8_BIAS : -3000, extreme ? SQZ_INT8_BIAS : 3000, extreme),
                        bytes_of(outputs, 4, extreme ? -1 : 1000, extreme ? 3000 : 2000000, extreme)};
}

// Two neighbours' weights of one sign: no more than 128 (reference_int8.h).
static void fit_pairs(int8_t *w, ptrdiff_t count) {
    for (ptrdiff_t i = 0; i < count; i += 2) {
        int excess = abs(w[i] + w[i + 1]) - 128;
        if ((w[i] < 0) == (w[i + 1] < 0) && excess > 0) w[i] = (int8_t)(w[i] < 0 ? w[i] + excess : w[i] - excess);
    }
}

static void free_layer(int8_layer *l) { free(l->x), free(l->w), free(l->bias), free(l->multiplier); }

// Eight bits: not a bit may differ, and nothing but the outputs may be written.
static void compare_int8_pointwise(const sqz_kernels *k, const sqz_kernels *r, int pixels, int in, int out, int extreme) {
    int outputs = out * 16;
    int8_layer l = random_layer((ptrdiff_t)pixels * in, (ptrdiff_t)in * outputs, outputs, extreme);
    fit_pairs(l.w, (ptrdiff_t)in * outputs);
    ptrdiff_t ny = (ptrdiff_t)pixels * (outputs + 16);
    void *y = zeros(ny / 4), *truth = zeros(ny / 4);
    char what[80];
    sqz_int8_pointwise pointwise = {.pixels = pixels, .inputs = in, .out_panels = out, .out_pitch = outputs + 16, .most = 255};
    k->int8_pointwise(&pointwise, l.x, l.w, l.bias, l.multiplier, y);
    r->int8_pointwise(&pointwise, l.x, l.w, l.bias, l.multiplier, truth);
    snprintf(what, sizeof what, "8 bits, pointwise, %d of %d to %d", pixels, in, outputs);
    expect_same(k, what, y, truth, ny + 256);

    int64_t *sums = (int64_t *)zeros(2 * outputs), *sums2 = (int64_t *)zeros(2 * outputs);
    int first = out > 2;
    k->int8_head(pixels, in, first, out, l.x, l.w, l.bias, sums);
    r->int8_head(pixels, in, first, out, l.x, l.w, l.bias, sums2);
    snprintf(what, sizeof what, "8 bits, head, %d of %d to %d", pixels, in, outputs);
    expect_same(k, what, sums, sums2, 8 * outputs + 256);
    free_layer(&l), free(y), free(truth), free(sums), free(sums2);
}

// In parts as threads would have them.
static void compare_int8_conv3x3(const sqz_kernels *k, const sqz_kernels *r, int size, int in, int out, int images, int extreme) {
    int pixels = images * size * size, tiles = images * ((size + 3) / 4) * ((size + 3) / 4), outputs = out * 16;
    int8_layer l = random_layer((ptrdiff_t)pixels * in, (ptrdiff_t)in * outputs * 9, outputs, extreme);
    ptrdiff_t ny = (ptrdiff_t)pixels * (outputs + 16);
    void *y = zeros(ny / 4), *truth = zeros(ny / 4);
    sqz_int8_conv3x3 conv = {
        .size = size, .inputs = in, .out_panels = out, .out_pitch = outputs + 16, .most = 255, .block = 1 + (int)(draws % 17)};
    int16_t *u = (int16_t *)zeros(sqz_int8_conv3x3_filters(in, outputs) / 2);
    ptrdiff_t bytes = sqz_int8_conv3x3_workspace(&conv);
    uint8_t *work = aligned_alloc(64, (size_t)(bytes + 127) / 64 * 64);
    if (!work) abort();
    memset(work, 0x5a, (size_t)(bytes + 127) / 64 * 64);
    k->int8_conv3x3_prepare(&conv, l.w, u);
    int first = (int)(draws % (uint32_t)tiles), second = first + (int)(draws / 7 % (uint32_t)(tiles - first + 1));
    sqz_conv3x3_part parts[] = {{0, first, 0, out}, {first, second, 0, out / 2}, {first, second, out / 2, out}, {second, tiles, 0, out}};
    for (int i = 0; i < 4; i++) k->int8_conv3x3(&conv, &parts[i], l.x, u, l.bias, l.multiplier, y, work);
    int good = 1;
    for (int i = 0; i < 64; i++) good &= work[bytes + i] == 0x5a;
    sqz_conv3x3_part all = {.last_tile = tiles, .last_panel = out};
    r->int8_conv3x3_prepare(&conv, l.w, u);
    r->int8_conv3x3(&conv, &all, l.x, u, l.bias, l.multiplier, truth, work);
    char what[80];
    snprintf(what, sizeof what, "8 bits, 3x3, %d times %d, %d to %d%s", images, size, in, outputs, good ? "" : ", scratch memory passed");
    if (!good) memset(y, 0xff, 1);
    expect_same(k, what, y, truth, ny + 256);
    free_layer(&l), free(y), free(truth), free(u), free(work);
}

static void compare_int8_rest(const sqz_kernels *k, const sqz_kernels *r, int size, int in, int out, int extreme) {
    int outputs = out * 16;
    int8_layer l = random_layer((ptrdiff_t)size * size * in, 0, outputs, extreme);
    ptrdiff_t ny = (ptrdiff_t)size * size * (outputs > in ? outputs : in);
    void *y = zeros(ny / 4), *truth = zeros(ny / 4);
    for (int kernel = 3; kernel <= 7; kernel += 4) {
        int columns = 2 * (size - 1) + kernel, run = sqz_int8_stem_run(kernel);
        sqz_int8_stem stem = {.kernel = kernel, .stride = 2, .pitch = sqz_input_pitch(columns), .height = size, .width = size,
                              .out_panels = out, .most = 255};
        int16_t *pictures = bytes_of(columns * stem.pitch, 2, -SQZ_INT8_INPUT, SQZ_INT8_INPUT, extreme);
        int16_t *filters = bytes_of(outputs * kernel * run, 2, -127, 127, extreme);
        for (int i = 0; i < outputs * kernel * run; i++)
            if (i / 32 * 2 % run + i % 2 >= 3 * kernel) filters[i] = 0;
        k->int8_stem(&stem, 0, size, pictures, filters, l.bias, l.multiplier, y);
        r->int8_stem(&stem, 0, size, pictures, filters, l.bias, l.multiplier, truth);
        expect_same(k, "8 bits, stem", y, truth, (ptrdiff_t)size * size * outputs);
        int window = kernel / 3 + 1, pooled = (size - window + window - 2) / 2 + 1;
        sqz_int8_maxpool pool = {.kernel = window, .in_size = size, .out_size = pooled, .channels = in};
        k->int8_maxpool(&pool, 0, pooled, l.x, y);
        r->int8_maxpool(&pool, 0, pooled, l.x, truth);
        k->int8_add(pooled * pooled * in, 70000, 1 << 23, 255, l.x, y);
        r->int8_add(pooled * pooled * in, 70000, 1 << 23, 255, l.x, truth);
        expect_same(k, "8 bits, max pool and sum", y, truth, pooled * pooled * in);
    }
    free_layer(&l), free(y), free(truth);
}

// Shapes at the edges of vectors and tiles, and some of the networks'.
static void compare_int8(const sqz_kernels *k, const sqz_kernels *r) {
    static const int inputs[] = {16, 32, 48, 64, 80, 96, 112, 128, 256, 384, 512}, pixels[] = {1, 15, 16, 17, 33, 49, 169};
    for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++)
        for (size_t j = 0; j < sizeof pixels / sizeof *pixels; j++)
            compare_int8_pointwise(k, r, pixels[j], inputs[i], 1 + (int)(i + j) % 4, (i + j) % 3 == 0);
    for (int size = 1; size <= 29; size++) compare_int8_conv3x3(k, r, size, 16 + size % 4 * 16, 1 + size % 3, 1 + size % 3, size % 5 == 0);
    compare_int8_conv3x3(k, r, 13, 64, 4, 3, 1);
    compare_int8_conv3x3(k, r, 4, 32, 3, 8, 0);
    compare_int8_conv3x3(k, r, 55, 16, 1, 1, 0);
    compare_int8_conv3x3(k, r, 56, 64, 1, 1, 1);
    for (int extreme = 0; extreme < 2; extreme++) {
        compare_int8_rest(k, r, 8, 32, 4, extreme);
        compare_int8_rest(k, r, 13, 64, 2, extreme);
        compare_int8_rest(k, r, 5, 48, 3, extreme);
    }
}

typedef struct {
    const sqz_kernels *kernels;
    sqz_pointwise shape;
    const float *x, *w, *bias;
    float *y; // of each share
} denormal_product;

static void multiply_denormals(void *context, int round, int share, int thread) {
    denormal_product *p = context;
    (void)round, (void)thread;
    p->kernels->pointwise_forward(&p->shape, p->x, p->w, p->bias, p->y + share * 256);
}

static void multiply_denormals_once(void *context, int task, int thread) { multiply_denormals(context, 0, task, thread); }

// Weights of 1e-39 are zeros in all that a pool runs, and only there.
static void compare_denormals(const sqz_kernels *k) {
    sqz_pointwise shape = {.rows = 16, .in_panels = 1, .out_panels = 1, .in_stride = 256, .out_stride = 256};
    float *w = zeros(256), *x = random_floats(256, 0), *y = random_floats(512, 0);
    for (int i = 0; i < 256; i++) w[i] = 1e-39f;
    denormal_product product = {k, shape, x, w, zeros(16), y};
    for (int threads = 1; threads <= 2; threads++) {
        sqz_pool *pool = sqz_pool_create(threads);
        if (!pool) abort();
        for (int tasks = 0; tasks <= 2; tasks++) {
            for (int i = 0; i < 512; i++) y[i] = 1;
            int shares = tasks ? tasks : threads;
            if (tasks) sqz_pool_run(pool, tasks, multiply_denormals_once, &product);
            else sqz_pool_share(pool, 3, multiply_denormals, &product);
            int others = 0;
            for (int i = 0; i < 256 * shares; i++) others += y[i] != 0;
            volatile float own = 1e-39f;
            int good = !others && own * 0.5f != 0;
            *(good ? &passed : &failed) += 1;
            printf("%s\t%s\tdenormal weights, %d threads, %d tasks\n", good ? "ok" : "FAILED", k->name, threads, shares);
        }
        sqz_pool_destroy(pool);
    }
}

static int is_named(const sqz_kernels *k, int names, char **name) {
    for (int i = 0; i < names; i++)
        if (!strcmp(name[i], k->name)) return 1;
    return !names;
}

int main(int count, char **arguments) {
    const sqz_kernels *reference = sqz_kernels_at(0);
    compare_denormals(reference);
    for (int i = 1; i < sqz_kernels_count(); i++) {
        const sqz_kernels *k = sqz_kernels_at(i);
        if (!is_named(k, count - 1, arguments + 1)) continue;
        compare_pointwise(k, reference, 64, 4, 2);
        compare_pointwise(k, reference, 13, 17, 3);
        compare_conv3x3(k, reference, 8, 2, 4, 3);
        compare_conv3x3(k, reference, 13, 3, 2, 1);
        compare_stems(k, reference, 11);
        compare_stems(k, reference, 8);
        compare_int8(k, reference);
        compare_rest(k, reference);
        compare_denormals(k);
    }
    printf("%d passed, %d failed\n", passed, failed);
    return failed != 0;
}
