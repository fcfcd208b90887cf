#ifndef DATA_NOISE_CUT_H
#define DATA_NOISE_CUT_H
#include <stdio.h>
#include "trainer/data/library.h"
sordino_status noise_cut_open(const char *path, const char *passage, double held_out, FILE *notes,
                              library **out, sordino_error *why);
#endif
