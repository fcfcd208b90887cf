/* Where models are found: by path, or by name in the folders models are kept in. */
#ifndef COMMON_MODELS_H
#define COMMON_MODELS_H

#include <stdbool.h>
#include <stdio.h>

#include <sordino/sordino.h>

/* True for "wiener", "kalman" and "predictor", which need no file. */
bool models_is_method(const char *name);

/* Opens a model given by its path (with a slash, or ending in .safetensors) or by its name, looked
 * for as NAME.safetensors in the folders of model_folders.h and last among the models that are part
 * of the library.
 * Errors: those of sordino_model_open_path; NOT_FOUND. */
SORDINO_NODISCARD sordino_status models_open(const char *name, sordino_model **out,
                                             sordino_error *why);

/* The library's own model for sound; NULL, and OK, when it has none. Errors: NO_MEM, BAD_MODEL,
 * UNSUPPORTED. */
SORDINO_NODISCARD sordino_status models_open_speech(sordino_model **out, sordino_error *why);

/* Prints a line for each method and model that is built in, then for each model found. */
void models_list(FILE *to);

#endif
