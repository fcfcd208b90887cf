#include "trainer/signals/speech_room.h"

#include <math.h>
#include <stdlib.h>

enum { LINES = 4 };

typedef struct line {
    float *past;
    size_t length, at;
    float gain, damping, low;
} line;

/* One sample of every line into the other three: a Householder matrix keeps the energy. */
static float turn(line lines[LINES], float in)
{
    float out[LINES], sum = 0;
    for (int k = 0; k < LINES; k++) {
        line *const l = &lines[k];
        l->low += l->damping * (l->past[l->at] - l->low);
        out[k] = l->gain * l->low;
        sum += out[k];
    }
    for (int k = 0; k < LINES; k++) {
        line *const l = &lines[k];
        l->past[l->at] = out[k] - 0.5f * sum + in;
        l->at = l->at + 1 == l->length ? 0 : l->at + 1;
    }
    return out[0] - out[1] + out[2] - out[3];
}

bool speech_room_add(float *x, size_t n, double rate, rng *r)
{
    static const double usual[LINES] = {0.0059, 0.0083, 0.0113, 0.0149}; /* seconds */
    const double pi = 3.14159265358979323846;
    const double size = rng_log_range(r, 0.5, 1.8), decay = rng_log_range(r, 0.08, 0.4);
    const double cut = rng_log_range(r, 2500, 9000);
    const float wet = (float)pow(10, rng_range(r, -34, -12) / 20);
    line lines[LINES] = {{0}};
    bool ok = true;
    for (int k = 0; k < LINES; k++) {
        const double seconds = usual[k] * size * rng_range(r, 0.9, 1.1);
        lines[k].length = (size_t)(seconds * rate) + 1;
        lines[k].past = calloc(lines[k].length, sizeof(float));
        lines[k].gain = (float)pow(10, -3 * seconds / decay);
        lines[k].damping = (float)(1 - exp(-2 * pi * cut / rate));
        ok = ok && lines[k].past;
    }
    for (size_t i = 0; ok && i < n; i++)
        x[i] += wet * turn(lines, x[i]);
    for (int k = 0; k < LINES; k++)
        free(lines[k].past);
    return ok;
}
