// The engine's number crunching: kernels by instruction set, a thread pool, a counter-based generator.
//
// Layouts, the same for every function here (all float32, 64-byte aligned):
//   activations  [channels/16][height*width][16]: panels of 16 channels; the images of a chunk lie one after the other
//   input        [height + 2*padding][pitch]: pixels of 3 interleaved channels inside a border of zeros
//   1x1 weights  [out/16][in][16]; transposed for the data gradient [in/16][out][16]
//   3x3 weights  [out/16][9][in][16]
//   stem weights [out/16][kernel*kernel*3][16], the 3 input channels fastest
// The Swift side knows shapes and plans; this side only numbers.
#ifndef CSQUEEZEKERNELS_H
#define CSQUEEZEKERNELS_H

#include <stddef.h>
#include <stdint.h>

#if __has_feature(nullability)
#pragma clang assume_nonnull begin
#endif

enum { SQZ_PANEL = 16, SQZ_LARGEST_BLOCK = 64 };

// A crop of a byte picture in planes R, G, B, and where its standardized pixels go.
typedef struct {
    int width, height; // of the picture
    int left, top;     // first column and row of the crop; may lie outside the picture, where zeros are
    int size;          // height and width of the crop
    int flip;          // mirrored left to right
    int pitch;         // floats from one row of the result to the next
} sqz_crop;

// The first convolution: kernel x kernel over 3 interleaved channels.
typedef struct {
    int kernel, stride;
    int pitch;         // floats from one row of the bordered input to the next
    int height, width; // of the output
    int out_panels;
    ptrdiff_t out_stride; // floats between two panels of the output
} sqz_stem;

// The first convolution, 3x3 with stride 1 and padding 1, with the 2x2 max pool that follows it.
typedef struct {
    int pitch;      // floats from one row of the bordered input to the next, a multiple of 16
    int size;       // height and width of the pooled output
    int out_panels;
} sqz_stem_pool;

// Max pooling without padding; windows that hang over the lower and right edge are cut (ceil mode).
typedef struct {
    int kernel, stride;
    int in_height, in_width, out_height, out_width;
    int panels;
} sqz_maxpool;

// A 1x1 convolution over `rows` pixels; strides are the floats between two panels of an image.
typedef struct {
    int rows;
    int in_panels, out_panels;
    ptrdiff_t in_stride, out_stride;
    int relu; // clamp the output at zero
} sqz_pointwise;

// A 3x3 convolution, stride 1, padding 1, followed by ReLU; and, forward with `pools`, by a max pool of whole 2x2 windows.
typedef struct {
    int height, width;
    int in_panels, out_panels;
    int pools;
    int plain; // forward takes the weights as they are, not prepared
    int block;                            // output tiles worked on at a time: 16, 32, 48 or 64
    ptrdiff_t in_image, out_image;        // floats between two images
} sqz_conv3x3;

// How many tiles of outputs there are along a side of `size` pixels.
static inline int sqz_tiles(int size) { return (size + 3) / 4; }

// Where they begin: first some of 4 pixels, then of 3, with `pools` of 4 only; the last may have fewer. For their number, `size`.
static inline int sqz_tile_start(int size, int pools, int tile) {
    int fours = pools ? size / 4 : size - 3 * sqz_tiles(size);
    if (fours < 0) fours = 0;
    int start = tile <= fours ? 4 * tile : 3 * tile + fours;
    return start < size ? start : size;
}

// Part of the work of a 3x3 convolution: tiles [first_tile, last_tile), counted over all images of the chunk row by row,
// and output panels [first_panel, last_panel).
typedef struct {
    int first_tile, last_tile;
    int first_panel, last_panel;
} sqz_conv3x3_part;

// Adam as TensorFlow defines it: w -= step * m / (sqrt(v) + epsilon), step = rate * sqrt(1 - beta2^t) / (1 - beta1^t).
typedef struct {
    float step, beta1, beta2, epsilon;
} sqz_adam;

// What one instruction set offers. Every entry of every table computes the same function up to rounding.
typedef struct {
    const char *name;
    int lanes; // floats of a vector

    // rounds * 12 * lanes multiply-adds on registers: the processor's peak.
    float (*multiply_add_peak)(ptrdiff_t rounds);

    // y = (x - mean) / max(deviation, 1/sqrt(N)) of the crop, N = 3*size*size (tf.image.per_image_standardization), for its rows
    // [first_row, last_row).
    void (*standardize)(const sqz_crop *crop, int first_row, int last_row, const uint8_t *picture, float *y);

    // y = relu(conv(x)), for the output rows [first_row, last_row).
    void (*stem_forward)(const sqz_stem *shape, int first_row, int last_row, const float *x, const float *w, const float *bias,
                         float *y);
    // dw += and dbias +=, dy being zero wherever y was clamped.
    void (*stem_backward)(const sqz_stem *shape, const float *x, const float *dy, float *dw, float *dbias);

    // The same for kernel 7 and stride 2, for the output rows 3 * first_triple ... 3 * last_triple - 1. The input is readable, zeros
    // beyond its border, for 6 * ceil(height / 3) + 6 rows and as many columns for the width. Weights in the form that stem7_forward
    // reads: 36 * 12 * out floats. `work` has 6 * (pitch + 16) + 1152 * (ceil(width / 3) + 16) floats.
    void (*stem7_prepare)(int out_panels, const float *w, float *u);
    void (*stem7_forward)(const sqz_stem *shape, int first_triple, int last_triple, const float *x, const float *u,
                          const float *bias, float *y, float *work);

    // The stem and its pool in one. The input is readable, zeros beyond its border, for ceil(size / 2) * 4 + 2 rows and columns.
    // Weights in the form that stem_pool_forward reads, 36 * 3 * out floats.
    void (*stem_pool_prepare)(int out_panels, const float *w, float *u);
    // y = maxpool(relu(conv(x))) for the output rows 2 * first_pair ... 2 * last_pair - 1; if `place` is given, it becomes the
    // number, 0...3 in row-major order, of each window's first maximum, laid out as y. `work` has 48 * (pitch + 16) floats.
    void (*stem_pool_forward)(const sqz_stem_pool *shape, int first_pair, int last_pair, const float *x, const float *u,
                              const float *bias, float *y, uint8_t *_Nullable place, float *work);
    // dw += and dbias +=, dy being zero wherever y was clamped.
    void (*stem_pool_backward)(const sqz_stem_pool *shape, const float *x, const float *dy, const uint8_t *place, float *dw,
                               float *dbias, float *work);

    // The output rows [first_row, last_row) of every panel.
    void (*maxpool_forward)(const sqz_maxpool *shape, int first_row, int last_row, const float *x, float *y);
    // dx = dy at the first maximum of each window, in row-major order, summed where windows overlap.
    void (*maxpool_backward)(const sqz_maxpool *shape, const float *x, const float *y, const float *dy, float *dx);

    void (*pointwise_forward)(const sqz_pointwise *shape, const float *x, const float *w, const float *bias, float *y);
    // dx = [dx +] dy * w^T, then zero where mask <= 0 if there is a mask (the activations x, for the ReLU that made them).
    void (*pointwise_backward_data)(const sqz_pointwise *shape, const float *dy, const float *wt, int accumulate,
                                    const float *_Nullable mask, float *dx);
    // dw += x^T * dy, dbias += column sums of dy.
    void (*pointwise_backward_weights)(const sqz_pointwise *shape, const float *x, const float *dy, float *dw, float *dbias);
    // [out/16][in][16] to [in/16][out][16].
    void (*pointwise_transpose)(int in_panels, int out_panels, const float *w, float *wt);

    // Weights in the form that conv3x3_forward (u) and conv3x3_backward (ut, may be null) read, sqz_conv3x3_filters floats
    // each. Only the output panels [first_panel, last_panel).
    void (*conv3x3_prepare)(const sqz_conv3x3 *shape, int first_panel, int last_panel, const float *w, float *u,
                            float *_Nullable ut);
    // With `plain`, u are the weights themselves.
    void (*conv3x3_forward)(const sqz_conv3x3 *shape, const sqz_conv3x3_part *part, const float *x, const float *u,
                            const float *bias, float *y, float *work);
    // dx += data gradient; du = or, if `accumulate`, += weight gradient in the kernel's own form; dbias +=.
    void (*conv3x3_backward)(const sqz_conv3x3 *shape, int images, int accumulate, const float *x, const float *dy,
                             const float *ut, float *dx, float *du, float *dbias, float *work);
    // dw = the weight gradient that du holds.
    void (*conv3x3_finish)(const sqz_conv3x3 *shape, const float *du, float *dw);

    // dy = 0 where y <= 0, in place.
    void (*relu_backward)(ptrdiff_t count, const float *y, float *dy);
    void (*add)(ptrdiff_t count, const float *a, const float *b, float *y);
    // x *= keep[i] ? 2 : 0, one bit of `keep` a value, lowest bit first: dropout with rate 1/2.
    void (*dropout)(ptrdiff_t count, const uint32_t *keep, float *x);

    // y[panel*16 + lane] = mean of x over its pixels.
    void (*average_forward)(int pixels, int panels, const float *x, float *y);
    // dx = dy/pixels where x > 0, else 0.
    void (*average_backward)(int pixels, int panels, const float *x, const float *dy, float *dx);

    // One step along a gradient.
    void (*adam)(const sqz_adam *rule, ptrdiff_t count, const float *gradient, float *w, float *m, float *v);
} sqz_kernels;

// Tables that this processor can run, slowest first: "scalar", "baseline", then what was found.
int sqz_kernels_count(void);
const sqz_kernels *sqz_kernels_at(int index);

// Floats of 3x3 weights in the form that conv3x3_forward and conv3x3_backward read, and of their gradient.
ptrdiff_t sqz_conv3x3_filters(int inputs, int outputs);
// Floats of workspace that the 3x3 convolution needs for one thread.
ptrdiff_t sqz_conv3x3_workspace(const sqz_conv3x3 *shape, int training);

// Cross-entropy of softmax(logits) against `label`, in double precision. If dlogits is given, it becomes
// (softmax - one-hot) * scale. Returns NaN if a logit is not finite.
double sqz_softmax_loss(int classes, const float *logits, int label, float scale, float *_Nullable dlogits);
// Probabilities from logits.
void sqz_softmax(int classes, const float *logits, float *probabilities);

// Philox4x32-10 (Salmon et al., SC 2011): four random words that depend on the key and the four words of the counter only.
static inline void sqz_philox(uint64_t key, const uint32_t *counter, uint32_t *out) {
    uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    for (int round = 0; round < 10; round++) {
        uint64_t p0 = (uint64_t)0xD2511F53u * c0, p1 = (uint64_t)0xCD9E8D57u * c2;
        c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        c1 = (uint32_t)p1;
        c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c3 = (uint32_t)p0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

// Threads that belong to the engine. The caller is thread 0; the others sleep between calls.
typedef struct sqz_pool sqz_pool;
enum { SQZ_LARGEST_POOL = 32 };
// Null if the threads cannot be had. At most SQZ_LARGEST_POOL.
sqz_pool *_Nullable sqz_pool_create(int threads);
void sqz_pool_destroy(sqz_pool *pool);
int sqz_pool_threads(const sqz_pool *pool);
// Runs body(context, task, thread) for every task in [0, tasks), each on whichever thread is free, and returns when all are done.
// Not to be called from a task.
void sqz_pool_run(sqz_pool *pool, int tasks, void (*body)(void *context, int task, int thread), void *context);
// Runs body(context, round, share, thread) for the rounds [0, rounds), one after the other, and in each for as many shares as there
// are threads, each on the thread of its number if that is free in time. Not to be called from a share.
void sqz_pool_share(sqz_pool *pool, int rounds, void (*body)(void *context, int round, int share, int thread), void *context);

#if __has_feature(nullability)
#pragma clang assume_nonnull end
#endif

#endif
