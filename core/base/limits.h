/*
 * Up to where single precision is trusted. Larger values are cut there, so that finite samples of
 * any size give finite spectra, powers and output; none of these is near what a signal can be.
 */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

/* A sample on its way into spectra that are squared. */
static const float limit_squared_sample = 1e12f;

/* A sample of a spectrum: no window served makes more of it than a float holds
 * (38400 * 1e33 < FLT_MAX / 8). */
static const float limit_sample = 1e33f;

/* The power of a bin that is added up in bands: no sum of 20000 overflows. */
static const float limit_bin_power = 1e33f;

/* The power of a bin by itself. */
static const float limit_power = 1e36f;

#endif
