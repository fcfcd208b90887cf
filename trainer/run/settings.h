/*
 * Every setting of a run: one table serves the command line, recipe files, --help and what is
 * written into the model. A setting NAME is `--NAME VALUE` on the command line and a line
 * `NAME VALUE` in a recipe; later ones win over earlier ones, lists grow.
 */
#ifndef RUN_SETTINGS_H
#define RUN_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <sordino/status.h>

#include "common/options.h"
#include "trainer/mix/mix.h"

enum { SETTINGS_MAX_LIST = 64, SETTINGS_MAX = 128 };

/* What --from says for a run that starts from no model. */
#define SETTINGS_FROM_NOTHING "nothing"

typedef struct setting_list {
    uint32_t n;
    char *items[SETTINGS_MAX_LIST]; /* owned */
} setting_list;

typedef struct settings {
    /* Files */
    char *output, *from, *checkpoint, *log, *picture, *card; /* owned, NULL when not given */
    bool resume, force, even_if_worse, quiet;
    bool tune;      /* fits the start model to the noise: other things are usual then */
    bool find_rate; /* tries learning rates first */
    /* How long */
    double minutes, hours, steps; /* of time; of audio; of descent; 0: no limit */
    uint64_t seed;
    uint32_t threads; /* 0: one a processor */
    /* Signals and noise */
    setting_list signal, clean, noise;  /* NAME[:WEIGHT] or PATH[:WEIGHT] */
    setting_list noise_from;            /* FILE START-END */
    double espeak;                      /* weight; 0: not used */
    double clean_weight, signal_weight; /* of all recordings; of all generators */
    char *held_out_list;
    double held_out;
    char *rates;    /* RATE[:WEIGHT],... */
    bool own_rates; /* each generated signal at the rate it is usual at; from `rates` left out */
    mix_spec mix;
    /* Network and front end */
    char *network;   /* a preset's name */
    char *features;  /* level,snr,phase */
    char *dilations; /* D,D,... */
    double channels, hidden, kernel, blocks, mixer, taps, tap_bins;
    bool norm;
    double window, hop;
    double hop_samples, lag_samples, scale_time;
    bool predict_noise;
    /* Loss */
    double power, magnitude, complex, error, over, estoi; /* spectral */
    double l1, l2, huber, huber_delta, si_sdr, multi_stft;
    /* Optimiser */
    bool muon;
    uint32_t batch, lanes;
    double learning_rate, decay, warm_up, cool_down, clip, ema;
    /* Validation */
    uint32_t validation_items;
    double validate_every; /* hours of audio */
    char *validation_snr;  /* DB,... */
    /* About the model */
    char *name, *description, *licence, *notes;

    bool given[SETTINGS_MAX]; /* by settings_set, in the order of the table */
    bool stale[SETTINGS_MAX]; /* lists that the next item replaces: those of a run resumed */
} settings;

/* Fills in what holds when nothing is said: for sound, and for a sensor's signal. */
void settings_init(settings *s);
void settings_init_sensor(settings *s);
void settings_free(settings *s);

/* Sets one by name. Errors: BAD_ARG (unknown name, no number, out of range), NO_MEM. */
SORDINO_NODISCARD sordino_status settings_set(settings *s, const char *name, const char *value,
                                              sordino_error *why);

/* Whether a setting was given, by a recipe or on the command line. */
bool settings_given(const settings *s, const char *name);

/* The model that a run starts from; NULL: none. Borrowed. */
const char *settings_start(const settings *s);

/* Fills in what is usual when a model that knows its task is fitted to one noise, where nothing
 * else was given. Errors: NO_MEM. */
SORDINO_NODISCARD sordino_status settings_tune(settings *s, sordino_error *why);

/* Reads a recipe: a line a setting, `#` starts a comment, paths are relative to the working
 * directory. Errors: IO, and those of settings_set with the line's number. */
SORDINO_NODISCARD sordino_status settings_read(settings *s, const char *path, sordino_error *why);

/* Takes the lines that settings_text wrote for a run that is resumed, less what belongs to a
 * sitting (force, even-if-worse, resume, quiet). What is set afterwards goes before it: a list is
 * replaced, not grown. Errors: as settings_set. */
SORDINO_NODISCARD sordino_status settings_bring_back(settings *s, const char *text,
                                                     sordino_error *why);

/* The settings as rows of a table of options, for a struct that begins with settings; `to` has room
 * for SETTINGS_MAX. Returns their number. */
size_t settings_rows(option_row *to);

/* What differs from settings_init, or was given, as the lines of a recipe; the caller frees it;
 * NULL when out of memory. When `fingerprint` without what does not bear on the result (output,
 * log, quiet
 * ...), and what differs only. */
char *settings_text(const settings *s, bool fingerprint);

#endif
