#include "offline/eval/why.h"

#include <stdarg.h>
#include <stdio.h>

int why_set(why *w, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(w->text, sizeof w->text, format, args);
    va_end(args);
    return 0;
}

int why_no_memory(why *w)
{
    return why_set(w, "out of memory; compare shorter files, or fewer at a time with -j 1");
}
