// The table of a set that has kernels of its own, OWN, and for all others the very functions of the set PARENT: what is trained has the
// same bits with both. The file sets LANES, SET, TABLE_NAME too.
#include "names.h"

#define SQZ_KERNEL(result, function, parameters) result KERNEL_OF(PARENT, function) parameters;
#include "kernel_list.h"

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Winitializer-overrides"
const sqz_kernels TABLE_OF(SET) = {
    .name = TABLE_NAME,
    .lanes = LANES,
#define SQZ_KERNEL(result, function, parameters) .function = KERNEL_OF(PARENT, function),
#include "kernel_list.h"
    OWN};
#pragma clang diagnostic pop
