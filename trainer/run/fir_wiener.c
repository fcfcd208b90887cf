#include "trainer/run/fir_wiener.h"

#include <math.h>
#include <stdlib.h>

struct fir_wiener {
    size_t taps;
    double *matrix; /* [taps][taps], sums of x_(t-i) x_(t-j) */
    double *right;  /* [taps], sums of x_(t-i) s_t; then the taps */
};

fir_wiener *fir_wiener_new(size_t taps)
{
    fir_wiener *f = calloc(1, sizeof *f);
    if (!f)
        return NULL;
    f->taps = taps;
    f->matrix = calloc(taps * taps, sizeof *f->matrix);
    f->right = calloc(taps, sizeof *f->right);
    if (!f->matrix || !f->right) {
        fir_wiener_free(f);
        return NULL;
    }
    return f;
}

void fir_wiener_free(fir_wiener *f)
{
    if (!f)
        return;
    free(f->matrix);
    free(f->right);
    free(f);
}

static double past(const float *x, size_t t, size_t k)
{
    return (double)x[t >= k ? t - k : 0];
}

bool fir_wiener_add(fir_wiener *f, const float *noisy, const float *clean, size_t n, double level)
{
    const size_t m = f->taps;
    double *const window = malloc(m * sizeof *window);
    const double scale = level > 0 ? 1 / level : 1;
    if (!window)
        return false;
    for (size_t t = 0; t < n; t++) {
        for (size_t k = 0; k < m; k++)
            window[k] = scale * past(noisy, t, k);
        const double s = scale * (double)clean[t];
        for (size_t i = 0; i < m; i++) {
            double *const row = f->matrix + i * m;
            for (size_t j = 0; j <= i; j++)
                row[j] += window[i] * window[j];
            f->right[i] += window[i] * s;
        }
    }
    free(window);
    return true;
}

/* Cholesky: A = L L', in the lower half, then both triangles. */
void fir_wiener_solve(fir_wiener *f)
{
    const size_t m = f->taps;
    double *const a = f->matrix, *const b = f->right;
    double trace = 0;
    for (size_t i = 0; i < m; i++)
        trace += a[i * m + i];
    for (size_t i = 0; i < m; i++)
        a[i * m + i] += 1e-9 * trace / (double)m + 1e-300;
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j <= i; j++) {
            double sum = a[i * m + j];
            for (size_t k = 0; k < j; k++)
                sum -= a[i * m + k] * a[j * m + k];
            a[i * m + j] = i == j ? sqrt(sum > 0 ? sum : 1e-300) : sum / a[j * m + j];
        }
    for (size_t i = 0; i < m; i++) {
        for (size_t k = 0; k < i; k++)
            b[i] -= a[i * m + k] * b[k];
        b[i] /= a[i * m + i];
    }
    for (size_t i = m; i-- > 0;) {
        for (size_t k = i + 1; k < m; k++)
            b[i] -= a[k * m + i] * b[k];
        b[i] /= a[i * m + i];
    }
}

void fir_wiener_run(const fir_wiener *f, const float *x, float *y, size_t n)
{
    for (size_t t = 0; t < n; t++) {
        double sum = 0;
        for (size_t k = 0; k < f->taps; k++)
            sum += f->right[k] * past(x, t, k);
        y[t] = (float)sum;
    }
}
