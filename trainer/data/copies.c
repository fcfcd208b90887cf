/*
 * Fingerprints after Haitsma & Kalker 2002, "A highly robust audio fingerprinting system": 32 bits
 * for every 11.6 ms, the signs of differences of energy between 33 bands from 300 to 2000 Hz and
 * between frames of .37 s. Words that two recordings share point at where one may lie in the other;
 * there the share of bits that differ decides.
 */
#include "trainer/data/copies.h"

#include "core/dsp/fft.h"
#include "trainer/data/rate.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { BANDS = 33, FFT_SIZE = 2048, SLOTS = 1 << 12, TRIES = 64, STRIDE = 3 };
enum { WINDOW = 256, LEAST = 130 }; /* words compared, and the fewest: 3 s and 1.5 s */
static const double low_hz = 300, high_hz = 2000, wanted_rate = 5512.5, hop = 0.0116, frame = 0.37;
static const double longest = 30;    /* s of a recording */
static const double differing = 0.2; /* share of bits; half of them by chance, .35 in the paper */

typedef struct print {
    uint32_t *words; /* owned */
    size_t n;
    uint64_t hash, samples;
} print;

/* Where a word was seen; chained by the low bits of a hash of the word. */
typedef struct place {
    uint32_t word, next; /* next: index + 1; 0: the last */
    uint32_t print, at;
} place;

struct copies {
    print *prints;
    size_t n, room;
    place *places;
    size_t n_places, room_places;
    uint32_t heads[SLOTS]; /* index + 1 */
    fft *fft;
    float *window, *bins;
};

void copies_free(copies *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->n; i++)
        free(c->prints[i].words);
    free(c->prints);
    free(c->places);
    free(c->window);
    free(c->bins);
    fft_free(c->fft);
    free(c);
}

copies *copies_new(void)
{
    copies *const c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->window = calloc(FFT_SIZE, sizeof *c->window);
    c->bins = calloc(FFT_SIZE + 2, sizeof *c->bins);
    if (!c->window || !c->bins || fft_new(FFT_SIZE, &c->fft, NULL) != SORDINO_OK) {
        copies_free(c);
        return NULL;
    }
    return c;
}

/* Energies of the bands in the frame of `n` samples at x. */
static void band_energies(copies *c, const float *x, size_t n, double rate, double e[BANDS])
{
    memset(c->window, 0, FFT_SIZE * sizeof *c->window);
    for (size_t i = 0; i < n; i++)
        c->window[i] =
            x[i] * (float)(0.5 - 0.5 * cos(6.283185307179586 * ((double)i + 0.5) / (double)n));
    fft_forward(c->fft, c->window, c->bins);
    size_t k = (size_t)ceil(low_hz * FFT_SIZE / rate);
    for (int b = 0; b < BANDS; b++) {
        const double top = low_hz * pow(high_hz / low_hz, (b + 1) / (double)BANDS);
        e[b] = 0;
        for (; k < FFT_SIZE / 2 && (double)k * rate / FFT_SIZE < top; k++)
            e[b] += (double)c->bins[2 * k] * (double)c->bins[2 * k] +
                    (double)c->bins[2 * k + 1] * (double)c->bins[2 * k + 1];
    }
}

/* The words of `x` [n] at `rate`, about wanted_rate. */
static bool make_words(copies *c, const float *x, size_t n, double rate, print *p)
{
    const size_t size = (size_t)(frame * rate);
    double before[BANDS] = {0}, now[BANDS];
    if (n < size)
        return true;
    const size_t most = (size_t)((double)(n - size) / (hop * rate)) + 1;
    p->words = calloc(most, sizeof *p->words);
    if (!p->words)
        return false;
    for (size_t t = 0; t < most; t++) {
        const size_t at = (size_t)((double)t * hop * rate);
        if (at + size > n)
            break;
        band_energies(c, x + at, size, rate, now);
        uint32_t word = 0;
        for (int b = 0; b + 1 < BANDS; b++)
            word = word << 1 | (now[b] - now[b + 1] - (before[b] - before[b + 1]) > 0);
        memcpy(before, now, sizeof before);
        p->words[p->n++] = word;
    }
    return true;
}

static bool fingerprint(copies *c, const float *x, size_t n, double rate, print *p)
{
    const uint32_t factor = (uint32_t)lrint(rate / wanted_rate);
    const double some = longest * rate;
    size_t got = 0;
    if (rate < 5000 || factor < 1)
        return true;
    n = (double)n > some ? (size_t)some : n;
    if (factor == 1)
        return make_words(c, x, n, rate, p);
    float *const low = rate_convert(x, n, factor, 1, &got);
    const bool good = low && make_words(c, low, got, rate / factor, p);
    free(low);
    return good;
}

static uint32_t slot_of(uint32_t word)
{
    return word * UINT32_C(2654435761) >> 20;
}

static int ones(uint32_t x)
{
    int n = 0;
    for (; x; x &= x - 1)
        n++;
    return n;
}

/* Whether word `at` of a and word `other` of b begin the same sound; silence, whose words are all
 * one, begins nothing. */
static bool alike(const print *a, size_t at, const print *b, size_t other)
{
    size_t n = a->n - at < b->n - other ? a->n - at : b->n - other, wrong = 0, changes = 0;
    n = n < WINDOW ? n : WINDOW;
    if (n < LEAST)
        return false;
    for (size_t i = 0; i < n; i++) {
        wrong += (size_t)ones(a->words[at + i] ^ b->words[other + i]);
        changes += i > 0 && a->words[at + i] != a->words[at + i - 1];
    }
    return changes > n / 4 && (double)wrong < differing * 32 * (double)n;
}

static bool find_near(const copies *c, const print *p, size_t *of)
{
    for (size_t t = 0; t + LEAST <= p->n; t += STRIDE) {
        int tries = 0;
        for (uint32_t i = c->heads[slot_of(p->words[t])]; i > 0 && tries < TRIES;
             i = c->places[i - 1].next) {
            const place *const seen = &c->places[i - 1];
            if (seen->word != p->words[t])
                continue;
            tries++;
            if (alike(p, t, &c->prints[seen->print], seen->at)) {
                *of = seen->print;
                return true;
            }
        }
    }
    return false;
}

static bool remember(copies *c, const print *p)
{
    if (c->n == c->room) {
        const size_t room = c->room ? 2 * c->room : 64;
        print *const more = realloc(c->prints, room * sizeof *more);
        if (!more)
            return false;
        c->prints = more;
        c->room = room;
    }
    if (c->n_places + p->n > c->room_places) {
        const size_t room = 2 * (c->n_places + p->n);
        place *const more = realloc(c->places, room * sizeof *more);
        if (!more)
            return false;
        c->places = more;
        c->room_places = room;
    }
    for (size_t t = 0; t < p->n; t++) {
        uint32_t *const head = &c->heads[slot_of(p->words[t])];
        c->places[c->n_places] = (place){p->words[t], *head, (uint32_t)c->n, (uint32_t)t};
        *head = (uint32_t)++c->n_places;
    }
    c->prints[c->n++] = *p;
    return true;
}

/* FNV-1a over the samples' bits. */
static uint64_t hash_of(const float *x, size_t n)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &x[i], sizeof bits);
        hash = (hash ^ bits) * UINT64_C(0x100000001b3);
    }
    return hash;
}

bool copies_add(copies *c, const float *x, size_t n, double rate, copies_found *out)
{
    print p = {.hash = hash_of(x, n), .samples = n};
    *out = (copies_found){false, false, 0};
    for (size_t i = 0; i < c->n && !out->same; i++)
        if (c->prints[i].hash == p.hash && c->prints[i].samples == n)
            *out = (copies_found){true, false, i};
    if (!out->same && !fingerprint(c, x, n, rate, &p)) {
        free(p.words);
        return false;
    }
    if (!out->same)
        out->near = find_near(c, &p, &out->of);
    if (remember(c, &p))
        return true;
    free(p.words);
    return false;
}
