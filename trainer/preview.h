/* Examples of what the generators make, to listen to and to look at. */
#ifndef TRAINER_PREVIEW_H
#define TRAINER_PREVIEW_H

#include <stdint.h>

#include <sordino/status.h>

/*
 * Writes `count` examples (1..99) of each kind to DIR/KIND-1.wav, DIR/KIND-2.wav ... (32-bit float,
 * in the kind's unit), and a picture of the first few to DIR/KIND.png; what is there is replaced.
 * `kinds` names kinds separated by commas, "signals" for all clean ones, "noises" for all noise;
 * NULL or "" for everything. `seconds` is the length (0..600]; of sensor kinds at least 3000
 * samples are made. `rate` is that of audio kinds, 8000..192000 Hz; the others have their own.
 * Example i of a kind depends on the seed, the kind's name and i alone. The folder is made when it
 * is not there. Errors: BAD_ARG, IO, NO_MEM.
 */
SORDINO_NODISCARD sordino_status preview_run(const char *kinds, uint32_t count, double seconds,
                                             double rate, uint64_t seed, const char *dir,
                                             sordino_error *why);

#endif
