#include "core/dsp/expint.h"

#include <math.h>

float expint_e1(float x)
{
    if (x <= 1.0f) {
        const float series =
            -0.57721566f +
            x * (0.99999193f +
                 x * (-0.24991055f + x * (0.05519968f + x * (-0.00976004f + x * 0.00107857f))));
        return series - logf(x);
    }
    if (x > 100.0f) /* below the smallest float, and the quotient would overflow */
        return 0.0f;
    const float above =
        0.2677737343f + x * (8.6347608925f + x * (18.0590169730f + x * (8.5733287401f + x)));
    const float below =
        3.9584969228f + x * (21.0996530827f + x * (25.6329561486f + x * (9.5733223454f + x)));
    return expf(-x) / x * above / below;
}
