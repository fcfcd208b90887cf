#include "core/denoiser/config.h"

#include "core/base/error.h"

#include <math.h>
#include <string.h>

const double config_limit_min = -120.0;
static const uint32_t lag_max = 4096, min_latency_max = 1048576;

static sordino_config defaults(void)
{
    return (sordino_config){
        .size = sizeof(sordino_config),
        .method = SORDINO_METHOD_WIENER,
        .rate = 48000.0,
        .channels = 1,
        .link_channels = true,
        .gain_rule = SORDINO_GAIN_LSA,
        .limit = config_limit_min,
        .mix = 1.0,
        .delta = false,
        .enabled = true,
    };
}

/* Fields of versions to come are 0, and 0 will be their default. */
void sordino_config_init_size(sordino_config *config, size_t size)
{
    const sordino_config own = defaults();
    if (!config)
        return;
    memset(config, 0, size);
    if (size < sizeof own)
        return; /* which sordino_denoiser_new then refuses */
    *config = own;
    config->size = size;
}

static bool within(double x, double low, double high)
{
    return x >= low && x <= high; /* false for NaN */
}

bool config_spectral(const sordino_config *config, const sordino_model *model)
{
    return config->method == SORDINO_METHOD_WIENER ||
           (config->method == SORDINO_METHOD_NETWORK && model->front.kind == FRONT_STFT);
}

static sordino_status check_levels(const sordino_config *config, sordino_error *why)
{
    if (!within(config->limit, config_limit_min, 0.0))
        return error_set(why, SORDINO_BAD_ARG, "The limit is %g dB; it must be within -120..0",
                         config->limit);
    if (!within(config->mix, 0.0, 1.0))
        return error_set(why, SORDINO_BAD_ARG, "The mix is %g; it must be within 0..1",
                         config->mix);
    if (config->min_latency > min_latency_max)
        return error_set(why, SORDINO_BAD_ARG,
                         "The smallest latency is %u samples; it must be within 0..%u",
                         config->min_latency, min_latency_max);
    return SORDINO_OK;
}

static sordino_status check_model(const sordino_config *config, const sordino_model *model,
                                  sordino_error *why)
{
    if (config->method != SORDINO_METHOD_NETWORK)
        return SORDINO_OK;
    if (!model)
        return error_set(why, SORDINO_BAD_ARG, "The network method needs a model");
    const double own = model->front.rate;
    if (model->front.kind == FRONT_WAVE && own > 0.0 && fabs(config->rate / own - 1.0) > 0.02)
        return error_set(why, SORDINO_UNSUPPORTED,
                         "The model \"%.60s\" is for signals at %g Hz, not at %g Hz",
                         sordino_model_name(model), own, config->rate);
    return SORDINO_OK;
}

static sordino_status check_rate(const sordino_config *config, const sordino_model *model,
                                 sordino_error *why)
{
    if (config_spectral(config, model) && !within(config->rate, 8000.0, 192000.0))
        return error_set(why, SORDINO_BAD_ARG,
                         "The rate is %g Hz; spectral methods serve 8000..192000 Hz", config->rate);
    if (!(config->rate > 0.0 && isfinite(config->rate)))
        return error_set(why, SORDINO_BAD_ARG, "The rate is %g Hz; it must be above 0",
                         config->rate);
    return SORDINO_OK;
}

static sordino_status check_config(const sordino_config *config, const sordino_model *model,
                                   sordino_error *why)
{
    if ((unsigned)config->method > SORDINO_METHOD_PREDICTOR)
        return error_set(why, SORDINO_BAD_ARG, "There is no method %d", (int)config->method);
    if ((unsigned)config->gain_rule > SORDINO_GAIN_WIENER)
        return error_set(why, SORDINO_BAD_ARG, "There is no gain rule %d", (int)config->gain_rule);
    if (config->channels < 1 || config->channels > SORDINO_MAX_CHANNELS)
        return error_set(why, SORDINO_BAD_ARG, "There are %u channels; 1..%d can be served",
                         config->channels, SORDINO_MAX_CHANNELS);
    if (config->lag > lag_max)
        return error_set(why, SORDINO_BAD_ARG, "The lag is %u samples; it must be within 0..%u",
                         config->lag, lag_max);
    if (!(config->window == 0.0 || within(config->window, 0.002, 0.2)))
        return error_set(why, SORDINO_BAD_ARG, "The window is %g s; it must be within 0.002..0.2",
                         config->window);
    if (config->hop < 0.0 || !isfinite(config->hop))
        return error_set(why, SORDINO_BAD_ARG, "The hop is %g s; it must be above 0", config->hop);
    sordino_status status = check_levels(config, why);
    if (status == SORDINO_OK)
        status = check_model(config, model, why);
    return status == SORDINO_OK ? check_rate(config, model, why) : status;
}

/* No version had less than these
 * fields: one that adds some reads them only where `size` covers them, and starts them past the
 * padding. */
sordino_status config_read(const sordino_config *from, const sordino_model *model,
                           sordino_config *to, sordino_error *why)
{
    if (!from)
        return error_set(why, SORDINO_BAD_ARG, "There is no configuration");
    if (from->size < sizeof *to)
        return error_set(why, SORDINO_BAD_ARG,
                         "The configuration has no size; sordino_config_init sets it");
    const unsigned char *const bytes = (const unsigned char *)from;
    for (size_t i = sizeof *to; i < from->size; i++)
        if (bytes[i] != 0)
            return error_set(why, SORDINO_UNSUPPORTED,
                             "The configuration asks for what version %s does not have",
                             SORDINO_VERSION);
    *to = *from;
    return check_config(to, model, why);
}
