/* A model made ready for one plugin instance: made and freed off the audio thread. */
#ifndef PLUGIN_NETWORK_H
#define PLUGIN_NETWORK_H

#include <stdint.h>

#include <sordino/sordino.h>

#include "common/processor.h"

typedef struct network network;

/* `model` comes from models.h and is released by network_free, or here on failure. `path` says
 * where it is from, "" for the library's own; copied. Errors: those of sordino_denoiser_new;
 * UNSUPPORTED where it is too slow for the rate. */
SORDINO_NODISCARD sordino_status network_new(const sordino_model *model, const char *path,
                                             double rate, uint32_t channels, network **out,
                                             sordino_error *why);
void network_free(network *n);

/* Borrowed until network_free. */
const char *network_path(const network *n) SORDINO_RT;
const sordino_model *network_model(const network *n) SORDINO_RT;

/* Samples of delay it needs. */
uint32_t network_latency(const network *n) SORDINO_RT;

/* What runs it, and where a list of networks goes on; both borrowed. */
processor *network_processor(network *n) SORDINO_RT;
network **network_next(network *n) SORDINO_RT;

#endif
