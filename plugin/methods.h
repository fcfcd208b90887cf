/*
 * What sounds: the denoisers of one plugin instance, one of which is heard with its output held
 * back to the delay that the Delay control asks for; changes are common/switcher.h's.
 */
#ifndef PLUGIN_METHODS_H
#define PLUGIN_METHODS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sordino/sordino.h>

#include "plugin/network.h"

enum { METHODS_MAX_CHANNELS = 2 };

typedef struct methods methods;

/* What the host's controls say. */
typedef struct methods_controls {
    bool enabled, delta, learn, use_profile;
    double limit, mix; /* as in sordino_config; out of range is clamped, NaN ignored */
    unsigned method;   /* METHOD_..., plugin/ports.h */
    unsigned delay;    /* DELAY_... */
} methods_controls;

/* Most samples that anything is held back at a rate. */
uint32_t methods_longest(double rate);

/* channels 1..METHODS_MAX_CHANNELS; rate in Hz. Nothing is denoised at a rate that cannot be
 * served: audio is passed through with no delay, and `why` says why, with OK; else it is left
 * alone. Errors: NO_MEM. */
SORDINO_NODISCARD sordino_status methods_new(double rate, uint32_t channels, methods **out,
                                             sordino_error *why);

/* Frees the network that it has, too. NULL is ignored. */
void methods_free(methods *m);

/* Silence has gone before: what is chosen next is heard at once. Networks and profiles are kept. */
void methods_reset(methods *m) SORDINO_RT;

/* The delay in samples for a value of the Delay control; constant. */
uint32_t methods_latency(const methods *m, unsigned delay) SORDINO_RT;

/* Takes the controls over, from the next sample on. True when noise was just learned: `into`, made
 * by sordino_denoiser_blank_profile for methods_learner, then holds it. `into` may be NULL. */
bool methods_set(methods *m, const methods_controls *controls, sordino_profile *into) SORDINO_RT;

/* `in` and `out` are [channels] pointers to [n] samples, any n; any `out` may be any `in`. */
void methods_run(methods *m, const float *const *in, float *const *out, size_t n) SORDINO_RT;

/* RUNNING_... of plugin/ports.h: what is heard, or will be when a fade is through. */
unsigned methods_running(const methods *m) SORDINO_RT;

/* As sordino_denoiser_read_meters, of what is heard. */
void methods_read_meters(methods *m, sordino_meters *out) SORDINO_RT;

/* Hands over a network to use from now on (owned from here on), or NULL for none. */
void methods_offer(methods *m, network *n) SORDINO_RT;

/* Hands a network that is no longer used to the caller, or NULL when there is none. */
network *methods_collect(methods *m) SORDINO_RT;

/* The network in use or about to be, or NULL. Borrowed. */
const network *methods_network(const methods *m) SORDINO_RT;

/* The denoiser that learns noise, to make profiles of its size with; NULL where nothing can be
 * learned. Borrowed. */
const sordino_denoiser *methods_learner(const methods *m);

/* Uses a profile (copies it) where the controls say that one is used; NULL forgets it. True when
 * `own`, made by sordino_denoiser_blank_profile for methods_learner, then holds the profile as this
 * instance keeps it. Not while methods_run is running. */
bool methods_set_profile(methods *m, const sordino_profile *profile,
                         sordino_profile *own) SORDINO_RT;

#endif
