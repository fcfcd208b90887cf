/* A session of sordino-live: device, engine, recordings and screen, until it is told to end. */
#ifndef STREAM_LIVE_H
#define STREAM_LIVE_H

#include "stream/options.h"

/* Returns the exit status. */
int live_run(const live_options *o);

#endif
