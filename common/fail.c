#include "common/fail.h"

#include <stdarg.h>
#include <stdio.h>

#undef fail

sordino_status fail(sordino_error *why, sordino_status status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    why->status = status;
    vsnprintf(why->text, sizeof why->text, format, arguments);
    va_end(arguments);
    return status;
}

sordino_status fail_no_memory(sordino_error *why)
{
    return fail(why, SORDINO_NO_MEM, "out of memory; use fewer jobs or a smaller block");
}

void fail_fit(sordino_error *why)
{
    char *const s = why->text;
    if (s[0] >= 'A' && s[0] <= 'Z' && !(s[1] >= 'A' && s[1] <= 'Z'))
        s[0] = (char)(s[0] - 'A' + 'a');
}
