// The table of a set whose products of bytes are its own.
#include "int8.h"
#include "int8_peak.h"
#if defined(VNNI)
#include "int8_conv_direct.h"
#define CONV3X3_PREPARE direct_conv3x3_prepare
#define CONV3X3 direct_conv3x3
#else
#include "int8_winograd.h"
#define CONV3X3_PREPARE int8_conv3x3_prepare
#define CONV3X3 int8_conv3x3
#endif

#define OWN                                                                                                                    \
    .int8_stem = int8_stem, .int8_pointwise = int8_pointwise, .int8_head = int8_head, .int8_peak = int8_peak,                  \
    .int8_conv3x3_prepare = CONV3X3_PREPARE, .int8_conv3x3 = CONV3X3
#include "derived.h"
