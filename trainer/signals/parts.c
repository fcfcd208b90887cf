#include "trainer/signals/parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double carried(double rate, double hz)
{
    return fmin(fmax(hz, 1e-6 * rate), 0.49 * rate);
}

typedef struct corner {
    double cosine, alpha;
} corner;

static corner corner_make(double rate, double hz, double q)
{
    const double w = TWO_PI * carried(rate, hz) / rate;
    return (corner){cos(w), sin(w) / (2 * q)};
}

static biquad scaled(double b0, double b1, double b2, double a0, double a1, double a2)
{
    return (biquad){b0 / a0, b1 / a0, b2 / a0, a1 / a0, a2 / a0, 0, 0};
}

biquad biquad_low_pass(double rate, double hz, double q)
{
    const corner c = corner_make(rate, hz, q);
    const double b = 1 - c.cosine;
    return scaled(b / 2, b, b / 2, 1 + c.alpha, -2 * c.cosine, 1 - c.alpha);
}

biquad biquad_high_pass(double rate, double hz, double q)
{
    const corner c = corner_make(rate, hz, q);
    const double b = 1 + c.cosine;
    return scaled(b / 2, -b, b / 2, 1 + c.alpha, -2 * c.cosine, 1 - c.alpha);
}

biquad biquad_band_pass(double rate, double hz, double q)
{
    const corner c = corner_make(rate, hz, q);
    return scaled(c.alpha, 0, -c.alpha, 1 + c.alpha, -2 * c.cosine, 1 - c.alpha);
}

biquad biquad_peak(double rate, double hz, double q, double gain_db)
{
    const corner c = corner_make(rate, hz, q);
    const double a = pow(10, gain_db / 40);
    return scaled(1 + c.alpha * a, -2 * c.cosine, 1 - c.alpha * a, 1 + c.alpha / a, -2 * c.cosine,
                  1 - c.alpha / a);
}

biquad biquad_low_shelf(double rate, double hz, double gain_db)
{
    const corner c = corner_make(rate, hz, sqrt(0.5));
    const double a = pow(10, gain_db / 40), up = a + 1, down = a - 1, k = c.cosine;
    const double s = 2 * sqrt(a) * c.alpha;
    return scaled(a * (up - down * k + s), 2 * a * (down - up * k), a * (up - down * k - s),
                  up + down * k + s, -2 * (down + up * k), up + down * k - s);
}

biquad biquad_high_shelf(double rate, double hz, double gain_db)
{
    const corner c = corner_make(rate, hz, sqrt(0.5));
    const double a = pow(10, gain_db / 40), up = a + 1, down = a - 1, k = c.cosine;
    const double s = 2 * sqrt(a) * c.alpha;
    return scaled(a * (up + down * k + s), -2 * a * (down + up * k), a * (up + down * k - s),
                  up - down * k + s, 2 * (down - up * k), up - down * k - s);
}

void biquad_run(biquad *f, float *x, size_t n)
{
    biquad g = *f;
    for (size_t i = 0; i < n; i++)
        x[i] = (float)biquad_step(&g, x[i]);
    *f = g;
}

/*
 * A fractional slope by pairs of real poles and zeros an even distance apart on a logarithmic
 * frequency axis (Smith & Smith 2016, "Closed form fractional integration and differentiation via
 * real exponentially spaced pole-zero pairs"): between the two of a pair the slope is -6 dB an
 * octave, after them 0, the mean is what was asked for. Two pairs an octave ripple less than 0.1
 * dB.
 */
enum { MAX_PAIRS = 40 };

typedef struct pair {
    double b0, b1, a1, z;
} pair;

/* (s + zero) / (s + pole) by the bilinear transform, both corners kept in place; 0 dB far above. */
static pair pair_make(double rate, double pole_hz, double zero_hz)
{
    const double p = tan(0.5 * TWO_PI * carried(rate, pole_hz) / rate);
    const double z = tan(0.5 * TWO_PI * carried(rate, zero_hz) / rate);
    return (pair){(1 + z) / (1 + p), (z - 1) / (1 + p), (p - 1) / (1 + p), 0};
}

static size_t slope_pairs(double rate, double low, double slope_db, pair *pairs)
{
    const double octaves = log2(0.5 * rate / low), each = 0.5;
    const double exponent = slope_db / 6.0206; /* of the amplitude */
    size_t n = 0;
    for (; n < MAX_PAIRS && (double)n * each < octaves; n++) {
        const double pole = low * exp2(each * (double)n);
        pairs[n] = pair_make(rate, pole, pole * exp2(-each * exponent));
    }
    return n;
}

static void pairs_run(pair *pairs, size_t n_pairs, float *x, size_t n)
{
    for (size_t k = 0; k + 1 < n_pairs; k += 2) { /* two at once hide each other's waits */
        pair a = pairs[k], b = pairs[k + 1];
        for (size_t i = 0; i < n; i++) {
            const double u = a.b0 * x[i] + a.z, v = b.b0 * u + b.z;
            a.z = a.b1 * x[i] - a.a1 * u;
            b.z = b.b1 * u - b.a1 * v;
            x[i] = (float)v;
        }
        pairs[k] = a;
        pairs[k + 1] = b;
    }
    if (n_pairs % 2) {
        pair a = pairs[n_pairs - 1];
        for (size_t i = 0; i < n; i++) {
            const double u = a.b0 * x[i] + a.z;
            a.z = a.b1 * x[i] - a.a1 * u;
            x[i] = (float)u;
        }
        pairs[n_pairs - 1] = a;
    }
}

static void scale_to_unit(float *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)x[i] * x[i];
    const float gain = sum > 0 ? (float)sqrt((double)n / sum) : 0;
    for (size_t i = 0; i < n; i++)
        x[i] *= gain;
}

void coloured_fill(rng *r, double rate, double slope_db, float *out, size_t n)
{
    enum { WARM = 2048 };
    const double low = fmin(10, rate / 2000);
    pair first[MAX_PAIRS], second[MAX_PAIRS];
    const double once = fmax(slope_db, -6);
    const size_t n_first = slope_pairs(rate, low, once, first);
    const size_t n_second = slope_db < -6 ? slope_pairs(rate, low, slope_db + 6, second) : 0;
    float warm[WARM];
    rng_fill_normal(r, warm, WARM, 1);
    rng_fill_normal(r, out, n, 1);
    if (slope_db != 0) {
        pairs_run(first, n_first, warm, WARM); /* the filters start as if they had long run */
        pairs_run(second, n_second, warm, WARM);
        pairs_run(first, n_first, out, n);
        pairs_run(second, n_second, out, n);
    }
    scale_to_unit(out, n);
}

void random_tilt(rng *r, double rate, double depth_db, float *x, size_t n)
{
    const uint32_t n_bells = 1 + rng_below(r, 3);
    for (uint32_t i = 0; i < n_bells; i++) {
        const double hz = rng_log_range(r, rate * 0.004, rate * 0.4);
        const double db = rng_range(r, -depth_db, depth_db);
        biquad f = biquad_peak(rate, hz, rng_log_range(r, 0.3, 2), db);
        biquad_run(&f, x, n);
    }
    const double hz = rng_log_range(r, rate * 0.005, rate * 0.3);
    const double gain = rng_range(r, -depth_db, depth_db);
    biquad f =
        rng_chance(r, 0.5) ? biquad_low_shelf(rate, hz, gain) : biquad_high_shelf(rate, hz, gain);
    biquad_run(&f, x, n);
}

wander wander_make(rng *r, double rate, double period)
{
    wander w = {.at = rng_unit(r), .step = fmin(1, 1 / fmax(1, period * rate))};
    for (int i = 0; i < 4; i++)
        w.knot[i] = rng_normal(r);
    return w;
}

double wander_next(wander *w, rng *r)
{
    /* Catmull & Rom 1974; the factor gives back the variance that is lost between knots. */
    const double t = w->at, *k = w->knot;
    const double a = 0.5 * (k[3] - k[0]) + 1.5 * (k[1] - k[2]);
    const double b = k[0] - 2.5 * k[1] + 2 * k[2] - 0.5 * k[3];
    const double value = ((a * t + b) * t + 0.5 * (k[2] - k[0])) * t + k[1];
    w->at += w->step;
    if (w->at >= 1) {
        w->at -= 1;
        memmove(w->knot, w->knot + 1, 3 * sizeof *w->knot);
        w->knot[3] = rng_normal(r);
    }
    return 1.12 * value;
}

void add_damped(float *x, size_t n, double rate, size_t start, double hz, double decay,
                double amplitude, double phase)
{
    if (start >= n || hz >= 0.49 * rate || hz <= 0 || decay <= 0)
        return;
    const double w = TWO_PI * hz / rate, shrink = exp(-1 / (decay * rate));
    const double forward = 2 * shrink * cos(w), back = shrink * shrink;
    const double length = log(31623) * decay * rate; /* 90 dB */
    const size_t end = length < (double)(n - start) ? start + (size_t)length : n;
    double last = amplitude * sin(phase - w) / shrink;
    double older = amplitude * sin(phase - 2 * w) / back;
    for (size_t i = start; i < end; i++) {
        const double y = forward * last - back * older;
        x[i] += (float)y;
        older = last;
        last = y;
    }
}

void add_burst(rng *r, float *x, size_t n, double rate, size_t start, double hz, double q,
               double decay, double amplitude)
{
    biquad f = biquad_band_pass(rate, hz, q);
    const double shrink = exp(-1 / fmax(decay * rate, 0.2));
    /* A band of width hz / q keeps that part of the noise's power. */
    double envelope = amplitude * sqrt(fmax(1, 0.5 * rate * q / carried(rate, hz)));
    const double least = 1e-4 * envelope;
    for (size_t i = start; i < n && envelope > least; i++) {
        x[i] += (float)biquad_step(&f, envelope * (2 * rng_unit(r) - 1) * 1.732);
        envelope *= shrink;
    }
}

enum { LINES = 8 };

typedef struct room {
    float *line[LINES];
    size_t size[LINES], at[LINES];
    double gain[LINES], damp, low[LINES];
} room;

/* One sample of the network: lines mixed by a Householder reflection, which keeps energy. */
static double room_step(room *q, double in)
{
    double tap[LINES], sum = 0, out = 0;
    for (int k = 0; k < LINES; k++) {
        q->low[k] += q->damp * ((double)q->line[k][q->at[k]] - q->low[k]);
        tap[k] = q->gain[k] * q->low[k];
        sum += tap[k];
        out += k % 2 ? -tap[k] : tap[k];
    }
    for (int k = 0; k < LINES; k++) {
        const double back = tap[k] - 2.0 / LINES * sum;
        q->line[k][q->at[k]] = (float)(in + (fabs(back) < 1e-12 ? 0 : back));
        q->at[k] = q->at[k] + 1 < q->size[k] ? q->at[k] + 1 : 0;
    }
    return out;
}

static size_t room_lay_out(rng *r, double rate, double seconds, room *q)
{
    size_t total = 0;
    const double scale = rng_log_range(r, 0.6, 1.6);
    for (int k = 0; k < LINES; k++) {
        const double delay = scale * 0.017 * pow(1.17, k) * rng_range(r, 0.97, 1.03);
        q->size[k] = 1 + (size_t)(delay * rate);
        q->gain[k] = pow(10, -3 * (double)q->size[k] / rate / seconds);
        q->at[k] = 0;
        q->low[k] = 0;
        total += q->size[k];
    }
    q->damp = 1 - exp(-TWO_PI * fmin(rng_log_range(r, 2500, 9000), 0.4 * rate) / rate);
    return total;
}

bool add_room(rng *r, float *x, size_t n, double rate, double seconds, double wet)
{
    room q;
    const size_t total = room_lay_out(r, rate, seconds, &q);
    float *const memory = calloc(total + n, sizeof *memory);
    if (!memory)
        return false;
    float *const tail = memory + total;
    size_t place = 0;
    for (int k = 0; k < LINES; k++) {
        q.line[k] = memory + place;
        place += q.size[k];
    }
    double dry_power = 0, tail_power = 0;
    for (size_t i = 0; i < n; i++) {
        tail[i] = (float)room_step(&q, x[i]);
        dry_power += (double)x[i] * x[i];
        tail_power += (double)tail[i] * tail[i];
    }
    const float gain = tail_power > 0 ? (float)sqrt(wet * dry_power / tail_power) : 0;
    for (size_t i = 0; i < n; i++)
        x[i] += gain * tail[i];
    free(memory);
    return true;
}

/* Frames sorted by level into bins of 0.25 dB, so that no memory is needed whatever the length. */
enum { LEVEL_BINS = 1200 };

double active_level(const float *x, size_t n, double rate)
{
    const size_t frame = rate >= 100 ? (size_t)(0.02 * rate) : 1;
    double power[LEVEL_BINS] = {0};
    size_t count[LEVEL_BINS] = {0}, n_frames = 0;
    for (size_t start = 0; start < n; start += frame, n_frames++) {
        const size_t size = n - start < frame ? n - start : frame;
        double sum = 0;
        for (size_t i = start; i < start + size; i++)
            sum += (double)x[i] * x[i];
        const double mean = sum / (double)size;
        const double bin = mean > 0 ? 4 * (10 * log10(mean) + 200) : 0;
        const int b = (int)fmin(fmax(bin, 0), LEVEL_BINS - 1);
        power[b] += mean;
        count[b]++;
    }
    size_t wanted = (n_frames + 1) / 2;
    const double half = (double)wanted;
    double sum = 0;
    for (int b = LEVEL_BINS - 1; b >= 0 && wanted; b--) {
        const size_t taken = count[b] < wanted ? count[b] : wanted;
        if (count[b])
            sum += power[b] * (double)taken / (double)count[b];
        wanted -= taken;
    }
    return half > 0 ? sqrt(sum / half) : 0;
}

static double peak_of(const float *x, size_t n)
{
    double peak = 0;
    for (size_t i = 0; i < n; i++)
        peak = fmax(peak, fabs((double)x[i]));
    return peak;
}

void level_set(float *x, size_t n, double rate, double db)
{
    const double level = active_level(x, n, rate), peak = peak_of(x, n);
    if (!(peak > 0))
        return;
    double gain = 0.98 / peak;
    if (level > 0)
        gain = fmin(gain, pow(10, db / 20) / level);
    for (size_t i = 0; i < n; i++)
        x[i] = (float)(gain * x[i]);
}

void level_set_soft(float *x, size_t n, double rate, double db)
{
    const double level = active_level(x, n, rate);
    const double gain = level > 0 ? pow(10, db / 20) / level : 0;
    for (size_t i = 0; i < n; i++) {
        const double y = gain * x[i], size = fabs(y);
        const double bent = size > 0.5 ? 0.5 + 0.48 * tanh((size - 0.5) / 0.48) : size;
        x[i] = (float)copysign(bent, y);
    }
}

size_t sample_at(double seconds, double rate, size_t n)
{
    const double at = seconds * rate;
    return at >= 0 && at < (double)n ? (size_t)at : n;
}
