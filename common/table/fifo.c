#include "common/table/fifo.h"

#include <stdlib.h>
#include <string.h>

bool fifo_add(fifo *f, const void *from, size_t n)
{
    if (n > f->room - f->end) {
        const size_t used = f->end - f->begin;
        if (f->begin > 0 && f->begin >= used) {
            memcpy(f->at, f->at + f->begin, used);
            f->begin = 0;
            f->end = used;
        }
        size_t room = f->room ? f->room : 4096;
        while (room - f->end < n)
            room *= 2;
        char *const at = room == f->room ? f->at : realloc(f->at, room);
        if (!at)
            return false;
        f->at = at;
        f->room = room;
    }
    if (n > 0)
        memcpy(f->at + f->end, from, n);
    f->end += n;
    return true;
}

const char *fifo_take(fifo *f, size_t n)
{
    const char *const at = f->at + f->begin;
    f->begin += n;
    return at;
}

void fifo_empty(fifo *f)
{
    f->begin = f->end = 0;
}
