/* FFTW (Frigo & Johnson 2005) behind a small face; the only file that knows it. */
#include "core/dsp/fft.h"

#include "core/base/error.h"

#include <fftw3.h>

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* FFTW's planner is not thread-safe, and other code in the process may use it too. */
static pthread_mutex_t planner = PTHREAD_MUTEX_INITIALIZER;

struct fft {
    size_t n;
    float *time;         /* [n], aligned for FFTW */
    fftwf_complex *bins; /* [n/2 + 1] */
    fftwf_plan forward, inverse;
};

int fft_nice(size_t n)
{
    if (n < 2 || n % 2 != 0)
        return 0;
    static const size_t primes[] = {2, 3, 5, 7};
    for (size_t i = 0; i < 4; i++)
        while (n % primes[i] == 0)
            n /= primes[i];
    return n == 1 || n == 11 || n == 13;
}

size_t fft_nearest_nice(double wanted)
{
    wanted = wanted >= 4.0 ? fmin(wanted, FFT_MAX) : 4.0; /* NaN too */
    const size_t middle = (size_t)(wanted + 0.5);
    for (size_t away = 0;; away++) {
        const size_t above = middle + away;
        const size_t below = middle > away + 4 ? middle - away : 4;
        const int above_nice = fft_nice(above), below_nice = fft_nice(below);
        if (above_nice && below_nice)
            return (double)above - wanted <= wanted - (double)below ? above : below;
        if (above_nice || below_nice)
            return above_nice ? above : below;
    }
}

void fft_free(fft *f)
{
    if (!f)
        return;
    pthread_mutex_lock(&planner);
    if (f->forward)
        fftwf_destroy_plan(f->forward);
    if (f->inverse)
        fftwf_destroy_plan(f->inverse);
    pthread_mutex_unlock(&planner);
    fftwf_free(f->time);
    fftwf_free(f->bins);
    free(f);
}

sordino_status fft_new(size_t n, fft **out, sordino_error *why)
{
    *out = NULL;
    if (!fft_nice(n) || n > FFT_MAX)
        return error_set(why, SORDINO_BAD_ARG, "No transform of size %zu", n);
    fft *f = calloc(1, sizeof *f);
    if (!f)
        return error_set(why, SORDINO_NO_MEM, "Out of memory for a transform");
    f->n = n;
    f->time = fftwf_malloc(n * sizeof *f->time);
    f->bins = fftwf_malloc((n / 2 + 1) * sizeof *f->bins);
    if (f->time && f->bins) {
        pthread_mutex_lock(&planner);
        f->forward = fftwf_plan_dft_r2c_1d((int)n, f->time, f->bins, FFTW_ESTIMATE);
        f->inverse = fftwf_plan_dft_c2r_1d((int)n, f->bins, f->time, FFTW_ESTIMATE);
        pthread_mutex_unlock(&planner);
    }
    if (!f->forward || !f->inverse) {
        fft_free(f);
        return error_set(why, SORDINO_NO_MEM, "Out of memory for a transform of size %zu", n);
    }
    *out = f;
    return SORDINO_OK;
}

void fft_forward(fft *f, const float *in, float *out)
{
    memcpy(f->time, in, f->n * sizeof *in);
    fftwf_execute(f->forward);
    memcpy(out, f->bins, (f->n / 2 + 1) * sizeof *f->bins);
}

void fft_inverse(fft *f, const float *in, float *out)
{
    const float scale = 1.0f / (float)f->n;
    /* Scaled before, not after: the sum over bins then stays in range for very large input. */
    for (size_t k = 0; k <= f->n / 2; k++) {
        f->bins[k][0] = in[2 * k] * scale;
        f->bins[k][1] = in[2 * k + 1] * scale;
    }
    f->bins[0][1] = 0.0f;
    f->bins[f->n / 2][1] = 0.0f;
    fftwf_execute(f->inverse);
    memcpy(out, f->time, f->n * sizeof *out);
}
