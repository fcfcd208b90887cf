/* Fills a sordino_error: every function of the offline tool that can fail tells why in one. */
#ifndef COMMON_FAIL_H
#define COMMON_FAIL_H

#include <sordino/status.h>

/* Writes `status` and the printf-style text, "what is wrong; what to do", into `why`, cut to size,
 * and returns `status`, so that callers write `return fail(why, SORDINO_IO, "...")`. */
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
sordino_status
fail(sordino_error *why, sordino_status status, const char *format, ...);

/* The static analyser does not look into other files: it is told that the status comes back. */
#if defined(__clang_analyzer__)
#define fail(why, status, ...) ((void)fail(why, status, __VA_ARGS__), (status))
#endif

/* "out of memory; ..." */
sordino_status fail_no_memory(sordino_error *why);

/* Messages of the library are sentences; ours go on after a colon: makes the first letter small. */
void fail_fit(sordino_error *why);

#endif
