#include "trainer/run/score.h"

#include "common/values.h"
#include "core/base/error.h"
#include "common/metrics/metrics.h"
#include "common/metrics/stoi.h"
#include "trainer/run/fir_wiener.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_RATIOS = 8, MAX_AVERAGE = 65, FIR_TAPS = 64, FIT_ITEMS = 24 };
static const double sound_seconds = 4, stream_seed = 7919; /* of an item; apart from training's */

typedef struct item {
    double rate;
    size_t n;
    float *noisy, *clean;
} item;

struct scoring {
    uint32_t n_ratios;
    double ratios[MAX_RATIOS]; /* dB */
    bool sensor;
    uint32_t n;
    item *items;
    fir_wiener *fir; /* sensor only */
    workers *workers;
    /* The run going on. */
    score_subject subject;
    uint32_t average; /* samples of the moving average */
    const sordino_model *model;
    scores *each[SCORE_SUBJECTS]; /* [n], as scored last; NULL: not yet */
    scores *now;                  /* [n] of the run going on */
    sordino_error *why;           /* [n] of the run going on */
};

const char *score_kind_name(score_kind k)
{
    static const char *const names[SCORE_COUNT] = {"SI-SDR dB", "ESTOI", "SNR dB", "RMSE"};
    return names[k];
}

const char *score_subject_name(score_subject s)
{
    static const char *const names[SCORE_SUBJECTS] = {"noisy",       "zeros",  "moving average",
                                                      "FIR Wiener",  "Wiener", "Kalman",
                                                      "start model", "model"};
    return names[s];
}

void scoring_free(scoring *s)
{
    if (!s)
        return;
    for (uint32_t i = 0; s->items && i < s->n; i++) {
        free(s->items[i].noisy);
        free(s->items[i].clean);
    }
    fir_wiener_free(s->fir);
    for (int i = 0; i < SCORE_SUBJECTS; i++)
        free(s->each[i]);
    free(s->items);
    free(s->now);
    free(s->why);
    free(s);
}

/* Mixing without accidents, at one ratio. */
static mix_spec plain_spec(const settings *g, double ratio)
{
    const mix_spec *const from = &g->mix;
    mix_spec m = {
        .seconds = from->sensor ? from->seconds : sound_seconds,
        .samples = from->samples,
        .n_rates = from->n_rates,
        .sensor = from->sensor,
        .snr_low = ratio,
        .snr_high = ratio,
        .level_low = from->level_low,
        .level_high = from->level_high,
        .resample_low = 1,
        .resample_high = 1,
        .gaussian_chance = from->gaussian_chance,
        .salt_pepper_chance = from->salt_pepper_chance,
        .masking_chance = from->masking_chance,
        .blocks_chance = from->blocks_chance,
    };
    memcpy(m.rates, from->rates, sizeof m.rates);
    memcpy(m.rate_weights, from->rate_weights, sizeof m.rate_weights);
    return m;
}

static bool copy_item(item *to, const mix_example *e)
{
    *to = (item){.rate = e->rate, .n = e->n};
    to->noisy = malloc(e->n * sizeof *to->noisy);
    to->clean = malloc(e->n * sizeof *to->clean);
    if (!to->noisy || !to->clean)
        return false;
    memcpy(to->noisy, e->noisy, e->n * sizeof *to->noisy);
    memcpy(to->clean, e->clean, e->n * sizeof *to->clean);
    return true;
}

static bool has_sound(const mix_example *e)
{
    for (size_t i = 0; i < e->n; i++)
        if (e->clean[i] != 0.0f)
            return true;
    return false;
}

/* Every item whose turn comes with `first`, all at one ratio. */
static sordino_status make_items(scoring *s, const settings *g, const sources *src, uint32_t first,
                                 sordino_error *why)
{
    const mix_spec spec = plain_spec(g, s->ratios[first]);
    mixer *m = NULL;
    mix_work *w = NULL;
    if ((src->n_noise > 0 && src->n_held_noise == 0) || src->n_held_clean == 0)
        return error_set(why, SORDINO_BAD_ARG,
                         "No %s is held out to score with; see --held-out and --held-out-list",
                         src->n_held_clean == 0 ? "clean signal" : "noise");
    sordino_status status = mixer_new(&spec, src->held_clean, src->n_held_clean, src->held_noise,
                                      src->n_held_noise, g->seed + (uint64_t)stream_seed, &m, why);
    if (status == SORDINO_OK)
        status = mix_work_new(m, &w, why);
    uint64_t index = (uint64_t)first << 32;
    for (uint32_t i = first; status == SORDINO_OK && i < s->n; i += s->n_ratios) {
        const mix_example *e = mixer_make(m, w, index++);
        for (int tries = 0; e && !has_sound(e) && tries < 8; tries++)
            e = mixer_make(m, w, index++);
        if (!e)
            status = mixer_failure(m, why);
        else if (!copy_item(&s->items[i], e))
            status = error_set(why, SORDINO_NO_MEM, "Out of memory for validation");
    }
    mix_work_free(w);
    mixer_free(m);
    return status;
}

/* The fitted filter sees what the network sees: training's sources at all ratios. */
static sordino_status fit_filter(scoring *s, const settings *g, const sources *src,
                                 sordino_error *why)
{
    mixer *m = NULL;
    mix_work *w = NULL;
    mix_spec spec = plain_spec(g, s->ratios[0]);
    for (uint32_t i = 0; i < s->n_ratios; i++) {
        spec.snr_low = fmin(spec.snr_low, s->ratios[i]);
        spec.snr_high = fmax(spec.snr_high, s->ratios[i]);
    }
    s->fir = fir_wiener_new(FIR_TAPS);
    if (!s->fir)
        return error_set(why, SORDINO_NO_MEM, "Out of memory for validation");
    sordino_status status =
        mixer_new(&spec, src->clean, src->n_clean, src->noise, src->n_noise, g->seed, &m, why);
    if (status == SORDINO_OK)
        status = mix_work_new(m, &w, why);
    for (uint64_t i = 0; status == SORDINO_OK && i < FIT_ITEMS; i++) {
        const mix_example *const e = mixer_make(m, w, (UINT64_C(1) << 48) + i);
        if (!e)
            status = mixer_failure(m, why);
        else if (!fir_wiener_add(s->fir, e->noisy, e->clean, e->n, e->level))
            status = error_set(why, SORDINO_NO_MEM, "Out of memory for validation");
    }
    if (status == SORDINO_OK)
        fir_wiener_solve(s->fir);
    mix_work_free(w);
    mixer_free(m);
    return status;
}

/* "0,5,10". */
static sordino_status read_ratios(scoring *s, const char *text, sordino_error *why)
{
    for (const char *at = text; *at;) {
        double x;
        const char *const end = value_number_part(at, ",", -100, 100, &x);
        if (!end || s->n_ratios == MAX_RATIOS)
            return error_set(why, SORDINO_BAD_ARG,
                             "'%s' is no list of ratios in dB (0,5,10), at most %d of them", text,
                             (int)MAX_RATIOS);
        s->ratios[s->n_ratios++] = x;
        at = end + (*end == ',');
    }
    return SORDINO_OK;
}

sordino_status scoring_new(const settings *g, const sources *src, workers *w, scoring **out,
                           sordino_error *why)
{
    *out = NULL;
    scoring *s = calloc(1, sizeof *s);
    if (s) {
        s->n = g->validation_items;
        s->sensor = g->mix.sensor;
        s->workers = w;
        s->items = calloc(s->n, sizeof *s->items);
        s->now = calloc(s->n, sizeof *s->now);
        s->why = calloc(s->n, sizeof *s->why);
    }
    if (!s || !s->items || !s->now || !s->why) {
        scoring_free(s);
        return error_set(why, SORDINO_NO_MEM, "Out of memory for validation");
    }
    sordino_status status =
        read_ratios(s, g->validation_snr ? g->validation_snr : "0,5,10,15", why);
    for (uint32_t k = 0; status == SORDINO_OK && k < s->n_ratios; k++)
        status = make_items(s, g, src, k, why);
    if (status == SORDINO_OK && s->sensor)
        status = fit_filter(s, g, src, why);
    if (status != SORDINO_OK) {
        scoring_free(s);
        return status;
    }
    *out = s;
    return SORDINO_OK;
}

uint32_t scoring_count(const scoring *s)
{
    return s->n;
}

/* ---- what each subject makes of an item ---- */

static void moving_average(const float *x, float *y, size_t n, uint32_t width)
{
    const size_t half = width / 2;
    double sum = 0;
    size_t low = 0, high = 0; /* the window is [low, high) */
    for (size_t i = 0; i < n; i++) {
        for (; high < n && high <= i + half; high++)
            sum += (double)x[high];
        for (; low + half < i; low++)
            sum -= (double)x[low];
        y[i] = (float)(sum / (double)(high - low));
    }
}

static void constant(const item *it, float *y, bool sensor)
{
    double mean = 0;
    for (size_t i = 0; sensor && i < it->n; i++)
        mean += (double)it->noisy[i] / (double)it->n;
    for (size_t i = 0; i < it->n; i++)
        y[i] = (float)mean;
}

/* Runs a denoiser over the item and takes its latency away. */
static sordino_status denoise(const scoring *s, const item *it, float *y, sordino_error *why)
{
    sordino_config config;
    sordino_denoiser *d;
    sordino_config_init(&config);
    const bool network = s->subject == SCORE_MODEL || s->subject == SCORE_START;
    config.method = network                      ? SORDINO_METHOD_NETWORK
                    : s->subject == SCORE_KALMAN ? SORDINO_METHOD_KALMAN
                                                 : SORDINO_METHOD_WIENER;
    config.rate = it->rate;
    sordino_status status = sordino_denoiser_new(&config, s->model, &d, why);
    if (status != SORDINO_OK)
        return status;
    const size_t late = sordino_denoiser_latency(d), all = it->n + late;
    float *const buffer = calloc(all, sizeof *buffer);
    if (buffer) {
        memcpy(buffer, it->noisy, it->n * sizeof *buffer);
        sordino_denoiser_process(d, (const float *const[]){buffer}, (float *const[]){buffer}, all);
        memcpy(y, buffer + late, it->n * sizeof *y);
    } else {
        status = error_set(why, SORDINO_NO_MEM, "Out of memory for validation");
    }
    free(buffer);
    sordino_denoiser_free(d);
    return status;
}

static sordino_status estimate(const scoring *s, const item *it, float *y, sordino_error *why)
{
    switch (s->subject) {
    case SCORE_NOISY:
        memcpy(y, it->noisy, it->n * sizeof *y);
        return SORDINO_OK;
    case SCORE_ZEROS:
        constant(it, y, s->sensor);
        return SORDINO_OK;
    case SCORE_MOVING_AVERAGE:
        moving_average(it->noisy, y, it->n, s->average);
        return SORDINO_OK;
    case SCORE_FIR_WIENER:
        fir_wiener_run(s->fir, it->noisy, y, it->n);
        return SORDINO_OK;
    default:
        return denoise(s, it, y, why);
    }
}

static double rms(const double *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += x[i] * x[i];
    return sqrt(sum / (double)n);
}

/* `x` [n] clean and `y` [n]. The error is over the clean signal's r.m.s.: units differ by item. */
static scores measure(const scoring *s, const item *it, const double *x, const double *y)
{
    scores r = {.mean = {NAN, NAN, NAN, NAN}};
    if (s->sensor) {
        const double size = rms(x, it->n);
        r.mean[SCORE_SNR] = metric_snr(x, y, it->n);
        r.mean[SCORE_RMSE] = size > 0 ? metric_rmse(x, y, it->n) / size : NAN;
        return r;
    }
    double stoi = NAN;
    r.mean[SCORE_SI_SDR] = metric_si_sdr(x, y, it->n);
    if (stoi_measure(x, y, it->n, (uint32_t)it->rate, &stoi, &r.mean[SCORE_ESTOI]) != STOI_OK)
        r.mean[SCORE_ESTOI] = NAN;
    return r;
}

static void score_item(void *self, uint32_t thread, size_t k)
{
    scoring *const s = self;
    const item *const it = &s->items[k];
    float *const y = malloc(it->n * sizeof *y);
    double *const x2 = malloc(it->n * sizeof *x2), *const y2 = malloc(it->n * sizeof *y2);
    sordino_error *const why = &s->why[k];
    (void)thread;
    s->now[k] = (scores){.mean = {NAN, NAN, NAN, NAN}};
    *why = (sordino_error){0};
    sordino_status status = y && x2 && y2
                                ? estimate(s, it, y, why)
                                : error_set(why, SORDINO_NO_MEM, "Out of memory for validation");
    why->status = status;
    if (status == SORDINO_OK) {
        for (size_t i = 0; i < it->n; i++) {
            x2[i] = (double)it->clean[i];
            y2[i] = (double)y[i];
        }
        s->now[k] = measure(s, it, x2, y2);
    }
    free(y);
    free(x2);
    free(y2);
}

static bool applies(const scoring *s, score_subject subject)
{
    const bool sensor_only =
        subject == SCORE_MOVING_AVERAGE || subject == SCORE_KALMAN || subject == SCORE_FIR_WIENER;
    const bool sound_only = subject == SCORE_WIENER;
    return s->sensor ? !sound_only : !sensor_only;
}

/* Scores all items as `subject` and `average` say, into s->now and their means into `out`. */
static sordino_status score_all(scoring *s, scores *out, sordino_error *why)
{
    workers_run(s->workers, score_item, s, s->n);
    for (uint32_t i = 0; i < s->n; i++)
        if (s->why[i].status != SORDINO_OK) {
            if (why)
                *why = s->why[i];
            return s->why[i].status;
        }
    for (int k = 0; k < SCORE_COUNT; k++) {
        double sum = 0;
        uint32_t n = 0;
        for (uint32_t i = 0; i < s->n; i++) {
            const double x = s->now[i].mean[k];
            if (!isnan(x)) {
                sum += x;
                n++;
            }
        }
        out->mean[k] = n > 0 ? sum / n : NAN;
    }
    return SORDINO_OK;
}

/* What each item got, for comparisons. */
static sordino_status keep(scoring *s, sordino_error *why)
{
    scores **const at = &s->each[s->subject];
    if (!*at)
        *at = calloc(s->n, sizeof **at);
    if (!*at)
        return error_set(why, SORDINO_NO_MEM, "Out of memory for validation");
    memcpy(*at, s->now, s->n * sizeof **at);
    return SORDINO_OK;
}

sordino_status scoring_run(scoring *s, score_subject subject, const sordino_model *model,
                           scores *out, sordino_error *why)
{
    *out = (scores){.mean = {NAN, NAN, NAN, NAN}};
    if (!applies(s, subject) || (subject == SCORE_START && !model))
        return SORDINO_OK;
    s->subject = subject;
    s->model = model;
    s->average = 3;
    sordino_status status = score_all(s, out, why);
    if (status == SORDINO_OK)
        status = keep(s, why);
    if (subject != SCORE_MOVING_AVERAGE)
        return status;
    for (uint32_t width = 5; status == SORDINO_OK && width <= MAX_AVERAGE; width += width / 4 * 2) {
        scores other;
        s->average = width;
        status = score_all(s, &other, why);
        if (status == SORDINO_OK && other.mean[SCORE_RMSE] < out->mean[SCORE_RMSE]) {
            *out = other;
            status = keep(s, why);
        }
    }
    return status;
}

/* The 97.5 % point of Student's t by its expansion about the normal one (Abramowitz & Stegun 1964,
 * "Handbook of mathematical functions", 26.7.5); right to 1 % from 4 degrees of freedom on. */
static double student(double freedom)
{
    const double z = 1.959964, z3 = z * z * z, z5 = z3 * z * z;
    return z + (z3 + z) / (4 * freedom) + (5 * z5 + 16 * z3 + 3 * z) / (96 * freedom * freedom) +
           (3 * z5 * z * z + 19 * z5 + 17 * z3 - 15 * z) / (384 * freedom * freedom * freedom);
}

score_difference scoring_compare(const scoring *s, score_subject rival)
{
    const scores *const a = s->each[SCORE_MODEL], *const b = s->each[rival];
    score_difference d;
    for (int k = 0; k < SCORE_COUNT; k++) {
        const double sign = k == SCORE_RMSE ? -1 : 1;
        double sum = 0, squares = 0, n = 0;
        d.mean[k] = d.half[k] = NAN;
        for (uint32_t i = 0; a && b && i < s->n; i++) {
            const double x = sign * (a[i].mean[k] - b[i].mean[k]);
            if (isnan(x))
                continue;
            n++;
            const double from = n > 1 ? sum / (n - 1) : x; /* Welford 1962 */
            sum += x;
            squares += (x - from) * (x - sum / n);
        }
        if (n < 1)
            continue;
        d.mean[k] = sum / n;
        d.half[k] = n > 1 ? student(n - 1) * sqrt(squares / (n - 1) / n) : INFINITY;
    }
    return d;
}

scores scoring_item(const scoring *s, score_subject subject, uint32_t i)
{
    return s->each[subject] ? s->each[subject][i] : (scores){.mean = {NAN, NAN, NAN, NAN}};
}

double scores_merit(const scores *s)
{
    const double sound = s->mean[SCORE_SI_SDR] + 20 * s->mean[SCORE_ESTOI];
    return isnan(s->mean[SCORE_SNR]) ? (isnan(sound) ? s->mean[SCORE_SI_SDR] : sound)
                                     : s->mean[SCORE_SNR];
}

bool scores_lose(const score_difference *d, bool harmed, score_kind *kind)
{
    bool better = false, worse = false;
    *kind = isnan(d->mean[SCORE_SNR]) ? SCORE_SI_SDR : SCORE_SNR;
    for (int k = 0; k < SCORE_COUNT; k++) {
        better = better || d->mean[k] > d->half[k]; /* NAN compares false */
        if (!worse && d->mean[k] < -d->half[k]) {
            worse = true;
            *kind = (score_kind)k;
        }
    }
    if (better || worse)
        return worse && (harmed || !better);
    const scores mean = {.mean = {d->mean[0], d->mean[1], d->mean[2], d->mean[3]}};
    return !(scores_merit(&mean) > 0);
}
