/* The two kinds of front end behind front.h, and what they share. */
#ifndef FRONT_FRONT_INTERNAL_H
#define FRONT_FRONT_INTERNAL_H

#include <stdbool.h>

#include "trainer/front/front.h"

typedef struct front_kind_ops {
    void (*free)(train_front *f);
    sordino_status (*load)(train_front *f, const mix_example *e, float *input, size_t row,
                           sordino_error *why);
    double (*loss)(train_front *f, const float *output, size_t row, float scale, float *d_output);
    const float *(*estimate)(train_front *f, const float *output, size_t row, size_t *n);
} front_kind_ops;

/* Both kinds begin with this. */
struct train_front {
    const front_kind_ops *kind;
};

/* The losses of samples, added up by their weights. */
typedef struct sample_cost {
    cost_spec spec;
    bool any;
    float *part; /* [max_samples], owned */
    loss_stft *multi;
} sample_cost;

bool sample_cost_new(sample_cost *c, const cost_spec *spec, size_t max_samples);
void sample_cost_free(sample_cost *c);
/* `d_y` [n] is written: the derivative times `scale`. */
double sample_cost_run(sample_cost *c, const float *y, const float *s, size_t n, float scale,
                       float *d_y);

sordino_status front_bands_new(const front_spec *spec, const cost_spec *cost, size_t max_samples,
                               train_front **out, sordino_error *why);
sordino_status front_samples_new(const front_spec *spec, const cost_spec *cost, size_t max_samples,
                                 train_front **out, sordino_error *why);

#endif
