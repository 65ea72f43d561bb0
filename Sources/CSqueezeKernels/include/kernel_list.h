// The kernels, one of each for every instruction set: SQZ_KERNEL(result, name, parameters). Who includes this says what is made of
// them: the members of sqz_kernels, the entries of its tables. Every set computes the same function up to rounding.
#if __has_feature(nullability)
#pragma clang assume_nonnull begin
#endif

// rounds * 12 * lanes multiply-adds on registers: the processor's peak.
SQZ_KERNEL(float, multiply_add_peak, (ptrdiff_t rounds))

// y = (x - mean) * scale of the crop, for its rows [first_row, last_row): those of the shape, or the crop's own mean and
// 1 / max(deviation, 1/sqrt(N)), N = 3*size*size (tf.image.per_image_standardization).
SQZ_KERNEL(void, normalize, (const sqz_crop *crop, int first_row, int last_row, const uint8_t *picture, float *y))

// y = max(conv(x), least), for the output rows [first_row, last_row).
SQZ_KERNEL(void, stem_forward, (const sqz_stem *shape, int first_row, int last_row, const float *x, const float *w,
                                const float *bias, float *y))
// dw += and dbias +=, dy being zero wherever y was clamped.
SQZ_KERNEL(void, stem_backward, (const sqz_stem *shape, const float *x, const float *dy, float *dw, float *dbias))

// The same for kernel 7 and stride 2, for the output rows 3 * first_triple ... 3 * last_triple - 1. The input is readable, zeros
// beyond its border, for sqz_stem7_covered(height) rows, and columns of the width. u: weights in the form that stem7_forward reads.
SQZ_KERNEL(void, stem7_prepare, (int out_panels, const float *w, float *u))
SQZ_KERNEL(void, stem7_forward, (const sqz_stem *shape, int first_triple, int last_triple, const float *x, const float *u,
                                 const float *bias, float *y, float *work))

// The stem and its pool in one. The input is readable, zeros beyond its border, for sqz_stem_pool_covered(size) rows
// and columns. u: weights in the form that stem_pool_forward reads.
SQZ_KERNEL(void, stem_pool_prepare, (int out_panels, const float *w, float *u))
// y = max(maxpool(conv(x)), least) for the output rows 2 * first_pair ... 2 * last_pair - 1; if `place` is given, it becomes the
// number, 0...3 in row-major order, of each window's first maximum, laid out as y.
SQZ_KERNEL(void, stem_pool_forward, (const sqz_stem_pool *shape, int first_pair, int last_pair, const float *x, const float *u,
                                     const float *bias, float *y, uint8_t *_Nullable place, float *work))
// dw += and dbias +=, dy being zero wherever y was clamped.
SQZ_KERNEL(void, stem_pool_backward, (const sqz_stem_pool *shape, const float *x, const float *dy, const uint8_t *place, float *dw,
                                      float *dbias, float *work))

// The output rows [first_row, last_row) of every panel.
SQZ_KERNEL(void, maxpool_forward, (const sqz_maxpool *shape, int first_row, int last_row, const float *x, float *y))
// dx = dy at the first maximum of each window, in row-major order, summed where windows overlap.
SQZ_KERNEL(void, maxpool_backward, (const sqz_maxpool *shape, const float *x, const float *y, const float *dy, float *dx))

SQZ_KERNEL(void, pointwise_forward, (const sqz_pointwise *shape, const float *x, const float *w, const float *bias, float *y))
// dx = [dx +] dy * w^T, then zero where mask <= 0 if there is a mask (the activations x, for the ReLU that made them).
SQZ_KERNEL(void, pointwise_backward_data, (const sqz_pointwise *shape, const float *dy, const float *wt, int accumulate,
                                           const float *_Nullable mask, float *dx))
// dw += x^T * dy, dbias += column sums of dy.
SQZ_KERNEL(void, pointwise_backward_weights, (const sqz_pointwise *shape, const float *x, const float *dy, float *dw, float *dbias))
// [out/16][in][16] to [in/16][out][16].
SQZ_KERNEL(void, pointwise_transpose, (int in_panels, int out_panels, const float *w, float *wt))

// Weights in the form that conv3x3_forward (u) and conv3x3_backward (ut, may be null) read, sqz_conv3x3_filters floats
// each. Only the output panels [first_panel, last_panel).
SQZ_KERNEL(void, conv3x3_prepare, (const sqz_conv3x3 *shape, int first_panel, int last_panel, const float *w, float *u,
                                   float *_Nullable ut))
// With `plain`, u are the weights themselves.
SQZ_KERNEL(void, conv3x3_forward, (const sqz_conv3x3 *shape, const sqz_conv3x3_part *part, const float *x, const float *u,
                                   const float *bias, float *y, float *work))
// dx += data gradient; du = or, if `accumulate`, += weight gradient in the kernel's own form; dbias +=.
SQZ_KERNEL(void, conv3x3_backward, (const sqz_conv3x3 *shape, int images, int accumulate, const float *x, const float *dy,
                                    const float *ut, float *dx, float *du, float *dbias, float *work))
// dw = the weight gradient that du holds.
SQZ_KERNEL(void, conv3x3_finish, (const sqz_conv3x3 *shape, const float *du, float *dw))

// dy = 0 where y <= 0, in place.
SQZ_KERNEL(void, relu_backward, (ptrdiff_t count, const float *y, float *dy))
SQZ_KERNEL(void, add, (ptrdiff_t count, const float *a, const float *b, float *y))
// x *= keep[i] ? 2 : 0, one bit of `keep` a value, lowest bit first: dropout with rate 1/2.
SQZ_KERNEL(void, dropout, (ptrdiff_t count, const uint32_t *keep, float *x))

// Batch normalization, over all pixels of a group of pictures; each call has some of them. sums[panel][0][16] += x, sums[panel][1][16] += x*x.
SQZ_KERNEL(void, batch_moments, (int pixels, int panels, const float *x, double *sums))
// y = max(least, scale * x + shift), one of each a channel; `least` is 0 for a ReLU, else -INFINITY.
SQZ_KERNEL(void, batch_forward, (int pixels, int panels, const float *scale, const float *shift, float least, const float *x, float *y))
// dy = 0 where scale * x + shift <= least, in place; then sums[panel][0][16] += dy, sums[panel][1][16] += dy*x.
SQZ_KERNEL(void, batch_backward_sums, (int pixels, int panels, const float *scale, const float *shift, float least, const float *x,
                                       float *dy, double *sums))
// dx = k0 * dy + k1 * x + k2, k[panel][3][16].
SQZ_KERNEL(void, batch_backward, (int pixels, int panels, const float *k, const float *x, const float *dy, float *dx))

// y[panel*16 + lane] = mean of x over its pixels.
SQZ_KERNEL(void, average_forward, (int pixels, int panels, const float *x, float *y))
// dx = dy/pixels where x > 0, else 0; everywhere if there is no x.
SQZ_KERNEL(void, average_backward, (int pixels, int panels, const float *_Nullable x, const float *dy, float *dx))

// One step along a gradient.
SQZ_KERNEL(void, adam, (const sqz_adam *rule, ptrdiff_t count, const float *gradient, float *w, float *m, float *v))
SQZ_KERNEL(void, nesterov, (const sqz_nesterov *rule, ptrdiff_t count, const float *gradient, float *w, float *v))
// y += share * (x - y): y follows x.
SQZ_KERNEL(void, follow, (float share, ptrdiff_t count, const float *x, float *y))

// Eight bits. Of these every set computes the same bytes.

// Rounds of multiply-adds on registers, the processor's peak; returns how many multiply-adds they were.
SQZ_KERNEL(ptrdiff_t, int8_peak, (ptrdiff_t rounds))
SQZ_KERNEL(void, int8_stem, (const sqz_int8_stem *shape, int first_row, int last_row, const int16_t *x, const int16_t *w,
                             const int32_t *bias, const uint32_t *multiplier, uint8_t *y))
SQZ_KERNEL(void, int8_maxpool, (const sqz_int8_maxpool *shape, int first_row, int last_row, const uint8_t *x, uint8_t *y))
SQZ_KERNEL(void, int8_pointwise, (const sqz_int8_pointwise *shape, const uint8_t *x, const int8_t *w, const int32_t *bias,
                                  const uint32_t *multiplier, uint8_t *y))
// u: weights in the form that int8_conv3x3 reads, which may depend on the size.
SQZ_KERNEL(void, int8_conv3x3_prepare, (const sqz_int8_conv3x3 *shape, const int8_t *w, int16_t *u))
// Tiles are of 4x4 pixels, counted row by row, those of one image after those of the other.
SQZ_KERNEL(void, int8_conv3x3, (const sqz_int8_conv3x3 *shape, const sqz_conv3x3_part *part, const uint8_t *x, const int16_t *u,
                                const int32_t *bias, const uint32_t *multiplier, uint8_t *y, void *work))
// y = a * scale_a + y * scale_b, which are in 1/2^16, at most 2^23.
SQZ_KERNEL(void, int8_add, (ptrdiff_t count, uint32_t scale_a, uint32_t scale_b, int most, const uint8_t *a, uint8_t *y))
// sums[out] = the classifier's scores behind their ReLU, summed over the pixels.
SQZ_KERNEL(void, int8_head, (int pixels, int inputs, int first_panel, int last_panel, const uint8_t *x, const int8_t *w,
                             const int32_t *bias, int64_t *sums))

#if __has_feature(nullability)
#pragma clang assume_nonnull end
#endif
#undef SQZ_KERNEL
