// How much memory a 3x3 convolution needs: winograd.h describes the buffers.
#include "CSqueezeKernels.h"

ptrdiff_t sqz_conv3x3_workspace(const sqz_conv3x3 *shape, int training) {
    ptrdiff_t pitch = (ptrdiff_t)(shape->block + 1) * SQZ_PANEL;
    ptrdiff_t filters = shape->plain ? sqz_conv3x3_filters(shape->in_panels * SQZ_PANEL, SQZ_PANEL) : 0;
    return 36 * pitch * (shape->in_panels + (training ? shape->out_panels : 1)) + filters;
}

ptrdiff_t sqz_conv3x3_filters(int inputs, int outputs) { return (ptrdiff_t)36 * (inputs + 1) * outputs; }
