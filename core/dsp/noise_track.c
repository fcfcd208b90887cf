/*
 * Gerkmann & Hendriks 2012, with two additions: a start that averages the first frames, and a
 * safety net from the minimum of the smoothed power (Erkelens & Heusdens 2008, sec. IV), so that
 * noise that comes after silence is taken up within the net's span whatever its level.
 */
#include "core/dsp/noise_track.h"

#include "core/base/clamp.h"
#include "core/base/error.h"
#include "core/base/limits.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NET_PARTS = 6 };

static const double noise_time = 0.072;    /* s, 0.8 a frame at hops of 16 ms (sec. V) */
static const double presence_time = 0.152; /* s, 0.9 a frame at hops of 16 ms */
static const double start_time = 0.040;    /* s taken as noise when the stream begins: with 0.1
                                              speech that begins at once lost .5 dB more */
static const double net_time =
    6.0; /* s over which the minimum is searched; less eats long vowels */
static const double net_smooth_time = 0.03; /* s; more would bridge the gaps between words */
static const float snr_h1 = 31.622777f;     /* a-priori SNR under speech: 15 dB (sec. IV) */
/* Eq. 23 has .99, which takes a held tone for noise within a second; the net catches the rest. */
static const float stuck = 0.999f;

struct noise_track {
    uint32_t n, start_frames, net_frames;
    uint32_t frames;   /* seen, up to start_frames */
    uint32_t net_at;   /* frames in the net's present part */
    uint32_t net_part; /* which part is being filled */
    float noise_keep, presence_keep, net_keep;
    float *psd, *presence, *smooth; /* [n] */
    float *low;                     /* [NET_PARTS][n] minima of the parts */
    float *others, *floor;          /* [n] minimum of the finished parts, and of all */
};

void noise_track_free(noise_track *t)
{
    if (!t)
        return;
    free(t->psd);
    free(t->presence);
    free(t->smooth);
    free(t->low);
    free(t->others);
    free(t->floor);
    free(t);
}

void noise_track_reset(noise_track *t)
{
    t->frames = t->net_at = t->net_part = 0;
    memset(t->psd, 0, t->n * sizeof(float));
    memset(t->presence, 0, t->n * sizeof(float));
    memset(t->smooth, 0, t->n * sizeof(float));
    for (size_t i = 0; i < (size_t)NET_PARTS * t->n; i++)
        t->low[i] = INFINITY;
    for (uint32_t i = 0; i < t->n; i++)
        t->others[i] = INFINITY;
}

sordino_status noise_track_new(uint32_t n, double hop_s, noise_track **out, sordino_error *why)
{
    *out = NULL;
    if (n < 1 || !(hop_s > 0.0 && hop_s <= 1.0))
        return error_set(why, SORDINO_BAD_ARG, "No noise tracker of %u values %g s apart", n,
                         hop_s);
    noise_track *t = calloc(1, sizeof *t);
    if (!t)
        return error_set(why, SORDINO_NO_MEM, "Out of memory for a noise tracker");
    t->n = n;
    t->start_frames = (uint32_t)max_double(1.0, floor(start_time / hop_s + 0.5));
    t->net_frames = (uint32_t)max_double(1.0, floor(net_time / hop_s / NET_PARTS + 0.5));
    t->noise_keep = (float)exp(-hop_s / noise_time);
    t->presence_keep = (float)exp(-hop_s / presence_time);
    t->net_keep = (float)exp(-hop_s / net_smooth_time);
    t->psd = calloc(n, sizeof(float));
    t->presence = calloc(n, sizeof(float));
    t->smooth = calloc(n, sizeof(float));
    t->low = calloc((size_t)NET_PARTS * n, sizeof(float));
    t->others = calloc(n, sizeof(float));
    t->floor = calloc(n, sizeof(float));
    if (!t->psd || !t->presence || !t->smooth || !t->low || !t->others || !t->floor) {
        noise_track_free(t);
        return error_set(why, SORDINO_NO_MEM, "Out of memory for a noise tracker");
    }
    noise_track_reset(t);
    *out = t;
    return SORDINO_OK;
}

/* Eqs. 18, 22 to 24: noise power of one value after seeing `power`. */
static float track(noise_track *t, uint32_t i, float power)
{
    const float psd = t->psd[i];
    if (!(psd > 0.0f))
        return power;
    const float gamma = min_float(power / psd, 200.0f);
    float presence = 1.0f / (1.0f + (1.0f + snr_h1) * expf(-gamma * snr_h1 / (1.0f + snr_h1)));
    t->presence[i] = t->presence_keep * t->presence[i] + (1.0f - t->presence_keep) * presence;
    if (t->presence[i] > stuck)
        presence = min_float(presence, stuck);
    const float noise = presence * psd + (1.0f - presence) * power;
    return t->noise_keep * psd + (1.0f - t->noise_keep) * noise;
}

/* Smooths the power, and the minimum of that over the net's span goes to t->floor. */
static void net_push(noise_track *t, const float *power)
{
    const float keep = t->frames == 0 ? 0.0f : t->net_keep;
    float *own = t->low + (size_t)t->net_part * t->n;
    for (uint32_t i = 0; i < t->n; i++) {
        t->smooth[i] = keep * t->smooth[i] + (1.0f - keep) * min_float(power[i], limit_power);
        own[i] = min_float(own[i], t->smooth[i]);
        t->floor[i] = min_float(own[i], t->others[i]);
    }
}

/* Begins the net's next part when this one is full; parts never begun hold infinity. */
static void net_turn(noise_track *t)
{
    if (++t->net_at < t->net_frames)
        return;
    t->net_at = 0;
    t->net_part = (t->net_part + 1) % NET_PARTS;
    for (uint32_t i = 0; i < t->n; i++) {
        t->low[(size_t)t->net_part * t->n + i] = INFINITY;
        t->others[i] = INFINITY;
        for (uint32_t p = 0; p < NET_PARTS; p++)
            t->others[i] = min_float(t->others[i], t->low[(size_t)p * t->n + i]);
    }
}

void noise_track_push(noise_track *t, const float *power)
{
    net_push(t, power);
    if (t->frames < t->start_frames) {
        t->frames++;
        for (uint32_t i = 0; i < t->n; i++)
            t->psd[i] += (min_float(power[i], limit_power) - t->psd[i]) / (float)t->frames;
    } else {
        for (uint32_t i = 0; i < t->n; i++)
            t->psd[i] = max_float(track(t, i, min_float(power[i], limit_power)), t->floor[i]);
    }
    net_turn(t);
}

const float *noise_track_psd(const noise_track *t)
{
    return t->psd;
}
