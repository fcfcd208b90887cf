/*
 * Hands learned profiles from the audio thread to whoever saves the session, without a lock on
 * the audio thread's side: three places, one being filled, one being read, and the newest between.
 */
#ifndef PLUGIN_LEARNED_H
#define PLUGIN_LEARNED_H

#include "plugin/voices.h"

#include <stdatomic.h>

enum { LEARNED_PLACES = 3 };

typedef struct learned {
    sordino_profile *places[LEARNED_PLACES]; /* NULL where nothing can be learned */
    atomic_uint between;                     /* a place's number, and whether it is new */
    unsigned filling, reading;
    bool has; /* the one being read holds a profile */
} learned;

/* Errors: NO_MEM; `l` is then to be freed all the same. */
SORDINO_NODISCARD sordino_status learned_init(learned *l, const voices *v, sordino_error *why);
void learned_free(learned *l);

/* The place to fill; what it holds is told by learned_publish. One thread. */
sordino_profile *learned_place(learned *l) SORDINO_RT;
void learned_publish(learned *l) SORDINO_RT;

/* The newest profile, or NULL; borrowed until the next call. One thread at a time. */
const sordino_profile *learned_newest(learned *l);

/* Forgets. Not while another thread does any of the above. */
void learned_clear(learned *l);

#endif
