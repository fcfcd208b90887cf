/* What many values of one figure come to. */
#ifndef METRICS_STATISTICS_H
#define METRICS_STATISTICS_H

#include <stddef.h>

/* Of the values that are defined; everything but `n` is NAN where there are too few. */
typedef struct summary {
    size_t n;
    double mean, median;
    double low, high; /* 95 % interval of the mean, Student's t with n - 1 degrees; n >= 2 */
} summary;

/* `values` [n], NAN where undefined; they are reordered. */
summary summarise(double *values, size_t n);

/* The 0.975 quantile of Student's t, to a thousandth; `freedom` >= 1. */
double student_975(size_t freedom);

#endif
