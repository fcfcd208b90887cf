/* FFTW (Frigo & Johnson 2005) behind a small face; the only file that knows it. */
#include "core/dsp/fft.h"

#include "core/base/error.h"

#include <fftw3.h>

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/*
 * FFTW's planner is one for all that use this copy of FFTW, and not thread-safe by itself. A lock
 * of our own would not keep out a host or another plugin that plans at the same time, so FFTW is
 * told to lock its planner, before anything is planned: while the program or this library is
 * loaded. (The lock is a semaphore: a plan under way when it is set up would raise it once too
 * often for good.)
 */
#ifdef HAVE_FFTWF_PLANNER_LOCK

#if defined(__GNUC__)
__attribute__((constructor))
#endif
static void
lock_by_fftw(void)
{
    fftwf_make_planner_thread_safe(); /* as often as one likes */
}

static void planner_enter(void)
{
    lock_by_fftw();
}

static void planner_leave(void) {}

#else

static pthread_mutex_t planner = PTHREAD_MUTEX_INITIALIZER;

static void planner_enter(void)
{
    pthread_mutex_lock(&planner);
}

static void planner_leave(void)
{
    pthread_mutex_unlock(&planner);
}

#endif

/* A real transform by a complex one of half its size (Press et al., "Numerical Recipes", 2nd ed.,
 * 12.3): FFTW plans that ten times faster than its own real transform, which takes it 5 ms for each
 * size, and runs it about as fast. */
struct fft {
    size_t n;
    fftwf_complex *time; /* [n/2] pairs of samples, aligned for FFTW */
    fftwf_complex *bins; /* [n/2] */
    float *turns;        /* [n/4 + 1] pairs: cos and sin of 2 pi k / n */
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
    planner_enter();
    if (f->forward)
        fftwf_destroy_plan(f->forward);
    if (f->inverse)
        fftwf_destroy_plan(f->inverse);
    planner_leave();
    fftwf_free(f->time);
    fftwf_free(f->bins);
    free(f->turns);
    free(f);
}

static void fill_turns(fft *f)
{
    for (size_t k = 0; k <= f->n / 4; k++) {
        const double phase = 2.0 * 3.14159265358979323846 * (double)k / (double)f->n;
        f->turns[2 * k] = (float)cos(phase);
        f->turns[2 * k + 1] = (float)sin(phase);
    }
}

sordino_status fft_new(size_t n, fft **out, sordino_error *why)
{
    *out = NULL;
    if (!fft_nice(n) || n > FFT_MAX)
        return error_set(why, SORDINO_BAD_ARG, "No transform of size %zu", n);
    fft *f = calloc(1, sizeof *f);
    if (!f)
        return error_set(why, SORDINO_NO_MEM, "Out of memory for a transform");
    const int half = (int)(n / 2);
    f->n = n;
    f->time = fftwf_malloc((n / 2) * sizeof *f->time);
    f->bins = fftwf_malloc((n / 2) * sizeof *f->bins);
    f->turns = malloc((n / 4 + 1) * 2 * sizeof *f->turns);
    if (f->time && f->bins && f->turns) {
        fill_turns(f);
        planner_enter();
        f->forward = fftwf_plan_dft_1d(half, f->time, f->bins, FFTW_FORWARD, FFTW_ESTIMATE);
        f->inverse = fftwf_plan_dft_1d(half, f->bins, f->time, FFTW_BACKWARD, FFTW_ESTIMATE);
        planner_leave();
    }
    if (!f->forward || !f->inverse) {
        fft_free(f);
        return error_set(why, SORDINO_NO_MEM, "Out of memory for a transform of size %zu", n);
    }
    *out = f;
    return SORDINO_OK;
}

/* With z_i = x_2i + j x_2i+1 the bins of the even samples are (Z_k + Z*_(h-k)) / 2, those of the
 * odd ones (Z_k - Z*_(h-k)) / 2j, and X_k = even_k + exp(-2 pi j k / n) odd_k; h = n / 2. */
void fft_forward(fft *f, const float *in, float *out)
{
    const size_t h = f->n / 2;
    memcpy(f->time, in, f->n * sizeof *in);
    fftwf_execute(f->forward);
    const float first = f->bins[0][0], last = f->bins[0][1];
    for (size_t k = 1; 2 * k <= h; k++) {
        const float *const a = f->bins[k], *const b = f->bins[h - k];
        const float c = f->turns[2 * k], s = f->turns[2 * k + 1];
        const float even_re = 0.5f * a[0] + 0.5f * b[0], even_im = 0.5f * a[1] - 0.5f * b[1];
        const float odd_re = 0.5f * a[1] + 0.5f * b[1], odd_im = 0.5f * b[0] - 0.5f * a[0];
        const float re = c * odd_re + s * odd_im, im = c * odd_im - s * odd_re;
        out[2 * k] = even_re + re;
        out[2 * k + 1] = even_im + im;
        out[2 * (h - k)] = even_re - re;
        out[2 * (h - k) + 1] = im - even_im;
    }
    out[0] = first + last;
    out[1] = 0.0f;
    out[2 * h] = first - last;
    out[2 * h + 1] = 0.0f;
}

void fft_inverse(fft *f, const float *in, float *out)
{
    const size_t h = f->n / 2;
    const float scale = 1.0f / (float)f->n;
    /* Scaled before, not after: the sum over bins then stays in range for very large input. */
    f->bins[0][0] = scale * in[0] + scale * in[2 * h];
    f->bins[0][1] = scale * in[0] - scale * in[2 * h];
    for (size_t k = 1; 2 * k <= h; k++) {
        const float *const a = in + 2 * k, *const b = in + 2 * (h - k);
        const float c = f->turns[2 * k], s = f->turns[2 * k + 1];
        const float even_re = scale * a[0] + scale * b[0], even_im = scale * a[1] - scale * b[1];
        const float far_re = scale * a[0] - scale * b[0], far_im = scale * a[1] + scale * b[1];
        const float odd_re = c * far_re - s * far_im, odd_im = c * far_im + s * far_re;
        f->bins[k][0] = even_re - odd_im;
        f->bins[k][1] = even_im + odd_re;
        f->bins[h - k][0] = even_re + odd_im;
        f->bins[h - k][1] = odd_re - even_im;
    }
    fftwf_execute(f->inverse);
    memcpy(out, f->time, f->n * sizeof *out);
}
