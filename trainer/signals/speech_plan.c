/*
 * Every sound sets targets; smoothing them forwards and backwards in time gives the transitions,
 * coarticulation and undershoot of short vowels (Lindblom 1963, "Spectrographic study of vowel
 * reduction"). Lengths follow Klatt 1976, "Linguistic uses of segmental duration in English":
 * stress, the end of a phrase and chance scale each sound's own.
 */
#include "trainer/signals/speech_plan.h"

#include <math.h>
#include <stddef.h>

enum { MAX_ITEMS = 256, SCHWA = 12 };

static const float inaudible = 1e-4f; /* of an amplitude: -80 dB below a vowel */

/* A sound in its place. */
typedef struct item {
    const speech_phone *phone;
    double hz[3];  /* targets of F1..F3 for this voice */
    double second; /* a diphthong's F1, F2 at its end */
    double first_end;
    double seconds;
    double loud;    /* amplitude */
    double tone;    /* semitones */
    double breathy; /* added aspiration, 0..1 */
    double release; /* of a stop: its burst against a full one */
    bool stressed, aspirated;
} item;

typedef struct phrase {
    item items[MAX_ITEMS];
    int n;
    double creak_from; /* item index from which the voice creaks */
} phrase;

typedef struct writer {
    speech_frame *frames;
    size_t n, at;
    double clock; /* frames, not yet rounded */
    const speech_voice *voice;
    rng *r;
    speech_frame now; /* what is repeated; f0 in semitones until the end */
} writer;

static double from_db(double db)
{
    return pow(10, db / 20);
}

static void put(writer *w, double seconds)
{
    w->clock += seconds * SPEECH_FRAME_RATE;
    for (; w->at < w->n && (double)w->at < w->clock; w->at++)
        w->frames[w->at] = w->now;
}

/* The same with voice and breath going from one factor to another. */
static void put_fading(writer *w, double seconds, double from, double to)
{
    const size_t first = w->at;
    put(w, seconds);
    for (size_t i = first; i < w->at; i++) {
        const double u = (double)(i - first + 1) / (double)(w->at - first + 1);
        const float factor = (float)(from + u * (to - from));
        w->frames[i].voice *= factor;
        w->frames[i].breath *= factor;
    }
}

/* Sets the spectrum of frication, also for the frames just before, where it will fade in. */
static void set_noise(writer *w, int index, double f2)
{
    const speech_noise *z = &speech_noises[index];
    const speech_voice *v = w->voice;
    const bool velar = index == SPEECH_VELAR;
    speech_frame *f = &w->now;
    for (int k = 0; k < SPEECH_PEAKS; k++) {
        const double wander = 1 + 0.05 * rng_normal(w->r);
        const double hz = velar && k == 0 ? 1.05 * f2 : z->hz[k] * v->sibilant_hz;
        f->peak_hz[k] = (float)(hz * wander);
        f->peak_width[k] = (float)(z->width[k] * v->sibilant_hz);
        f->peak_gain[k] = (float)from_db(z->db[k] + 1.5 * rng_normal(w->r));
    }
    for (size_t back = 1; back <= 6 && back <= w->at; back++) {
        speech_frame *g = &w->frames[w->at - back];
        if (g->fric > 0 || g->burst > 0)
            break;
        for (int k = 0; k < SPEECH_PEAKS; k++) {
            g->peak_hz[k] = f->peak_hz[k];
            g->peak_width[k] = f->peak_width[k];
            g->peak_gain[k] = f->peak_gain[k];
        }
    }
}

static void set_formants(writer *w, const item *it)
{
    const speech_voice *v = w->voice;
    speech_frame *f = &w->now;
    const double open = fmax(v->effort, 0);
    for (int k = 0; k < 3; k++) {
        f->hz[k] = (float)it->hz[k];
        f->width[k] = (float)(it->phone->width[k] * v->width);
    }
    f->hz[0] *= (float)(1 + 0.12 * open + (v->whisper ? 0.12 : 0));
    f->width[0] *= (float)(v->whisper ? 1.8 : 1 + 8 * v->breath);
    /* What stands above F3 follows it a little, and each sound in its own way. */
    for (int k = 3; k < SPEECH_MOVING; k++) {
        const double wander = 0.04 * rng_normal(w->r) * v->high[3];
        f->hz[k] = (float)(v->high[k] + 0.2 * (it->hz[2] - 2500 * v->scale) + wander);
        f->width[k] = (float)(v->high_width[k] * exp(0.2 * rng_normal(w->r)));
    }
}

/* Voicing and aspiration for a sound of amplitude `voice`; a whisperer has breath for voice. */
static void set_voice(writer *w, double voice, double breath)
{
    const speech_voice *v = w->voice;
    w->now.voice = v->whisper ? 0 : (float)voice;
    w->now.breath = (float)(v->whisper ? 0.05 * voice + breath : v->breath * voice + breath);
}

/* The voice swells at first and fades at the end, before a pause to little. */
static void put_vowel(writer *w, const item *it, bool before_nasal, bool last)
{
    const speech_voice *v = w->voice;
    set_voice(w, it->loud, 0.03 * it->breathy * it->loud);
    w->now.fric = 0;
    w->now.nasal = before_nasal ? (float)(120 * v->nasality) : 0;
    const bool glides = it->phone->glide_to >= 0;
    const double end = last ? rng_range(w->r, 0.1, 0.5) : rng_range(w->r, 0.3, 0.75);
    put_fading(w, it->seconds * 0.45, rng_range(w->r, 0.4, 0.9), 1);
    if (glides) {
        w->now.hz[0] = (float)it->first_end;
        w->now.hz[1] = (float)it->second;
    }
    /* The melody also moves inside a syllable. */
    w->now.f0 += (float)((it->stressed ? 0.4 : 0.2) * v->range * rng_normal(w->r));
    put_fading(w, it->seconds * 0.55, 1, end);
}

static void put_burst(writer *w, double level)
{
    const double decay = rng_range(w->r, 0.002, 0.006) * SPEECH_FRAME_RATE;
    const size_t first = w->at;
    put(w, 0.005 + 0.003 * decay);
    for (size_t i = first; i < first + 12 && i < w->n; i++)
        if (i < w->at)
            w->frames[i].burst = (float)(level * exp(-(double)(i - first) / decay));
    w->now.fric = 0;
}

/* Closure (with a voice bar or silent), release, and breath until the voice sets in. */
static void put_stop(writer *w, const item *it)
{
    const speech_voice *v = w->voice;
    const speech_noise *z = &speech_noises[it->phone->noise];
    const double level = z->level * it->loud * v->sibilance * from_db(3 * rng_normal(w->r));
    const bool affricate = it->phone->kind == SPEECH_AFFRICATE;
    set_noise(w, it->phone->noise, it->hz[1]);
    set_voice(w, it->phone->voiced ? 0.18 * it->loud : 0, 0);
    w->now.breath = 0;
    put(w, it->seconds);
    set_voice(w, it->phone->voiced ? 0.2 * it->loud : 0, 0);
    if (affricate) {
        w->now.fric = (float)(0.8 * level);
        put(w, rng_range(w->r, 0.035, 0.075) * v->tempo);
        w->now.fric = 0;
        return;
    }
    put_burst(w, level * it->release);
    if (!it->phone->voiced) {
        const double late = it->aspirated ? rng_range(w->r, 0.02, 0.06) : rng_range(w->r, 0, 0.015);
        set_voice(w, 0, (it->aspirated ? 0.045 : 0.02) * it->loud);
        w->now.fric = (float)(0.12 * level);
        put(w, late);
        w->now.fric = 0;
    }
}

static void put_fricative(writer *w, const item *it)
{
    const speech_voice *v = w->voice;
    set_noise(w, it->phone->noise, it->hz[1]);
    const double level = speech_noises[it->phone->noise].level * it->loud * v->sibilance;
    set_voice(w, it->phone->voiced ? 0.25 * it->loud : 0, 0.004 * it->loud);
    w->now.fric = (float)(level * (it->phone->voiced ? 0.5 : 1));
    put(w, it->seconds);
    w->now.fric = 0;
}

static void put_item(writer *w, const phrase *p, int i)
{
    const speech_voice *v = w->voice;
    const item *it = &p->items[i];
    static const double pitch_voiceless = 0.8, pitch_voiced = -0.6; /* semitones */
    const speech_class kind = it->phone->kind;
    const bool obstruent =
        kind == SPEECH_STOP || kind == SPEECH_FRICATIVE || kind == SPEECH_AFFRICATE;
    set_formants(w, it);
    w->now.f0 =
        (float)(it->tone + (obstruent ? (it->phone->voiced ? pitch_voiced : pitch_voiceless) : 0));
    w->now.creak = i >= p->creak_from ? 1 : 0;
    const double lax = it->stressed ? 0.93 : 1.08;
    w->now.rd = (float)(v->rd * lax * (1 - 0.45 * fmax(v->effort, 0)) + 0.4 * it->breathy);
    w->now.nasal = 0;
    switch (kind) {
    case SPEECH_VOWEL:
        put_vowel(w, it, i + 1 < p->n && p->items[i + 1].phone->kind == SPEECH_NASAL, i + 2 > p->n);
        break;
    case SPEECH_GLIDE:
        set_voice(w, 0.5 * it->loud, 0);
        put(w, it->seconds);
        break;
    case SPEECH_NASAL:
        set_voice(w, 0.38 * it->loud, 0);
        w->now.nasal = 200;
        put_fading(w, it->seconds, 1, i + 2 > p->n ? 0.2 : 0.8);
        break;
    case SPEECH_FRICATIVE:
        put_fricative(w, it);
        break;
    case SPEECH_ASPIRATE:
        set_voice(w, 0.08 * it->loud, 0.06 * it->loud);
        put(w, it->seconds);
        break;
    case SPEECH_STOP:
    case SPEECH_AFFRICATE:
        put_stop(w, it);
        break;
    }
}

/* The targets of a vowel for this voice: between and beyond the means of men and of women. */
static void vowel_targets(const writer *w, const speech_phone *p, double reduce, double hz[3])
{
    const speech_voice *v = w->voice;
    const double sex = (v->scale - 1) / 0.16;
    const speech_phone *schwa = &speech_vowels[SCHWA];
    for (int k = 0; k < 3; k++) {
        const double full = (double)p->hz[k] * pow((double)(p->women[k] / p->hz[k]), sex);
        const double weak =
            (double)schwa->hz[k] * pow((double)(schwa->women[k] / schwa->hz[k]), sex);
        hz[k] = (full + reduce * (weak - full)) * v->accent[k];
        if (k < 2)
            hz[k] *= v->dialect[p - speech_vowels][k];
        hz[k] *= 1 + (k == 0 ? 0.05 : 0.035) * rng_normal(w->r);
    }
    hz[1] = fmax(hz[1], hz[0] + 150);
    hz[2] = fmax(hz[2], hz[1] + 250);
}

static item *add(phrase *p, const speech_phone *phone)
{
    if (p->n == MAX_ITEMS)
        p->n--;
    item *it = &p->items[p->n++];
    *it = (item){.phone = phone, .seconds = (double)phone->seconds, .loud = 1, .release = 1};
    return it;
}

static const speech_phone *draw_consonant(rng *r, bool onset)
{
    double weights[SPEECH_CONSONANTS];
    for (int i = 0; i < SPEECH_CONSONANTS; i++) {
        const speech_phone *p = &speech_consonants[i];
        const bool never =
            onset ? p->name[0] == 'n' && p->name[1] == 'g'
                  : p->kind == SPEECH_ASPIRATE || p->name[0] == 'w' || p->name[0] == 'y';
        weights[i] = never ? 0 : (double)p->weight;
    }
    return &speech_consonants[rng_pick(r, weights, SPEECH_CONSONANTS)];
}

static void add_onset(phrase *p, rng *r, bool stressed)
{
    const double u = rng_unit(r);
    if (u < 0.14)
        return;
    if (u > 0.95) { /* s + stop */
        static const char *const stops[] = {"p", "t", "k"};
        add(p, speech_consonant("s"));
        add(p, speech_consonant(stops[rng_below(r, 3)]));
        return;
    }
    const speech_phone *c = draw_consonant(r, true);
    item *it = add(p, c);
    it->aspirated = stressed || rng_chance(r, 0.4);
    if (u > 0.80 && (c->kind == SPEECH_STOP || c->kind == SPEECH_FRICATIVE))
        add(p, speech_consonant(rng_chance(r, 0.5) ? "r" : "l"));
}

static void add_coda(phrase *p, rng *r)
{
    const double u = rng_unit(r);
    if (u < 0.5)
        return;
    const speech_phone *c = draw_consonant(r, false);
    item *it = add(p, c);
    it->aspirated = rng_chance(r, 0.3);
    it->release = rng_chance(r, 0.5) ? 0.1 : 0.6; /* often a final stop is hardly released */
    if (u > 0.88 && c->kind != SPEECH_FRICATIVE && c->kind != SPEECH_AFFRICATE) {
        static const char *const last[] = {"s", "t", "z", "d"};
        add(p, speech_consonant(last[rng_below(r, 4)]));
    }
}

/* Vowels take the targets of the voice, consonants those between them (locus equations). */
static void set_targets(writer *w, phrase *p)
{
    const double scale = w->voice->scale;
    for (int i = 0; i < p->n; i++) {
        item *it = &p->items[i];
        if (it->phone->kind != SPEECH_VOWEL)
            continue;
        const double reduce = it->stressed ? 0 : rng_range(w->r, 0.1, 0.5);
        vowel_targets(w, it->phone, reduce, it->hz);
        if (it->phone->glide_to >= 0) {
            double end[3];
            vowel_targets(w, &speech_vowels[it->phone->glide_to], 0.15, end);
            it->first_end = end[0];
            it->second = end[1];
        }
    }
    double last = 1450 * scale;
    for (int i = 0; i < p->n; i++) {
        item *it = &p->items[i];
        if (it->phone->kind == SPEECH_VOWEL) {
            last = it->phone->glide_to >= 0 ? it->second : it->hz[1];
            continue;
        }
        double near = last;
        for (int j = i + 1; j < p->n && j < i + 3; j++)
            if (p->items[j].phone->kind == SPEECH_VOWEL) {
                near = p->items[j].hz[1];
                break;
            }
        const speech_phone *c = it->phone;
        for (int k = 0; k < 3; k++)
            it->hz[k] = (double)c->hz[k] * scale * (1 + 0.03 * rng_normal(w->r));
        it->hz[1] += (double)c->slope * (near - it->hz[1]);
        it->hz[2] = fmax(it->hz[2], it->hz[1] + 200 * scale);
    }
}

/* One syllable: its sounds with stress, length, loudness and tone; `place` is 0..1 in the phrase.
 */
static void add_syllable(writer *w, phrase *p, double place, bool stressed, bool final)
{
    rng *r = w->r;
    const speech_voice *v = w->voice;
    const int first = p->n;
    add_onset(p, r, stressed);
    double weights[SPEECH_VOWELS];
    for (int i = 0; i < SPEECH_VOWELS; i++)
        weights[i] = (double)speech_vowels[i].weight;
    const bool schwa = !stressed && rng_chance(r, 0.45);
    add(p, &speech_vowels[schwa ? SCHWA : rng_pick(r, weights, SPEECH_VOWELS)]);
    add_coda(p, r);
    const double db =
        v->dynamics * rng_normal(r) - 3 * place - (stressed ? 0 : 4) - (final ? 2 : 0);
    const double accent = stressed && rng_chance(r, 0.75) ? v->range * rng_range(r, 0.3, 1.3) : 0;
    for (int i = first; i < p->n; i++) {
        item *it = &p->items[i];
        const double stretch =
            (stressed ? 1.1 : 0.85) * (final ? 1.4 : 1) * exp(0.2 * rng_normal(r));
        it->stressed = stressed;
        it->seconds *= v->tempo * stretch;
        it->loud = from_db(db + (it->phone->kind == SPEECH_VOWEL ? 0 : 1.5 * rng_normal(r)));
        it->tone = v->range * (0.45 - 1.1 * place) + accent + 0.3 * rng_normal(r);
        it->breathy = final ? rng_range(r, 0, 0.8) : 0;
    }
}

static void speak(writer *w)
{
    rng *r = w->r;
    const speech_voice *v = w->voice;
    phrase p = {.n = 0, .creak_from = MAX_ITEMS};
    int n = 2 + (int)(6 * rng_exponential(r));
    n = n > 20 ? 20 : n;
    bool stressed = rng_chance(r, 0.5);
    for (int i = 0; i < n; i++) {
        add_syllable(w, &p, (double)i / (n - 1), stressed, i == n - 1);
        stressed = rng_chance(r, stressed ? 0.25 : 0.65);
    }
    const double end = v->range * (rng_chance(r, 0.2) ? 1.3 : -0.5); /* a question, a statement */
    for (int i = p.n - 1; i >= 0 && i >= p.n - 3; i--)
        p.items[i].tone += end;
    if (end < 0 && rng_chance(r, v->creak))
        p.creak_from = p.n - rng_range(r, 2, 7);
    const double effort = from_db(2 * rng_normal(r));
    for (int i = 0; i < p.n; i++)
        p.items[i].loud *= effort;
    set_targets(w, &p);
    for (int i = 0; i < p.n && w->at < w->n; i++)
        put_item(w, &p, i);
    /* What is left of the breath. */
    const item *const last = &p.items[p.n - 1];
    const double rest = last->loud;
    set_voice(w, last->phone && last->phone->voiced ? 0.06 * rest : 0, 0.008 * rest);
    put_fading(w, rng_range(r, 0.03, 0.15), 1, 0);
}

/* A bout of laughter: "ha" four to five times a second, falling (Bachorowski et al. 2001). */
static void laugh(writer *w)
{
    rng *r = w->r;
    phrase p = {.n = 0, .creak_from = MAX_ITEMS};
    const int n = 3 + (int)rng_below(r, 6);
    const double rise = rng_range(r, 4, 9);
    const speech_phone *vowel = &speech_vowels[rng_chance(r, 0.6) ? 10 : rng_below(r, SCHWA)];
    for (int i = 0; i < 2 * n; i++) {
        item *it = add(&p, i % 2 ? vowel : speech_consonant("h"));
        it->seconds = (i % 2 ? 0.085 : 0.12) * exp(0.12 * rng_normal(r));
        it->loud = from_db(-1.2 * i + 1.5 * rng_normal(r));
        it->tone = rise * (1 - 0.6 * i / (2 * n)) + (i % 2 ? 1.5 : 0);
        it->breathy = 0.8;
        it->stressed = true;
    }
    set_targets(w, &p);
    for (int i = 0; i < p.n && w->at < w->n; i++)
        put_item(w, &p, i);
}

/* Silence, in some of which a breath is taken. */
static void pause(writer *w, double seconds)
{
    w->now.voice = w->now.breath = w->now.fric = w->now.creak = w->now.nasal = 0;
    double breath = 0;
    if (seconds > 0.3 && rng_chance(w->r, 0.25))
        breath = fmin(rng_range(w->r, 0.15, 0.45), seconds - 0.15);
    put(w, (seconds - breath) * 0.6);
    w->now.breath = (float)(breath > 0 ? rng_log_range(w->r, 0.0008, 0.006) : 0);
    put(w, breath);
    w->now.breath = 0;
    put(w, (seconds - breath) * 0.4);
}

/* A one-pole filter forwards and backwards over one member of all frames. */
static void smooth(speech_frame *frames, size_t n, size_t offset, double seconds)
{
    const float a = (float)(1 - exp(-1 / (seconds * SPEECH_FRAME_RATE)));
    float *first = (float *)(void *)((char *)frames + offset);
    const size_t stride = sizeof *frames / sizeof(float);
    float y = first[0];
    for (size_t i = 0; i < n; i++)
        first[i * stride] = y += a * (first[i * stride] - y);
    for (size_t i = n; i-- > 0;)
        first[i * stride] = y += a * (first[i * stride] - y);
}

/* Flutter: Klatt & Klatt 1990, "Analysis, synthesis and perception of voice quality", eq. 1. */
static void finish_pitch(speech_frame *frames, size_t n, const speech_voice *v, rng *r)
{
    static const double flutter_hz[] = {12.7, 7.1, 4.7};
    const double depth = rng_range(r, 0.002, 0.006), tau = 6.28318530717958647692;
    double phase[3];
    for (int k = 0; k < 3; k++)
        phase[k] = rng_unit(r);
    const double base = v->f0 * (1 + 0.7 * fmax(v->effort, 0));
    for (size_t i = 0; i < n; i++) {
        const double t = (double)i / SPEECH_FRAME_RATE;
        double f0 = base * pow(2, (double)frames[i].f0 / 12);
        for (int k = 0; k < 3; k++)
            f0 *= 1 + depth * sin(tau * (phase[k] + flutter_hz[k] * t));
        f0 *= 1 - 0.45 * (double)frames[i].creak;
        frames[i].f0 = (float)fmin(fmax(f0, 40), 500);
        frames[i].rd -= 0.35f * frames[i].creak;
        frames[i].voice *= 1 - 0.4f * frames[i].creak;
    }
}

static void finish(speech_frame *frames, size_t n, const speech_voice *v, rng *r)
{
    for (size_t k = 0; k < SPEECH_MOVING; k++) {
        smooth(frames, n, offsetof(speech_frame, hz) + k * sizeof(float), v->reach);
        smooth(frames, n, offsetof(speech_frame, width) + k * sizeof(float), 0.008);
    }
    smooth(frames, n, offsetof(speech_frame, f0), 0.030);
    smooth(frames, n, offsetof(speech_frame, voice), 0.004);
    smooth(frames, n, offsetof(speech_frame, breath), 0.007);
    smooth(frames, n, offsetof(speech_frame, fric), 0.008);
    smooth(frames, n, offsetof(speech_frame, nasal), 0.006);
    smooth(frames, n, offsetof(speech_frame, rd), 0.020);
    smooth(frames, n, offsetof(speech_frame, creak), 0.020);
    for (size_t i = 0; i < n; i++) {
        speech_frame *f = &frames[i];
        f->fric += f->burst;
        f->fric = f->fric < inaudible ? 0 : f->fric;
        f->voice = f->voice < inaudible ? 0 : f->voice;
        f->breath = f->breath < 0.1f * inaudible ? 0 : f->breath;
    }
    finish_pitch(frames, n, v, r);
}

void speech_plan_make(speech_frame *frames, size_t n, const speech_voice *v, rng *r)
{
    if (n == 0)
        return;
    rng flutter = rng_make(rng_bits(r), 0, 2);
    writer w = {.frames = frames, .n = n, .voice = v, .r = r};
    item rest = {.phone = &speech_vowels[SCHWA]};
    vowel_targets(&w, rest.phone, 0, rest.hz);
    set_formants(&w, &rest);
    w.now.rd = (float)v->rd;
    set_noise(&w, 0, 1500);
    put(&w, rng_range(r, 0, 0.4));
    while (w.at < n) {
        if (rng_chance(r, 0.015))
            laugh(&w);
        else
            speak(&w);
        const double length = v->pause * exp(0.5 * rng_normal(r));
        pause(&w, fmin(fmax(length, 0.08), rng_chance(r, 0.1) ? 2 : 0.8));
    }
    finish(frames, n, v, &flutter);
}
