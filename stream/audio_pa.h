/* Sound cards and sound servers, by PortAudio. One thread but for the callback. */
#ifndef STREAM_AUDIO_PA_H
#define STREAM_AUDIO_PA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <sordino/status.h>

#include "stream/engine.h"

/* What is asked for. Texts are borrowed. */
typedef struct audio_request {
    const char *input, *output; /* part of a name; NULL, "default": the default; "none" = without */
    double rate;                /* Hz; 0 = the device's own */
    unsigned long block;        /* frames; 0 = as the device likes; a JACK server has its own */
    double latency;             /* s, of the device; 0 = its own low one */
    uint32_t channels;          /* 0 = one */
} audio_request;

/* What was found for it. */
typedef struct audio_plan {
    int input, output;    /* PortAudio's numbers; -1 = without */
    char input_name[256]; /* "JACK Audio Connection Kit: system"; "" = without */
    char output_name[256];
    double rate;
    unsigned long block;
    double latency;
    uint32_t channels, channels_out;
} audio_plan;

/* Counted since the stream was opened. */
typedef struct audio_state {
    bool running; /* false: the device went away */
    uint64_t blocks, frames;
    uint64_t xruns;             /* the device's input was lost, or its output not there in time */
    double load, worst;         /* share of a block's time: mean of a second or so, largest ever */
    double delay_in, delay_out; /* s, as the device tells */
} audio_state;

typedef struct audio audio;

/* Starts PortAudio under a name that sound servers show, and ends it. After a device was lost both
 * are done again, since PortAudio looks for devices only then. Errors: IO. */
SORDINO_NODISCARD sordino_status audio_start(const char *client, sordino_error *why);
void audio_end(void);

/* Prints host APIs and devices, as lines or as JSON; returns how many devices there are. */
size_t audio_list(bool json, FILE *to);

/* Finds the devices. A name fits when it is a part of "API: device", large or small letters alike;
 * one that is equal to it goes before. When several fit they are printed on standard error.
 * Errors: NOT_FOUND; BAD_ARG (several fit); UNSUPPORTED (not so many channels). */
SORDINO_NODISCARD sordino_status audio_find(const audio_request *request, audio_plan *out,
                                            sordino_error *why);

/* Opens the stream for an engine, which is borrowed until audio_close; then, by audio_begin, lets
 * the engine run in its callback. Errors: NO_MEM; UNSUPPORTED (the rate); IO. */
SORDINO_NODISCARD sordino_status audio_open(const audio_plan *plan, engine *e, audio **out,
                                            sordino_error *why);
SORDINO_NODISCARD sordino_status audio_begin(audio *a, sordino_error *why);
void audio_close(audio *a); /* NULL is ignored */

/* audio_close and audio_end for a device that may hang: a JACK server that was killed keeps its
 * clients waiting. False when they were not done after some seconds; then `a`, its engine and
 * PortAudio may not be touched again, nor freed, by this process. */
bool audio_leave(audio *a);

/* Tells a JACK server how late the engine's output is, where that has changed; to be called now and
 * then. */
void audio_tell_latency(audio *a);

void audio_read_state(audio *a, audio_state *out);

/* Asks for real-time priority of the thread that runs the callback, once it runs. Errors: NOT_FOUND
 * (it has not run yet); IO (not allowed), with how to allow it. */
SORDINO_NODISCARD sordino_status audio_raise_priority(audio *a, sordino_error *why);

#endif
