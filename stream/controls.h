/* What a user changes while it sounds: bypass, delta, limit, the method, and noise that is learned.
 * Whatever happens is told on the screen, once it is so. One thread, not the audio thread. */
#ifndef STREAM_CONTROLS_H
#define STREAM_CONTROLS_H

#include <stdbool.h>
#include <stddef.h>

#include "stream/audio_pa.h"
#include "stream/engine.h"
#include "stream/methods.h"
#include "stream/options.h"

typedef struct controls {
    const live_options *o;  /* borrowed */
    const audio_plan *plan; /* borrowed: rate and channels of the engine */
    engine *engine;         /* borrowed; NULL = none is made */
    bool has_device;        /* its callback runs */

    sordino_config now; /* as they are set: limit, mix, delta, enabled */
    method_list methods;
    size_t method; /* that was last taken */
    size_t next_method;
    const char *next_event;   /* NULL = no other is asked for */
    sordino_profile *profile; /* given, or learned since; owned */
    bool has_learned;         /* the second */
    bool muted, push_to_talk; /* push_to_talk: muted but for a moment after each press of space */
    double talk_until;
    bool learning;
    bool awaits_noise; /* learning was ended, but what was learned is not here yet */
    bool began;        /* what --learn-noise asks for */
    double learn_until;
} controls;

/* False, with the reason told, where a profile is to be saved over a file that is there: better at
 * the start than when there is something to lose. */
bool controls_may_save_profile(const live_options *o);

/* Options and plan are borrowed. */
void controls_init(controls *c, const live_options *o, const audio_plan *plan);
void controls_free(controls *c);

/* Takes over noise that a process before this has learned; NULL = none. */
void controls_take_noise(controls *c, sordino_profile *noise);

/* Opens what --noise-profile names. Errors: those of sordino_profile_open_path. */
SORDINO_NODISCARD sordino_status controls_open_profile(controls *c, sordino_error *why);

/* Makes the method that was last taken, for an engine of c->plan. Errors: those of method_make. */
SORDINO_NODISCARD sordino_status controls_make_method(const controls *c, method **out,
                                                      sordino_error *why);

/* From now on this engine is controlled; NULL for none. */
void controls_connect(controls *c, engine *e);

/* What --learn-noise asks for, once a device is open. */
void controls_learn_at_start(controls *c);

/* Whether nothing is let out now. */
bool controls_is_muted(const controls *c);

/* A key was pressed; those that are not for controls mean nothing. */
void controls_key(controls *c, int key);

/* Reads the model again. */
void controls_reload(controls *c);

/* Now and then: goes on with what takes time. */
void controls_step(controls *c);

/* Before an engine is left whose callback does not run: what was learned is kept. */
void controls_rest(controls *c);

/* At the end, after the device was closed: saves the noise where that was asked for. Of a callback
 * that hangs, and of a method that learns nothing, what was told before is taken. False, and told,
 * where it could not be. */
bool controls_save_profile(controls *c, bool is_stuck);

#endif
