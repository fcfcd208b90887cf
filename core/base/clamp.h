/* Smaller, larger, within: as one instruction where fminf and fmaxf are calls. With a NaN the
 * second argument results; clamp then gives `low`. */
#ifndef BASE_CLAMP_H
#define BASE_CLAMP_H

static inline float min_float(float a, float b)
{
    return a < b ? a : b;
}

static inline float max_float(float a, float b)
{
    return a > b ? a : b;
}

static inline float clamp_float(float x, float low, float high)
{
    return min_float(max_float(x, low), high);
}

static inline double min_double(double a, double b)
{
    return a < b ? a : b;
}

static inline double max_double(double a, double b)
{
    return a > b ? a : b;
}

static inline double clamp_double(double x, double low, double high)
{
    return min_double(max_double(x, low), high);
}

#endif
