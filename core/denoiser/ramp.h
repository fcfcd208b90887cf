/* A control that glides: after a change it moves in a straight line to its target in a fixed number
 * of samples, so that neither its path nor its end depends on block sizes. */
#ifndef DENOISER_RAMP_H
#define DENOISER_RAMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sordino/attributes.h>

typedef struct ramp {
    float value, target, step;
    uint32_t left; /* samples to go; 0: value == target */
} ramp;

static inline void ramp_jump(ramp *r, float target)
{
    *r = (ramp){.value = target, .target = target, .step = 0.0f, .left = 0};
}

/* Starts a glide of `length` samples (>= 1) from where the value is now. */
static inline void ramp_to(ramp *r, float target, uint32_t length)
{
    if (target == r->target)
        return;
    r->target = target;
    r->left = length;
    r->step = (target - r->value) / (float)length;
}

/* One sample further. */
static inline float ramp_next(ramp *r)
{
    if (r->left > 0) {
        r->left--;
        r->value = r->left == 0 ? r->target : r->value + r->step;
    }
    return r->value;
}

#endif
