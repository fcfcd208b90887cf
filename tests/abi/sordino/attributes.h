/* Marks on public declarations. */
#ifndef SORDINO_ATTRIBUTES_H
#define SORDINO_ATTRIBUTES_H

/* Exported from the shared library; everything else is hidden. */
#if defined(_WIN32)
#define SORDINO_API
#elif defined(__GNUC__)
#define SORDINO_API __attribute__((visibility("default")))
#else
#define SORDINO_API
#endif

/* The result must be looked at. */
#if defined(__GNUC__)
#define SORDINO_NODISCARD __attribute__((warn_unused_result))
#else
#define SORDINO_NODISCARD
#endif

/*
 * Real-time safe: runs in time bounded by its arguments; never allocates, frees, locks, waits,
 * logs, does I/O, makes system calls or reads the clock. The compiler checks it where it can.
 */
#if defined(__has_attribute)
#if __has_attribute(nonblocking)
#define SORDINO_RT __attribute__((nonblocking))
#endif
#endif
#ifndef SORDINO_RT
#define SORDINO_RT
#endif

#endif
