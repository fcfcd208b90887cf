#include "core/graph/tensors.h"

#include "core/base/error.h"

#include <stdlib.h>
#include <string.h>

tensor_set *tensor_set_new(void)
{
    return calloc(1, sizeof(tensor_set));
}

void tensor_set_free(tensor_set *set)
{
    if (!set)
        return;
    for (size_t i = 0; i < set->n; i++)
        if (!set->items[i].is_borrowed)
            free(set->items[i].data);
    free(set->items);
    free(set);
}

/* The first index whose name is not below `name`. */
static size_t lower_bound(const tensor_set *set, const char *name)
{
    size_t low = 0;
    size_t high = set->n;
    while (low < high) {
        const size_t mid = low + (high - low) / 2;
        if (strcmp(set->items[mid].name, name) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

const tensor *tensor_set_find(const tensor_set *set, const char *name)
{
    if (!set || !name)
        return NULL;
    const size_t i = lower_bound(set, name);
    return i < set->n && strcmp(set->items[i].name, name) == 0 ? &set->items[i] : NULL;
}

size_t tensor_size(const tensor *t)
{
    size_t size = 1;
    for (uint32_t d = 0; d < t->n_dims; d++)
        size *= t->dims[d];
    return size;
}

/* The number of floats, or 0 when a dim is 0 or the bytes do not fit in memory. */
static size_t checked_size(uint32_t n_dims, const uint32_t *dims)
{
    size_t size = 1;
    for (uint32_t d = 0; d < n_dims; d++) {
        if (dims[d] == 0 || size > PTRDIFF_MAX / sizeof(float) / dims[d])
            return 0;
        size *= dims[d];
    }
    return size;
}

/* Opens a gap at `at`, so that the set stays sorted. */
static bool make_room(tensor_set *set, size_t at)
{
    tensor *items = realloc(set->items, (set->n + 1) * sizeof *items);
    if (!items)
        return false;
    set->items = items;
    memmove(items + at + 1, items + at, (set->n - at) * sizeof *items);
    set->n++;
    return true;
}

/* The number of floats, and where the tensor goes. */
static sordino_status check(const tensor_set *set, const char *name, uint32_t n_dims,
                            const uint32_t *dims, const float *data, size_t *size, size_t *at,
                            sordino_error *why)
{
    if (!set || !name || !dims || !data)
        return error_set(why, SORDINO_BAD_ARG, "A tensor needs a set, a name, dims and data");
    const size_t length = strlen(name);
    if (length == 0 || length >= TENSOR_MAX_NAME)
        return error_set(why, SORDINO_BAD_ARG, "A tensor's name must have 1 to %d characters",
                         TENSOR_MAX_NAME - 1);
    if (n_dims < 1 || n_dims > TENSOR_MAX_DIMS)
        return error_set(why, SORDINO_BAD_ARG, "Tensor %s has %u dims, not 1 to %d", name,
                         (unsigned)n_dims, TENSOR_MAX_DIMS);
    *size = checked_size(n_dims, dims);
    if (*size == 0)
        return error_set(why, SORDINO_BAD_ARG, "Tensor %s has a dim of 0 or is too large", name);
    *at = lower_bound(set, name);
    if (*at < set->n && strcmp(set->items[*at].name, name) == 0)
        return error_set(why, SORDINO_BAD_ARG, "Tensor %s is there already", name);
    return SORDINO_OK;
}

static sordino_status no_memory(const char *name, sordino_error *why)
{
    return error_set(why, SORDINO_NO_MEM, "No memory for tensor %s", name);
}

static tensor *insert(tensor_set *set, size_t at, const char *name, uint32_t n_dims,
                      const uint32_t *dims)
{
    if (!make_room(set, at))
        return NULL;
    tensor *t = &set->items[at];
    memset(t, 0, sizeof *t);
    memcpy(t->name, name, strlen(name) + 1);
    t->n_dims = n_dims;
    memcpy(t->dims, dims, n_dims * sizeof *dims);
    return t;
}

sordino_status tensor_set_add(tensor_set *set, const char *name, uint32_t n_dims,
                              const uint32_t *dims, const float *data, sordino_error *why)
{
    size_t size, at;
    const sordino_status status = check(set, name, n_dims, dims, data, &size, &at, why);
    if (status)
        return status;
    float *copy = malloc(size * sizeof *copy);
    tensor *t = copy ? insert(set, at, name, n_dims, dims) : NULL;
    if (!t) {
        free(copy);
        return no_memory(name, why);
    }
    memcpy(copy, data, size * sizeof *copy);
    t->data = copy;
    return SORDINO_OK;
}

sordino_status tensor_set_add_borrowed(tensor_set *set, const char *name, uint32_t n_dims,
                                       const uint32_t *dims, const float *data, sordino_error *why)
{
    size_t size, at;
    const sordino_status status = check(set, name, n_dims, dims, data, &size, &at, why);
    if (status)
        return status;
    tensor *t = insert(set, at, name, n_dims, dims);
    if (!t)
        return no_memory(name, why);
    memcpy(&t->data, &data, sizeof data); /* const for as long as it is borrowed */
    t->is_borrowed = true;
    return SORDINO_OK;
}
