/* The exponential integral E1(x) = integral from x to infinity of exp(-t)/t dt. */
#ifndef DSP_EXPINT_H
#define DSP_EXPINT_H

#include <sordino/attributes.h>

/* x > 0; relative error below 1e-4 (Abramowitz & Stegun 1964, eqs. 5.1.53 and 5.1.56). */
float expint_e1(float x) SORDINO_RT;

#endif
