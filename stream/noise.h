/* --record-noise: a room's or a machine's noise into a file, and whether it is noise alone. */
#ifndef STREAM_NOISE_H
#define STREAM_NOISE_H

#include "stream/options.h"

/* Returns the exit status. */
int noise_record(const live_options *o);

#endif
