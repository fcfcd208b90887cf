/* What this build of the trainer lacks. */
#include "core/base/error.h"
#include "trainer/data/espeak.h"
#include "trainer/data/noise_cut.h"
#include "trainer/loss/loss.h"
#include "trainer/loss/stft_grad.h"

sordino_status espeak_check(sordino_error *why)
{
    return error_set(why, SORDINO_UNSUPPORTED, "This build has no espeak-ng");
}

bool espeak_draw(rng *r, double rate, float *out, size_t n)
{
    return false;
}

sordino_status noise_cut_open(const char *path, const char *passage, double held_out, FILE *notes,
                              library **out, sordino_error *why)
{
    *out = NULL;
    return error_set(why, SORDINO_UNSUPPORTED, "This build cuts no noise out of recordings");
}

loss_stft *loss_stft_new(const uint32_t *windows, const uint32_t *hops, uint32_t n_resolutions)
{
    return NULL;
}

void loss_stft_free(loss_stft *l) {}

kreal loss_stft_run(loss_stft *l, const kreal *y, const kreal *s, size_t n, kreal scale, kreal *d_y)
{
    return 0;
}

stft_grad *stft_grad_new(const stft_geometry *geometry)
{
    return NULL;
}

void stft_grad_free(stft_grad *g) {}

void stft_grad_synthesise(stft_grad *g, const float *d_samples, size_t frames, float *d_spectra) {}
