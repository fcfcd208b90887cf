#include "trainer/data/noise_cut.h"

#include "common/values.h"
#include "core/base/error.h"
#include "common/sound/signal_signs.h"
#include "trainer/data/sound_read.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double silence = 1e-5;   /* peak over full scale, as library.h takes it */
static const double step = 0.05;      /* s: frames in which "auto" looks */
static const double much_quieter = 6; /* dB: a shorter passage is taken for so much */
static const double steady_db = 3;    /* r.m.s. of frame levels a steady passage stays within */

/* ---- the passage as written ---- */

sordino_status noise_cut_parse(const char *passage, double *start, double *end, sordino_error *why)
{
    const char *at = value_time_part(passage, "-", start);
    at = at && *at == '-' ? value_time_part(at + 1, "", end) : NULL;
    if (!at)
        return error_set(why, SORDINO_BAD_ARG,
                         "'%s' is no passage: START-END in seconds or as 1:02.5, or auto", passage);
    if (!(*end > *start))
        return error_set(why, SORDINO_BAD_ARG, "The passage %s ends before it begins", passage);
    return SORDINO_OK;
}

/* ---- the quietest steady passage ---- */

static double peak_of(const float *x, size_t n)
{
    double mean = 0, peak = 0;
    for (size_t i = 0; i < n; i++)
        mean += (double)x[i] / (double)n;
    for (size_t i = 0; i < n; i++)
        peak = fmax(peak, fabs((double)x[i] - mean));
    return peak;
}

/* Levels in dB of frames of `frame` samples, less their mean; digital silence is far below all. */
static void frame_levels(const float *x, size_t frame, double *levels, size_t n)
{
    for (size_t t = 0; t < n; t++) {
        double mean = 0, sum = 0;
        for (size_t i = 0; i < frame; i++)
            mean += (double)x[t * frame + i] / (double)frame;
        for (size_t i = 0; i < frame; i++)
            sum += ((double)x[t * frame + i] - mean) * ((double)x[t * frame + i] - mean);
        levels[t] = sum > 0 ? 10 * log10(sum / (double)frame) : -1000;
    }
}

/* Mean level and its deviation over frames [from, to), by running sums. */
static double cost_of(const double *sums, const double *squares, size_t from, size_t to)
{
    const double n = (double)(to - from), mean = (sums[to] - sums[from]) / n;
    const double variance = fmax(0, (squares[to] - squares[from]) / n - mean * mean);
    const double over = fmax(0, sqrt(variance) - steady_db);
    return mean < -500 ? INFINITY : mean + 4 * over; /* silence is no noise */
}

/* The window of `width` frames with the least cost, which is returned. */
static double best_window(const double *sums, const double *squares, size_t n, size_t width,
                          size_t *from)
{
    double least = INFINITY;
    *from = 0;
    for (size_t t = 0; t + width <= n; t++) {
        const double cost = cost_of(sums, squares, t, t + width);
        if (cost < least) {
            least = cost;
            *from = t;
        }
    }
    return least;
}

/* The best window, of less than `width` frames where that is much quieter, and lengthened while it
 * stays as it is. Empty where all is silence; false when out of memory. */
static bool find_steady(const double *levels, size_t n, size_t width, size_t shortest, size_t *from,
                        size_t *to)
{
    double *const sums = calloc(2 * (n + 1), sizeof *sums);
    if (!sums)
        return false;
    double *const squares = sums + n + 1;
    for (size_t t = 0; t < n; t++) {
        sums[t + 1] = sums[t] + levels[t];
        squares[t + 1] = squares[t] + levels[t] * levels[t];
    }
    double least = best_window(sums, squares, n, width, from);
    *to = *from + width;
    while (width > shortest) {
        size_t at;
        width = width / 2 > shortest ? width / 2 : shortest;
        const double cost = best_window(sums, squares, n, width, &at);
        if (cost < least - much_quieter) {
            least = cost;
            *from = at;
            *to = at + width;
        }
    }
    /* By halves of a width, so that one quiet frame does not lead astray. */
    const size_t more = (*to - *from) / 2 + 1;
    while (*to + more <= n && cost_of(sums, squares, *to, *to + more) < least + 2)
        *to += more;
    while (*from >= more && cost_of(sums, squares, *from - more, *from) < least + 2)
        *from -= more;
    if (!(least < INFINITY))
        *to = *from;
    free(sums);
    return true;
}

sordino_status noise_cut_find(const float *x, size_t n, double rate, size_t *start, size_t *end,
                              sordino_error *why)
{
    const size_t frame = (size_t)fmax(16, step * rate), count = n / frame;
    const size_t wanted = (size_t)ceil(NOISE_CUT_SHORT * rate / (double)frame);
    const size_t shortest = (size_t)ceil(NOISE_CUT_SHORTEST * rate / (double)frame);
    *start = *end = 0;
    if ((double)n < NOISE_CUT_SHORTEST * rate || count < shortest)
        return error_set(why, SORDINO_BAD_ARG,
                         "A recording of %.3g s is too short to find noise in", (double)n / rate);
    double *const levels = malloc(count * sizeof *levels);
    size_t from, to;
    if (!levels)
        return error_set(why, SORDINO_NO_MEM, "Out of memory for a recording");
    frame_levels(x, frame, levels, count);
    const bool good =
        find_steady(levels, count, wanted < count ? wanted : count, shortest, &from, &to);
    free(levels);
    if (!good)
        return error_set(why, SORDINO_NO_MEM, "Out of memory for a recording");
    if (to == from)
        return error_set(why, SORDINO_BAD_ARG, "No passage of it holds sound");
    *start = from * frame;
    *end = to == count ? n : to * frame;
    return SORDINO_OK;
}

/* ---- a file's ---- */

/* The first channel that is not silent. */
static const float *pick_channel(const sound *s)
{
    for (size_t c = 0; c < s->channels; c++)
        if (peak_of(s->samples + c * s->n, s->n) > silence)
            return s->samples + c * s->n;
    return NULL;
}

static sordino_status place(const char *path, const char *passage, const float *x, const sound *s,
                            size_t *start, size_t *end, sordino_error *why)
{
    double from, to;
    if (strcmp(passage, "auto") == 0) {
        sordino_error inner = {0};
        const sordino_status status = noise_cut_find(x, s->n, s->rate, start, end, &inner);
        return status == SORDINO_OK ? status : error_set(why, status, "%s: %s", path, inner.text);
    }
    const sordino_status status = noise_cut_parse(passage, &from, &to, why);
    if (status != SORDINO_OK)
        return status;
    const double last = (double)s->n / s->rate;
    if (to > last + 0.5 / s->rate)
        return error_set(why, SORDINO_BAD_ARG, "%s ends at %.6g s, before the passage %s does",
                         path, last, passage);
    if (to - from < NOISE_CUT_SHORTEST)
        return error_set(why, SORDINO_BAD_ARG,
                         "%s: the passage %s is shorter than %g s; name a longer one", path,
                         passage, NOISE_CUT_SHORTEST);
    *start = (size_t)llrint(from * s->rate);
    *end = (size_t)llrint(to * s->rate);
    *end = *end < s->n ? *end : s->n;
    return SORDINO_OK;
}

/* What is worth knowing about the passage [start, end) of `x`. */
static bool remark(const char *path, const char *passage, const float *x, const sound *s,
                   size_t start, size_t end, FILE *notes)
{
    const double from = (double)start / s->rate, to = (double)end / s->rate;
    signal_signs signs;
    if (!notes)
        return true;
    if (!signal_signs_measure(x + start, end - start, s->rate, &signs))
        return false;
    if (s->cut)
        fprintf(notes, "%s ends before its header says; what is there is used\n", path);
    if (strcmp(passage, "auto") == 0)
        fprintf(notes, "%s: noise is taken from %.2f-%.2f, the quietest steady passage\n", path,
                from, to);
    if (to - from < NOISE_CUT_SHORT)
        fprintf(notes, "%s: %.3g s of noise are little; name %g s or more where there are\n", path,
                to - from, NOISE_CUT_SHORT);
    if (signal_signs_odds(&signs) > 0)
        fprintf(notes,
                "%s: the passage %.2f-%.2f seems to hold a voice or tones besides noise: %.0f %% "
                "of its louder half has a pitch\n",
                path, from, to, 100 * signs.voiced);
    else if (signal_signs_uneven(&signs))
        fprintf(notes,
                "%s: levels in the passage %.2f-%.2f are %.0f dB apart: it holds a signal, or "
                "noise that comes and goes\n",
                path, from, to, signs.spread);
    return true;
}

sordino_status noise_cut_open(const char *path, const char *passage, double held_out, FILE *notes,
                              library **out, sordino_error *why)
{
    sound s;
    size_t start = 0, end = 0;
    *out = NULL;
    sordino_status status = sound_read(path, &s, why);
    if (status != SORDINO_OK)
        return status;
    const float *const x = pick_channel(&s);
    status = x ? place(path, passage, x, &s, &start, &end, why)
               : error_set(why, SORDINO_BAD_ARG, "%s is silent", path);
    if (status == SORDINO_OK && !(peak_of(x + start, end - start) > silence))
        status = error_set(why, SORDINO_BAD_ARG, "%s: the passage %s is silent", path, passage);
    if (status == SORDINO_OK && !remark(path, passage, x, &s, start, end, notes))
        status = error_set(why, SORDINO_NO_MEM, "Out of memory for %s", path);
    if (status == SORDINO_OK)
        status = library_from_samples(path, x + start, end - start, s.rate, held_out, out, why);
    sound_free(&s);
    return status;
}
