#include "core/kernels/train_kernels.h"

#include "core/kernels/vec_neon.h"

#define TRAIN_TABLE train_kernels_neon
#define TRAIN_NAME "neon"
#include "core/kernels/train_body.h"
