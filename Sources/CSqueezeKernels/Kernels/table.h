// All kernels, compiled for the instruction set of the including file, and its table. The file sets LANES, TILE, SET, TABLE_NAME and
// what else the kernels ask for, and switches the target on around this.
#include "products.h"
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
#include "int8_pool.h"
#include "int8_winograd.h"
#include "int8_peak.h"
#include "names.h"

const sqz_kernels TABLE_OF(SET) = {
    .name = TABLE_NAME,
    .lanes = LANES,
#define SQZ_KERNEL(result, function, parameters) .function = function,
#include "kernel_list.h"
};

// So that sets that differ in few kernels have these for the others (derived.h).
#define SQZ_KERNEL(result, function, parameters) result KERNEL_OF(SET, function) parameters __attribute__((alias(#function)));
#include "kernel_list.h"
