/*
 * A model: a network, its weights and the front end it was trained for, read from a safetensors
 * file (models/FORMAT.md). Immutable once opened; any number of denoisers and threads may share it.
 */
#ifndef SORDINO_MODEL_H
#define SORDINO_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sordino/status.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sordino_model sordino_model;

/* Opens a model from `size` bytes of a safetensors file. Copies what it keeps: the bytes may be
 * freed at once. `*out` is owned by the caller, NULL on failure.
 * Errors: NO_MEM, BAD_MODEL (damaged, over a limit), UNSUPPORTED (newer format, unknown op). */
SORDINO_API SORDINO_NODISCARD sordino_status sordino_model_open_bytes(const void *bytes,
                                                                      size_t size,
                                                                      sordino_model **out,
                                                                      sordino_error *why);

/* Opens a model from a file; as above, and IO or NOT_FOUND. */
SORDINO_API SORDINO_NODISCARD sordino_status sordino_model_open_path(const char *path,
                                                                     sordino_model **out,
                                                                     sordino_error *why);

/* Opens a model that is part of this library, by name. Errors: NO_MEM; NOT_FOUND. */
SORDINO_API SORDINO_NODISCARD sordino_status sordino_model_open_builtin(const char *name,
                                                                        sordino_model **out,
                                                                        sordino_error *why);

/* The models that are part of this library, i = 0, 1 ...: a name to open one by, what it is for in
 * a few words, and the bytes of its safetensors file, `*size` of them. NULL, and a size of 0,
 * past the last one; there may be none. `size` may be NULL. All of it is static and read-only. */
SORDINO_API const char *sordino_builtin_name(size_t i);
SORDINO_API const char *sordino_builtin_description(size_t i);
SORDINO_API const void *sordino_builtin_bytes(size_t i, size_t *size);

/* Releases a model that no denoiser uses any more. NULL is ignored. */
SORDINO_API void sordino_model_free(sordino_model *model);

/* What a model says of itself. Strings are borrowed until sordino_model_free; "" when not given. */
SORDINO_API const char *sordino_model_name(const sordino_model *model);
SORDINO_API const char *sordino_model_licence(const sordino_model *model);

/* The value of a metadata key ("sordino.seed", "sordino.scores" ...), or NULL. Borrowed. */
SORDINO_API const char *sordino_model_metadata(const sordino_model *model, const char *key);

/* 16 hexadecimal digits over the whole file (FNV-1a, 64 bit): finds the same model again. */
SORDINO_API const char *sordino_model_hash(const sordino_model *model);

/* Number of weights. */
SORDINO_API size_t sordino_model_parameters(const sordino_model *model);

/* True for a band model on the STFT (audio), false for a waveform model (sensors). */
SORDINO_API bool sordino_model_is_stft(const sordino_model *model);

/* The rate in Hz a waveform model was trained at, or 0 when it serves any rate. */
SORDINO_API double sordino_model_rate(const sordino_model *model);

/* Latency in samples at a rate in Hz, as a denoiser made from it would report. */
SORDINO_API uint32_t sordino_model_latency(const sordino_model *model, double rate);

#ifdef __cplusplus
}
#endif
#endif
