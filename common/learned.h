/*
 * Hands learned profiles from the audio thread to whoever keeps them, without a lock on the audio
 * thread's side: three places, one being filled, one being read, and the newest between.
 */
#ifndef COMMON_LEARNED_H
#define COMMON_LEARNED_H

#include <stdatomic.h>
#include <stdbool.h>

#include <sordino/sordino.h>

enum { LEARNED_PLACES = 3 };

typedef struct learned {
    sordino_profile *places[LEARNED_PLACES]; /* NULL where nothing can be learned */
    atomic_uint between;                     /* a place's number, and whether it is new */
    unsigned filling, reading;
    bool has; /* the one being read holds a profile */
} learned;

/* Places for what this denoiser, or one of its size, learns. Errors: NO_MEM; UNSUPPORTED where it
 * learns nothing. `l` is then to be freed all the same; there are no places. */
SORDINO_NODISCARD sordino_status learned_init(learned *l, const sordino_denoiser *d,
                                              sordino_error *why);
void learned_free(learned *l);

/* The place to fill, or NULL; what it holds is told by learned_publish. One thread. */
sordino_profile *learned_place(learned *l) SORDINO_RT;
void learned_publish(learned *l) SORDINO_RT;

/* Ends the learning of a denoiser, and fills `place`, made by sordino_denoiser_blank_profile for
 * one of its size or NULL, with what it learned. False where too little was heard: then the noise
 * that it used before it uses on. */
bool learned_end(sordino_denoiser *d, sordino_profile *place) SORDINO_RT;

/* Whether a profile was published that learned_newest has not given yet. */
bool learned_has_news(const learned *l);

/* The newest profile, or NULL; borrowed until the next call. One thread at a time. */
const sordino_profile *learned_newest(learned *l);

/* Forgets. Not while another thread does any of the above. */
void learned_clear(learned *l);

#endif
