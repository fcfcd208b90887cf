/*
 * The latency of our ports at a JACK server, so that whoever records beside us can line up what
 * they hear. PortAudio owns the JACK client and has no call for it: its libjack is met half-way,
 * by a jack_activate of our own that gives the client a latency callback first.
 */
#ifndef STREAM_JACK_LATENCY_H
#define STREAM_JACK_LATENCY_H

#include <stdint.h>

/* From now on our outputs are `samples` later than our inputs; the server works out everybody's
 * latency again. Nothing happens without a JACK client. Not by the audio thread. */
void jack_latency_set(uint32_t samples);

/* Before PortAudio ends, and its client with it. */
void jack_latency_forget(void);

#endif
