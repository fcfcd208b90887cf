/*
 * Short-time objective intelligibility, exactly as the public Python implementation (pystoi 0.4)
 * computes it, but for what that leaves to chance or to a constant; see the notes.
 */
#ifndef METRICS_STOI_H
#define METRICS_STOI_H

#include <stddef.h>
#include <stdint.h>

/* Rates served, in Hz: below, the upper bands are missing. */
enum { STOI_MIN_RATE = 8000, STOI_MAX_RATE = 1000000 };

typedef enum stoi_status {
    STOI_OK,
    STOI_SILENT,    /* the clean signal is all zeros */
    STOI_TOO_SHORT, /* fewer than 30 frames (about 0.4 s) without the silent ones */
    STOI_NO_MEM
} stoi_status;

/*
 * The clean signal `x` [n] and the processed one `y` [n], aligned, finite, at `rate` Hz.
 * `*stoi`: Taal, Hendriks, Heusdens & Jensen 2011, "An algorithm for intelligibility prediction of
 * time-frequency weighted noisy speech", eqs. 1-6. `*estoi`: Jensen & Taal 2016, "An algorithm for
 * predicting the intelligibility of speech masked by modulated noise maskers", eqs. 2-7. Both about
 * 0..1, NAN unless STOI_OK. Any thread.
 *
 * Notes. pystoi returns 1e-5 for too short signals; here that is a status. In ESTOI it adds random
 * numbers of 2e-16 so that bands of zeros have a norm; here such bands count 0.
 */
stoi_status stoi_measure(const double *x, const double *y, size_t n, uint32_t rate, double *stoi,
                         double *estoi);

#endif
