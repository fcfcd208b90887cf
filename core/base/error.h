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

/* The static analyser does not look into other files: it is told that the status comes back. */
#if defined(__clang_analyzer__)
#define error_set(why, status, ...) ((void)error_set(why, status, __VA_ARGS__), (status))
#endif

#endif
