#include "common/rfft.h"

#include <fftw3.h>

#include <pthread.h>
#include <stdlib.h>

struct rfft {
    double *time;
    fftw_complex *bins;
    fftw_plan forward, inverse;
};

/* FFTW's planner is not thread-safe; running plans is. */
static pthread_mutex_t planner = PTHREAD_MUTEX_INITIALIZER;

rfft *rfft_new(size_t n)
{
    rfft *f = calloc(1, sizeof *f);
    if (!f)
        return NULL;
    f->time = fftw_malloc(n * sizeof *f->time);
    f->bins = fftw_malloc((n / 2 + 1) * sizeof *f->bins);
    if (f->time && f->bins) {
        pthread_mutex_lock(&planner);
        f->forward = fftw_plan_dft_r2c_1d((int)n, f->time, f->bins, FFTW_ESTIMATE);
        f->inverse = fftw_plan_dft_c2r_1d((int)n, f->bins, f->time, FFTW_ESTIMATE);
        pthread_mutex_unlock(&planner);
    }
    if (!f->forward || !f->inverse) {
        rfft_free(f);
        return NULL;
    }
    return f;
}

void rfft_free(rfft *f)
{
    if (!f)
        return;
    pthread_mutex_lock(&planner);
    if (f->forward)
        fftw_destroy_plan(f->forward);
    if (f->inverse)
        fftw_destroy_plan(f->inverse);
    pthread_mutex_unlock(&planner);
    fftw_free(f->bins);
    fftw_free(f->time);
    free(f);
}

double *rfft_time(rfft *f)
{
    return f->time;
}

double *rfft_bins(rfft *f)
{
    return &f->bins[0][0];
}

void rfft_forward(rfft *f)
{
    fftw_execute(f->forward);
}

void rfft_inverse(rfft *f)
{
    fftw_execute(f->inverse);
}
