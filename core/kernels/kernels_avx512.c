#include "core/kernels/vec_avx512.h"

#define KERNELS_TABLE kernels_avx512
#define KERNELS_NAME "avx512"
#include "core/kernels/kernels_body.h"
