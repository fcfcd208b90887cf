/*
 * What a library is made of, for the files that fill it and draw from it.
 */
#ifndef DATA_LIBRARY_INTERNAL_H
#define DATA_LIBRARY_INTERNAL_H

#include "trainer/data/copies.h"
#include "trainer/data/inspect.h"
#include "trainer/data/library.h"

#include <pthread.h>
#include <stdio.h>

/* Versions: a clip's own rate, all that a recipe may train at, and some for scoring. */
enum { LIBRARY_MAX_VERSIONS = 32 };

typedef struct version {
    double rate;
    size_t n;
    int16_t *samples; /* owned */
} version;

typedef struct clip {
    char *name; /* owned */
    double rate;
    double band; /* Hz up to which it is filled */
    float scale; /* of one step */
    size_t n;
    bool held_out;
    uint32_t n_versions;
    version versions[LIBRARY_MAX_VERSIONS]; /* the first is at its own rate */
} clip;

/* Clips of one side and the seconds up to the end of each, to draw by. */
typedef struct row {
    size_t n, *clips; /* owned, as are the ends */
    double *ends;
} row;

struct library {
    clip *clips;
    size_t n, room;
    char *notes;
    size_t notes_size;
    FILE *notes_to; /* while opening */
    size_t unreadable;
    double hours, max_hours, table_rate;
    bool pauses;
    size_t left_out;
    /* While opening, when what goes in is looked at; NULL: it is not. */
    inspection *inspection;
    copies *copies;
    struct seen {
        char *name; /* owned */
        bool held_out;
    } * seen; /* [n_seen], in the order of copies_add */
    size_t n_seen;
    char *silent_test; /* a recording whose part for scoring is silent; owned */
    row rows[2];       /* of training, held out */
    pthread_mutex_t lock;
};

/* An empty library that takes notes; NULL when out of memory. */
library *library_empty(void);

/* Takes samples as a clip, less their mean. Silence is passed over. Errors: NO_MEM. */
SORDINO_NODISCARD sordino_status library_add_clip(library *l, const char *name, const float *x,
                                                  size_t n, double rate, bool held_out,
                                                  sordino_error *why);

/* Frees what was needed while opening. */
void library_stop_looking(library *l);

#endif
