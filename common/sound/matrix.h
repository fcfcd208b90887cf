/* MATLAB's files, which libsndfile takes for sound at 44.1 kHz whatever is in them. */
#ifndef COMMON_SOUND_MATRIX_H
#define COMMON_SOUND_MATRIX_H

#include <stdbool.h>

/* Why a file cannot be sound, for a message. Static. */
extern const char matrix_message[];

/* True when the file is one of MATLAB 5 to 7 that does not hold the two variables, samplerate and
 * wavedata, by which libsndfile keeps sound in them. False also when it cannot be read. */
bool matrix_is_no_sound(const char *path);

#endif
