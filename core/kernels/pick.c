#include "core/kernels/kernels.h"

#include "core/base/cpu.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

size_t kernels_list(const kernels *out[KERNELS_MAX_TABLES])
{
    size_t n = 0;
#ifdef KERNELS_HAVE_AVX512
    if (cpu_has_avx512())
        out[n++] = &kernels_avx512;
#endif
#ifdef KERNELS_HAVE_AVX2
    if (cpu_has_avx2_fma())
        out[n++] = &kernels_avx2;
#endif
#ifdef KERNELS_HAVE_NEON
    if (cpu_has_neon())
        out[n++] = &kernels_neon;
#endif
    out[n++] = &kernels_c;
    return n;
}

const kernels *kernels_by_name(const char *name)
{
    const kernels *tables[KERNELS_MAX_TABLES];
    const size_t n = kernels_list(tables);
    for (size_t i = 0; i < n; i++)
        if (strcmp(tables[i]->name, name) == 0)
            return tables[i];
    return NULL;
}

static const char *asked_for(void)
{
    const char *const name = getenv("SORDINO_KERNELS");
    return name && name[0] != '\0' ? name : NULL;
}

const char *kernels_refused(void)
{
    const char *const name = asked_for();
    return name && !kernels_by_name(name) ? name : NULL;
}

const kernels *kernels_pick(void)
{
    /* Two threads that come first together find the same. */
    static _Atomic(const kernels *) picked;
    const kernels *table = atomic_load(&picked);
    if (!table) {
        const char *const name = asked_for();
        const kernels *tables[KERNELS_MAX_TABLES];
        kernels_list(tables);
        table = name ? kernels_by_name(name) : NULL;
        if (!table)
            table = tables[0];
        atomic_store(&picked, table);
    }
    return table;
}

void kernels_conv_pack(uint32_t in, uint32_t out, uint32_t n_taps, const kreal *w, size_t o_stride,
                       size_t i_stride, size_t tap_stride, kreal *packed)
{
    const size_t padded = kernels_pad(out), panel = (size_t)kernels_panel(out) * KERNELS_PAD;
    for (size_t first = 0; first < padded; first += panel) {
        const size_t width = padded - first < panel ? padded - first : panel;
        kreal *const to = packed + first * in * n_taps;
        for (size_t tap = 0; tap < n_taps; tap++)
            for (size_t i = 0; i < in; i++)
                for (size_t o = first; o < first + width && o < out; o++)
                    to[(tap * in + i) * width + o - first] =
                        w[o * o_stride + i * i_stride + tap * tap_stride];
    }
}
