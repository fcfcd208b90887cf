/* Named weight tensors: what a model file holds and a plan packs. */
#ifndef GRAPH_TENSORS_H
#define GRAPH_TENSORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sordino/status.h>

enum { TENSOR_MAX_DIMS = 4, TENSOR_MAX_NAME = 96 };

/* One tensor, row-major (C order), in PyTorch's layout for its op (see core/ops). */
typedef struct tensor {
    char name[TENSOR_MAX_NAME]; /* "node.weight" and so on, NUL-terminated */
    uint32_t n_dims;            /* 1..TENSOR_MAX_DIMS */
    uint32_t dims[TENSOR_MAX_DIMS];
    float *data;      /* owned by the set */
    bool is_borrowed; /* not owned, and not to be written to */
} tensor;

/* Sorted by name. */
typedef struct tensor_set {
    size_t n;
    tensor *items;
} tensor_set;

/* An empty set; NULL when out of memory. */
tensor_set *tensor_set_new(void);
void tensor_set_free(tensor_set *set);

/* Adds a copy. Errors: NO_MEM; BAD_ARG (name empty, too long or taken; a dim of 0; overflow). */
SORDINO_NODISCARD sordino_status tensor_set_add(tensor_set *set, const char *name, uint32_t n_dims,
                                                const uint32_t *dims, const float *data,
                                                sordino_error *why);

/* The same with the caller's data, which is borrowed until the set is freed. */
SORDINO_NODISCARD sordino_status tensor_set_add_borrowed(tensor_set *set, const char *name,
                                                         uint32_t n_dims, const uint32_t *dims,
                                                         const float *data, sordino_error *why);

/* Finds by name (binary search); NULL when absent. Borrowed from the set. */
const tensor *tensor_set_find(const tensor_set *set, const char *name);

/* Product of the dims. */
size_t tensor_size(const tensor *t);

#endif
