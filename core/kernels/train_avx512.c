#include "core/kernels/train_kernels.h"

#include "core/kernels/vec_avx512.h"

#define TRAIN_TABLE train_kernels_avx512
#define TRAIN_NAME "avx512"
#include "core/kernels/train_body.h"
