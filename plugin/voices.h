/*
 * What sounds: the denoisers of one plugin instance, one of which is heard, and the change from one
 * to another without a click, a gap or a change of delay. Each voice is a denoiser with its output
 * held back to the delay that the Delay control asks for. A voice that is to be heard next runs
 * unheard until its past is filled, then the two are cross-faded.
 */
#ifndef PLUGIN_VOICES_H
#define PLUGIN_VOICES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sordino/sordino.h>

enum { VOICES_MAX_CHANNELS = 2 };

typedef struct voices voices;

/* What the host's controls say. */
typedef struct voices_controls {
    bool enabled, delta, learn, use_profile;
    double limit, mix; /* as in sordino_config; out of range is clamped, NaN ignored */
    unsigned method;   /* METHOD_..., plugin/ports.h */
    unsigned delay;    /* DELAY_... */
} voices_controls;

/* A model made ready for one instance: made and freed off the audio thread. */
typedef struct network network;

/* `model` comes from models.h and is released by network_free, or here on failure. `path` says
 * where it is from, "" for the library's own; copied. Errors: those of sordino_new. */
SORDINO_NODISCARD sordino_status network_new(const sordino_model *model, const char *path,
                                             double rate, uint32_t channels, network **out,
                                             sordino_error *why);
void network_free(network *n);

/* Borrowed until network_free. */
const char *network_path(const network *n) SORDINO_RT;
const sordino_model *network_model(const network *n) SORDINO_RT;

/* Samples of delay it needs. */
uint32_t network_latency(const network *n) SORDINO_RT;

/* channels 1..VOICES_MAX_CHANNELS; rate in Hz. Nothing is denoised at a rate that cannot be served:
 * audio is passed through with no delay, and `why` says why, with OK; else it is left alone.
 * Errors: NO_MEM. */
SORDINO_NODISCARD sordino_status voices_new(double rate, uint32_t channels, voices **out,
                                            sordino_error *why);

/* Frees the network that it has, too. NULL is ignored. */
void voices_free(voices *v);

/* Silence has gone before: the next voice is heard at once. Networks and profiles are kept. */
void voices_reset(voices *v) SORDINO_RT;

/* The delay in samples for a value of the Delay control; constant. */
uint32_t voices_latency(const voices *v, unsigned delay) SORDINO_RT;

/* Takes the controls over, from the next sample on. True when noise was just learned: `learned`,
 * made by voices_new_profile, then holds it. `learned` may be NULL. */
bool voices_set(voices *v, const voices_controls *controls, sordino_profile *learned) SORDINO_RT;

/* `in` and `out` are [channels] pointers to [n] samples, any n; any `out` may be any `in`. */
void voices_run(voices *v, const float *const *in, float *const *out, size_t n) SORDINO_RT;

/* RUNNING_... of plugin/ports.h: what is heard, or will be when a fade is through. */
unsigned voices_running(const voices *v) SORDINO_RT;

/* As sordino_read_meters, of what is heard. */
void voices_read_meters(voices *v, sordino_meters *out) SORDINO_RT;

/* Hands over a network to use from now on (owned from here on), or NULL for none. */
void voices_offer(voices *v, network *n) SORDINO_RT;

/* Hands a network that is no longer used to the caller, or NULL when there is none. */
network *voices_collect(voices *v) SORDINO_RT;

/* The network in use or about to be, or NULL. Borrowed. */
const network *voices_network(const voices *v) SORDINO_RT;

/* Makes a profile for voices_set to fill. NULL, with OK, where nothing can be learned. */
SORDINO_NODISCARD sordino_status voices_new_profile(const voices *v, sordino_profile **out,
                                                    sordino_error *why);

/* Uses a profile (copies it) where the controls say that one is used; NULL forgets it. True when
 * `own`, made by voices_new_profile, then holds the profile as this instance keeps it. Not while
 * voices_run is running. */
bool voices_set_profile(voices *v, const sordino_profile *profile, sordino_profile *own) SORDINO_RT;

#endif
