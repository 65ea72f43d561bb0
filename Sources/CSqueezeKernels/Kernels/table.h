// All kernels, compiled for the instruction set of the including file, and its table. The file sets LANES, TILE, TABLE and
// TABLE_NAME and switches the target on around this.
#include "vector.h"
#include "pointwise.h"
#include "winograd_transforms.h"
#include "winograd_filters.h"
#include "winograd.h"
#include "stem.h"
#include "stem7.h"
#include "stem_pool.h"
#include "maxpool.h"
#include "elementwise.h"
#include "peak.h"
#include "standardize.h"

const sqz_kernels TABLE = {
    .name = TABLE_NAME,
    .lanes = LANES,
    .multiply_add_peak = multiply_add_peak,
    .standardize = standardize,
    .stem_forward = stem_forward,
    .stem_backward = stem_backward,
    .stem7_prepare = stem7_prepare,
    .stem7_forward = stem7_forward,
    .stem_pool_prepare = stem_pool_prepare,
    .stem_pool_forward = stem_pool_forward,
    .stem_pool_backward = stem_pool_backward,
    .maxpool_forward = maxpool_forward,
    .maxpool_backward = maxpool_backward,
    .pointwise_forward = pointwise_forward,
    .pointwise_backward_data = pointwise_backward_data,
    .pointwise_backward_weights = pointwise_backward_weights,
    .pointwise_transpose = pointwise_transpose,
    .conv3x3_prepare = conv3x3_prepare,
    .conv3x3_forward = conv3x3_forward,
    .conv3x3_backward = conv3x3_backward,
    .conv3x3_finish = conv3x3_finish,
    .relu_backward = relu_backward,
    .add = add,
    .dropout = dropout,
    .average_forward = average_forward,
    .average_backward = average_backward,
    .adam = adam,
};
