/* Bytes in at one end, out at the other. */
#ifndef TABLE_FIFO_H
#define TABLE_FIFO_H

#include <stdbool.h>
#include <stddef.h>

/* All zero is an empty one; `at` is to be freed. What it holds is from `begin` to `end`. */
typedef struct fifo {
    char *at; /* [room]; owned */
    size_t begin, end, room;
} fifo;

/* Adds bytes; false: out of memory, and nothing is added. */
bool fifo_add(fifo *f, const void *from, size_t n);

/* Takes the oldest `n`, which must be there. Borrowed until the next call of fifo_add. */
const char *fifo_take(fifo *f, size_t n);

void fifo_empty(fifo *f);

#endif
