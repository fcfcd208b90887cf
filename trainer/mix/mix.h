/*
 * Training examples: a clean signal, a noise at another place of its recording, and all that may
 * happen to both on the way. An example is a pure function of (mixer, index): whatever the thread,
 * the order, or whether the run was interrupted.
 */
#ifndef MIX_MIX_H
#define MIX_MIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sordino/status.h>

#include "trainer/random.h"

enum { MIX_MAX_SOURCES = 64, MIX_MAX_RATES = 16 };

/*
 * Where passages come from. `draw` writes `n` samples at `rate` Hz, a pure function of the
 * generator; false when out of memory, or for the reason that `lack` names. Where the passage is
 * empty above some frequency only because of how it was recorded or kept, it lowers `*band`, rate /
 * 2 when called, to that. Any number of threads may call it at once. The mixer borrows all of it.
 */
typedef struct mix_source {
    const char *name;
    double weight; /* > 0: how often, against the others of its list */
    double rate;   /* Hz it is always drawn at; 0: at the rates of mix_spec */
    bool slow;     /* making a passage takes long: keep a pool of them (see mix_spec.pool) */
    const char
        *lack; /* the sentence that says why a draw fails, where it is not memory; else NULL */
    void *self;
    bool (*draw)(void *self, rng *r, double rate, float *out, size_t n, double *band);
} mix_source;

/* How examples are made; probabilities in [0, 1], levels in dB. mix_spec_init fills in what speech
 * training uses. */
typedef struct mix_spec {
    double seconds; /* an example's length; rounded to samples of its rate */
    double samples; /* the same in samples, whatever the rate; 0: by seconds */
    uint32_t n_rates;
    double rates[MIX_MAX_RATES], rate_weights[MIX_MAX_RATES]; /* Hz */
    bool sensor; /* a signal in its own units: no audio augmentation (levels, filters, rooms,
                    band limits, clipping), only SNR, second noise, gain and corruptions */

    double snr_low, snr_high;     /* dB, on the active signal */
    double clear_chance;          /* of an SNR between clear_low and clear_high instead */
    double clear_low, clear_high; /* dB */
    double noise_only_chance;     /* the clean signal is zero */
    double second_noise_chance;   /* a second noise 0..10 dB below the first */
    double level_low, level_high; /* dB re full scale, of the mixture's active level */
    double filter_chance;         /* random second-order filters, on signal and on noise,
                                     each (Valin 2018, "A hybrid DSP/deep learning approach
                                     to real-time full-band speech enhancement", sec. V) */
    double band_limit_chance;     /* both low-passed at 3..16 kHz, and half of the time
                                     high-passed at 50..300 Hz */
    double low_pass_chance;       /* all of it as through a rate of 8..44.1 kHz, no higher than
                                     the clean signal's band */
    double fill_chance;           /* of noise that was recorded at a low rate going on above
                                     its band */
    double resample_chance;       /* of the noise being played at another speed ... */
    double resample_low, resample_high; /* ... of this factor */
    double speed_chance;                /* of recorded clean sound at 0.85..1.2 times its speed */
    double clip_chance;                 /* the mixture clipped at 50..95 % of its peak; the clean
                                           signal stays */
    double room_chance;                 /* reverberation of signal and noise; the clean signal
                                           keeps all of it: noise is what goes, not the room */
    double quantise_chance;             /* mixture rounded to 8..12 bits */
    double gain_change_chance;          /* level of the noise changes within the example */
    /* Corruptions of the mixture, each with its own chance (0 for speech). */
    double gaussian_chance, salt_pepper_chance, masking_chance, blocks_chance;

    uint32_t pool;       /* passages kept of each slow source; 0: none, always draw anew */
    double pool_seconds; /* length of a passage in the pool, >= seconds */
    double pool_rate;    /* Hz it is made at */
    double pool_refresh; /* passages of each slow clean source made anew per step;
                             an eighth of it of noise */
} mix_spec;

void mix_spec_init(mix_spec *spec);        /* for speech */
void mix_spec_init_sensor(mix_spec *spec); /* for sensor signals */

/* Samples of an example at a rate. */
size_t mix_samples(const mix_spec *spec, double rate);

typedef struct mixer mixer;

/* Copies `spec` and the lists of sources (at least one clean; no noise only when a corruption has a
 * chance). The pool is filled by mixer_refresh. Errors: NO_MEM; BAD_ARG. */
SORDINO_NODISCARD sordino_status mixer_new(const mix_spec *spec, const mix_source *clean,
                                           uint32_t n_clean, const mix_source *noise,
                                           uint32_t n_noise, uint64_t seed, mixer **out,
                                           sordino_error *why);
void mixer_free(mixer *m);
const mix_spec *mixer_spec(const mixer *m);

/* Passages of the pool that must be made anew before `step` (all of them when the pool stands at
 * another step: after a start or a resumption), and the making of number `job` of them; jobs may
 * run on several threads at once, no example may be made meanwhile. What the pool holds at a step
 * depends on the step alone. mixer_refresh: false when out of memory. */
size_t mixer_refresh_jobs(mixer *m, uint64_t step);
bool mixer_refresh(mixer *m, uint64_t step, size_t job);

/* Why mixer_refresh or mixer_make failed: the sentence of the first source whose draw did, or that
 * memory ran out. The status is IO or NO_MEM. */
sordino_status mixer_failure(const mixer *m, sordino_error *why);

/* One thread's working memory, and the example it last made. */
typedef struct mix_example {
    double rate;  /* Hz */
    size_t n;     /* samples */
    float *noisy; /* [n], finite */
    float *clean; /* [n], aligned with noisy: what a perfect denoiser gives */
    double level; /* r.m.s. of the active clean signal; of the noise when there is no signal */
    double snr;   /* dB; -INFINITY when noise only */
    double band;  /* Hz up to which `clean` is known; above it is empty only because of how it was
                     recorded, and nothing may be learnt there. 0: all of it is known */
} mix_example;

typedef struct mix_work mix_work;
SORDINO_NODISCARD sordino_status mix_work_new(const mixer *m, mix_work **out, sordino_error *why);
void mix_work_free(mix_work *w);

/* Makes example `index` in `w`; borrowed until the next call. NULL: see mixer_failure.
 */
const mix_example *mixer_make(const mixer *m, mix_work *w, uint64_t index);

#endif
