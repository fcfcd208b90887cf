/* What can go wrong, and how it is told. */
#ifndef SORDINO_STATUS_H
#define SORDINO_STATUS_H

#include <sordino/attributes.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum sordino_status {
    SORDINO_OK = 0,
    SORDINO_NO_MEM,      /* memory could not be had */
    SORDINO_BAD_ARG,     /* an argument is outside its stated range */
    SORDINO_BAD_MODEL,   /* a model or profile is damaged or breaks a limit */
    SORDINO_UNSUPPORTED, /* well-formed, but this build cannot serve it */
    SORDINO_IO,          /* a file could not be read or written */
    SORDINO_NOT_FOUND    /* no file or model of that name */
} sordino_status;

/* Filled by a failing function when its last argument is not NULL; plain data, owned by the caller.
 * `text` is one sentence: capital first letter, no full stop, always NUL-terminated. */
typedef struct sordino_error {
    sordino_status status;
    char text[256];
} sordino_error;

/* The general meaning of a status, one sentence. Static storage; any thread. */
SORDINO_API const char *sordino_status_text(sordino_status status);

#ifdef __cplusplus
}
#endif
#endif
