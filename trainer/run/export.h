/* What a run leaves behind besides the model (train_export in train.h). */
#ifndef RUN_EXPORT_H
#define RUN_EXPORT_H

#include <stdio.h>

#include "trainer/run/train.h"

/* The model's card as Markdown: what it is, how it scores beside the baselines, what it was trained
 * on, and how to make it again. */
void train_card(const train *t, const char *command, FILE *to);

#endif
