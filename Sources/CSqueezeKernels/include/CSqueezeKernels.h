// The engine's number crunching: kernels by instruction set, a thread pool, a counter-based generator.
//
// Layouts, the same for every function here (all float32, 64-byte aligned):
//   activations  [channels/16][height*width][16]: panels of 16 channels; the images of a chunk lie one after the other
//   input        [height + 2*padding][pitch]: pixels of 3 interleaved channels inside a border of zeros; pitch is sqz_input_pitch
//   1x1 weights  [out/16][in][16]; transposed for the data gradient [in/16][out][16]
//   3x3 weights  [out/16][9][in][16]
//   stem weights [out/16][kernel*kernel*3][16], the 3 input channels fastest
// The Swift side knows shapes and plans; this side only numbers.
#ifndef CSQUEEZEKERNELS_H
#define CSQUEEZEKERNELS_H

#include <stddef.h>
#include <stdint.h>

enum { SQZ_PANEL = 16, SQZ_LARGEST_BLOCK = 64 };

// Floats from one row to the next of an input that has these columns, the border included: whole cache lines.
static inline int sqz_input_pitch(int columns) { return (3 * columns + 15) / 16 * 16; }

// A crop of a byte picture in planes R, G, B, and where its normalized pixels go.
typedef struct {
    int width, height; // of the picture
    int left, top;     // first column and row of the crop; may lie outside the picture, where zeros are
    int size;          // height and width of the crop
    int flip;          // mirrored left to right
    int pitch;         // floats from one row of the result to the next
    int reversed;      // channels B, G, R in the result
    int fixed;         // normalized by these, in the order of the result, rather than by the crop's own
    float mean[3], scale[3];
} sqz_crop;

// The first convolution: kernel x kernel over 3 interleaved channels.
typedef struct {
    int kernel, stride;
    int pitch;         // floats from one row of the bordered input to the next
    int height, width; // of the output
    int out_panels;
    ptrdiff_t out_stride; // floats between two panels of the output
    float least;          // what is below it becomes it: 0 is ReLU, minus infinity leaves all
} sqz_stem;

// stem7_*: how many rows, and columns, of the input are read for an output of `size`; floats of the prepared weights; and of `work`.
static inline int sqz_stem7_covered(int size) { return 6 * ((size + 2) / 3) + 6; }
static inline ptrdiff_t sqz_stem7_filters(int out_panels) { return (ptrdiff_t)36 * 12 * SQZ_PANEL * out_panels; }
static inline ptrdiff_t sqz_stem7_workspace(int pitch, int width) {
    return 6 * ((ptrdiff_t)pitch + 16) + 1152 * ((ptrdiff_t)(width + 2) / 3 + 16);
}

// The first convolution, 3x3 with stride 1 and padding 1, with the 2x2 max pool that follows it.
typedef struct {
    int pitch;      // floats from one row of the bordered input to the next, a multiple of 16
    int size;       // height and width of the pooled output
    int out_panels;
    float least;    // as of sqz_stem
} sqz_stem_pool;

// stem_pool_*: the same.
static inline int sqz_stem_pool_covered(int size) { return (size + 1) / 2 * 4 + 2; }
static inline ptrdiff_t sqz_stem_pool_filters(int out_panels) { return (ptrdiff_t)36 * 3 * SQZ_PANEL * out_panels; }
static inline ptrdiff_t sqz_stem_pool_workspace(int pitch) { return 48 * ((ptrdiff_t)pitch + 16); }

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

// A 3x3 convolution, stride 1, padding 1; and, forward with `pools`, by a max pool of whole 2x2 windows.
typedef struct {
    int height, width;
    int in_panels, out_panels;
    int pools;
    int plain; // forward takes the weights as they are, not prepared
    int block;                            // output tiles worked on at a time: 16, 32, 48 or 64
    ptrdiff_t in_image, out_image;        // floats between two images
    float least;                          // as of sqz_stem
} sqz_conv3x3;

// Floats of 3x3 weights in the form that conv3x3_forward and conv3x3_backward read, and of their gradient.
static inline ptrdiff_t sqz_conv3x3_filters(int inputs, int outputs) { return (ptrdiff_t)36 * (inputs + 1) * outputs; }

// Panels of a tile that `work` holds: winograd.h describes the buffers.
static inline int sqz_conv3x3_panels(const sqz_conv3x3 *_Nonnull shape, int training) {
    return shape->in_panels + (training ? shape->out_panels : 1);
}

// The largest `block` whose tiles take at most these bytes of `work`; at least 16.
static inline int sqz_conv3x3_block(const sqz_conv3x3 *_Nonnull shape, int training, ptrdiff_t bytes) {
    ptrdiff_t tile = (ptrdiff_t)sizeof(float) * 36 * SQZ_PANEL * sqz_conv3x3_panels(shape, training);
    ptrdiff_t tiles = (bytes / tile - 1) / 16 * 16;
    return tiles > 16 ? (int)tiles : 16;
}

// Floats of `work`, which each thread has for itself.
static inline ptrdiff_t sqz_conv3x3_workspace(const sqz_conv3x3 *_Nonnull shape, int training) {
    ptrdiff_t pitch = (ptrdiff_t)(shape->block + 1) * SQZ_PANEL;
    ptrdiff_t filters = shape->plain ? sqz_conv3x3_filters(shape->in_panels * SQZ_PANEL, SQZ_PANEL) : 0;
    return 36 * pitch * sqz_conv3x3_panels(shape, training) + filters;
}

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

// Adam as TensorFlow defines it: w = keep * w - step * m / (sqrt(v) + epsilon), step = rate * sqrt(1 - beta2^t) / (1 - beta1^t).
// keep is 1 - rate * decay of AdamW, else 1.
typedef struct {
    float step, beta1, beta2, epsilon, keep;
} sqz_adam;

// Nesterov's momentum as PyTorch has it: g += decay * w, v = momentum * v + g, w -= rate * (g + momentum * v).
typedef struct {
    float rate, momentum, decay;
} sqz_nesterov;

// Eight bits (reference_int8.h defines the arithmetic). Activations are bytes [pixel][channel], channels a multiple of 16; the first
// layer reads pictures of 16-bit numbers, of at most SQZ_INT8_INPUT, laid out as the float input.
//   1x1 weights  [out/16][in/4][16][4] bytes
//   stem weights [out/16][kernel][run/2][16][2] of 16 bits, run = sqz_int8_stem_run: 3 * kernel inputs of a row and zeros
//   3x3 weights  [out][in][3][3] bytes, before they are prepared
enum { SQZ_INT8_INPUT = 255, SQZ_INT8_BIAS = 1 << 23 };

static inline int sqz_int8_stem_run(int kernel) { return (3 * kernel + 1) / 2 * 2; }

// What is added to a sum so that cutting off rounds: half a step of the result, where the multiplier makes 2^32 of a step.
static inline int32_t sqz_int8_half(uint32_t multiplier) {
    uint32_t half = multiplier ? (0x80000000u + multiplier / 2) / multiplier : 0;
    return half < SQZ_INT8_BIAS ? (int32_t)half : SQZ_INT8_BIAS;
}

typedef struct {
    int kernel, stride;
    int pitch;         // 16-bit numbers from one row of the bordered input to the next
    int height, width; // of the output
    int out_panels;
    int most;          // the largest output
} sqz_int8_stem;

typedef struct {
    int kernel; // its stride is 2
    int in_size, out_size, channels;
} sqz_int8_maxpool;

typedef struct {
    int pixels, inputs, out_panels;
    ptrdiff_t out_pitch; // bytes from one pixel of the output to the next
    int most;
} sqz_int8_pointwise;

typedef struct {
    int size, inputs, out_panels; // at most 64 inputs
    ptrdiff_t out_pitch;
    int most;
    int block; // tiles worked on at a time
} sqz_int8_conv3x3;

// Bytes of `work`, which each thread has for itself: for a block of Winograd's tiles, or what plain sums copy of the input, which is half
// the first level cache or else six lines.
enum { SQZ_INT8_BAND = 24 << 10 };
static inline ptrdiff_t sqz_int8_conv3x3_workspace(const sqz_int8_conv3x3 *_Nonnull shape) {
    ptrdiff_t block = (ptrdiff_t)36 * shape->block * (2 * shape->inputs + 4 * SQZ_PANEL);
    ptrdiff_t lines = ((ptrdiff_t)6 * (shape->size + 2) + 16) * shape->inputs;
    ptrdiff_t band = lines > SQZ_INT8_BAND ? lines : SQZ_INT8_BAND;
    return (block > band ? block : band) + 64;
}

// 16-bit numbers of prepared 3x3 weights; a set may need fewer.
static inline ptrdiff_t sqz_int8_conv3x3_filters(int inputs, int outputs) { return (ptrdiff_t)36 * inputs * outputs; }

// What one instruction set offers.
typedef struct {
    const char *_Nonnull name;
    int lanes; // floats of a vector
#define SQZ_KERNEL(result, function, parameters) result(*function) parameters;
#include "kernel_list.h"
} sqz_kernels;

#if __has_feature(nullability)
#pragma clang assume_nonnull begin
#endif

// Tables that this processor can run, slowest first: "scalar", "baseline", then what was found.
int sqz_kernels_count(void);
const sqz_kernels *sqz_kernels_at(int index);

// The sum of a crop's bytes and of their squares.
void sqz_int8_moments(const sqz_crop *crop, const uint8_t *picture, uint64_t *sum, uint64_t *squares);
// Rows of a crop as 16-bit numbers: table[channel][byte], channels in the order of the result.
void sqz_int8_input(const sqz_crop *crop, int first_row, int last_row, const uint8_t *picture, const int16_t *table, int16_t *y);

// Cross-entropy of softmax(logits) against a target, in double precision: 1 - smoothing of `label`, and smoothing spread over all
// classes. If dlogits is given, it becomes (softmax - target) * scale. Returns NaN if a logit is not finite.
double sqz_softmax_loss(int classes, const float *logits, int label, float smoothing, float scale, float *_Nullable dlogits);
// What a teacher's logits make of a loss (Hinton et al., arXiv 1503.02531): temperature^2 times the Kullback-Leibler divergence of
// softmax(logits / temperature) from softmax(teacher / temperature), in double precision. If dlogits is given, its gradient times scale
// is added there. Returns NaN if a logit is not finite.
double sqz_distillation_loss(
    int classes, const float *logits, const float *teacher, float temperature, float scale, float *_Nullable dlogits);
// How the cross-entropy of softmax(factor * logits) against `label` changes with the factor: its derivative, and the second one, which
// is never below 0, added to *curvature.
double sqz_softmax_slope(int classes, const float *logits, int label, double factor, double *curvature);
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

// Threads that belong to the engine. The caller is thread 0; the others sleep between calls. To what they run, denormal numbers are
// zeros: they cost a hundred times as much, and training makes them by itself.
typedef struct sqz_pool sqz_pool;
enum { SQZ_LARGEST_POOL = 32 };
// Null if the threads cannot be had. At most SQZ_LARGEST_POOL.
sqz_pool *_Nullable sqz_pool_create(int threads);
void sqz_pool_destroy(sqz_pool *pool);
int sqz_pool_threads(const sqz_pool *pool);
// Runs body(context, task, thread) for every task in [0, tasks), each on whichever thread is free, and returns when all are done.
// Not to be called from a task.
void sqz_pool_run(sqz_pool *pool, int tasks, void (*body)(void *context, int task, int thread), void *context);
// Has threads that sleep look out for work for a moment: what comes soon finds them awake. From any thread.
void sqz_pool_rouse(sqz_pool *pool);
// Runs body(context, round, share, thread) for the rounds [0, rounds), one after the other, and in each for as many shares as there
// are threads, each on the thread of its number if that is free in time. Not to be called from a share.
void sqz_pool_share(sqz_pool *pool, int rounds, void (*body)(void *context, int round, int share, int thread), void *context);

#if __has_feature(nullability)
#pragma clang assume_nonnull end
#endif

#endif
