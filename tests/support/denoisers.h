/* Denoisers of every kind for tests, and how they are fed. One channel. */
#ifndef SUPPORT_DENOISERS_H
#define SUPPORT_DENOISERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sordino/sordino.h>

/* One way of denoising, with the model it may need. */
typedef struct kind {
    const char *name;
    sordino_method method;
    uint32_t lag;
    const sordino_model *model;
    bool spectral;
} kind;

/* All kinds: wiener, kalman, kalman with a lag, predictor, then networks; from open_kinds on. */
enum { MAX_KINDS = 10 };
extern kind kinds[MAX_KINDS];
extern size_t n_kinds;

/* For cmocka, before and after a group of tests. */
int open_kinds(void **state);
int free_kinds(void **state);

sordino_config config_for(const kind *k, double rate, uint32_t channels);

/* Never NULL: fails the test instead. */
sordino_denoiser *make(const sordino_config *config, const sordino_model *model);

/* Feeds x in blocks of `block`, or of random sizes up to 700 when block is 0. */
void feed(sordino_denoiser *d, const float *x, float *y, size_t n, size_t block, uint64_t *random);

/* The whole of x through a new denoiser. */
void run_whole(const sordino_config *config, const sordino_model *model, const float *x, float *y,
               size_t n);

/* Sum of squares. */
double energy(const float *x, size_t n);

#endif
