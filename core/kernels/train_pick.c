#include "core/kernels/train_kernels.h"

#include <string.h>

const train_kernels *train_kernels_of(const kernels *k)
{
    static const train_kernels *const tables[] = {
#ifdef KERNELS_HAVE_AVX512
        &train_kernels_avx512,
#endif
#ifdef KERNELS_HAVE_AVX2
        &train_kernels_avx2,
#endif
#ifdef KERNELS_HAVE_NEON
        &train_kernels_neon,
#endif
        &train_kernels_c,
    };
    size_t i = 0;
    while (tables[i] != &train_kernels_c && strcmp(tables[i]->name, k->name) != 0)
        i++;
    return tables[i];
}
