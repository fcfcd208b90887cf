#include "tests/support/net.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void fill_param(uint64_t *state, const graph_param *p, float *to, size_t n)
{
    const char *const suffix = strrchr(p->name, '.') + 1;
    double scale = 0.2, offset = 0;
    if (strcmp(suffix, "running_var") == 0 || (strcmp(suffix, "weight") == 0 && p->n_dims == 1)) {
        scale = 0.5;
        offset = 1;
    } else if (p->n_dims > 1) {
        scale = 1.5 / sqrt((double)(n / p->dims[0]));
    }
    for (size_t i = 0; i < n; i++)
        to[i] = (float)(offset + scale * net_random(state));
}

tensor_set *net_random_weights(const graph *g, uint64_t *state)
{
    tensor_set *const set = tensor_set_new();
    for (size_t i = 0; set && i < graph_size(g); i++) {
        graph_param params[8];
        const size_t n_params = graph_params(g, i, params, 8);
        for (size_t k = 0; k < n_params; k++) {
            size_t n = 1;
            for (uint32_t d = 0; d < params[k].n_dims; d++)
                n *= params[k].dims[d];
            float *const data = malloc(n * sizeof *data);
            if (data)
                fill_param(state, &params[k], data, n);
            const sordino_status status =
                data ? tensor_set_add(set, params[k].name, params[k].n_dims, params[k].dims, data,
                                      NULL)
                     : SORDINO_NO_MEM;
            free(data);
            if (status != SORDINO_OK) {
                tensor_set_free(set);
                return NULL;
            }
        }
    }
    return set;
}
