#include "core/kernels/vec_avx2.h"

#define KERNELS_TABLE kernels_avx2
#define KERNELS_NAME "avx2"
#include "core/kernels/kernels_body.h"
