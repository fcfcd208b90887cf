#include "core/kernels/train_kernels.h"

#include "core/kernels/vec_avx2.h"

#define TRAIN_TABLE train_kernels_avx2
#define TRAIN_NAME "avx2"
#include "core/kernels/train_body.h"
