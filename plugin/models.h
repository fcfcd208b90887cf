/*
 * Models as instances share them: each is opened once in a process, however many instances play it.
 * Nothing here is for the audio thread.
 */
#ifndef PLUGIN_MODELS_H
#define PLUGIN_MODELS_H

#include <sordino/sordino.h>

/* The library's own model for sound. `*out` is NULL, with OK, when it has none. Errors: NO_MEM,
 * BAD_MODEL, UNSUPPORTED. Released with models_release. */
SORDINO_NODISCARD sordino_status models_acquire_own(const sordino_model **out, sordino_error *why);

/* A model from a file. Errors: those of sordino_model_open_path. Released with models_release. */
SORDINO_NODISCARD sordino_status models_acquire_path(const char *path, const sordino_model **out,
                                                     sordino_error *why);

/* Gives a model back; it is freed when no instance has it any more. NULL is ignored. */
void models_release(const sordino_model *model);

#endif
