/* Pictures of single passages. */
#ifndef TRAINER_PREVIEW_DRAW_H
#define TRAINER_PREVIEW_DRAW_H

#include <stddef.h>

#include <sordino/status.h>

enum { PREVIEW_MOST = 3 }; /* passages in one picture */

typedef struct preview_picture {
    const char *name, *what; /* the heading */
    const char *unit;        /* of the samples; for sensor traces the axis */
    double rate;             /* Hz */
    const float *passages[PREVIEW_MOST];
    size_t count, n; /* passages >= 1, samples of each >= 1 */
} preview_picture;

/* Audio: the waves of the first two passages, each above its spectrogram. Errors: NO_MEM, IO. */
SORDINO_NODISCARD sordino_status preview_draw_audio(const preview_picture *p, const char *path,
                                                    sordino_error *why);

/* Sensors: the traces, below each other. Errors: NO_MEM, IO. */
SORDINO_NODISCARD sordino_status preview_draw_sensor(const preview_picture *p, const char *path,
                                                     sordino_error *why);

#endif
