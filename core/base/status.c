#include "core/base/error.h"

#include <stdarg.h>
#include <stdio.h>

const char *sordino_status_text(sordino_status status)
{
    switch (status) {
    case SORDINO_OK:
        return "Success";
    case SORDINO_NO_MEM:
        return "Out of memory";
    case SORDINO_BAD_ARG:
        return "An argument is outside its range";
    case SORDINO_BAD_MODEL:
        return "The model is damaged or over a limit";
    case SORDINO_UNSUPPORTED:
        return "This build does not support it";
    case SORDINO_IO:
        return "A file could not be read or written";
    case SORDINO_NOT_FOUND:
        return "Not found";
    }
    return "Unknown status";
}

sordino_status(error_set)(sordino_error *why, sordino_status status, const char *format, ...)
{
    if (why) {
        va_list args;
        why->status = status;
        va_start(args, format);
        vsnprintf(why->text, sizeof why->text, format, args);
        va_end(args);
    }
    return status;
}
