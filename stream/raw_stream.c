#include "stream/raw_stream.h"

#include "common/sound/encoding.h"
#include "common/fail.h"
#include "common/models.h"
#include "stream/raw_job.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Below this a stream is taken for a sensor's, and spectral methods do not serve. */
static const double least_sound_rate = 8000.0, most_sound_rate = 192000.0;

void raw_stream_init(raw_stream_config *config)
{
    *config = (raw_stream_config){.time_column = -1, .link = -1, .dither = true};
    sordino_config_init(&config->denoiser);
}

static bool is_text(const char *name)
{
    return strcmp(name, "text") == 0;
}

bool raw_stream_encoding(const char *name)
{
    encoding e;
    return is_text(name) || encoding_parse(name, &e);
}

static void print_line(const char *subject, const char *format, va_list arguments)
{
    char line[400];
    vsnprintf(line, sizeof line, format, arguments);
    fprintf(stderr, "sordino-live: %s: %s\n", subject, line);
}

void raw_job_tell(const raw_job *j, const char *format, ...)
{
    va_list arguments;
    (void)j;
    va_start(arguments, format);
    print_line("standard input", format, arguments);
    va_end(arguments);
}

sordino_status raw_job_flush(raw_job *j)
{
    if (raw_pipe_flush(&j->pipe) && !j->pipe.lost)
        return SORDINO_OK;
    j->subject = "standard output";
    return raw_pipe_check(&j->pipe, &j->why);
}

/* The method and its model, as `sordino` chooses them. */
static sordino_status choose_method(raw_job *j, sordino_config *config)
{
    const raw_stream_config *const c = j->config;
    const bool sensor = is_text(c->encoding) || c->rate < least_sound_rate;
    const char *const name = c->model ? c->model : sensor ? "kalman" : "wiener";
    sordino_status status = SORDINO_OK;
    j->subject = name;
    if (c->model && !models_is_method(name))
        status = models_open(name, &j->model, &j->why);
    else if (!c->model && !sensor && !c->wants_wiener)
        status = models_open_speech(&j->model, &j->why);
    if (status)
        return status;
    config->method = j->model                         ? SORDINO_METHOD_NETWORK
                     : strcmp(name, "kalman") == 0    ? SORDINO_METHOD_KALMAN
                     : strcmp(name, "predictor") == 0 ? SORDINO_METHOD_PREDICTOR
                                                      : SORDINO_METHOD_WIENER;
    const bool spectral =
        config->method == SORDINO_METHOD_WIENER || (j->model && sordino_model_is_stft(j->model));
    if (spectral && (c->rate < least_sound_rate || c->rate > most_sound_rate))
        return fail(&j->why, SORDINO_UNSUPPORTED,
                    "serves %.0f to %.0f Hz, not %.9g; use --model kalman or predictor, which "
                    "serve any",
                    least_sound_rate, most_sound_rate, c->rate);
    return SORDINO_OK;
}

sordino_status raw_job_filter(raw_job *j, uint32_t channels)
{
    const raw_stream_config *const c = j->config;
    sordino_config config = c->denoiser;
    sordino_status status = choose_method(j, &config);
    config.rate = c->rate;
    config.channels = channels;
    config.link_channels = c->link >= 0 ? c->link == 1 : !is_text(c->encoding);
    if (!status)
        status = filter_new(&config, j->model, RAW_BLOCK, &j->filter, &j->why);
    if (status)
        return status;
    j->latency = sordino_denoiser_latency(filter_denoiser(j->filter));
    if (c->profile) {
        j->subject = c->profile;
        status = sordino_profile_open_path(c->profile, &j->profile, &j->why);
        if (status)
            return status;
        sordino_denoiser_set_profile(filter_denoiser(j->filter), j->profile);
    }
    j->in = calloc((size_t)RAW_BLOCK * channels, sizeof *j->in);
    j->out = calloc((size_t)RAW_BLOCK * channels, sizeof *j->out);
    if (!j->in || !j->out)
        return fail_no_memory(&j->why);
    if (c->verbose)
        raw_job_tell(j, "%s at %.9g Hz, %lu channels, %lu samples behind",
                     j->model                                 ? sordino_model_name(j->model)
                     : c->model                               ? c->model
                     : config.method == SORDINO_METHOD_KALMAN ? "kalman"
                                                              : "wiener",
                     c->rate, (unsigned long)channels, (unsigned long)j->latency);
    return SORDINO_OK;
}

/* Nobody reads: as other filters do, go without a word where that is the custom. */
static void end_by_pipe(void)
{
    struct sigaction action;
    if (sigaction(SIGPIPE, NULL, &action) == 0 && action.sa_handler == SIG_DFL)
        raise(SIGPIPE);
}

static int tell_end(raw_job *j, sordino_status status)
{
    if (status) {
        fail_fit(&j->why);
        fprintf(stderr, "sordino-live: %s: %s\n", j->subject, j->why.text);
        return 1;
    }
    const uint32_t warnings = j->filter ? sordino_denoiser_warnings(filter_denoiser(j->filter)) : 0;
    for (uint32_t bit = 1; bit <= warnings; bit <<= 1)
        if (warnings & bit)
            raw_job_tell(j, "%s", sordino_warning_text((sordino_warning)bit));
    if (j->config->verbose)
        raw_job_tell(j, "%llu samples, %llu values missing%s", (unsigned long long)j->frames,
                     (unsigned long long)j->gaps, j->pipe.stopped ? ", stopped by a signal" : "");
    return 0;
}

int raw_stream_run(const raw_stream_config *config)
{
    raw_job *const j = calloc(1, sizeof *j);
    if (!j) {
        fputs("sordino-live: standard input: out of memory\n", stderr);
        return 1;
    }
    j->config = config;
    j->subject = "standard input";
    sordino_status status = raw_pipe_open(&j->pipe, &j->why);
    if (!status)
        status = is_text(config->encoding) ? raw_text_run(j) : raw_samples_run(j);
    if (j->pipe.lost || j->pipe.error == EPIPE)
        end_by_pipe();
    const int code = tell_end(j, status);
    raw_pipe_close(&j->pipe);
    filter_free(j->filter);
    sordino_profile_free(j->profile);
    sordino_model_free(j->model);
    free(j->in);
    free(j->out);
    free(j);
    return code;
}
