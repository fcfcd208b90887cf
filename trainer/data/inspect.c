#include "trainer/data/inspect.h"

#include "common/sound/signal_signs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN = 3 };
static const double shortest = 0.5, few = 256;       /* s; samples, whatever the rate */
static const double silence = 1e-5;                  /* of full scale, as library.c has it */
static const double clipped_share = 1e-3;            /* of all samples */
static const double quiet_pause = -30;               /* dB below the loud part: else noise */
static const double audio_rate = 8000, frame = 0.02; /* Hz, s */

struct inspection {
    bool clean;
    size_t files;
    double seconds, lowest_rate, highest_rate;
    double lowest_level, highest_level; /* dB re full scale */
    size_t count[INSPECT_FAULTS];
    char *text[INSPECT_FAULTS]; /* names so far; owned */
};

static const char *const sentences[INSPECT_FAULTS][2] = {
    {"is very short", "are very short"},
    {"is silent and is left out", "are silent and are left out"},
    {"has an offset larger than its sound; the offset is taken away",
     "have offsets larger than their sound; the offsets are taken away"},
    {"is clipped", "are clipped"},
    {"has samples that are no numbers; they count as 0",
     "have samples that are no numbers; they count as 0"},
    {"seems to hold a voice besides the noise", "seem to hold voices besides the noise"},
    {"has noise of its own in the pauses, which the model will learn to keep",
     "have noise of their own in the pauses, which the model will learn to keep"},
    {"is a copy", "are copies"},
    {"is a link back to a folder above and is not followed",
     "are links back to folders above and are not followed"},
};

inspection *inspection_new(bool clean)
{
    inspection *const l = calloc(1, sizeof *l);
    if (l)
        *l = (inspection){.clean = clean,
                          .lowest_rate = INFINITY,
                          .lowest_level = INFINITY,
                          .highest_level = -INFINITY};
    return l;
}

void inspection_free(inspection *l)
{
    for (int i = 0; l && i < INSPECT_FAULTS; i++)
        free(l->text[i]);
    free(l);
}

void inspection_note(inspection *l, inspect_fault fault, const char *name, const char *detail)
{
    char more[600];
    const char *const before = l->text[fault] ? l->text[fault] : "";
    if (l->count[fault]++ >= SHOWN)
        return;
    snprintf(more, sizeof more, "%s%.200s%s%.200s%s", *before ? ", " : "", name, detail ? " (" : "",
             detail ? detail : "", detail ? ")" : "");
    char *const all = malloc(strlen(before) + strlen(more) + 1);
    if (!all)
        return; /* a name less */
    strcpy(all, before);
    strcat(all, more);
    free(l->text[fault]);
    l->text[fault] = all;
}

typedef struct levels {
    double mean, peak, rms; /* of a channel; peak and rms less the mean */
    double clipped;         /* share of samples side by side at the highest value */
} levels;

static levels measure(const float *x, size_t n)
{
    levels l = {0};
    float most = 0;
    size_t at_most = 0;
    for (size_t i = 0; i < n; i++)
        l.mean += (double)x[i] / (double)n;
    for (size_t i = 0; i < n; i++) {
        const double y = (double)x[i] - l.mean;
        l.peak = fmax(l.peak, fabs(y));
        l.rms += y * y / (double)n;
        most = fabsf(x[i]) > most ? fabsf(x[i]) : most;
    }
    l.rms = sqrt(l.rms);
    for (size_t i = 1; i < n; i++)
        at_most += fabsf(x[i]) >= most && fabsf(x[i - 1]) >= most;
    l.clipped = n > 0 ? (double)at_most / (double)n : 0;
    return l;
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* dB of the quietest twentieth of frames over the loudest, digital silence aside; 0 where there is
 * too little. False when out of memory. */
static bool pause_level(const float *x, size_t n, double rate, double *db)
{
    const size_t size = (size_t)(frame * rate), most = size > 0 ? n / size : 0;
    double *const power = malloc((most + 1) * sizeof *power);
    size_t count = 0;
    *db = 0;
    for (size_t f = 0; power && f < most; f++) {
        double sum = 0;
        for (size_t i = 0; i < size; i++)
            sum += (double)x[f * size + i] * (double)x[f * size + i];
        if (sum > silence * silence * (double)size)
            power[count++] = sum;
    }
    if (power && count >= 20) {
        qsort(power, count, sizeof *power, by_size);
        *db = 10 * log10(power[count / 20] / power[count - 1 - count / 20]);
    }
    free(power);
    return power != NULL;
}

static bool look_at_content(inspection *l, const char *name, const float *x, size_t n, double rate)
{
    char detail[64];
    if (rate < audio_rate)
        return true;
    if (l->clean) {
        double db;
        if (!pause_level(x, n, rate, &db))
            return false;
        snprintf(detail, sizeof detail, "%.0f dB below the loud parts", -db);
        if (db > quiet_pause && db < 0)
            inspection_note(l, INSPECT_NOISY, name, detail);
        return true;
    }
    signal_signs signs;
    if (!signal_signs_measure(x, n, rate, &signs))
        return false;
    snprintf(detail, sizeof detail, "%.0f %% of its louder half has a pitch", 100 * signs.voiced);
    if (signal_signs_odds(&signs) > 0)
        inspection_note(l, INSPECT_VOICE, name, detail);
    return true;
}

bool inspection_look(inspection *l, const char *name, const sound *s)
{
    const float *const x = s->samples;
    const levels v = measure(x, s->n);
    char detail[64];
    l->files++;
    l->seconds += (double)s->n / s->rate;
    l->lowest_rate = fmin(l->lowest_rate, s->rate);
    l->highest_rate = fmax(l->highest_rate, s->rate);
    if (s->not_finite > 0) {
        snprintf(detail, sizeof detail, "%zu of them", s->not_finite);
        inspection_note(l, INSPECT_NUMBERS, name, detail);
    }
    if (!(v.peak > silence)) {
        inspection_note(l, INSPECT_SILENT, name, NULL);
        return true;
    }
    l->lowest_level = fmin(l->lowest_level, 20 * log10(v.rms));
    l->highest_level = fmax(l->highest_level, 20 * log10(v.rms));
    if ((double)s->n < fmax(few, s->rate >= audio_rate ? shortest * s->rate : few)) {
        snprintf(detail, sizeof detail, "%.3g s, %zu samples", (double)s->n / s->rate, s->n);
        inspection_note(l, INSPECT_SHORT, name, detail);
    }
    if (s->rate >= audio_rate && fabs(v.mean) > v.rms) {
        snprintf(detail, sizeof detail, "%.3g", v.mean);
        inspection_note(l, INSPECT_OFFSET, name, detail);
    }
    if (s->rate >= audio_rate && v.clipped > clipped_share) {
        snprintf(detail, sizeof detail, "%.2g %% of the samples", 100 * v.clipped);
        inspection_note(l, INSPECT_CLIPPED, name, detail);
    }
    return look_at_content(l, name, x, s->n, s->rate);
}

static void tell_seconds(double seconds, FILE *to)
{
    if (seconds >= 3600)
        fprintf(to, "%.2f h", seconds / 3600);
    else if (seconds >= 100)
        fprintf(to, "%.1f min", seconds / 60);
    else
        fprintf(to, "%.3g s", seconds);
}

void inspection_tell(const inspection *l, const char *path, FILE *to)
{
    if (l->files == 0)
        return;
    fprintf(to, "%s: %s, %zu recording%s, ", path, l->clean ? "clean signal" : "noise", l->files,
            l->files == 1 ? "" : "s");
    tell_seconds(l->seconds, to);
    fprintf(to, " at %g", l->lowest_rate);
    if (l->highest_rate > l->lowest_rate)
        fprintf(to, " to %g", l->highest_rate);
    fputs(" Hz", to);
    if (isfinite(l->lowest_level)) {
        fprintf(to, ", level %.0f", l->lowest_level);
        if (l->highest_level > l->lowest_level + 0.5)
            fprintf(to, " to %.0f", l->highest_level);
        fputs(l->lowest_rate >= audio_rate ? " dB" : " dB re 1", to);
    }
    fputc('\n', to);
    for (int i = 0; i < INSPECT_FAULTS; i++) {
        if (l->count[i] == 0)
            continue;
        fprintf(to, "%s", l->text[i] ? l->text[i] : "some");
        if (l->count[i] > SHOWN)
            fprintf(to, " and %zu more", l->count[i] - SHOWN);
        fprintf(to, " %s\n", sentences[i][l->count[i] > 1]);
    }
}
