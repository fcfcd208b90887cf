/* Fills a sordino_error; used by every function of the core that can fail. */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <sordino/status.h>

/* Writes `status` and the printf-style sentence into `why` when it is not NULL; returns `status`,
 * so that callers write `return error_set(why, SORDINO_BAD_ARG, "...")`. */
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
sordino_status
error_set(sordino_error *why, sordino_status status, const char *format, ...);

#endif
