/*
 * A run's state in a file: named vectors and numbers, in the container of models (safetensors, kind
 * "checkpoint"), written beside its name and renamed, so that the file is always a whole one.
 */
#ifndef RUN_CHECKPOINT_H
#define RUN_CHECKPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sordino/status.h>

typedef struct checkpoint_vector {
    const char *name;
    float *values; /* [n] */
    size_t n;
} checkpoint_vector;

typedef struct checkpoint_number {
    const char *name;
    double *value; /* kept exactly; whole numbers up to 2^53 */
    bool optional; /* older files may lack it: then the value stays */
} checkpoint_number;

typedef struct checkpoint_text {
    const char *name;
    const char *value; /* when reading: what the file must say, or it is refused */
    bool free;         /* it may say anything: to be read by checkpoint_read_text */
} checkpoint_text;

typedef struct checkpoint {
    const checkpoint_vector *vectors;
    size_t n_vectors;
    const checkpoint_number *numbers;
    size_t n_numbers;
    const checkpoint_text *texts;
    size_t n_texts;
} checkpoint;

/* Errors: NO_MEM, NOT_FOUND (no such folder), IO (a full disk among them). An older file is then
 * still there, whole. */
SORDINO_NODISCARD sordino_status checkpoint_write(const char *path, const checkpoint *c,
                                                  sordino_error *why);

/* Fills vectors and numbers; after an error they may hold some of the file's. Errors: NOT_FOUND,
 * IO, BAD_MODEL (damaged, or of another run: a text or a length differs), UNSUPPORTED (no
 * checkpoint, or of a newer format), NO_MEM. */
SORDINO_NODISCARD sordino_status checkpoint_read(const char *path, const checkpoint *c,
                                                 sordino_error *why);

/* One text of a checkpoint, for the caller to free; NULL in `*out` where the file has none of that
 * name. Errors: as checkpoint_read. */
SORDINO_NODISCARD sordino_status checkpoint_read_text(const char *path, const char *name,
                                                      char **out, sordino_error *why);

#endif
