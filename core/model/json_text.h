/*
 * Writing JSON in one canonical form: no spaces, strings as UTF-8 with only what must be escaped
 * escaped, numbers in the shortest decimal form that reads back as the same double, whatever the
 * host's locale. Keys are in the caller's hands.
 */
#ifndef MODEL_JSON_TEXT_H
#define MODEL_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* A growing text; starts as all zeros. After a failed allocation `failed` is set, appending does
 * nothing, and the caller looks once at the end. */
typedef struct json_text {
    char *text; /* owned: free(); not NUL-terminated */
    size_t n, capacity;
    bool failed;
} json_text;

void json_text_raw(json_text *t, const char *raw);
void json_text_bytes(json_text *t, const char *bytes, size_t n);
void json_text_string(json_text *t, const char *s); /* quoted and escaped */
void json_text_number(json_text *t, double x);      /* finite */
void json_text_char(json_text *t, char c);

#endif
