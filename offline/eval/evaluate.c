#include "offline/eval/evaluate.h"

#include "common/metrics/align.h"
#include "offline/eval/command.h"
#include "common/metrics/metrics.h"
#include "common/metrics/stoi.h"
#include "offline/eval/swapped.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const figure_info figure_infos[FIGURES] = {
    [FIGURE_SI_SDR] = {"si_sdr", "SI-SDR", "dB", "%.2f"},
    [FIGURE_SNR] = {"snr", "SNR", "dB", "%.2f"},
    [FIGURE_SEGMENTAL_SNR] = {"segmental_snr", "SegSNR", "dB", "%.2f"},
    [FIGURE_STOI] = {"stoi", "STOI", "", "%.4f"},
    [FIGURE_ESTOI] = {"estoi", "ESTOI", "", "%.4f"},
    [FIGURE_LSD] = {"log_spectral_distance", "LSD", "dB", "%.2f"},
    [FIGURE_RMSE] = {"rmse", "RMSE", "", "%.4g"},
    [FIGURE_CORRELATION] = {"correlation", "Corr", "", "%.4f"},
    [FIGURE_PESQ] = {"pesq", "PESQ", "", "%.3f"},
};

/* Below it a signal is no sound, and figures made of sound's frames say nothing. */
static const double least_sound_rate = 8000;

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
static void
add_note(result *r, const char *format, ...)
{
    va_list args;
    if (r->n_notes == MAX_NOTES)
        return;
    va_start(args, format);
    vsnprintf(r->notes[r->n_notes].text, sizeof r->notes[0].text, format, args);
    va_end(args);
    for (size_t i = 0; i < r->n_notes; i++) /* once for all channels and files */
        if (strcmp(r->notes[i].text, r->notes[r->n_notes].text) == 0)
            return;
    r->n_notes++;
}

static bool fail(result *r, const char *subject)
{
    free(r->subject);
    r->subject = strdup(subject);
    return false;
}

/* Moves the samples that are finite in both to the front; returns how many there are. */
static size_t close_gaps(double *x, double *y, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (isfinite(x[i]) && isfinite(y[i])) {
            x[kept] = x[i];
            y[kept] = y[i];
            kept++;
        }
    return kept;
}

static void measure_sound(const double *x, const double *y, size_t n, double rate,
                          double values[FIGURES], result *r)
{
    values[FIGURE_SEGMENTAL_SNR] = metric_segmental_snr(x, y, n, rate);
    values[FIGURE_LSD] = metric_log_spectral_distance(x, y, n, rate);
    if (rate != floor(rate) || rate > STOI_MAX_RATE) {
        add_note(r, "STOI needs a rate in whole hertz up to %d Hz", STOI_MAX_RATE);
        return;
    }
    switch (stoi_measure(x, y, n, (uint32_t)rate, &values[FIGURE_STOI], &values[FIGURE_ESTOI])) {
    case STOI_OK:
    case STOI_SILENT: /* told by its caller */
        break;
    case STOI_TOO_SHORT:
        add_note(r, "STOI needs 30 frames (0.4 s) in which the clean signal is not silent");
        break;
    case STOI_NO_MEM:
        add_note(r, "STOI could not be measured: out of memory");
        break;
    }
}

static bool is_silent(const double *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (x[i] != 0)
            return false;
    return true;
}

/* All figures of one channel, in place: what is not finite is cut out of `x` and `y` [n]. */
static size_t measure_channel(double *x, double *y, size_t n, double rate, double values[FIGURES],
                              result *r)
{
    const size_t kept = close_gaps(x, y, n);
    for (int f = 0; f < FIGURES; f++)
        values[f] = NAN;
    if (kept > 0 && is_silent(x, kept))
        add_note(r, "the clean signal is silent: ratios to it are not defined");
    if (looks_swapped(x, y, kept, rate))
        add_note(r, "the clean file looks like the noisier one; if the two are swapped, name the "
                    "clean one first");
    values[FIGURE_SI_SDR] = metric_si_sdr(x, y, kept);
    values[FIGURE_SNR] = metric_snr(x, y, kept);
    values[FIGURE_RMSE] = metric_rmse(x, y, kept);
    values[FIGURE_CORRELATION] = metric_correlation(x, y, kept);
    if (kept == n && rate >= least_sound_rate)
        measure_sound(x, y, n, rate, values, r);
    return n - kept;
}

/* The mean over rows of what is defined, into the first one. */
static void average_rows(double (*values)[FIGURES], size_t rows)
{
    for (int f = 0; f < FIGURES; f++) {
        double sum = 0;
        size_t n = 0;
        for (size_t r = 0; r < rows; r++)
            if (!isnan(values[r][f])) {
                sum += values[r][f];
                n++;
            }
        values[0][f] = n ? sum / (double)n : NAN;
    }
}

/* Cuts both to their common part and measures every channel. `what` names `other` in notes; its
 * samples are overwritten. */
static bool measure_common(const recording *clean, recording *other, const options *o,
                           const char *what, comparison *c, result *r)
{
    const size_t x0 = c->delay < 0 ? (size_t)-c->delay : 0;
    const size_t y0 = c->delay > 0 ? (size_t)c->delay : 0;
    if (x0 >= clean->n || y0 >= other->n)
        return why_set(&r->error, "shares no samples with the clean signal; check the files");
    c->n = clean->n - x0 < other->n - y0 ? clean->n - x0 : other->n - y0;
    c->values = calloc(clean->channels, sizeof *c->values);
    double *const x = malloc(c->n * sizeof *x);
    if (!c->values || !x) {
        free(x);
        return why_no_memory(&r->error);
    }
    for (size_t k = 0; k < clean->channels; k++) {
        memcpy(x, clean->data + k * clean->n + x0, c->n * sizeof *x);
        double *const y = other->data + k * other->n + y0;
        c->gaps += measure_channel(x, y, c->n, clean->rate, c->values[k], r);
    }
    free(x);
    if (!o->each_channel)
        average_rows(c->values, clean->channels);
    if (clean->n != other->n)
        add_note(r, "clean has %zu samples, %s %zu: %zu are compared", clean->n, what, other->n,
                 c->n);
    if (c->gaps)
        add_note(r, "%zu samples are missing or not finite in one of the signals and left out",
                 c->gaps);
    return true;
}

static bool find_delay(const recording *clean, const recording *other, const options *o,
                       comparison *c, result *r)
{
    const double reach = o->max_delay * clean->rate;
    /* Both are in memory: no delay can be longer than the longer one. */
    const size_t limit = clean->n > other->n ? clean->n : other->n;
    const size_t samples = reach < (double)limit ? (size_t)reach : limit;
    if (!o->align || samples == 0)
        return true;
    if (!align_delay(clean->data, clean->n, other->data, other->n, clean->channels, samples,
                     &c->delay))
        return why_no_memory(&r->error);
    if ((uint64_t)llabs(c->delay) == samples)
        add_note(r,
                 "the delay found, %lld samples, is the longest that was looked for: "
                 "--max-delay may be too short",
                 (long long)c->delay);
    return true;
}

static bool same_kind(const recording *clean, const recording *other, result *r)
{
    if (clean->rate != other->rate)
        return why_set(&r->error,
                       "has a rate of %.10g Hz, the clean file %.10g Hz; convert one of them",
                       other->rate, clean->rate);
    if (clean->channels != other->channels)
        return why_set(&r->error,
                       "has %zu channel%s, the clean file %zu; choose some with --columns",
                       other->channels, other->channels == 1 ? "" : "s", clean->channels);
    return true;
}

static bool run_pesq(const pair *p, const char *path, const options *o, comparison *c, result *r)
{
    double value;
    if (!o->pesq_command)
        return true;
    if (!command_measure(o->pesq_command, p->clean, path, &value, &r->error))
        return false;
    for (size_t k = 0; k < r->rows; k++)
        c->values[k][FIGURE_PESQ] = value;
    return true;
}

static bool compare(const pair *p, const recording *clean, const char *path, const char *what,
                    const options *o, comparison *c, result *r)
{
    recording other;
    bool done = load_recording(path, &o->load, clean, &other, &r->error);
    done = done && same_kind(clean, &other, r) && find_delay(clean, &other, o, c, r) &&
           measure_common(clean, &other, o, what, c, r) && run_pesq(p, path, o, c, r);
    recording_free(&other);
    return done || fail(r, path);
}

void evaluate_pair(const pair *p, const options *o, result *out)
{
    recording clean;
    memset(out, 0, sizeof *out);
    if (!load_recording(p->clean, &o->load, NULL, &clean, &out->error)) {
        fail(out, p->clean);
    } else {
        out->rate = clean.rate;
        out->channels = clean.channels;
        out->rows = o->each_channel ? clean.channels : 1;
        if (compare(p, &clean, p->processed, "processed", o, &out->processed, out) && p->noisy)
            compare(p, &clean, p->noisy, "noisy", o, &out->noisy, out);
    }
    recording_free(&clean);
    if (out->error.text[0])
        out->rows = 0;
}

void result_free(result *r)
{
    free(r->processed.values);
    free(r->noisy.values);
    free(r->subject);
}
