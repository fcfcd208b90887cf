/* What the user sees: two lines of status on a terminal, lines of text elsewhere, or JSON events.
 */
#ifndef STREAM_SCREEN_H
#define STREAM_SCREEN_H

#include <stdbool.h>
#include <stdint.h>

typedef enum screen_kind { SCREEN_LINE, SCREEN_PLAIN, SCREEN_JSON, SCREEN_QUIET } screen_kind;

/* What there is to be shown. Texts are borrowed for the call. */
typedef struct screen_state {
    const char *method, *input, *output;
    double rate, latency, device_latency; /* Hz; s of the denoiser, and of the device beside */
    uint32_t latency_samples;
    float input_db, output_db, reduction_db;
    double load, worst; /* shares of a block's time */
    double limit;       /* dB */
    uint64_t frames, xruns, record_lost, record_written, losses;
    bool bypass, delta, muted, push_to_talk, learning, recording;
    bool waiting; /* for a device that was lost */
} screen_state;

/* Sets the terminal up for keys, if there is one; it is put back by screen_end, at exit and by any
 * signal that ends the process. */
void screen_begin(screen_kind wanted);
void screen_end(void);

/* The next key that was pressed, or 0. Never waits. */
int screen_key(void);

/* Draws the status lines again; plain: a line now and then, by the caller's clock; JSON: an event.
 */
void screen_show(const screen_state *s);

/* Something that happened: a line of its own in each kind, but quiet. `event` names it in JSON,
 * `subject` is the device, file or option; both of few letters. */
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
void screen_tell(const char *event, const char *subject, const char *format, ...);

/* The same on standard error in every kind: what went wrong. */
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
void screen_warn(const char *event, const char *subject, const char *format, ...);

/* Width of the bar of a level, for tests: [=====   ] of n cells, -60 to 0 dB. */
void screen_bar(char *to, unsigned n, float db);

#endif
