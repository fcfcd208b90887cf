/* Names from files, made fit for a message. */
#ifndef MODEL_PRINTABLE_H
#define MODEL_PRINTABLE_H

#include <stddef.h>

typedef struct printable {
    char text[72];
} printable;

/* `name` cut to 68 bytes (then "..."), every byte outside printable ASCII shown as '?'. */
static inline printable printable_name(const char *name)
{
    printable p;
    size_t n = 0;
    for (; n < sizeof p.text - 4 && name[n]; n++)
        p.text[n] = name[n] >= ' ' && name[n] <= '~' ? name[n] : '?';
    for (int dots = 0; name[n] && dots < 3; dots++)
        p.text[n + (size_t)dots] = '.';
    p.text[name[n] ? n + 3 : n] = '\0';
    return p;
}

#endif
