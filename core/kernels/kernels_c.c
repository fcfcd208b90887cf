/* The table for every machine. */
#include "core/kernels/vec_c.h"

#define KERNELS_TABLE kernels_c
#define KERNELS_NAME "c"
#include "core/kernels/kernels_body.h"
