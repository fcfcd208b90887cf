/* Draws the spectra that plot_store.h keeps. */
#ifndef PLOT_PLOT_SPECTROGRAM_H
#define PLOT_PLOT_SPECTROGRAM_H

#include "common/plot/plot_draw.h"
#include "common/plot/plot_store.h"

static const double spectrogram_depth_db = 90; /* of the colour scale */

/* Turns the power of both signals into decibels, not below the colour scale, and returns the upper
 * end of the scale. Once, after audio_finish. */
double spectrogram_to_decibels(audio *a);

/* Fills `r` with signal `s` (0 or 1); the scale ends at `high_db`. */
void spectrogram_draw(cairo_t *cr, rect r, const audio *a, int s, double high_db);

#endif
