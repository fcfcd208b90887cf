/* Where sound comes from and goes to, as options say or, where they do not, as the user says. */
#ifndef STREAM_ROUTE_H
#define STREAM_ROUTE_H

#include <stdbool.h>

#include "stream/audio_pa.h"
#include "stream/options.h"
#include "stream/virtual.h"

/* Fills what options leave open. Where no output is named, so that a microphone would come to be
 * heard from the loudspeaker beside it, asks on the terminal where `can_ask`; else refuses, and
 * tells so. False: not to begin. */
bool route_choose(const live_options *o, bool can_ask, audio_request *request, virtual_kind *kind);

/* Tells where a virtual device is found. */
void route_tell(virtual_kind kind);

#endif
