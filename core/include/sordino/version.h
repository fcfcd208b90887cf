/* Which version this is: of these headers by macro, of the library that runs by function. */
#ifndef SORDINO_VERSION_H
#define SORDINO_VERSION_H

#include <sordino/attributes.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SORDINO_VERSION_MAJOR 0
#define SORDINO_VERSION_MINOR 9
#define SORDINO_VERSION_PATCH 0

/* To be compared: #if SORDINO_VERSION_NUMBER >= SORDINO_VERSION_OF(1, 2, 0) */
#define SORDINO_VERSION_OF(major, minor, patch) ((major)*1000000 + (minor)*1000 + (patch))
#define SORDINO_VERSION_NUMBER                                                                     \
    SORDINO_VERSION_OF(SORDINO_VERSION_MAJOR, SORDINO_VERSION_MINOR, SORDINO_VERSION_PATCH)

/* "major.minor.patch" of the library. Static storage; any thread. */
SORDINO_API const char *sordino_version(void);

/* SORDINO_VERSION_NUMBER of the library. Any thread. */
SORDINO_API int sordino_version_number(void);

#ifdef __cplusplus
}
#endif
#endif
