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
#include "normalize.h"
#include "elementwise.h"
#include "batch.h"
#include "peak.h"
#include "int8.h"
#include "int8_winograd.h"

const sqz_kernels TABLE = {
    .name = TABLE_NAME,
    .lanes = LANES,
#define SQZ_KERNEL(result, function, parameters) .function = function,
#include "kernel_list.h"
};
