/* The command line of sordino-live for sound; --stdin has its own, in raw_options.h. */
#ifndef STREAM_OPTIONS_H
#define STREAM_OPTIONS_H

#include <stdbool.h>

#include <sordino/sordino.h>

#include "stream/audio_pa.h"
#include "stream/virtual.h"

typedef enum live_task {
    LIVE_RUN,
    LIVE_LIST,
    LIVE_LIST_MODELS,
    LIVE_RECORD_NOISE,
    LIVE_PRINT_PIPEWIRE,
    LIVE_PRINT_SYSTEMD
} live_task;

/* Texts are borrowed from argv. */
typedef struct live_options {
    live_task task;
    audio_request audio;
    const char *client;    /* the name that sound servers show */
    sordino_config config; /* method, rate, channels and linking are set when a device is open */
    const char *model;     /* NULL = the built-in one for speech, or wiener */
    const char *profile;   /* path; NULL = none */
    bool wants_wiener;     /* no network by default */
    int link;              /* -1: not said; 0, 1 */
    double learn;          /* s of noise alone at the start; 0 = none */
    const char *save_profile;
    const char *input_file, *output_file; /* in the place of a device; NULL = none */
    const char *record_raw, *record_clean;
    const char *record_noise;
    double noise_seconds;
    double seconds; /* to run; 0 = until told to stop */
    bool force, json, quiet, plain, rt;
    bool virtual_mic, virtual_speaker; /* at most one of them */
    bool push_to_talk;
    const char *resumed; /* by a process that goes on in the place of another; see session.c */
    char **argv;         /* all of them */
} live_options;

typedef enum live_options_result { LIVE_GO, LIVE_DONE, LIVE_WRONG } live_options_result;

/* Reads the command line. DONE: --help or --version was served. WRONG: told on standard error. */
live_options_result live_options_read(int argc, char **argv, live_options *o);

#endif
