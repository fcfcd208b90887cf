/* Small models made by hand, for tests of what stands round the network. */
#ifndef SUPPORT_MODELS_H
#define SUPPORT_MODELS_H

#include <stdint.h>

#include <sordino/model.h>

/* A band model, 20/10 ms, 32 bands, all features, 2 taps on 16 bins: two dilated convolutions with
 * random weights of standard deviation `spread`. */
sordino_model *test_model_bands(uint64_t seed, double spread);

/* A band model whose gains are 1 and whose taps are 0 whatever it hears. */
sordino_model *test_model_open_gains(void);

/* A waveform model of `hop` samples a frame and `lag`: y(t) = x(t - lag) + what random weights of
 * standard deviation `spread` add. With spread 0 it is a plain delay. */
sordino_model *test_model_wave(uint32_t hop, uint32_t lag, uint64_t seed, double spread);

#endif
