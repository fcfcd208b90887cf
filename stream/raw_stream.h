/*
 * A sensor on standard input, clean on standard output: bare samples or text, sample by sample, for
 * as long as it lasts. Values are the same, bit for bit, as `sordino` makes of the same data.
 */
#ifndef STREAM_RAW_STREAM_H
#define STREAM_RAW_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include <sordino/sordino.h>

/* Filled by raw_stream_init first. Texts are borrowed. */
typedef struct raw_stream_config {
    const char *encoding; /* as of --raw: "f32le", "s16be" ..., or "text"; required */
    double rate;          /* Hz; required */
    uint32_t channels;    /* 0 = not said: one, or in text as many as the first row has numbers */
    const char *model;    /* a method, a model's name or path; NULL = kalman for text and below
                             8 kHz; else the built-in model for speech, or wiener */
    bool wants_wiener;    /* no network by default */
    sordino_config denoiser; /* method, rate, channels and linking are set by the above */
    int link;                /* -1: bare samples are linked, text is not; 0, 1 */
    const char *profile;     /* path of a noise profile; NULL = none */
    const char *columns;     /* text: as of --columns; NULL = all of numbers */
    int time_column;         /* text: from 1; 0 = none; -1 = known by its name, or as a number more
                                than there are channels */
    bool fill_gaps;          /* missing values are estimated; otherwise they stay missing */
    bool dither;             /* whole numbers of up to 24 bits are rounded with dither */
    bool quiet;              /* errors only */
    bool verbose;            /* tells what it does, and at the end what it did */
} raw_stream_config;

void raw_stream_init(raw_stream_config *config);

/* True when --raw takes this name. */
bool raw_stream_encoding(const char *name);

/* Runs until the input ends or SIGINT, SIGTERM or SIGHUP stops it, which is an end like any other;
 * a second such signal ends the process at once. Every value goes out as soon as it is determined
 * and no more input is waiting. Returns the exit status: 0; or 1 for a fault, which is told
 * on standard error. When the reader of the output goes away SIGPIPE ends the process, or, where it
 * is ignored, the status is 1. */
int raw_stream_run(const raw_stream_config *config);

#endif
