#include "tests/support/denoisers.h"

#include "tests/support/cmocka_all.h"
#include "tests/support/models.h"
#include "tests/support/signals.h"

#include <string.h>

kind kinds[MAX_KINDS];
size_t n_kinds;
static sordino_model *models[5];

int open_kinds(void **state)
{
    (void)state;
    models[0] = test_model_bands(1, 0.3);
    models[1] = test_model_open_gains();
    models[2] = test_model_wave(1, 0, 2, 0.1);
    models[3] = test_model_wave(16, 5, 3, 0.1);
    models[4] = test_model_wave(1, 3, 4, 0.0);
    const kind all[] = {
        {"wiener", SORDINO_METHOD_WIENER, 0, NULL, true},
        {"kalman", SORDINO_METHOD_KALMAN, 0, NULL, false},
        {"kalman with a lag", SORDINO_METHOD_KALMAN, 20, NULL, false},
        {"predictor", SORDINO_METHOD_PREDICTOR, 0, NULL, false},
        {"band network", SORDINO_METHOD_NETWORK, 0, models[0], true},
        {"open band network", SORDINO_METHOD_NETWORK, 0, models[1], true},
        {"sample network", SORDINO_METHOD_NETWORK, 0, models[2], false},
        {"packed network", SORDINO_METHOD_NETWORK, 0, models[3], false},
        {"delay network", SORDINO_METHOD_NETWORK, 0, models[4], false},
    };
    n_kinds = sizeof all / sizeof all[0];
    memcpy(kinds, all, sizeof all);
    return 0;
}

int free_kinds(void **state)
{
    (void)state;
    for (size_t i = 0; i < 5; i++)
        sordino_model_free(models[i]);
    return 0;
}

sordino_config config_for(const kind *k, double rate, uint32_t channels)
{
    sordino_config config;
    sordino_config_init(&config);
    config.method = k->method;
    config.rate = rate;
    config.channels = channels;
    config.lag = k->lag;
    return config;
}

sordino_denoiser *make(const sordino_config *config, const sordino_model *model)
{
    sordino_denoiser *d = NULL;
    sordino_error why = {SORDINO_OK, ""};
    if (sordino_denoiser_new(config, model, &d, &why) != SORDINO_OK)
        fail_msg("sordino_denoiser_new: %s", why.text);
    return d;
}

void feed(sordino_denoiser *d, const float *x, float *y, size_t n, size_t block, uint64_t *random)
{
    for (size_t at = 0; at < n;) {
        size_t step = block > 0 ? block : (size_t)(test_random(random) % 701);
        step = step < n - at ? step : n - at;
        const float *in[1] = {x + at};
        float *out[1] = {y + at};
        sordino_denoiser_process(d, in, out, step);
        at += step;
    }
}

void run_whole(const sordino_config *config, const sordino_model *model, const float *x, float *y,
               size_t n)
{
    sordino_denoiser *d = make(config, model);
    feed(d, x, y, n, 4096, NULL);
    sordino_denoiser_free(d);
}

double energy(const float *x, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++)
        sum += (double)x[i] * (double)x[i];
    return sum;
}
