#include "offline/batch/job.h"
#include "common/fail.h"
#include "common/gz_io.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

/* Below this a trace of samples is taken for a sensor's, and spectral methods do not serve. */
static const double least_sound_rate = 8000.0, most_sound_rate = 192000.0;

void job_note(job *j, const char *format, ...)
{
    va_list arguments;
    if (j->n_notes == JOB_MAX_NOTES)
        return;
    va_start(arguments, format);
    vsnprintf(j->notes[j->n_notes++], sizeof j->notes[0], format, arguments);
    va_end(arguments);
}

void job_note_warnings(job *j, uint32_t warnings)
{
    for (uint32_t bit = 1; bit <= warnings; bit <<= 1) {
        sordino_error text = {SORDINO_OK, ""};
        if (!(warnings & bit))
            continue;
        snprintf(text.text, sizeof text.text, "%s", sordino_warning_text((sordino_warning)bit));
        fail_fit(&text);
        job_note(j, "%s", text.text);
    }
}

bool job_is_table(const char *path, const options *o)
{
    static const char *const endings[] = {".csv", ".tsv", ".txt", ".lvm"};
    const size_t n = strlen(path) - (gz_is_name(path) ? 3 : 0);
    if (o->kind != INPUT_AUTO)
        return o->kind == INPUT_CSV;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (n > 4 && strncasecmp(path + n - 4, endings[i], 4) == 0)
            return true;
    return false;
}

static bool is_slow(double rate, const options *o)
{
    return o->kind == INPUT_RAW && rate < least_sound_rate;
}

bool job_may_be_sound(const char *path, const options *o)
{
    return !job_is_table(path, o) && !is_slow(o->rate, o);
}

/* The method, and the model where it is a network. */
static sordino_method pick_method(job *j, const job_setup *setup, double rate, bool is_table)
{
    const options *const o = setup->options;
    const bool sensor = is_table || is_slow(rate, o);
    const char *const name = o->model ? o->model : sensor ? "kalman" : "wiener";
    j->model = setup->model ? setup->model : sensor ? NULL : setup->speech;
    if (j->model)
        return SORDINO_METHOD_NETWORK;
    return strcmp(name, "kalman") == 0      ? SORDINO_METHOD_KALMAN
           : strcmp(name, "predictor") == 0 ? SORDINO_METHOD_PREDICTOR
                                            : SORDINO_METHOD_WIENER;
}

sordino_status job_configure(job *j, const job_setup *setup, double rate, uint32_t channels,
                             bool is_table, sordino_config *config)
{
    static const char *const names[] = {"", "wiener", "kalman", "predictor"};
    const options *const o = setup->options;
    *config = o->config;
    config->method = pick_method(j, setup, rate, is_table);
    config->rate = rate;
    config->channels = channels;
    config->link_channels = o->link >= 0 ? o->link == 1 : !is_table;
    j->method = j->model ? sordino_model_name(j->model) : names[config->method];
    j->rate = rate;
    j->channels = channels;
    j->subject = j->input;
    const bool spectral =
        config->method == SORDINO_METHOD_WIENER || (j->model && sordino_model_is_stft(j->model));
    if (spectral && (rate < least_sound_rate || rate > most_sound_rate))
        return fail(&j->why, SORDINO_UNSUPPORTED,
                    "has a rate of %.9g Hz, %s serves %.0f to %.0f; use --model kalman or "
                    "predictor, which serve any",
                    rate, j->method, least_sound_rate, most_sound_rate);
    return SORDINO_OK;
}

sordino_status job_save_profile(job *j, const options *o, const sordino_profile *profile)
{
    struct stat at;
    j->subject = o->save_profile;
    if (!o->force && lstat(o->save_profile, &at) == 0)
        return fail(&j->why, SORDINO_IO, "is there already; add --force to overwrite it");
    return sordino_profile_save_path(profile, o->save_profile, &j->why);
}

void job_progress(const job_setup *setup, uint64_t done, int64_t all, unsigned *told)
{
    const unsigned now = all > 0 && done < (uint64_t)all ? (unsigned)(done * 1000 / (uint64_t)all)
                         : all > 0                       ? 1000
                                                         : 0;
    if (now > *told && setup->progress)
        atomic_fetch_add(setup->progress, now - *told);
    if (now > *told)
        *told = now;
}
