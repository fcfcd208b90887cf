/* Configurations that users begin with: PipeWire's virtual microphone, systemd's unit. */
#ifndef STREAM_PRINT_CONF_H
#define STREAM_PRINT_CONF_H

#include <stdio.h>

#include "stream/options.h"

/* PipeWire's filter-chain with the plugin urn:sordino:mono. `to` is written to; no errors but its
 * own. */
void print_pipewire(const live_options *o, FILE *to);

/* A unit of the user's systemd. */
void print_systemd(const live_options *o, FILE *to);

#endif
