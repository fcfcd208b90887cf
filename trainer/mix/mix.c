#include "trainer/mix/mix.h"

#include "core/base/error.h"
#include "trainer/data/rate.h"
#include "trainer/mix/augment.h"
#include "trainer/mix/continue.h"
#include "trainer/mix/corruptions.h"
#include "trainer/mix/pool.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { EXAMPLES = 11, POOLS = 1000 }; /* streams of random numbers */
enum { MARGIN = 64 };                 /* samples at either end that a change of speed may spoil */
/* Pools of noise are made anew more slowly: babble is many voices, and wears out less. */
static const double noise_refresh = 0.125;
/* A band that is nearly all of it is all of it; noise that ends lower than this is dull by nature.
 */
static const double nearly_all = 0.85, lowest_fill = 3000; /* of half the rate; Hz */
static const double nominal_db = -26; /* re full scale: the middle of speech levels (ITU-T P.56) */

/* A list of sources with their pools. */
typedef struct side {
    uint32_t n;
    mix_source sources[MIX_MAX_SOURCES];
    double weights[MIX_MAX_SOURCES];
    pool *pools[MIX_MAX_SOURCES]; /* NULL: drawn anew each time */
} side;

struct mixer {
    mix_spec spec;
    uint64_t seed;
    side clean, noise;
    _Atomic(const mix_source *) failed; /* the first whose draw failed; by any thread */
};

struct mix_work {
    mix_example example;
    size_t room; /* samples of the arrays */
    float *noisy, *clean, *noise, *spare;
};

void mixer_free(mixer *m)
{
    if (!m)
        return;
    for (uint32_t i = 0; i < m->clean.n; i++)
        pool_free(m->clean.pools[i]);
    for (uint32_t i = 0; i < m->noise.n; i++)
        pool_free(m->noise.pools[i]);
    free(m);
}

static bool fill_side(mixer *m, side *to, const mix_source *list, uint32_t n, double refresh,
                      uint64_t stream)
{
    const mix_spec *const s = &m->spec;
    to->n = n;
    for (uint32_t i = 0; i < n; i++) {
        to->sources[i] = list[i];
        to->weights[i] = list[i].weight;
        if (!list[i].slow || s->pool == 0)
            continue;
        const double seconds = s->pool_seconds > s->seconds ? s->pool_seconds : s->seconds;
        to->pools[i] =
            pool_new(&to->sources[i], s->pool, seconds, s->pool_rate, refresh, m->seed, stream + i);
        if (!to->pools[i])
            return false;
    }
    return true;
}

static bool corrupts(const mix_spec *s)
{
    return s->gaussian_chance > 0 || s->salt_pepper_chance > 0 || s->masking_chance > 0 ||
           s->blocks_chance > 0;
}

sordino_status mixer_new(const mix_spec *spec, const mix_source *clean, uint32_t n_clean,
                         const mix_source *noise, uint32_t n_noise, uint64_t seed, mixer **out,
                         sordino_error *why)
{
    *out = NULL;
    if (n_clean == 0 || n_clean > MIX_MAX_SOURCES || n_noise > MIX_MAX_SOURCES)
        return error_set(why, SORDINO_BAD_ARG, "There is no clean signal to train with");
    if (n_noise == 0 && !corrupts(spec))
        return error_set(why, SORDINO_BAD_ARG, "There is no noise to train with");
    if (spec->n_rates == 0 || spec->n_rates > MIX_MAX_RATES ||
        !(spec->seconds > 0 || spec->samples >= 1) || spec->snr_low > spec->snr_high ||
        spec->level_low > spec->level_high)
        return error_set(why, SORDINO_BAD_ARG,
                         "The mixtures' length, rates, ratios or levels make no sense");
    mixer *m = calloc(1, sizeof *m);
    if (m) {
        m->spec = *spec;
        m->seed = seed;
    }
    if (!m || !fill_side(m, &m->clean, clean, n_clean, spec->pool_refresh, POOLS) ||
        !fill_side(m, &m->noise, noise, n_noise, spec->pool_refresh * noise_refresh, 2 * POOLS)) {
        mixer_free(m);
        return error_set(why, SORDINO_NO_MEM, "Out of memory for generated signals");
    }
    *out = m;
    return SORDINO_OK;
}

/* Whether a draw from `source` did; a failure is taken note of. */
static bool drawn(const mixer *m, const mix_source *source, bool good)
{
    mixer *const self = (mixer *)m; /* the note is apart from all that examples depend on */
    const mix_source *none = NULL;
    if (!good)
        (void)atomic_compare_exchange_strong(&self->failed, &none, source);
    return good;
}

sordino_status mixer_failure(const mixer *m, sordino_error *why)
{
    const mix_source *const source = atomic_load(&m->failed);
    return source && source->lack ? error_set(why, SORDINO_IO, "%s: %s", source->name, source->lack)
                                  : error_set(why, SORDINO_NO_MEM, "Out of memory for examples");
}

const mix_spec *mixer_spec(const mixer *m)
{
    return &m->spec;
}

/* ---- the pools, one after the other ---- */

size_t mixer_refresh_jobs(mixer *m, uint64_t step)
{
    size_t n = 0;
    for (uint32_t i = 0; i < m->clean.n; i++)
        n += m->clean.pools[i] ? pool_jobs(m->clean.pools[i], step) : 0;
    for (uint32_t i = 0; i < m->noise.n; i++)
        n += m->noise.pools[i] ? pool_jobs(m->noise.pools[i], step) : 0;
    return n;
}

/* Job number `*job` if it falls to this side; else takes the side's jobs off. */
static bool side_refresh(const mixer *m, side *s, uint64_t step, size_t *job, bool *done)
{
    for (uint32_t i = 0; i < s->n && !*done; i++) {
        const size_t n = s->pools[i] ? pool_due(s->pools[i]) : 0;
        if (*job < n) {
            *done = true;
            return drawn(m, &s->sources[i], pool_make(s->pools[i], step, *job));
        }
        *job -= n;
    }
    return true;
}

bool mixer_refresh(mixer *m, uint64_t step, size_t job)
{
    bool done = false;
    return side_refresh(m, &m->clean, step, &job, &done) &&
           side_refresh(m, &m->noise, step, &job, &done);
}

/* ---- one example ---- */

sordino_status mix_work_new(const mixer *m, mix_work **out, sordino_error *why)
{
    mix_work *w = calloc(1, sizeof *w);
    *out = w;
    size_t most = 0;
    for (uint32_t i = 0; i < m->spec.n_rates + m->clean.n; i++) {
        const double rate =
            i < m->spec.n_rates ? m->spec.rates[i] : m->clean.sources[i - m->spec.n_rates].rate;
        const size_t n = mix_samples(&m->spec, rate);
        most = most < n ? n : most;
    }
    if (w) {
        w->room =
            (size_t)((double)(most + 2 * MARGIN) * (fmax(1, m->spec.resample_high) + 0.02)) + 16;
        w->noisy = malloc(w->room * sizeof(float));
        w->clean = malloc(w->room * sizeof(float));
        w->noise = malloc(w->room * sizeof(float));
        w->spare = malloc(w->room * sizeof(float));
    }
    if (!w || !w->noisy || !w->clean || !w->noise || !w->spare) {
        mix_work_free(w);
        *out = NULL;
        return error_set(why, SORDINO_NO_MEM, "Out of memory for examples");
    }
    return SORDINO_OK;
}

void mix_work_free(mix_work *w)
{
    if (!w)
        return;
    free(w->noisy);
    free(w->clean);
    free(w->noise);
    free(w->spare);
    free(w);
}

/* `*band` becomes the frequency up to which the passage is filled, half the rate at most. */
static bool draw_from(const mixer *m, const side *s, uint32_t i, rng *r, double rate, float *out,
                      size_t n, double *band)
{
    *band = rate / 2;
    return drawn(m, &s->sources[i],
                 s->pools[i] ? pool_draw(s->pools[i], r, rate, out, n, band)
                             : s->sources[i].draw(s->sources[i].self, r, rate, out, n, band));
}

static bool draw(const mixer *m, const side *s, rng *r, double rate, float *out, size_t n,
                 double *band)
{
    return draw_from(m, s, rng_pick(r, s->weights, s->n), r, rate, out, n, band);
}

/* Noise, perhaps at another speed, in fiftieths: what would lie above the band then is left out. */
static bool draw_at_speed(const mixer *m, mix_work *w, rng *r, double rate, float *out, size_t n,
                          double *band)
{
    const mix_spec *const s = &m->spec;
    if (!rng_chance(r, s->resample_chance))
        return draw(m, &m->noise, r, rate, out, n, band);
    const double speed = rng_log_range(r, s->resample_low, s->resample_high);
    const uint32_t fiftieths = (uint32_t)fmax(1, lrint(50 * speed));
    const size_t more = (n + 2 * MARGIN) * fiftieths / 50 + 1;
    size_t got = 0;
    if (more > w->room || !draw(m, &m->noise, r, rate, w->spare, more, band))
        return false;
    float *const x = rate_convert(w->spare, more, fiftieths, 50, &got);
    const bool good = x && got >= n + MARGIN;
    if (good)
        memcpy(out, x + MARGIN, n * sizeof *out);
    free(x);
    const double faster = fiftieths / 50.0;
    *band = fmin(*band * faster, rate_band(rate * faster, rate));
    return good;
}

/* Noise that was recorded at a low rate teaches nothing about what is above, so it goes on there
 * most of the time. */
static bool draw_noise(const mixer *m, mix_work *w, rng *r, double rate, float *out, size_t n)
{
    double band;
    if (!draw_at_speed(m, w, r, rate, out, n, &band))
        return false;
    if (!m->spec.sensor && band >= lowest_fill && band < nearly_all * rate / 2 &&
        rng_chance(r, m->spec.fill_chance))
        continue_noise(r, band, rate, out, w->spare, n);
    return true;
}

static void scale_by(float *x, size_t n, double gain)
{
    for (size_t i = 0; i < n; i++)
        x[i] *= (float)gain;
}

/* All noise of an example into w->noise, at any level. */
static bool make_noise(const mixer *m, mix_work *w, rng *r, double rate, size_t n)
{
    const mix_spec *const s = &m->spec;
    if (m->noise.n == 0) {
        memset(w->noise, 0, n * sizeof *w->noise);
        return true;
    }
    if (!draw_noise(m, w, r, rate, w->noise, n))
        return false;
    if (rng_chance(r, s->second_noise_chance)) {
        if (!draw_noise(m, w, r, rate, w->noisy, n))
            return false;
        const double first = mix_plain_level(w->noise, n), second = mix_plain_level(w->noisy, n);
        const double gain = second > 0 ? first / second * pow(10, -rng_range(r, 0, 10) / 20) : 0;
        for (size_t i = 0; i < n; i++)
            w->noise[i] += (float)gain * w->noisy[i];
    }
    if (rng_chance(r, s->gain_change_chance))
        random_gain(r, w->noise, n, rate, 6);
    return true;
}

static bool reverberate(mix_work *w, rng *r, double rate, float *x, size_t n)
{
    const double direct_db = rng_range(r, -3, 12), decay = rng_range(r, 0.1, 0.7);
    room *const m = room_new(r, rate, decay, direct_db);
    const bool good = m && room_run(m, x, w->spare, n);
    if (good)
        memcpy(x, w->spare, n * sizeof *x);
    room_free(m);
    return good;
}

/* As if all had come through a lower rate. Above the clean signal's band the noise goes too. */
static bool pass_low_rate(mix_work *w, rng *r, double rate, double band, size_t n)
{
    static const double rates[] = {8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100};
    const double through = rates[rng_below(r, sizeof rates / sizeof *rates)];
    const double hz = fmin(band, rate_band(through, through));
    return hz >= nearly_all * rate / 2 || (low_pass_run(hz, rate, w->clean, w->spare, n) &&
                                           low_pass_run(hz, rate, w->noise, w->spare, n));
}

/* What happens to sound before it is mixed: colours, rooms, band limits. */
static bool augment(const mixer *m, mix_work *w, rng *r, double rate, double band, size_t n)
{
    const mix_spec *const s = &m->spec;
    if (rng_chance(r, s->filter_chance)) {
        const section f = random_filter(r);
        section_run(&f, w->clean, n);
    }
    if (rng_chance(r, s->filter_chance)) {
        const section f = random_filter(r);
        section_run(&f, w->noise, n);
    }
    if (rng_chance(r, s->room_chance) &&
        (!reverberate(w, r, rate, w->clean, n) || !reverberate(w, r, rate, w->noise, n)))
        return false;
    if (rng_chance(r, s->band_limit_chance)) {
        const band_limit b = {.low = rng_chance(r, 0.5) ? rng_log_range(r, 50, 300) : 0,
                              .high = rng_log_range(r, 3000, 16000)};
        band_limit_run(&b, rate, w->clean, n);
        band_limit_run(&b, rate, w->noise, n);
    }
    return !rng_chance(r, s->low_pass_chance) || pass_low_rate(w, r, rate, band, n);
}

static double draw_snr(const mix_spec *s, rng *r)
{
    return rng_chance(r, s->clear_chance) ? rng_range(r, s->clear_low, s->clear_high)
                                          : rng_range(r, s->snr_low, s->snr_high);
}

/* Noise to the ratio, sum into w->noisy. */
static void add_up(mix_work *w, double signal, size_t n)
{
    const double noise = mix_plain_level(w->noise, n);
    if (signal > 0 && noise > 0)
        scale_by(w->noise, n, signal / noise * pow(10, -w->example.snr / 20));
    for (size_t i = 0; i < n; i++)
        w->noisy[i] = w->clean[i] + w->noise[i];
}

static void scale_pair(mix_work *w, size_t n, double gain)
{
    scale_by(w->noisy, n, gain);
    scale_by(w->clean, n, gain);
    scale_by(w->noise, n, gain);
}

/* What happens to the mixture of sound. */
static void finish_sound(const mix_spec *s, mix_work *w, rng *r, double rate, size_t n)
{
    const double level = mix_active_level(w->noisy, n, rate);
    const double wanted = pow(10, (nominal_db + rng_range(r, s->level_low, s->level_high)) / 20);
    if (level > 0)
        scale_pair(w, n, wanted / level);
    if (rng_chance(r, s->clip_chance)) {
        float peak = 0;
        for (size_t i = 0; i < n; i++)
            peak = fabsf(w->noisy[i]) > peak ? fabsf(w->noisy[i]) : peak;
        clip_at(w->noisy, n, peak * (float)rng_range(r, 0.5, 0.95));
    }
    if (rng_chance(r, s->quantise_chance))
        quantise(w->noisy, n, 8 + (int)rng_below(r, 5));
}

static double mean_level(const float *x, size_t n)
{
    double mean = 0;
    for (size_t i = 0; i < n; i++)
        mean += (double)x[i] / (double)n;
    return mean;
}

/* Less its mean: a level of its own is no noise, and none of the signal's power. */
static double sensor_level(const float *x, size_t n)
{
    const double mean = mean_level(x, n);
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += ((double)x[i] - mean) * ((double)x[i] - mean);
    return n > 0 ? sqrt(sum / (double)n) : 0;
}

static void corrupt(const mix_spec *s, mix_work *w, rng *r, size_t n)
{
    const double mean = s->sensor ? mean_level(w->clean, n) : 0;
    const double size = s->sensor ? sensor_level(w->clean, n) : mix_plain_level(w->clean, n);
    if (rng_chance(r, s->gaussian_chance))
        corrupt_gaussian(r, w->noisy, n, size, w->example.snr);
    if (rng_chance(r, s->salt_pepper_chance)) {
        /* Not as arguments: those are drawn in any order. */
        const double height = rng_range(r, 2, 6), share = rng_log_range(r, 0.001, 0.1);
        corrupt_salt_pepper(r, w->noisy, n, mean, size, share, height);
    }
    if (rng_chance(r, s->masking_chance))
        corrupt_masking(r, w->noisy, n, rng_log_range(r, 0.01, 0.5));
    if (rng_chance(r, s->blocks_chance))
        corrupt_blocks(r, w->noisy, n, 1 + rng_below(r, 4), n / 50 + 1);
}

const mix_example *mixer_make(const mixer *m, mix_work *w, uint64_t index)
{
    const mix_spec *const s = &m->spec;
    rng state = rng_make(m->seed, EXAMPLES, index), *const r = &state;
    double rate = s->rates[rng_pick(r, s->rate_weights, s->n_rates)];
    const bool noise_only = rng_chance(r, s->noise_only_chance);
    w->example.snr = draw_snr(s, r);
    const uint32_t source = noise_only ? 0 : rng_pick(r, m->clean.weights, m->clean.n);
    if (m->clean.sources[source].rate > 0)
        rate = m->clean.sources[source].rate;
    const size_t n = mix_samples(s, rate);
    double band = rate / 2;
    if (noise_only)
        memset(w->clean, 0, n * sizeof *w->clean);
    else if (!draw_from(m, &m->clean, source, r, rate, w->clean, n, &band))
        return NULL;
    if (!make_noise(m, w, r, rate, n) || (!s->sensor && !augment(m, w, r, rate, band, n)))
        return NULL;
    const double signal =
        s->sensor ? sensor_level(w->clean, n) : mix_active_level(w->clean, n, rate);
    add_up(w, signal, n);
    corrupt(s, w, r, n);
    if (s->sensor)
        scale_pair(w, n, rng_log_range(r, 1e-3, 1e3));
    else
        finish_sound(s, w, r, rate, n);
    double level = s->sensor ? sensor_level(w->clean, n) : mix_active_level(w->clean, n, rate);
    if (!(level > 0)) {
        level = mix_plain_level(w->noise, n);
        w->example.snr = -INFINITY;
    }
    w->example.rate = rate;
    w->example.band = s->sensor || band >= rate / 2 ? 0 : band;
    w->example.n = n;
    w->example.noisy = w->noisy;
    w->example.clean = w->clean;
    w->example.level = level > 0 ? level : 1;
    return &w->example;
}
