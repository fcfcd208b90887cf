/*
 * The safetensors container: 8 bytes of little-endian header length, a JSON header, raw tensors.
 * Models and noise profiles are both kept in it; models/FORMAT.md says how.
 */
#ifndef MODEL_SAFETENSORS_H
#define MODEL_SAFETENSORS_H

#include <stddef.h>
#include <stdint.h>

#include <sordino/status.h>

#include "core/graph/tensors.h"

enum {
    SAFETENSORS_MAX_HEADER = 16 << 20, /* bytes */
    SAFETENSORS_MAX_TENSORS = 8192,
    SAFETENSORS_MAX_METADATA = 256,    /* entries */
    SAFETENSORS_MAX_VALUES = 64 << 20, /* in all tensors together */
    SAFETENSORS_FORMAT_MAJOR = 1,
    SAFETENSORS_FORMAT_MINOR = 1
};

/* The longest file that can be within the limits. */
#define SAFETENSORS_MAX_BYTES                                                                      \
    ((size_t)8 + SAFETENSORS_MAX_HEADER + sizeof(float) * (size_t)SAFETENSORS_MAX_VALUES)

typedef struct metadata_entry {
    char *key, *value; /* UTF-8, NUL-terminated, owned */
} metadata_entry;

typedef enum safetensors_type {
    SAFETENSORS_F32,
    SAFETENSORS_F16,
    SAFETENSORS_BF16
} safetensors_type;

typedef struct safetensors_entry {
    char name[TENSOR_MAX_NAME];
    safetensors_type type;
    uint32_t n_dims; /* 1..TENSOR_MAX_DIMS */
    uint32_t dims[TENSOR_MAX_DIMS];
    size_t n_values;
    size_t begin, end;         /* bytes from the start of the tensor data */
    const unsigned char *data; /* borrowed from the bytes that were read */
} safetensors_entry;

/* A container taken apart; the tensor data stay in the caller's bytes. */
typedef struct safetensors {
    size_t n;
    safetensors_entry *entries; /* by name */
    size_t n_metadata;
    metadata_entry *metadata; /* by key */
    unsigned minor;           /* of sordino.format, whose major is SAFETENSORS_FORMAT_MAJOR */
} safetensors;

/* Takes a file apart and checks everything that does not depend on what it is for: header, names,
 * types, shapes, that the tensors cover the data exactly, the CRC when one is given, the format
 * version, and that sordino.kind is `kind`. `bytes` is borrowed until safetensors_free.
 * Errors: NO_MEM, BAD_MODEL, UNSUPPORTED (newer major, other kind, unknown type). */
SORDINO_NODISCARD sordino_status safetensors_read(const void *bytes, size_t size, const char *kind,
                                                  safetensors **out, sordino_error *why);
/* The same for bytes that are part of the program and were compared with their CRC when it was
 * built. */
SORDINO_NODISCARD sordino_status safetensors_read_builtin(const void *bytes, size_t size,
                                                          const char *kind, safetensors **out,
                                                          sordino_error *why);
void safetensors_free(safetensors *s);

/* The value of a metadata key, or NULL. Borrowed. */
const char *safetensors_metadata(const metadata_entry *metadata, size_t n, const char *key);

/* Converts a tensor's values to `out` [n_values]. Errors: BAD_MODEL (not finite). */
SORDINO_NODISCARD sordino_status safetensors_values(const safetensors_entry *e, float *out,
                                                    sordino_error *why);

/* A tensor's values where they lie, all finite; NULL where they must be converted or are not. */
const float *safetensors_in_place(const safetensors_entry *e);

/* Writes tensors and metadata as a file in canonical form: metadata by key, tensors by name, both
 * in byte order, no spaces but those that pad the header to 8 bytes. sordino.crc32 is added, or
 * replaced. `metadata` need not be sorted; equal keys are BAD_ARG. `*out_bytes` is released with
 * free(). Errors: NO_MEM, BAD_ARG (over a limit). */
SORDINO_NODISCARD sordino_status safetensors_write(const tensor *tensors, size_t n_tensors,
                                                   const metadata_entry *metadata,
                                                   size_t n_metadata, void **out_bytes,
                                                   size_t *out_size, sordino_error *why);

/* Releases `n` entries and the array. */
void safetensors_metadata_free(metadata_entry *metadata, size_t n);

#endif
