#include "common/metrics/statistics.h"

#include <math.h>
#include <stdlib.h>

double student_975(size_t freedom)
{
    static const double first[] = {12.7062, 4.30265, 3.18245, 2.77645, 2.57058,
                                   2.44691, 2.36462, 2.30600, 2.26216};
    if (freedom <= sizeof first / sizeof first[0])
        return first[freedom - 1];
    /* Fisher & Cornish 1960: expansion about the normal quantile in powers of 1 / freedom */
    const double z = 1.959964, v = (double)freedom;
    return z + (pow(z, 3) + z) / (4 * v) + (5 * pow(z, 5) + 16 * pow(z, 3) + 3 * z) / (96 * v * v) +
           (3 * pow(z, 7) + 19 * pow(z, 5) + 17 * pow(z, 3) - 15 * z) / (384 * v * v * v);
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

summary summarise(double *values, size_t n)
{
    summary s = {0, NAN, NAN, NAN, NAN};
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++)
        if (!isnan(values[i])) {
            values[s.n++] = values[i];
            sum += values[s.n - 1];
        }
    if (s.n == 0)
        return s;
    qsort(values, s.n, sizeof *values, by_value);
    s.mean = sum / (double)s.n;
    s.median = (values[(s.n - 1) / 2] + values[s.n / 2]) / 2;
    if (s.n < 2)
        return s;
    for (size_t i = 0; i < s.n; i++)
        squares += (values[i] - s.mean) * (values[i] - s.mean);
    const double error = sqrt(squares / (double)(s.n - 1) / (double)s.n);
    s.low = s.mean - student_975(s.n - 1) * error;
    s.high = s.mean + student_975(s.n - 1) * error;
    return s;
}
