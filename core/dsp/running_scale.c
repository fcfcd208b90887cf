/* West 1979, "Updating mean and variance estimates", with exponential forgetting (Finch 2009). */
#include "core/dsp/running_scale.h"

#include <math.h>

void running_scale_push(running_scale *s, const float *x, size_t n, double time)
{
    for (size_t i = 0; i < n; i++) {
        s->seen = fmin(s->seen + 1.0, time);
        const double weight = 1.0 / s->seen;
        const double step = (double)x[i] - s->mean;
        s->mean += weight * step;
        s->variance = (1.0 - weight) * (s->variance + weight * step * step);
    }
}

double running_scale_get(const running_scale *s)
{
    return sqrt(s->variance);
}
