// Softmax and its cross-entropy, in double precision: a few numbers a picture, so that exactness costs nothing.
#include "CSqueezeKernels.h"

#include <math.h>

static float largest(int classes, const float *logits) {
    float maximum = logits[0];
    for (int k = 1; k < classes; k++)
        if (logits[k] > maximum) maximum = logits[k];
    return maximum;
}

double sqz_softmax_loss(int classes, const float *logits, int label, float scale, float *dlogits) {
    double maximum = largest(classes, logits), sum = 0;
    for (int k = 0; k < classes; k++) sum += exp(logits[k] - maximum);
    double loss = log(sum) + maximum - logits[label];
    if (dlogits)
        for (int k = 0; k < classes; k++)
            dlogits[k] = (float)((exp(logits[k] - maximum) / sum - (k == label)) * scale);
    return isfinite(loss) ? loss : NAN;
}

void sqz_softmax(int classes, const float *logits, float *probabilities) {
    double maximum = largest(classes, logits), sum = 0;
    for (int k = 0; k < classes; k++) sum += exp(logits[k] - maximum);
    for (int k = 0; k < classes; k++) probabilities[k] = (float)(exp(logits[k] - maximum) / sum);
}
