/*
 * A microphone or loudspeaker that is not there, made for as long as sordino-live runs: by the
 * sound server, PulseAudio or PipeWire with its pulse server, which pactl is asked to.
 */
#ifndef STREAM_VIRTUAL_H
#define STREAM_VIRTUAL_H

#include <sordino/status.h>

typedef enum virtual_kind {
    VIRTUAL_NONE,
    VIRTUAL_MIC,    /* other programs hear what goes out: "Sordino microphone" */
    VIRTUAL_SPEAKER /* what other programs play comes in: "Sordino speaker" */
} virtual_kind;

enum { VIRTUAL_MODULES = 2 };

/* What the server was asked for. */
typedef struct virtual_device {
    virtual_kind kind;
    unsigned channels;
    int n;
    unsigned module[VIRTUAL_MODULES]; /* the server's numbers */
} virtual_device;

/* Makes the device, of floats at 48 kHz, or finds that this process has it already; what processes
 * left behind that are no more is taken away first. From then on PulseAudio's libraries in this
 * process have it on one side and the default device on the other (PULSE_SINK, PULSE_SOURCE): to be
 * called before PortAudio is started. Errors: NOT_FOUND (no pactl, no server); IO (the server
 * refuses, or another sordino-live has made it). */
SORDINO_NODISCARD sordino_status virtual_open(virtual_kind kind, unsigned channels,
                                              virtual_device *out, sordino_error *why);

/* Takes it away; what the server does not take away is told by the next start. */
void virtual_close(virtual_device *v);

#endif
