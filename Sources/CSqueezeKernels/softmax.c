// Softmax and its cross-entropy, in double precision: a few numbers a picture, so that exactness costs nothing.
#include "CSqueezeKernels.h"

#include <math.h>

static float largest(int classes, const float *logits) {
    float maximum = logits[0];
    for (int k = 1; k < classes; k++)
        if (logits[k] > maximum) maximum = logits[k];
    return maximum;
}

double sqz_softmax_loss(int classes, const float *logits, int label, float smoothing, float scale, float *dlogits) {
    double maximum = largest(classes, logits), sum = 0, total = 0;
    for (int k = 0; k < classes; k++) {
        sum += exp(logits[k] - maximum);
        total += logits[k];
    }
    double share = (double)smoothing / classes, own = 1 - (double)smoothing;
    double loss = log(sum) + maximum - own * logits[label] - share * total;
    if (dlogits)
        for (int k = 0; k < classes; k++)
            dlogits[k] = (float)((exp(logits[k] - maximum) / sum - (k == label ? own : 0) - share) * scale);
    return isfinite(loss) ? loss : NAN;
}

double sqz_distillation_loss(
    int classes, const float *logits, const float *teacher, float temperature, float scale, float *dlogits) {
    double t = temperature, maximum = largest(classes, logits), wanted = largest(classes, teacher), sum = 0, total = 0;
    for (int k = 0; k < classes; k++) {
        sum += exp((logits[k] - maximum) / t);
        total += exp((teacher[k] - wanted) / t);
    }
    double divergence = 0;
    for (int k = 0; k < classes; k++) {
        double own = (logits[k] - maximum) / t - log(sum), right = (teacher[k] - wanted) / t - log(total);
        divergence += exp(right) * (right - own);
        if (dlogits) dlogits[k] += (float)((exp(own) - exp(right)) * t * scale);
    }
    return isfinite(divergence) ? divergence * t * t : NAN;
}

double sqz_softmax_slope(int classes, const float *logits, int label, double factor, double *curvature) {
    double maximum = largest(classes, logits), sum = 0, mean = 0, square = 0;
    for (int k = 0; k < classes; k++) {
        double logit = logits[k] - maximum, share = exp(factor * logit);
        sum += share;
        mean += share * logit;
        square += share * logit * logit;
    }
    mean /= sum;
    *curvature += square / sum - mean * mean;
    return mean - (logits[label] - maximum);
}

void sqz_softmax(int classes, const float *logits, float *probabilities) {
    double maximum = largest(classes, logits), sum = 0;
    for (int k = 0; k < classes; k++) sum += exp(logits[k] - maximum);
    for (int k = 0; k < classes; k++) probabilities[k] = (float)(exp(logits[k] - maximum) / sum);
}
