#ifndef DATA_ESPEAK_H
#define DATA_ESPEAK_H
#include <stdbool.h>
#include <sordino/status.h>
#include "trainer/random.h"
sordino_status espeak_check(sordino_error *why);
bool espeak_draw(rng *r, double rate, float *out, size_t n);
#endif
