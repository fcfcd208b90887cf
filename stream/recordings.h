/* What is recorded while it sounds: what options ask for, from the first frame on, and what a key
 * begins and ends. Whatever happens is told on the screen. One thread, not the audio thread. */
#ifndef STREAM_RECORDINGS_H
#define STREAM_RECORDINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "stream/audio_pa.h"
#include "stream/engine.h"
#include "stream/options.h"
#include "stream/record.h"

typedef struct recordings {
    const live_options *o;   /* borrowed */
    record *raw, *clean;     /* NULL = not recorded */
    bool running, by_option; /* by_option: not by a key */
    bool failed;             /* one could not be written; told */
    bool wanted;             /* by options, as soon as a device is open */
    unsigned n_files;        /* of each kind that options asked for, begun so far */
} recordings;

void recordings_init(recordings *r, const live_options *o, unsigned n_files);

/* What --record-raw, --record-clean and --output-file ask for, where it is wanted: before the
 * device begins. False where it could not begin, and nothing is left behind. */
bool recordings_begin(recordings *r, engine *e, const audio_plan *plan);

/* By a key: begins to record into files named by the time, or ends. `e` may be NULL. */
void recordings_toggle(recordings *r, engine *e, const audio_plan *plan);

/* Writes what waits and closes the files. The callback may run, or hang; `e` may be NULL. */
void recordings_stop(recordings *r, engine *e);

/* The same, for an engine that is left: what options asked for goes on in files of another number.
 */
void recordings_interrupt(recordings *r, engine *e);

/* Of what could not begin nothing is left behind. No callback runs. `e` may be NULL. */
void recordings_discard(recordings *r, engine *e);

/* Now and then: tells of a file that cannot be written any more. False where that leaves nothing to
 * go on for, as the file is the only output. */
bool recordings_check(recordings *r);

/* Frames that a slow disk lost, and that were written, of the first file there is. */
uint64_t recordings_lost(const recordings *r);
uint64_t recordings_written(const recordings *r);

#endif
