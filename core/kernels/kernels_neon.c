#include "core/kernels/vec_neon.h"

#define KERNELS_TABLE kernels_neon
#define KERNELS_NAME "neon"
#include "core/kernels/kernels_body.h"
