/* A session of sordino-live: device, engine, recordings and screen, until it is told to end. */
#ifndef STREAM_SESSION_H
#define STREAM_SESSION_H

#include "stream/options.h"

/* Returns the exit status. */
int session_run(const live_options *o);

#endif
