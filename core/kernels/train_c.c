#include "core/kernels/train_kernels.h"

#include "core/kernels/vec_c.h"

#define TRAIN_TABLE train_kernels_c
#define TRAIN_NAME "c"
#include "core/kernels/train_body.h"
