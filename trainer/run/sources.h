/* From settings to where examples come from: recordings, generators, espeak-ng. */
#ifndef RUN_SOURCES_H
#define RUN_SOURCES_H

#include "trainer/data/library.h"
#include "trainer/mix/mix.h"
#include "trainer/run/settings.h"

/* Lists for a mixer; those of the held-out side draw from held-out recordings only (generators draw
 * from seeds of their own). Everything is owned by the object. */
typedef struct sources {
    uint32_t n_clean, n_noise;
    mix_source clean[MIX_MAX_SOURCES], noise[MIX_MAX_SOURCES];
    uint32_t n_held_clean, n_held_noise;
    mix_source held_clean[MIX_MAX_SOURCES], held_noise[MIX_MAX_SOURCES];
    bool held_recorded; /* held-out clean signals are recordings */
    library *libraries[2 * MIX_MAX_SOURCES];
    struct source_self *selves; /* owned */
    uint32_t n_libraries, n_selves;
} sources;

/* Opens everything that `s` names. `notes` (may be NULL) gets a line for whatever is worth knowing.
 * Errors: IO, BAD_ARG, NO_MEM, UNSUPPORTED. */
SORDINO_NODISCARD sordino_status sources_open(const settings *s, FILE *notes, sources **out,
                                              sordino_error *why);
void sources_free(sources *s);

/* The different rates of the recordings that the items of a list name, at most `room`; generators
 * and what cannot be found have none. Errors: NO_MEM. */
SORDINO_NODISCARD sordino_status sources_rates(const setting_list *l, double *rates, size_t room,
                                               size_t *n, sordino_error *why);

/* Names of the recordings that are scored with, a line each of at most some dozens: those of which
 * the end alone is held out say so. The caller frees it; NULL when out of memory. */
char *sources_held_text(const sources *s);

/* A hash of all that training may draw from. */
uint64_t sources_hash(const sources *s);

/* The data list for model file and card: a line for each source with hours and recordings; the
 * caller frees it; NULL when out of memory. */
char *sources_text(const sources *s);

#endif
