/* What is amiss with a recording, looked at before anything is trained with it. */
#ifndef DATA_INSPECT_H
#define DATA_INSPECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "trainer/data/sound_read.h"

typedef enum inspect_fault {
    INSPECT_SHORT,   /* below half a second, or a few hundred samples */
    INSPECT_SILENT,  /* nothing but (almost) zeros */
    INSPECT_OFFSET,  /* a level of its own, larger than the sound */
    INSPECT_CLIPPED, /* many samples stand at the peak, side by side */
    INSPECT_NUMBERS, /* samples that are no numbers */
    INSPECT_VOICE,   /* noise with a voice in it */
    INSPECT_NOISY,   /* a clean signal with noise in its pauses */
    INSPECT_COPY,    /* the same as another file, or nearly */
    INSPECT_LINK,    /* a link back to where the search has been */
    INSPECT_FAULTS
} inspect_fault;

/* Faults of many files, told kind by kind with the first few names. */
typedef struct inspection inspection;

/* NULL when out of memory. `clean`: the recordings are clean signals, else noise. */
inspection *inspection_new(bool clean);
void inspection_free(inspection *l);

/* Looks at a sound, called `name`. False when out of memory. */
bool inspection_look(inspection *l, const char *name, const sound *s);

/* Takes note of a fault that others have found; `detail` may be NULL. */
void inspection_note(inspection *l, inspect_fault fault, const char *name, const char *detail);

/* The summary of what was looked at, a line, and a line for each kind of fault. */
void inspection_tell(const inspection *l, const char *path, FILE *to);

#endif
