/* Tables of numbers as recordings: the columns are channels, the time column gives the rate. */
#ifndef DATA_TABLE_READ_H
#define DATA_TABLE_READ_H

#include <stdbool.h>

#include "trainer/data/sound_read.h"

/* By its ending: .csv, .tsv or .txt, as sordino has it. */
bool table_is_named(const char *path);

/* The rate alone, in Hz; 0 when the table has no times, or is none. */
double table_rate(const char *path);

/* Reads all rows; of gaps the value before is repeated, and they are counted in not_finite. Units
 * may be of any size, so that values are scaled to a peak of 0.5 over all channels. `rate` in Hz
 * serves tables without times; 0: none is known.
 * Errors: IO (unreadable, no rows), UNSUPPORTED (no table of numbers), BAD_ARG (no rate, or below
 * 1 Hz), NO_MEM. */
SORDINO_NODISCARD sordino_status table_read_sound(const char *path, double rate, sound *out,
                                                  sordino_error *why);

#endif
